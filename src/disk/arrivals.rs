//! Which puts are in the next write: etcd's group commit as pure bookkeeping, with time passed in.
//!
//! Whatever arrived during one WAL sync forms the next write. After the sync the entries are applied under the
//! backend's lock: while a backend commit holds it, they wait. A put is acknowledged when it is applied, and in a
//! closed loop its client then sends the next one. The clients of a batch return one after the other, so the first
//! of them starts the next sync almost alone, and the others share the one after (etcd `server/etcdserver/raft.go`).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rand_core::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::disk::costs::{Costs, CpuUse};
use crate::plan::{Arrival, Load};

/// The open loop gives up on arrivals beyond this backlog: a disk this far behind has failed every rule already.
const BACKLOG_MAX: usize = 1_000_000;

/// What the writes of a task looked like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BatchShape {
    /// Writes.
    pub writes: u64,
    /// Those that held one put.
    pub single: u64,
    /// Puts in all of them.
    pub puts: u64,
    /// For how long their syncs would have waited for a CPU of an etcd.
    pub waited_ns: u64,
}

impl BatchShape {
    fn add(&mut self, puts: u64, waited_ns: u64) {
        self.writes += 1;
        self.single += u64::from(puts == 1);
        self.puts += puts;
        self.waited_ns += waited_ns;
    }
}

/// A put that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledged {
    /// When it was meant to arrive.
    pub arrived_ns: u64,
    /// When it was applied.
    pub at_ns: u64,
}

/// The puts of one member on their way through arrival, WAL sync and apply.
pub struct GroupCommit {
    source: Source,
    costs: Costs,
    /// Arrival times of the puts in the write under way.
    syncing: Vec<u64>,
    /// The raft loop is not back for the next write before this.
    cycle_free_ns: u64,
    /// Synced and waiting to be applied, in order.
    applying: VecDeque<Synced>,
    /// Nothing is applied before this: the end of the last backend commit.
    unlocked_ns: u64,
    /// When the processors are done with the last batch's answers and the puts that follow them.
    answered_ns: u64,
    cpus: CpuUse,
    shape: BatchShape,
    locked: bool,
    /// Puts applied since the last backend commit.
    pending: u64,
    acknowledged: Vec<Acknowledged>,
    refused: u64,
}

/// The puts of one write, on disk.
struct Synced {
    arrived_ns: Vec<u64>,
    synced_ns: u64,
}

enum Source {
    Open {
        next_ns: f64,
        mean_gap_ns: f64,
        arrival: Arrival,
        random: Xoshiro256PlusPlus,
        until_ns: u64,
    },
    Closed {
        returns: BinaryHeap<Reverse<u64>>,
    },
}

impl GroupCommit {
    /// Puts of this load from `from_ns` on; nothing arrives after `until_ns`.
    pub fn new(load: Load, costs: Costs, seed: u64, from_ns: u64, until_ns: u64) -> Self {
        let source = match load {
            Load::Open { rate, arrival } => Source::Open {
                next_ns: from_ns as f64,
                mean_gap_ns: 1e9 / rate,
                arrival,
                random: Xoshiro256PlusPlus::seed_from_u64(seed),
                until_ns,
            },
            Load::Closed { clients } => {
                Source::Closed { returns: (0..clients).map(|_| Reverse(from_ns)).collect() }
            }
        };
        let mut this = GroupCommit {
            source,
            costs: costs.under(load),
            syncing: Vec::new(),
            cycle_free_ns: 0,
            applying: VecDeque::new(),
            unlocked_ns: 0,
            answered_ns: 0,
            cpus: CpuUse::idle(from_ns),
            shape: BatchShape::default(),
            locked: false,
            pending: 0,
            acknowledged: Vec::new(),
            refused: 0,
        };
        this.source.skip();
        this
    }

    /// Takes every put that has arrived by `now_ns` into the next write and says how many there are.
    pub fn take(&mut self, now_ns: u64) -> usize {
        debug_assert!(self.syncing.is_empty(), "one write at a time");
        if now_ns < self.cycle_free_ns {
            return 0;
        }
        while let Some(arrived_ns) = self.source.pop_until(now_ns) {
            if self.syncing.len() < BACKLOG_MAX {
                self.syncing.push(arrived_ns);
            } else {
                self.refused += 1;
            }
        }
        self.syncing.len()
    }

    /// The write under way is on disk. Whoever waited for it goes on as soon as there is a CPU for it.
    pub fn synced(&mut self, now_ns: u64) {
        let puts = self.syncing.len();
        let queue = self.cpus.batch(&self.costs, puts, now_ns);
        let waited_ns = (self.costs.sync_wait_ns * queue) as u64;
        let synced_ns = now_ns + waited_ns;
        self.shape.add(puts as u64, waited_ns);
        self.cycle_free_ns = synced_ns + self.costs.cycle_of(puts, queue);
        self.applying
            .push_back(Synced { arrived_ns: std::mem::take(&mut self.syncing), synced_ns });
    }

