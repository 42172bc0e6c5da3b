//! What an operation does: its requests, and what is learnt from the answers.

mod guarded;
mod leasing;
mod lists;
mod transactions;
mod upkeep;

pub use self::upkeep::KEY as COMPACTOR;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::ack_log::AckLog;
use super::connection::{Connection, Handle};
use super::draw::Draw;
use super::feed::ScheduledOp;
use super::keys::KeySpace;
use super::leases::Leases;
use super::values::{Stamp, ValueMaker};
use crate::cluster::Budget;
use crate::etcd::ErrorClass;
use crate::plan::{
    LoadPlan, Operation, ReadShape, Reads, most_growth_bytes, most_growth_of_equals_bytes,
};
use crate::wire::message::{
    Delete, Head, LeaseAnswer, LeaseGrant, LeaseId, Method, Put, Range, Request, counted, deleted,
    head,
};
use crate::wire::{Answer, Failure};

/// What all workers of a load share: what does not change, and what must be known of each key.
pub struct Work {
    /// The plan.
    pub plan: Arc<LoadPlan>,
    /// Its keys.
    pub keys: KeySpace,
    /// Its values.
    pub values: ValueMaker,
    /// Cumulative weights of the operations, up to 1.
    weights: Vec<f64>,
    /// Of each key the revision of its last change, where transactions are guarded.
    revisions: Vec<AtomicI64>,
    /// Acknowledged writes, where they are verified.
    pub ack_log: Option<AckLog>,
    /// The lease that written keys are bound to, where they do not share several; 0 is none.
    pub lease: AtomicI64,
    /// All leases.
    pub leases: Leases,
    /// What all writes are paid from.
    pub budget: Arc<Budget>,
    /// Whether all elements that it writes are of one size.
    writes_equals: bool,
    /// What the removal of a key adds to the database.
    removal_bytes: u64,
}

/// What an operation amounted to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    /// The header of its last answer.
    pub head: Head,
    /// How often a transaction was tried; 0 for what cannot conflict.
    pub attempts: u64,
    /// How often of these it found a key changed.
    pub conflicts: u64,
    /// Whether a read found a key, or a deletion one to remove; of nothing else.
    pub found: Option<bool>,
}

impl Done {
    /// An operation that cannot conflict.
    fn of(head: Head) -> Self {
        Done { head, ..Done::default() }
    }
}

/// One client: what it needs to do one operation after the other.
pub struct Client<'a> {
    /// What all share.
    pub work: &'a Work,
    /// Its connection.
    pub connection: &'a Connection,
    /// A lease of its connection, for keep-alives.
    pub lease: &'a Cell<i64>,
    /// Keys that the operation under way writes, by number.
    pub touched: Vec<u64>,
    /// Room for a key and a value.
    key: Vec<u8>,
    value: Vec<u8>,
    /// Whether the operation under way has got as far as a connection.
    sent: bool,
    /// Whether it was not sent because the database might have become too large by it.
    held_back: bool,
    handle: Handle,
}

impl Work {
    /// `run` tells this run's values from those of others. `alone` says that no other load writes beside it.
    pub fn new(
        plan: Arc<LoadPlan>,
        prefix: &str,
        run: u32,
        budget: Arc<Budget>,
        alone: bool,
    ) -> Self {
        let plans = |operation| plan.operations.iter().any(|w| w.operation == operation);
        let keys = KeySpace::new(
            prefix,
            plan.keys.size,
            plan.keys.space,
            plan.keys.distribution,
            plan.preload,
        );
        let keys = keys.part(plan.slice.clone());
        let keys = if plans(Operation::Create) { keys.come_to_life(plan.preload) } else { keys };
        let sum: f64 = plan.operations.iter().map(|weighted| weighted.weight).sum();
        let mut so_far = 0.0;
        let weights = plan.operations.iter().map(|weighted| {
            so_far += weighted.weight / sum;
            so_far
        });
        let guarded = plan.writes.guarded || plans(Operation::Stm);
        let remembered = if guarded { plan.keys.space } else { 0 };
        Work {
            weights: weights.collect(),
            revisions: (0..remembered).map(|_| AtomicI64::new(0)).collect(),
            ack_log: plan.verify.then(|| AckLog::new(plan.keys.space)),
            values: ValueMaker::new(plan.values, plan.seed, run),
            keys,
            lease: AtomicI64::new(0),
            leases: Leases::default(),
            budget,
            writes_equals: alone && plan.writes_equals(),
            removal_bytes: most_growth_bytes(plan.keys.size.into(), 1),
            plan,
        }
    }

