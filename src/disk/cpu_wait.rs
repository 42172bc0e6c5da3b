//! Which part of a slow sync was no wait for the disk but one for a CPU.
//!
//! Two witnesses: the kernel's own account of how long a thread was ready and did not run (schedstat), and a thread on
//! each CPU that sleeps for two milliseconds at a time and sees how late it is woken. The second also sees what holds up
//! the kernel's own threads, time that a hypervisor took, and a process that was stopped.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::timers::fine_timers;
use crate::clock::Clock;

/// How long a watching thread sleeps.
const NAP_NS: u64 = 2_000_000;
/// Woken this much too late, it had no CPU.
const LATE_NS: u64 = 1_000_000;
/// Late wakings that are remembered of each CPU.
const REMEMBERED: usize = 256;
/// CPUs that are watched: the first so many that this process may use.
const MOST_CPUS: usize = 8;
/// What took less is not looked into.
pub const SLOW_NS: u64 = 1_000_000;
/// Late on every CPU by so much: the whole process stood still.
const PAUSE_NS: u64 = 250_000_000;

/// The lateness of one CPU.
#[derive(Debug, Default)]
struct Pulse {
    /// When its thread is to wake next.
    due_ns: AtomicU64,
    /// (from, to) of late wakings.
    late: Mutex<VecDeque<(u64, u64)>>,
}

impl Pulse {
    /// For how long within a span it was late, up to now.
    fn late_within(&self, from_ns: u64, to_ns: u64) -> u64 {
        let overlap = |(from, to): (u64, u64)| to.min(to_ns).saturating_sub(from.max(from_ns));
        let due_ns = self.due_ns.load(Ordering::Relaxed);
        // It may not have been woken yet, while others have.
        let going_on =
            if due_ns > 0 && to_ns > due_ns + LATE_NS { overlap((due_ns, to_ns)) } else { 0 };
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        going_on + late.iter().map(|span| overlap(*span)).sum::<u64>()
    }

    fn woke(&self, due_ns: u64, now_ns: u64) {
        if now_ns > due_ns + LATE_NS {
            let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
            if late.len() == REMEMBERED {
                late.pop_front();
            }
            late.push_back((due_ns, now_ns));
        }
    }
}

/// What tells CPU from disk; shared by all loops of a run.
#[derive(Debug, Clone, Default)]
pub struct CpuWitness {
    pulses: Arc<Vec<Pulse>>,
    /// Series, and the waits that rules on it set apart.
    limits: Arc<Vec<(&'static str, u64)>>,
}

/// The threads that watch; dropping it ends them.
pub struct Watching {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl CpuWitness {
    /// Watches each CPU from now on. `paused` is told when and for how long the whole process stood still. Where the
    /// system gives no thread, it sees less.
    pub fn start(
        clock: Clock,
        limits: Vec<(&'static str, u64)>,
        paused: impl Fn(u64, u64) + Send + Sync + 'static,
    ) -> (Self, Watching) {
        let cpus = cpus();
        let pulses: Vec<Pulse> = cpus.iter().map(|_| Pulse::default()).collect();
        let witness = CpuWitness { pulses: Arc::new(pulses), limits: Arc::new(limits) };
        let stop: Arc<AtomicBool> = Arc::default();
        let paused = Arc::new(paused);
        let mut threads = Vec::new();
        for (index, cpu) in cpus.into_iter().enumerate() {
            let (witness, stop) = (witness.clone(), Arc::clone(&stop));
            let paused = Arc::clone(&paused);
            let watch = move || {
                let mut only = CpuSet::new();
                only.set(cpu);
                // Where it is refused, it watches whichever CPU it runs on.
                let _ = sched_setaffinity(None, &only);
                fine_timers();
                while !stop.load(Ordering::Relaxed) {
                    witness.nap(index, &clock, &*paused);
                }
            };
            let started = std::thread::Builder::new().name(format!("pulse-{cpu}")).spawn(watch);
            threads.extend(started.ok());
        }
        (witness, Watching { stop, threads })
    }

    fn nap(&self, index: usize, clock: &Clock, paused: &dyn Fn(u64, u64)) {
        let pulse = &self.pulses[index];
        let due_ns = clock.now_ns() + NAP_NS;
        pulse.due_ns.store(due_ns, Ordering::Relaxed);
        std::thread::sleep(Duration::from_nanos(NAP_NS));
        let now_ns = clock.now_ns();
        // The first of them speaks for all.
        if index == 0 && now_ns > due_ns + PAUSE_NS {
            let least = self.pulses.iter().map(|pulse| pulse.late_within(due_ns, now_ns)).min();
            if least.is_some_and(|late| late + PAUSE_NS / 5 >= now_ns - due_ns) {
                paused(due_ns, now_ns - due_ns);
            }
        }
        pulse.woke(due_ns, now_ns);
    }

    /// For how long within a span a CPU could not be had, at most.
    fn late_within(&self, from_ns: u64, to_ns: u64) -> u64 {
        let late = self.pulses.iter().map(|pulse| pulse.late_within(from_ns, to_ns));
        late.max().unwrap_or(0)
    }

    /// What one thread asks.
    pub fn of_thread(&self) -> CpuWaits {
        CpuWaits {
            witness: self.clone(),
            queue: RunQueue::of_this_thread(),
            before_ns: 0,
            grown: BTreeMap::new(),
        }
    }
}

/// The first CPUs that this process may use.
fn cpus() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(None) else {
        return Vec::new();
    };
    (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).take(MOST_CPUS).collect()
}

/// How long a thread was ready and had no CPU, as the kernel counts it.
#[derive(Debug)]
struct RunQueue(Option<File>);

impl RunQueue {
    fn of_this_thread() -> Self {
        RunQueue(File::open("/proc/thread-self/schedstat").ok())
    }

