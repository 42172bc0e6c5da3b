//! The highest put rate that keeps every rule: doubled until one breaks, then bisected.

use std::sync::mpsc::{Receiver, channel};

use crate::disk::control::Control;
use crate::disk::engine::{Engine, Member, Task};
use crate::error::Result;
use crate::plan::{Arrival, Load};
use crate::record::{Distribution, Emission, Sink};
use crate::result::{CapacityStep, Limiter};
use crate::rule::Stat;

/// No etcd has been published to take more puts than about this; beyond it the disk is not what limits it
/// (etcd performance guide: 50,000 puts/s on 8 CPUs).
const RATE_MAX: f64 = 50_000.0;
/// Below this a rate says nothing about a control plane.
const RATE_MIN: f64 = 10.0;
/// The search ends when the answer is known to within this factor.
const PRECISION: f64 = 1.1;

/// Which rate to try next, from what the last ones showed.
#[derive(Debug, Clone)]
pub struct Search {
    kept: Option<f64>,
    broke: Option<f64>,
    next: f64,
    max: f64,
}

impl Search {
    /// Starts at this rate, per member; `members` share the most that is tried.
    pub fn new(start: f64, members: u32) -> Self {
        let max = RATE_MAX / f64::from(members.max(1));
        Search { kept: None, broke: None, next: start.clamp(RATE_MIN, max), max }
    }

    /// The rate to try, or `None` when the answer is known well enough.
    pub fn next(&self) -> Option<f64> {
        let done = match (self.kept, self.broke) {
            (Some(kept), Some(broke)) => broke / kept <= PRECISION,
            (Some(kept), None) => kept >= self.max,
            (None, Some(broke)) => broke <= RATE_MIN,
            (None, None) => false,
        };
        (!done).then_some(self.next)
    }

    /// Takes in how a rate came out.
    pub fn tried(&mut self, rate: f64, kept: bool) {
        if kept {
            self.kept = Some(self.kept.unwrap_or(0.0).max(rate));
        } else {
            self.broke = Some(self.broke.unwrap_or(f64::INFINITY).min(rate));
        }
        self.next = match (self.kept, self.broke) {
            (Some(kept), Some(broke)) => (kept * broke).sqrt(),
            (Some(kept), None) => (kept * 2.0).min(self.max),
            (None, Some(broke)) => (broke / 2.0).max(RATE_MIN),
            (None, None) => self.next,
        };
    }
}

/// What a step must keep.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// 99th percentile of `wal.fsync`.
    pub wal_fsync_p99_ns: u64,
    /// 99th percentile of `backend.commit`.
    pub backend_commit_p99_ns: u64,
    /// No sync and no commit may take this long.
    pub stall_ns: u64,
}

/// Every put of a step is committed in the end; a disk that needs more than this many times the step's length for it
/// falls behind.
const LATE_MAX: f64 = 1.2;

/// Runs the search until it is done, the time is over or the run is to end; each step is told as an event.
///
/// # Errors
/// The engine's.
pub fn search(
    engine: &mut dyn Engine,
    members: &mut [Member],
    task: &Task,
    start_rate: f64,
    limits: Limits,
) -> Result<()> {
    let mut search = Search::new(start_rate, members.len() as u32);
    let total_ns = task.until_ns.saturating_sub(task.clock.now_ns());
    let step_ns = (total_ns / 12).max(700_000_000);
    while let Some(rate) = search.next()
        && task.clock.now_ns() + step_ns <= task.until_ns
        && task.control.halted().is_none()
        && affordable(&task.control, rate, step_ns, members)
    {
        let step = run_step(engine, members, task, rate, step_ns, limits)?;
        search.tried(rate, step.kept);
        let detail = serde_json::to_value(&step).unwrap_or_default();
        let _ = task.recorder.sink.send(Emission::Event {
            phase: task.recorder.phase.clone(),
            at_ns: task.clock.now_ns(),
            kind: "capacity.step",
            member: None,
            detail,
        });
    }
    Ok(())
}

/// Whether the write budget covers another step; WAL and database together make the disk write about four times the payload.
fn affordable(control: &Control, rate: f64, step_ns: u64, members: &[Member]) -> bool {
    let payload: u64 = members.iter().map(|m| m.wal.put_bytes()).sum();
    let bytes = rate * step_ns as f64 / 1e9 * payload as f64 * 4.0;
    (control.left() as f64) > bytes
}

