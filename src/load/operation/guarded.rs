//! Transactions as an apiserver sends them: an object is created if it is not there, and changed or removed if it is as
//! it was last seen.

use super::{Client, Done, Work};
use crate::etcd::ErrorClass;
use crate::load::draw::Draw;
use crate::load::feed::ScheduledOp;
use crate::units::format_count;
use crate::wire::Failure;
use crate::wire::message::{Compare, Delete, Head, Method, Op, Put, Range, Txn, TxnAnswer};

/// The store's first revision. No key was ever changed at it, so that a comparison with it always fails.
const NOBODYS: i64 = 1;

impl Client<'_> {
    /// Creates an object. One that is there already is left alone, and the next number tried.
    pub(super) async fn create(
        &mut self,
        scheduled: &ScheduledOp,
        due_ns: u64,
        draw: &mut Draw,
    ) -> Result<Done, Failure> {
        let work = self.work;
        let lease = self.lease_for(1).await?;
        let mut done = Done::default();
        loop {
            let number = work.keys.next().ok_or_else(|| no_number_left(work))?;
            self.touch(number);
            self.fill_value(number, scheduled.index, due_ns, draw);
            let (key, value) = (self.key.clone(), self.value.clone());
            let success = [Op::Put(self.put_of(&key, &value, lease))];
            let request =
                Txn { compare: &[Compare::unchanged(&key, 0)], success: &success, failure: &[] };
            let answer = self.call(Method::Txn, &request).await?;
            let answer = TxnAnswer::read(&answer)?;
            done.tried(answer.head, answer.succeeded);
            if answer.succeeded {
                work.acknowledged(number, answer.head.revision, false);
                return Ok(done);
            }
        }
    }

    /// Changes an object if it is as it was last seen.
    pub(super) async fn update(
        &mut self,
        scheduled: &ScheduledOp,
        due_ns: u64,
        draw: &mut Draw,
    ) -> Result<Done, Failure> {
        let number = self.work.keys.pick(scheduled.index, true, draw);
        self.touch(number);
        self.fill_value(number, scheduled.index, due_ns, draw);
        let (key, value) = (self.key.clone(), self.value.clone());
        let lease = self.lease_for(1).await?;
        let put = Op::Put(self.put_of(&key, &value, lease));
        self.guarded(number, &key, put, draw).await
    }

    /// Removes an object if it is as it was last seen.
    pub(super) async fn remove(
        &mut self,
        scheduled: &ScheduledOp,
        draw: &mut Draw,
    ) -> Result<Done, Failure> {
        let number = self.work.keys.pick_to_remove(scheduled.index, draw);
        self.touch(number);
        let key = self.key.clone();
        let delete = Op::Delete(Delete { key: &key, prev_kv: false });
        self.guarded(number, &key, delete, draw).await
    }

    /// Does this to a key that has not changed; reads one that has, and tries again. One that is gone ends it.
    async fn guarded(
        &mut self,
        number: u64,
        key: &[u8],
        change: Op<'_>,
        draw: &mut Draw,
    ) -> Result<Done, Failure> {
        let work = self.work;
        let conflicts = work.plan.writes.conflicts;
        let mut stale = conflicts > 0.0 && draw.share() < conflicts;
        let removes = matches!(change, Op::Delete(_));
        let mut done = Done::default();
        loop {
            let revision = work.revision_to_compare(number, std::mem::take(&mut stale));
            let request = Txn {
                compare: &[Compare::unchanged(key, revision)],
                success: &[change],
                failure: &[read_back(key)],
            };
            let answer = self.call(Method::Txn, &request).await?;
            let answer = TxnAnswer::read(&answer)?;
            done.tried(answer.head, answer.succeeded);
            if answer.succeeded {
                work.acknowledged(number, answer.head.revision, removes);
                if removes && revision == 0 {
                    // It was not there, and no watch will hear of it.
                    self.touched.clear();
                }
                return Ok(done);
            }
            let found = answer.ranges.first().and_then(|range| range.pairs.first());
            work.learn(number, found.map_or(0, |pair| pair.mod_revision));
            if found.is_none() && work.keys.come_and_go() {
                // An apiserver tells its client that there is no such object.
                self.touched.clear();
                return Ok(done);
            }
        }
    }

    /// This key is the one that the operation under way writes.
    fn touch(&mut self, number: u64) {
        self.touched.clear();
        self.touched.push(number);
        self.work.keys.write(number, &mut self.key);
    }

    fn put_of<'b>(&self, key: &'b [u8], value: &'b [u8], lease: i64) -> Put<'b> {
        Put { key, value, lease, prev_kv: self.work.plan.writes.prev_kv }
    }
}

impl Work {
    /// The revision that a key is believed to have, or an older one. Where objects come and go, one that nobody knows
    /// of is not to be made by an update: it must be read first, which a comparison that fails does.
    fn revision_to_compare(&self, number: u64, stale: bool) -> i64 {
        match self.known_revision(number) {
            known if stale => (known - 1).max(NOBODYS),
            0 if self.keys.come_and_go() => NOBODYS,
            known => known,
        }
    }
}

impl Done {
    /// Another attempt was answered.
    fn tried(&mut self, head: Head, succeeded: bool) {
        self.head = head;
        self.attempts += 1;
        self.conflicts += u64::from(!succeeded);
    }
}

fn no_number_left(work: &Work) -> Failure {
    Failure::new(
        ErrorClass::Denied,
        format!(
            "all {} keys exist, and there is none left to be created; raise --key-space-size, or have delete in the \
             --mix",
            format_count(work.keys.space())
        ),
    )
}

/// What a guarded transaction does where a key has changed: it reads it.
fn read_back(key: &[u8]) -> Op<'_> {
    Op::Range(Range { key, ..Range::default() })
}