    /// Applies what can be applied by `now_ns`.
    pub fn advance(&mut self, now_ns: u64) {
        while let Some(at_ns) = self.next_applied().filter(|&at_ns| at_ns <= now_ns)
            && let Some(batch) = self.applying.pop_front()
        {
            self.pending += batch.arrived_ns.len() as u64;
            self.send_back(batch.arrived_ns.len() as u64, at_ns);
            let acknowledged =
                batch.arrived_ns.into_iter().map(|arrived_ns| Acknowledged { arrived_ns, at_ns });
            self.acknowledged.extend(acknowledged);
        }
    }

    /// In a closed loop the clients of a batch return together, after the batch before them.
    fn send_back(&mut self, puts: u64, at_ns: u64) {
        if let Source::Closed { returns } = &mut self.source {
            let answers_ns = (self.costs.answer_ns * puts as f64) as u64;
            self.answered_ns = self.answered_ns.max(at_ns) + answers_ns;
            let first_ns = self.answered_ns + self.costs.turnaround_ns as u64;
            returns.extend((0..puts).map(|nth| Reverse(first_ns + self.costs.after_first_ns(nth))));
        }
    }

    /// The puts acknowledged since the last call.
    pub fn acknowledged(&mut self) -> impl Iterator<Item = Acknowledged> {
        self.acknowledged.drain(..)
    }

    /// When the next write can begin, as far as is known.
    pub fn next_write(&self) -> Option<u64> {
        let arrival = self.source.next()?;
        Some(arrival.max(self.cycle_free_ns))
    }

    /// When the next put will be applied; `None` while a backend commit holds the lock.
    pub fn next_applied(&self) -> Option<u64> {
        let first = self.applying.front().filter(|_| !self.locked)?;
        Some(first.synced_ns.max(self.unlocked_ns))
    }

    /// Puts applied since the last backend commit began.
    pub fn pending(&self) -> u64 {
        self.pending
    }

    /// How long the processors lay out the pages of a commit of so many puts.
    pub fn layout_ns(&self, puts: u64) -> u64 {
        self.costs.layout_ns(puts)
    }

    /// What the batches so far looked like; `None` where the costs are none.
    pub fn shape(&self) -> Option<BatchShape> {
        (self.costs != Costs::NONE).then_some(self.shape)
    }

    /// A backend commit begins: nothing is applied until it ends. Gives the puts it has to write.
    pub fn lock(&mut self) -> u64 {
        self.locked = true;
        std::mem::take(&mut self.pending)
    }

    /// The backend commit is over.
    pub fn unlock(&mut self, now_ns: u64) {
        self.locked = false;
        self.unlocked_ns = now_ns;
    }

    /// True when every put that arrived is acknowledged.
    pub fn is_drained(&self) -> bool {
        self.syncing.is_empty() && self.applying.is_empty()
    }

    /// Puts turned away because the backlog was beyond all hope.
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

impl Source {
    fn next(&self) -> Option<u64> {
        match self {
            Source::Open { next_ns, until_ns, .. } => {
                Some(*next_ns as u64).filter(|next_ns| next_ns < until_ns)
            }
            Source::Closed { returns } => returns.peek().map(|&Reverse(at_ns)| at_ns),
        }
    }

    fn pop_until(&mut self, now_ns: u64) -> Option<u64> {
        let at_ns = self.next().filter(|&at_ns| at_ns <= now_ns)?;
        match self {
            Source::Open { .. } => self.skip(),
            Source::Closed { returns } => {
                returns.pop();
            }
        }
        Some(at_ns)
    }

