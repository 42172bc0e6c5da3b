//! Transactions as an apiserver sends them: an object is created if it is not there, and changed or removed if it is as
//! it was last seen.

use super::{Client, Done, Work};
use crate::load::draw::Draw;
use crate::load::feed::Ticket;
use crate::units::format_count;
use crate::wire::message::{Compare, Delete, Method, Op, Put, Range, Txn, TxnAnswer};
use crate::wire::{ErrorClass, Failure};

/// The store's first revision. No key was ever changed at it, so that a comparison with it always fails.
const NOBODYS: i64 = 1;

impl Client<'_> {
    /// Creates an object. One that is there already is left alone, and the next number tried.
    pub(super) async fn create(
        &mut self,
        ticket: &Ticket,
        due_ns: u64,
        draw: &mut Draw,
    ) -> Result<Done, Failure> {
        let work = self.work;
        let lease = self.lease_for(1).await?;
        let mut done = Done::default();
        loop {
            let number = work.keys.next().ok_or_else(|| no_number_left(work))?;
            self.touch(number);
            self.fill_value(number, ticket.index, due_ns, draw);
            let (key, value) = (self.key.clone(), self.value.clone());
            let success = [Op::Put(self.put_of(&key, &value, lease))];
            let request = Txn {
                compare: &[Compare::unchanged(&key, 0)],
                success: &success,
                failure: &[],
            };
            let answer = self.call(Method::Txn, &request).await?;
            let answer = TxnAnswer::read(&answer)?;
            done.tried(answer.head, answer.succeeded);
            if answer.succeeded {
                work.acknowledged(number, answer.head.revision, false);
                return Ok(done);
            }
        }
    }

    /// Changes or removes an object if it is as it was last seen; else reads it, and again. One that is gone ends it.
    pub(super) async fn guarded(
        &mut self,
        ticket: &Ticket,
        due_ns: u64,
        draw: &mut Draw,
        removes: bool,
    ) -> Result<Done, Failure> {
        let work = self.work;
        let number = if removes {
            work.keys.pick_to_remove(ticket.index, draw)
        } else {
            work.keys.pick(ticket.index, true, draw)
        };
        self.touch(number);
        let key = self.key.clone();
        let value = if removes {
            Vec::new()
        } else {
            self.fill_value(number, ticket.index, due_ns, draw);
            self.value.clone()
        };
        let success = [if removes {
            Op::Delete(delete_of(&key))
        } else {
            let lease = self.lease_for(1).await?;
            Op::Put(self.put_of(&key, &value, lease))
        }];
        let failure = [read_back(&key)];
        let conflicts = work.plan.writes.conflicts;
        let mut stale = conflicts > 0.0 && draw.share() < conflicts;
        let mut done = Done::default();
        loop {
            let revision = work.revision_to_compare(number, std::mem::take(&mut stale));
            let request = Txn {
                compare: &[Compare::unchanged(&key, revision)],
                success: &success,
                failure: &failure,
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
        Put {
            key,
            value,
            lease,
            prev_kv: self.work.plan.writes.prev_kv,
        }
    }
}

impl Work {
    /// The revision that a key is believed to have, or an older one. Where objects come and go, one that nobody knows of is not to be
    /// made by an update: it must be read first, which a comparison that fails does.
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
    fn tried(&mut self, head: crate::wire::message::Head, succeeded: bool) {
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

fn delete_of(key: &[u8]) -> Delete<'_> {
    Delete {
        key,
        prev_kv: false,
    }
}

/// What a guarded transaction does where a key has changed: it reads it.
fn read_back(key: &[u8]) -> Op<'_> {
    Op::Range(Range {
        key,
        ..Range::default()
    })
}
