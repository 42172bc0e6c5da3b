//! What etcd and its clients spend on a put beside the disk: a CPU's work, and waits for a CPU.
//!
//! A load on etcd is held up by its disk and by its processors, and the two meet: what waits for a processor is in the
//! next write, and a thread that comes back from its sync waits for a processor like any other. So batches form as
//! etcd's do only where that is reckoned with. Times here are reckoned, never burnt: the probe leaves the CPUs alone.

use crate::host;
use crate::plan::Load;

/// The etcd whose work this is.
pub const ETCD: &str = "3.5.30";

/// CPU time of a unit of work (`host::work_unit_ns`) on the CPU that the costs below were measured on.
const REFERENCE_UNIT_NS: f64 = 505_000.0;
/// CPUs that shared the work there.
const REFERENCE_CPUS: f64 = 2.0;
/// An open loop beyond this share of what etcd could carry on these CPUs is the disk's alone: etcd's queues would grow
/// without end, and the disk is asked about a rate that it would never see.
const MOST_CARRIED: f64 = 0.9;
/// Answers leave and puts come in common packets, the more of them the more come together.
const SPREAD: f64 = 0.9;
/// Time over which the use of the CPUs is averaged.
const AVERAGED_NS: f64 = 50_000_000.0;
/// How far each batch moves the average of their sizes.
const WEIGHT_OF_A_BATCH: f64 = 0.05;

/// Costs of puts on one machine. All times are nanoseconds; those of CPU work are divided by the CPUs that share it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// From the end of one WAL sync to the start of the next write, when puts are waiting.
    pub cycle_ns: f64,
    /// The same, for each put of the batch: the raft loop handles them one after the other.
    pub entry_ns: f64,
    /// What the end of a sync waits for a CPU, times the load of the CPUs (see [`Costs::queue`]).
    pub sync_wait_ns: f64,
    /// What the rest of the raft loop waits for one, likewise.
    pub cycle_wait_ns: f64,
    /// Share of the CPUs' time beyond which waits grow no longer.
    pub busiest: f64,
    /// Work that comes with each batch, whatever it holds …
    pub batch_cpu_ns: f64,
    /// … what is added by threads that wake each other, in full from a batch of seven on …
    pub wakes_cpu_ns: f64,
    /// … and the work of each put: its request, raft, apply, its answer, and the client's side of it.
    pub put_cpu_ns: f64,
    /// In a closed loop: what each put of a batch adds to the time until the batch's clients are answered …
    pub answer_ns: f64,
    /// … from an answer to the same client's next put waiting to be proposed, were it alone …
    pub turnaround_ns: f64,
    /// … and how far the puts that return together are apart: the nth comes n^[`SPREAD`] times this after the first.
    pub spacing_ns: f64,
    /// Laying out the pages of a backend commit, for each of its puts, before the first page is written.
    pub layout_put_ns: f64,
}

/// Measured and fitted as docs/calibration.md tells (`scripts/calibrate`): CPU times by etcd's
/// `process_cpu_seconds_total` and the client's own, waits by how etcd's `etcd_disk_wal_fsync_duration_seconds` grows
/// beyond the disk's own time with the use of the CPUs.
const MEASURED: Costs = Costs {
    cycle_ns: 97_000.0,
    entry_ns: 39_000.0,
    sync_wait_ns: 480_000.0,
    cycle_wait_ns: 25_000.0,
    busiest: 0.68,
    batch_cpu_ns: 740_000.0,
    wakes_cpu_ns: 1_000_000.0,
    put_cpu_ns: 124_000.0,
    answer_ns: 76_000.0,
    turnaround_ns: 380_000.0,
    spacing_ns: 195_000.0,
    layout_put_ns: 5_000.0,
};

impl Costs {
    /// Nothing: the disk alone.
    pub const NONE: Costs = Costs {
        cycle_ns: 0.0,
        entry_ns: 0.0,
        sync_wait_ns: 0.0,
        cycle_wait_ns: 0.0,
        busiest: 0.0,
        batch_cpu_ns: 0.0,
        wakes_cpu_ns: 0.0,
        put_cpu_ns: 0.0,
        answer_ns: 0.0,
        turnaround_ns: 0.0,
        spacing_ns: 0.0,
        layout_put_ns: 0.0,
    };

    /// Those of [`ETCD`] on a machine: times grow with what this CPU needs for a unit of work, and CPU work is shared
    /// by the CPUs.
    pub fn on(machine: Machine) -> Costs {
        let slower = machine.unit_ns / REFERENCE_UNIT_NS;
        let each = slower / f64::from(machine.cpus.max(1));
        let shared = each * REFERENCE_CPUS;
        let m = MEASURED;
        Costs {
            cycle_ns: m.cycle_ns * slower,
            entry_ns: m.entry_ns * slower,
            sync_wait_ns: m.sync_wait_ns * slower,
            cycle_wait_ns: m.cycle_wait_ns * slower,
            busiest: m.busiest,
            batch_cpu_ns: m.batch_cpu_ns * each,
            wakes_cpu_ns: m.wakes_cpu_ns * each,
            put_cpu_ns: m.put_cpu_ns * each,
            answer_ns: m.answer_ns * shared,
            turnaround_ns: m.turnaround_ns * slower,
            spacing_ns: m.spacing_ns * shared,
            layout_put_ns: m.layout_put_ns * slower,
        }
    }