    /// Moves an open loop on to its next arrival.
    fn skip(&mut self) {
        if let Source::Open { next_ns, mean_gap_ns, arrival, random, .. } = self {
            *next_ns += match arrival {
                Arrival::Constant => *mean_gap_ns,
                Arrival::Poisson => -(1.0 - unit(random)).ln() * *mean_gap_ns,
            };
        }
    }
}

/// Uniform in [0, 1) with 53 bits.
fn unit(random: &mut Xoshiro256PlusPlus) -> f64 {
    (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::costs::Machine;

    const MS: u64 = 1_000_000;
    /// A fast CPU, so that it is the disk that is seen.
    const COSTS: Costs = Costs {
        cycle_ns: 50_000.0,
        answer_ns: 50_000.0,
        turnaround_ns: 400_000.0,
        spacing_ns: 10_000.0,
        ..Costs::NONE
    };

    /// Runs a disk that takes `sync_ns` for every write and gives puts per write.
    fn puts_per_sync(costs: Costs, clients: u32, sync_ns: u64) -> f64 {
        let load = Load::Closed { clients };
        let mut puts = GroupCommit::new(load, costs, 1, 0, u64::MAX);
        let (mut now, mut syncs, mut total) = (0, 0, 0);
        while syncs < 1000 {
            puts.advance(now);
            puts.acknowledged().for_each(drop);
            let batch = puts.take(now);
            if batch == 0 {
                let next = [puts.next_write(), puts.next_applied()];
                now = next.into_iter().flatten().min().unwrap();
                continue;
            }
            now += sync_ns;
            puts.synced(now);
            syncs += 1;
            total += batch;
        }
        total as f64 / f64::from(syncs)
    }

    #[test]
    fn one_client_has_one_put_per_sync() {
        assert_eq!(puts_per_sync(COSTS, 1, 5 * MS), 1.0);
    }

    #[test]
    fn clients_return_one_by_one_so_a_sync_carries_about_half_of_them() {
        let ten = puts_per_sync(COSTS, 10, 5 * MS);
        assert!((3.0..6.0).contains(&ten), "{ten}");
    }

    /// As on the machine of docs/calibration.md.
    fn etcd() -> Costs {
        Costs::on(Machine { cpus: 2, unit_ns: 505_000.0 })
    }

    #[test]
    fn a_hundred_clients_of_an_etcd_do_not_come_back_together() {
        // Measured on etcd 3.5.30: 4.6 puts a sync of ten clients, 27 to 28 of a hundred, 48 to 50 of three hundred.
        for (clients, sync_ns, share) in [(10, 1_240_000, 0.46), (100, 1_850_000, 0.28)] {
            let measured = puts_per_sync(etcd(), clients, sync_ns) / f64::from(clients);
            assert!((share * 0.75..share * 1.4).contains(&measured), "{clients}: {measured}");
        }
    }

    /// Puts per write and what a sync waits for a CPU, of an open loop on a disk that takes 1 ms for every write.
    fn open_loop(costs: Costs, rate: f64) -> (f64, Option<BatchShape>) {
        let load = Load::Open { rate, arrival: Arrival::Poisson };
        let mut puts = GroupCommit::new(load, costs, 1, 0, 5_000 * MS);
        let (mut now, mut writes, mut total) = (0, 0, 0);
        while let Some(next) = puts.next_write() {
            now = next.max(now);
            total += puts.take(now);
            now += MS;
            puts.synced(now);
            puts.advance(now + 100 * MS);
            writes += 1;
        }
        (total as f64 / f64::from(writes), puts.shape())
    }

    #[test]
    fn busy_cpus_put_more_puts_into_a_write_in_an_open_loop_too() {
        let (alone, none) = open_loop(Costs::NONE, 3_000.0);
        assert!((3.0..4.5).contains(&alone) && none.is_none(), "{alone}");
        let (busy, shape) = open_loop(etcd(), 3_000.0);
        assert!(busy > 1.3 * alone, "{busy} of {alone}");
        let shape = shape.unwrap();
        assert!(shape.puts > 14_000 && shape.single < shape.writes / 4, "{shape:?}");
        let waited_ms = shape.waited_ns as f64 / shape.writes as f64 / 1e6;
        assert!((0.2..1.0).contains(&waited_ms), "{waited_ms}");
        // At rest nobody waits.
        let (_, calm) = open_loop(etcd(), 50.0);
        let calm = calm.unwrap();
        assert!(calm.waited_ns / calm.writes < 20_000, "{calm:?}");
        // What etcd would not carry is asked of the disk alone.
        assert_eq!(open_loop(etcd(), 13_000.0).1, None);
    }

    #[test]
    fn an_open_loop_keeps_its_rate_and_charges_the_stall_to_those_who_waited() {
        for arrival in [Arrival::Constant, Arrival::Poisson] {
            let load = Load::Open { rate: 1000.0, arrival };
            let mut puts = GroupCommit::new(load, COSTS, 7, 0, 10_000 * MS);
            // The disk stalls for the first second.
            let batch = puts.take(1000 * MS);
            assert!((900..1100).contains(&batch), "{batch}");
            puts.synced(1000 * MS);
            puts.advance(1000 * MS);
            let waits: Vec<u64> = puts.acknowledged().map(|p| p.at_ns - p.arrived_ns).collect();
            let mean = waits.iter().sum::<u64>() / waits.len() as u64;
            assert!((450 * MS..550 * MS).contains(&mean), "{mean}");
        }
    }

    #[test]
    fn nothing_arrives_after_the_end() {
        let load = Load::Open { rate: 1000.0, arrival: Arrival::Constant };
        let mut puts = GroupCommit::new(load, COSTS, 7, 0, 100 * MS);
        assert_eq!(puts.take(u64::MAX), 99);
        assert_eq!(puts.next_write(), None);
    }

    #[test]
    fn a_backend_commit_holds_back_the_acknowledgements() {
        let load = Load::Closed { clients: 3 };
        let mut puts = GroupCommit::new(load, COSTS, 1, 0, u64::MAX);
        assert_eq!(puts.take(0), 3);
        puts.lock();
        puts.synced(5 * MS);
        puts.advance(20 * MS);
        assert_eq!(puts.acknowledged().count(), 0, "applied under the lock");
        assert_eq!(puts.next_applied(), None);
        puts.unlock(30 * MS);
        puts.advance(40 * MS);
        let acks: Vec<u64> = puts.acknowledged().map(|put| put.at_ns).collect();
        assert_eq!(acks, [30 * MS; 3]);
        assert_eq!(puts.lock(), 3);
        assert_eq!(puts.pending(), 0);
    }
}