    /// Which of the plan's operations this one is.
    pub fn which(&self, draw: &mut Draw) -> usize {
        if self.weights.len() < 2 {
            return 0;
        }
        let share = draw.share();
        let which = self.weights.iter().position(|&up_to| share < up_to);
        which.unwrap_or(self.weights.len() - 1)
    }

    /// Whether a key is one that this load writes.
    pub fn owns(&self, key: &[u8]) -> bool {
        self.keys.number(key).is_some() || key.strip_prefix(self.keys.prefix()) == Some(COMPACTOR)
    }

    /// Whether a key is one of the same load that another machine writes.
    pub fn is_of_another_machine(&self, key: &[u8]) -> bool {
        let all = self.plan.slice.as_ref().map_or(0, |slice| slice.keys);
        self.keys.number_of_all(key).is_some_and(|number| number < all) && !self.owns(key)
    }

    /// Whether what is written bears a stamp.
    pub fn stamps(&self) -> bool {
        self.plan.values.min_size as usize >= super::values::STAMP
    }

    /// Whether any of its operations changes keys.
    pub fn writes(&self) -> bool {
        self.plan.operations.iter().any(|weighted| weighted.operation.writes())
    }

    /// Whether each event of a deletion is that of an operation: keys also vanish with their lease.
    pub fn tells_deletions(&self) -> bool {
        self.plan.writes.lease_ttl_s == 0
    }

    /// A change of a key was acknowledged.
    pub fn acknowledged(&self, key: u64, revision: i64, removed: bool) {
        self.learn(key, if removed { 0 } else { revision });
        if let Some(ack_log) = &self.ack_log {
            ack_log.acknowledged(key, revision, removed);
        }
    }

    fn known_revision(&self, key: u64) -> i64 {
        self.revisions.get(key as usize).map_or(0, |known| known.load(Ordering::Relaxed))
    }

    fn learn(&self, key: u64, revision: i64) {
        if let Some(known) = self.revisions.get(key as usize) {
            known.store(revision, Ordering::Relaxed);
        }
    }
}

impl<'a> Client<'a> {
    /// A client that has done nothing yet.
    pub fn new(work: &'a Work, connection: &'a Connection, lease: &'a Cell<i64>) -> Self {
        Client {
            work,
            connection,
            lease,
            touched: Vec::new(),
            key: Vec::new(),
            value: Vec::new(),
            sent: false,
            held_back: false,
            handle: Handle::default(),
        }
    }

    /// The failure of the last operation, as it was: what ran out of time before there was a connection was never
    /// sent.
    pub fn as_it_was(&self, failure: Failure) -> Failure {
        if failure.class == ErrorClass::ClientDeadline && !self.sent {
            return Failure::new(ErrorClass::NotSent, "no connection in time");
        }
        failure
    }

    /// Does an operation.
    ///
    /// # Errors
    /// What it failed of. Nothing is tried again, but for transactions that found a key changed.
    pub async fn perform(
        &mut self,
        operation: Operation,
        scheduled: &ScheduledOp,
        due_ns: u64,
        draw: &mut Draw,
    ) -> Result<Done, Failure> {
        self.touched.clear();
        self.sent = false;
        self.held_back = false;
        let guarded = self.work.plan.writes.guarded;
        // What has much to remember lies in a box of its own: every operation would carry its size around.
        match operation {
            Operation::Put => self.put(scheduled, due_ns, draw).await,
            Operation::Range => self.range(scheduled, draw).await,
            Operation::Delete if guarded => Box::pin(self.remove(scheduled, draw)).await,
            Operation::Delete => Box::pin(self.delete(scheduled, draw)).await,
            Operation::Create => Box::pin(self.create(scheduled, due_ns, draw)).await,
            Operation::Txn if guarded => Box::pin(self.update(scheduled, due_ns, draw)).await,
            Operation::Txn => Box::pin(self.txn(scheduled, due_ns, draw)).await,
            Operation::TxnRange => Box::pin(self.txn_range(scheduled, draw)).await,
            Operation::Stm => Box::pin(self.stm(scheduled, due_ns, draw)).await,
            Operation::LeaseKeepalive => Box::pin(self.keepalive()).await,
            Operation::LeaseGrant => Box::pin(self.grant_and_revoke()).await,
            Operation::ListWatch => Box::pin(self.list_watch()).await,
            Operation::Compact => Box::pin(self.compact()).await,
            Operation::Status => Box::pin(self.status()).await,
        }
    }

