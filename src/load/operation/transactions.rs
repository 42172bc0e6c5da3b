//! Operations of several keys: plain transactions and software transactions.

use super::{Client, Done, range, single};
use crate::load::draw::Draw;
use crate::load::feed::ScheduledOp;
use crate::plan::{Isolation, ReadShape};
use crate::wire::Failure;
use crate::wire::message::{Compare, Method, Op, Put, Range, RangeAnswer, Txn, TxnAnswer, head};

impl Client<'_> {
    /// The keys of a transaction: so many in a row, none twice, which etcd would refuse.
    fn keys_in_a_row(
        &mut self,
        scheduled: &ScheduledOp,
        count: u32,
        writes: bool,
        draw: &mut Draw,
    ) -> Vec<(u64, Vec<u8>)> {
        let first = self.work.keys.pick_row(scheduled.index, u64::from(count), writes, draw);
        let space = self.work.keys.space();
        let numbers = (0..u64::from(count)).map(|offset| (first + offset) % space);
        let named = numbers.map(|number| {
            let mut key = Vec::new();
            self.work.keys.write(number, &mut key);
            (number, key)
        });
        named.collect()
    }

    fn values_of(
        &mut self,
        keys: &[(u64, Vec<u8>)],
        index: u64,
        due_ns: u64,
        draw: &mut Draw,
    ) -> Vec<Vec<u8>> {
        let values = keys.iter().map(|(number, _)| {
            self.fill_value(*number, index, due_ns, draw);
            self.value.clone()
        });
        values.collect()
    }

    async fn puts<'b>(
        &mut self,
        keys: &'b [(u64, Vec<u8>)],
        values: &'b [Vec<u8>],
    ) -> Result<Vec<Op<'b>>, Failure> {
        let lease = self.lease_for(keys.len() as u64).await?;
        let prev_kv = self.work.plan.writes.prev_kv;
        let pairs = keys.iter().zip(values);
        let puts = pairs.map(|((_, key), value)| Op::Put(Put { key, value, lease, prev_kv }));
        Ok(puts.collect())
    }

    pub(super) async fn txn(
        &mut self,
        scheduled: &ScheduledOp,
        due_ns: u64,
        draw: &mut Draw,
    ) -> Result<Done, Failure> {
        let keys = self.keys_in_a_row(scheduled, self.work.plan.writes.txn_operations, true, draw);
        self.touched.extend(keys.iter().map(|(number, _)| number));
        let values = self.values_of(&keys, scheduled.index, due_ns, draw);
        let success = self.puts(&keys, &values).await?;
        let request = Txn { success: &success, ..Txn::default() };
        let head = head(&self.call(Method::Txn, &request).await?)?;
        self.acknowledge_all(&keys, head.revision);
        Ok(Done::of(head))
    }

    pub(super) async fn txn_range(
        &mut self,
        scheduled: &ScheduledOp,
        draw: &mut Draw,
    ) -> Result<Done, Failure> {
        let work = self.work;
        let reads = work.plan.reads;
        let keys = self.keys_in_a_row(scheduled, work.plan.writes.txn_operations, false, draw);
        let end = work.keys.end();
        let success: Vec<Op> = match reads.shape {
            ReadShape::Single => {
                keys.iter().map(|(_, key)| Op::Range(single(reads, key))).collect()
            }
            ReadShape::From => {
                keys.iter().take(1).map(|(_, key)| Op::Range(range(reads, key, &end))).collect()
            }
            ReadShape::Revision => vec![Op::Range(range(reads, work.keys.prefix(), b""))],
            ReadShape::Prefix | ReadShape::Paged => {
                vec![Op::Range(range(reads, work.keys.prefix(), &end))]
            }
        };
        let request = Txn { success: &success, ..Txn::default() };
        let head = head(&self.call(Method::Txn, &request).await?)?;
        Ok(Done::of(head))
    }

    fn acknowledge_all(&self, keys: &[(u64, Vec<u8>)], revision: i64) {
        for (number, _) in keys {
            self.work.acknowledged(*number, revision, false);
        }
    }

    /// As etcd's `concurrency` package: reads, then writes what it must if nothing has changed since. All keys are
    /// read, the first of them are written.
    pub(super) async fn stm(
        &mut self,
        scheduled: &ScheduledOp,
        due_ns: u64,
        draw: &mut Draw,
    ) -> Result<Done, Failure> {
        let plan = self.work.plan.stm;
        let keys = self.keys_in_a_row(scheduled, plan.keys, true, draw);
        let written = (plan.written_keys() as usize).min(keys.len());
        self.touched.extend(keys[..written].iter().map(|(number, _)| number));
        let values = self.values_of(&keys[..written], scheduled.index, due_ns, draw);
        let success = self.puts(&keys[..written], &values).await?;
        let at_one_revision =
            matches!(plan.isolation, Isolation::Serializable | Isolation::SerializableSnapshot);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let mut revision = 0;
            let mut compare = Vec::new();
            for (_, key) in &keys {
                let request = Range { key, revision, ..Range::default() };
                let answer = self.call(Method::Range, &request).await?;
                let answer = RangeAnswer::read(&answer)?;
                if at_one_revision && revision == 0 {
                    revision = answer.head.revision;
                }
                let changed = answer.pairs.first().map_or(0, |pair| pair.mod_revision);
                compare.push(Compare::unchanged(key, changed));
            }
            if plan.isolation == Isolation::ReadCommitted {
                compare.clear();
            }
            let request = Txn { compare: &compare, success: &success, failure: &[] };
            let answer = self.call(Method::Txn, &request).await?;
            let answer = TxnAnswer::read(&answer)?;
            if answer.succeeded {
                self.acknowledge_all(&keys[..written], answer.head.revision);
                let conflicts = attempts - 1;
                return Ok(Done { attempts, conflicts, ..Done::of(answer.head) });
            }
        }
    }
}