    /// Puts per second that etcd and its clients reach on these CPUs with many clients, however fast the disk is.
    pub fn most_per_s(&self) -> f64 {
        1e9 / self.answer_ns.max(self.entry_ns)
    }

    /// These under a load: none where an open loop asks for more than the CPUs would carry.
    pub fn under(self, load: Load) -> Costs {
        match load {
            Load::Open { rate, .. } if rate > MOST_CARRIED * self.most_per_s() => Costs::NONE,
            _ => self,
        }
    }

    /// Time of all CPUs that a batch of so many puts takes.
    pub fn cpu_ns(&self, puts: usize) -> f64 {
        let others = puts.saturating_sub(1) as f64;
        self.batch_cpu_ns
            + self.wakes_cpu_ns * (others / 6.0).min(1.0)
            + self.put_cpu_ns * puts as f64
    }

    /// How many others are before one who wants a CPU: u / (1 − u) of a queue that is used to the share u (M/M/1), less
    /// the put's own share of a batch, for nobody waits for himself.
    pub fn queue(&self, used: f64, puts_per_batch: f64) -> f64 {
        let used = used.clamp(0.0, self.busiest);
        used / (1.0 - used) * (1.0 - 1.0 / puts_per_batch.max(1.0))
    }

    /// From the end of a sync of so many puts to the start of the next write, with so many before it at the CPUs.
    pub fn cycle_of(&self, puts: usize, queue: f64) -> u64 {
        (self.cycle_ns + self.cycle_wait_ns * queue + self.entry_ns * puts as f64) as u64
    }

    /// How long after the first of the puts that return together the nth arrives.
    pub fn after_first_ns(&self, nth: u64) -> u64 {
        (self.spacing_ns * (nth as f64).powf(SPREAD)) as u64
    }

    /// How long the pages of a commit of so many puts are laid out.
    pub fn layout_ns(&self, puts: u64) -> u64 {
        (self.layout_put_ns * puts as f64) as u64
    }
}

/// How busy the CPUs are with the puts of one etcd.
#[derive(Debug, Clone, Copy)]
pub struct CpuUse {
    used: f64,
    puts_per_batch: f64,
    at_ns: u64,
}

impl CpuUse {
    /// Nothing has come yet.
    pub fn idle(at_ns: u64) -> Self {
        CpuUse { used: 0.0, puts_per_batch: 1.0, at_ns }
    }

    /// A batch is to be handled: gives how many are before it, and adds its own work for those after it.
    pub fn batch(&mut self, costs: &Costs, puts: usize, now_ns: u64) -> f64 {
        self.puts_per_batch += (puts as f64 - self.puts_per_batch) * WEIGHT_OF_A_BATCH;
        let gone = now_ns.saturating_sub(self.at_ns) as f64 / AVERAGED_NS;
        self.used *= (-gone).exp();
        self.at_ns = now_ns;
        let queue = costs.queue(self.used, self.puts_per_batch);
        self.used += costs.cpu_ns(puts) / AVERAGED_NS;
        queue
    }
}

/// What the costs depend on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Machine {
    /// CPUs that this process may use.
    pub cpus: u32,
    /// CPU time of one unit of work.
    pub unit_ns: f64,
}

impl Machine {
    /// This one; measured in a tenth of a second.
    pub fn here() -> Machine {
        let cpus = std::thread::available_parallelism().map_or(1, |cpus| cpus.get() as u32);
        Machine { cpus, unit_ns: host::work_unit_ns() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The machine that the costs were measured on.
    const REFERENCE: Machine = Machine { cpus: REFERENCE_CPUS as u32, unit_ns: REFERENCE_UNIT_NS };

    #[test]
    fn a_slower_cpu_carries_less_and_more_cpus_more() {
        let here = Costs::on(REFERENCE).most_per_s();
        let slower = Machine { unit_ns: 2.0 * REFERENCE_UNIT_NS, ..REFERENCE };
        assert!((Costs::on(slower).most_per_s() / here - 0.5).abs() < 1e-9);
        let more = Machine { cpus: 8, ..REFERENCE };
        // The raft loop is one thread, whatever the machine has.
        let most = Costs::on(more).most_per_s() / here;
        assert!((1.5..4.0).contains(&most), "{most}");
    }

    #[test]
    fn nobody_waits_for_himself() {
        let costs = Costs::on(REFERENCE);
        assert_eq!(costs.queue(0.8, 1.0), 0.0);
        assert_eq!(costs.queue(0.0, 100.0), 0.0);
        assert!(costs.queue(0.8, 50.0) > costs.queue(0.4, 50.0));
        assert!(costs.queue(5.0, 50.0).is_finite());
    }

    #[test]
    fn an_open_loop_beyond_the_cpus_asks_the_disk_alone() {
        let costs = Costs::on(REFERENCE);
        let open = |rate| Load::Open { rate, arrival: crate::plan::Arrival::Constant };
        assert_eq!(costs.under(open(costs.most_per_s())), Costs::NONE);
        assert_eq!(costs.under(open(100.0)), costs);
        assert_eq!(costs.under(Load::Closed { clients: 5000 }), costs);
    }
}