    /// Whether the last operation was not sent because the database might have become too large by it.
    pub fn held_back(&self) -> bool {
        self.held_back
    }

    /// Sends a request on the connection, as soon as there is one, unless the database might become too large by
    /// it.
    ///
    /// # Errors
    /// What the server or the connection says, or that it was held back.
    pub async fn call(
        &mut self,
        method: Method,
        request: &impl Request,
    ) -> Result<Answer, Failure> {
        let versions = request.versions();
        let work = self.work;
        let paid = {
            let growth = match work.writes_equals {
                true => most_growth_of_equals_bytes,
                false => most_growth_bytes,
            };
            let growth = growth(request.size() as u64, versions);
            work.budget.pay(growth, versions * work.removal_bytes)
        };
        let paid = paid.map_err(|exhausted| {
            self.held_back = true;
            Failure::new(ErrorClass::NotSent, exhausted.to_string())
        })?;
        let answer = self.call_again(method, request).await;
        match &answer {
            Ok(answer) if versions > 0 => {
                paid.answered(head(answer).map_or(0, |head| head.revision))
            }
            Err(failure) if failure.class.not_applied() => paid.not_applied(),
            // What may yet be applied stays paid.
            _ => drop(paid),
        }
        answer
    }

    /// A token that the server does not believe any more is got anew: nothing was done, and it says nothing about the
    /// store.
    async fn call_again(
        &mut self,
        method: Method,
        request: &impl Request,
    ) -> Result<Answer, Failure> {
        let mut renewed = 0;
        loop {
            match self.send(method, request).await {
                Err(failure) if failure.class == ErrorClass::StaleToken && renewed < RENEWALS => {
                    self.connection.renew(&self.handle).await?;
                    // While somebody sets up the authentication, a new token may be as stale as the old.
                    tokio::time::sleep(RENEWAL_PAUSE * renewed).await;
                    renewed += 1;
                }
                answer => return answer,
            }
        }
    }

    async fn send(&mut self, method: Method, request: &impl Request) -> Result<Answer, Failure> {
        let caller = self.connection.caller(&mut self.handle).await;
        // It may still wait for a stream; but whoever waits for that in vain cannot say that nothing was sent.
        self.sent = true;
        caller.call(method, request).await
    }

    fn pick(&mut self, scheduled: &ScheduledOp, writes: bool, draw: &mut Draw) -> u64 {
        let number = self.work.keys.pick(scheduled.index, writes, draw);
        self.work.keys.write(number, &mut self.key);
        number
    }

    fn fill_value(&mut self, key: u64, index: u64, due_ns: u64, draw: &mut Draw) {
        let stamp = Stamp { key: self.work.keys.among_all(key), index, due_ns };
        self.work.values.write(stamp, draw, &mut self.value);
    }

    async fn put(
        &mut self,
        scheduled: &ScheduledOp,
        due_ns: u64,
        draw: &mut Draw,
    ) -> Result<Done, Failure> {
        let number = self.pick(scheduled, true, draw);
        self.touched.push(number);
        self.fill_value(number, scheduled.index, due_ns, draw);
        let lease = self.lease_for(1).await?;
        let (key, value) = (std::mem::take(&mut self.key), std::mem::take(&mut self.value));
        let request =
            Put { key: &key, value: &value, lease, prev_kv: self.work.plan.writes.prev_kv };
        let answer = self.call(Method::Put, &request).await;
        (self.key, self.value) = (key, value);
        let head = head(&answer?)?;
        self.work.acknowledged(number, head.revision, false);
        Ok(Done::of(head))
    }