fn run_step(
    engine: &mut dyn Engine,
    members: &mut [Member],
    task: &Task,
    rate: f64,
    step_ns: u64,
    limits: Limits,
) -> Result<CapacityStep> {
    let start_ns = task.clock.now_ns();
    let (sink, emissions) = channel();
    let mut step_task = task.clone();
    step_task.recorder.sink = sink;
    step_task.until_ns = start_ns + step_ns;
    step_task.seed = task.seed.wrapping_add(start_ns);
    step_task.load = Load::Open { rate, arrival: Arrival::Poisson };
    let outcome = engine.run(members, &step_task);
    drop(step_task);
    let seen = Seen::drain(emissions, &task.recorder.sink);
    outcome?;
    let late = (task.clock.now_ns() - start_ns) as f64 / step_ns as f64;
    let wanted_per_s = rate * members.len() as f64;
    Ok(seen.judge(wanted_per_s, step_ns as f64 / 1e9, late, limits))
}

/// What one step showed.
#[derive(Default)]
struct Seen {
    wal_fsync: Distribution,
    backend_commit: Distribution,
    put_commit: Distribution,
    longest_ns: u64,
}

impl Seen {
    /// Adds up a step's emissions and passes them on.
    fn drain(emissions: Receiver<Emission>, onward: &Sink) -> Self {
        let mut seen = Seen::default();
        for emission in emissions {
            if let Emission::Interval(interval) = &emission {
                let samples = Distribution::from_samples(&interval.samples);
                match interval.series {
                    "wal.fsync" => seen.wal_fsync.merge(&samples),
                    "backend.commit" => seen.backend_commit.merge(&samples),
                    "put.commit" => seen.put_commit.merge(&samples),
                    "wal.sync" | "wal.cut" => {
                        seen.longest_ns = seen.longest_ns.max(samples.max_ns());
                    }
                    _ => {}
                }
            }
            let _ = onward.send(emission);
        }
        seen
    }

    /// `late` is how many times its planned length the step took.
    fn judge(&self, wanted_per_s: f64, step_s: f64, late: f64, limits: Limits) -> CapacityStep {
        let p99 = |series: &Distribution| series.quantile(0.99).unwrap_or(0);
        let reached_per_s = self.put_commit.count() as f64 / (step_s * late.max(1.0));
        let p99_of = |series: &str| Limiter::Subject {
            series: series.to_owned(),
            stat: Stat::Percentile(99.0),
        };
        let longest_ns = self.longest_ns.max(self.backend_commit.max_ns());
        let broke = if p99(&self.wal_fsync) >= limits.wal_fsync_p99_ns {
            Some(p99_of("wal.fsync"))
        } else if p99(&self.backend_commit) >= limits.backend_commit_p99_ns {
            Some(p99_of("backend.commit"))
        } else if longest_ns >= limits.stall_ns {
            Some(Limiter::Stalls)
        } else if late > LATE_MAX {
            Some(Limiter::Rate)
        } else {
            None
        };
        CapacityStep {
            wanted_per_s,
            reached_per_s,
            wal_fsync_p99_ns: p99(&self.wal_fsync),
            backend_commit_p99_ns: p99(&self.backend_commit),
            put_commit_p50_ns: self.put_commit.quantile(0.5).unwrap_or(0),
            put_commit_p99_ns: p99(&self.put_commit),
            wal_syncs: self.wal_fsync.count(),
            kept: broke.is_none(),
            broke,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(limit: f64, start: f64) -> (Option<f64>, usize) {
        let mut search = Search::new(start, 1);
        let mut steps = 0;
        while let Some(rate) = search.next() {
            search.tried(rate, rate <= limit);
            steps += 1;
            assert!(steps < 40, "the search ends");
        }
        (search.kept, steps)
    }

    #[test]
    fn the_answer_is_within_ten_percent_from_either_side() {
        for limit in [37.0, 480.0, 500.0, 4_100.0, 51_000.0] {
            let (kept, steps) = found(limit, 500.0);
            let kept = kept.unwrap();
            assert!(kept <= limit && kept * PRECISION >= limit * 0.999, "{limit}: {kept}");
            assert!(steps <= 13, "{limit}: {steps} steps");
        }
    }

    #[test]
    fn a_disk_without_bounds_ends_at_the_most_that_is_tried() {
        assert_eq!(found(1e12, 500.0).0, Some(RATE_MAX));
    }

    #[test]
    fn a_disk_that_carries_nothing_ends_too() {
        assert_eq!(found(1.0, 500.0).0, None);
    }
}