    /// Since the thread began; 0 where the kernel does not count it.
    fn waited_ns(&self) -> u64 {
        let mut text = [0; 96];
        let read = self.0.as_ref().and_then(|file| file.read_at(&mut text, 0).ok());
        let text = read.and_then(|length| std::str::from_utf8(&text[..length]).ok());
        // Time on a CPU, time on a run queue, times that it ran (Documentation/scheduler/sched-stats.rst).
        text.and_then(|text| text.split_ascii_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
    }
}

/// The waits of one thread, and what of them was for a CPU.
#[derive(Debug)]
pub struct CpuWaits {
    witness: CpuWitness,
    queue: RunQueue,
    before_ns: u64,
    /// Since they were last told.
    grown: BTreeMap<String, f64>,
}

impl CpuWaits {
    /// A sync begins.
    pub fn begins(&mut self) {
        self.before_ns = self.queue.waited_ns();
    }

    /// A wait of a series is over: notes what of it was for a CPU, where that sets it apart for a rule.
    pub fn ended(&mut self, series: &'static str, from_ns: u64, to_ns: u64) {
        let took_ns = to_ns.saturating_sub(from_ns);
        if took_ns < SLOW_NS {
            return;
        }
        let queued_ns = self.queue.waited_ns().saturating_sub(self.before_ns);
        let waited_ns = queued_ns.max(self.witness.late_within(from_ns, to_ns)).min(took_ns);
        if waited_ns < SLOW_NS {
            return;
        }
        *self.grown.entry(format!("{series}.waited_s")).or_default() += waited_ns as f64 / 1e9;
        let without_ns = took_ns - waited_ns;
        for (of, limit_ns) in self.witness.limits.iter() {
            if *of == series && took_ns >= *limit_ns && without_ns < *limit_ns {
                *self.grown.entry(key(series, *limit_ns)).or_default() += 1.0;
            }
        }
    }

    /// What has grown since this was last asked.
    pub fn take(&mut self) -> BTreeMap<String, f64> {
        std::mem::take(&mut self.grown)
    }
}

/// The counter of waits of a series that reached a limit only because of a CPU; as it is in a result.
pub fn key(series: &str, limit_ns: u64) -> String {
    format!("{series}.over_{limit_ns}_ns")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn waits(late: &[(u64, u64)], limits: Vec<(&'static str, u64)>) -> CpuWaits {
        let pulse = Pulse { late: Mutex::new(late.iter().copied().collect()), ..Pulse::default() };
        let witness = CpuWitness {
            pulses: Arc::new(vec![Pulse::default(), pulse]),
            limits: Arc::new(limits),
        };
        CpuWaits { queue: RunQueue(None), ..witness.of_thread() }
    }

    #[test]
    fn a_wait_that_a_cpu_explains_is_set_apart() {
        let mut waits =
            waits(&[(5 * MS, 25 * MS)], vec![("wal.fsync", 10 * MS), ("wal.fsync", 100 * MS)]);
        // 24 ms, of which 20 without a CPU; 12 ms, of which 1; and one of another series.
        waits.ended("wal.fsync", 2 * MS, 26 * MS);
        waits.ended("wal.fsync", 24 * MS, 36 * MS);
        waits.ended("wal.cut", 2 * MS, 26 * MS);
        let told = waits.take();
        assert_eq!(told.get("wal.fsync.over_10000000_ns"), Some(&1.0));
        assert_eq!(told.get("wal.fsync.over_100000000_ns"), None);
        assert!((told["wal.fsync.waited_s"] - 0.021).abs() < 1e-9, "{told:?}");
        assert!(waits.take().is_empty());
    }

    #[test]
    fn a_cpu_that_has_not_come_yet_counts_too() {
        let pulse = Pulse { due_ns: AtomicU64::new(10 * MS), ..Pulse::default() };
        assert_eq!(pulse.late_within(0, 2_000 * MS), 1_990 * MS);
        assert_eq!(pulse.late_within(0, 10 * MS), 0);
    }

    #[test]
    fn the_kernel_counts_what_a_thread_waits_for_a_cpu() {
        let queue = RunQueue::of_this_thread();
        let before = queue.waited_ns();
        std::thread::sleep(Duration::from_millis(1));
        assert!(queue.waited_ns() >= before);
    }
}