    async fn delete(&mut self, scheduled: &ScheduledOp, draw: &mut Draw) -> Result<Done, Failure> {
        let number = self.pick(scheduled, true, draw);
        self.touched.push(number);
        let key = self.key.clone();
        let prev_kv = self.work.plan.writes.prev_kv;
        let answer = self.call(Method::DeleteRange, &Delete { key: &key, prev_kv }).await?;
        let (head, count) = deleted(&answer)?;
        if count == 0 {
            // No watch will hear of it.
            self.touched.clear();
        }
        self.work.acknowledged(number, head.revision, true);
        Ok(Done { found: Some(count > 0), ..Done::of(head) })
    }

    async fn range(&mut self, scheduled: &ScheduledOp, draw: &mut Draw) -> Result<Done, Failure> {
        let work = self.work;
        let reads = work.plan.reads;
        self.pick(scheduled, false, draw);
        let key = self.key.clone();
        let end = work.keys.end();
        match reads.shape {
            ReadShape::Single => self.read(single(reads, &key)).await,
            // The bare prefix is no key.
            ReadShape::Revision => {
                let read = self.read(range(reads, work.keys.prefix(), b"")).await?;
                Ok(Done { found: None, ..read })
            }
            ReadShape::Prefix => self.read(range(reads, work.keys.prefix(), &end)).await,
            ReadShape::From => self.read(range(reads, &key, &end)).await,
            ReadShape::Paged => {
                let all = range(reads, work.keys.prefix(), &end);
                Ok(Done::of(Box::pin(self.pages(all)).await?.head))
            }
        }
    }

    async fn read(&mut self, request: Range<'_>) -> Result<Done, Failure> {
        let (head, count) = counted(&self.call(Method::Range, &request).await?)?;
        Ok(Done { found: Some(count > 0), ..Done::of(head) })
    }

    async fn keepalive(&mut self) -> Result<Done, Failure> {
        let id = self.lease.get();
        let answer = self.call(Method::LeaseKeepAlive, &LeaseId(id)).await?;
        let answer = LeaseAnswer::read(&answer)?;
        if answer.ttl_s <= 0 {
            return Err(Failure::new(ErrorClass::LeaseGone, "the lease does not exist any more"));
        }
        Ok(Done::of(answer.head))
    }

    async fn grant_and_revoke(&mut self) -> Result<Done, Failure> {
        let lease = self.ask_for_lease(super::LEASE_TTL_S).await?;
        let head = head(&self.call(Method::LeaseRevoke, &LeaseId(lease)).await?)?;
        Ok(Done::of(head))
    }

    /// Grants a lease that is revoked at the end.
    ///
    /// # Errors
    /// As [`Client::perform`].
    pub async fn grant(&mut self, ttl_s: u64) -> Result<i64, Failure> {
        let lease = self.ask_for_lease(ttl_s).await?;
        self.work.leases.granted(lease);
        Ok(lease)
    }

    async fn ask_for_lease(&mut self, ttl_s: u64) -> Result<i64, Failure> {
        let answer = self.call(Method::LeaseGrant, &LeaseGrant { ttl_s, id: 0 }).await?;
        Ok(LeaseAnswer::read(&answer)?.id)
    }
}

/// Tokens got for one request, and the pause before each further one.
const RENEWALS: u32 = 10;
const RENEWAL_PAUSE: Duration = Duration::from_millis(20);

/// As an apiserver gets an object: with a limit, although there is but one.
fn single(reads: Reads, key: &[u8]) -> Range<'_> {
    Range { limit: 1, ..range(reads, key, b"") }
}

fn range<'a>(reads: Reads, key: &'a [u8], end: &'a [u8]) -> Range<'a> {
    Range {
        key,
        end,
        limit: reads.limit.into(),
        revision: 0,
        serializable: reads.serializable,
        keys_only: reads.keys_only,
        count_only: reads.count_only,
    }
}
