//! What this machine can do at this moment, whatever else it is busy with: threads beside a load that have something to
//! do as often as it has. Only what the load is later than they are is its own.

use std::num::NonZeroU64;
use std::thread;
use std::time::Duration;

use etcdbench::result::Run;
use rustix::thread::{ClockId, clock_nanosleep_absolute, set_current_timer_slack};
use rustix::time::{ClockId as Clock, Timespec, clock_gettime};

const S: u64 = 1_000_000_000;

/// What is to be done, and when.
#[derive(Debug, Clone, Copy)]
pub struct Chores {
    /// How many are due in a second.
    pub per_s: u64,
    /// Processor time of each.
    pub each: Duration,
    /// By how many threads, in turn.
    pub threads: u64,
}

/// How late each of them was begun.
#[derive(Debug)]
pub struct Lateness {
    /// Ascending.
    late_ns: Vec<u64>,
}

impl Chores {
    /// Half of what a load had to do that ran at this rate: enough to be kept waiting for a processor as it is, and not
    /// so much that the load waits for them. What has piled up costs a load less than one after the other does.
    ///
    /// # Panics
    /// When it does not tell its use of the processor.
    pub fn of(run: &Run, per_s: u64) -> Self {
        let told = run.counters.iter().filter(|line| line.source == "client");
        let (mut length_ns, mut cpu_s, mut threads) = (0, 0.0, 0.0);
        for line in told {
            length_ns += line.length_ns;
            cpu_s += line.values["cpu_s"];
            threads = line.values["threads"];
        }
        assert!(length_ns > 0, "the client tells how busy it is");
        let chores = per_s as f64 * length_ns as f64 / S as f64;
        Chores {
            per_s,
            each: Duration::from_secs_f64(cpu_s / chores / 2.0),
            threads: threads as u64,
        }
    }

    /// Does them for so long.
    pub fn done_for(self, length: Duration) -> Lateness {
        let begin_ns = now_ns(Clock::Monotonic);
        let threads: Vec<_> = (0..self.threads)
            .map(|thread| thread::spawn(move || self.done_by(thread, begin_ns, length)))
            .collect();
        let late = threads.into_iter().map(|thread| thread.join().expect("it ends"));
        let mut late_ns: Vec<u64> = late.flatten().collect();
        late_ns.sort_unstable();
        Lateness { late_ns }
    }

    fn done_by(self, thread: u64, begin_ns: u64, length: Duration) -> Vec<u64> {
        // Without it the kernel may put off what is due by 50 µs; the timers of a load give it no such leave either.
        set_current_timer_slack(NonZeroU64::new(1)).expect("a thread may set its own slack");
        let all = (self.per_s as f64 * length.as_secs_f64()) as u64;
        let begun_late = |chore: u64| {
            let due_ns = begin_ns + (chore + 1) * S / self.per_s;
            sleep_until(due_ns);
            let late_ns = now_ns(Clock::Monotonic) - due_ns;
            work(self.each);
            late_ns
        };
        let own = (thread..all).step_by(self.threads as usize);
        own.map(begun_late).collect()
    }
}

impl Lateness {
    /// A quantile of it.
    pub fn quantile(&self, q: f64) -> Duration {
        let last = self.late_ns.len().saturating_sub(1);
        let at = (q * last as f64).round() as usize;
        Duration::from_nanos(self.late_ns[at])
    }
}

fn now_ns(clock: Clock) -> u64 {
    let now = clock_gettime(clock);
    now.tv_sec as u64 * S + now.tv_nsec as u64
}

fn sleep_until(due_ns: u64) {
    let due = Timespec { tv_sec: (due_ns / S) as i64, tv_nsec: (due_ns % S) as i64 };
    // A signal ends it early.
    while now_ns(Clock::Monotonic) < due_ns {
        let _ = clock_nanosleep_absolute(ClockId::Monotonic, &due);
    }
}

/// Uses so much of the processor, however long that takes.
fn work(cpu: Duration) {
    let until_ns = now_ns(Clock::ThreadCPUTime) + cpu.as_nanos() as u64;
    while now_ns(Clock::ThreadCPUTime) < until_ns {
        std::hint::spin_loop();
    }
}
