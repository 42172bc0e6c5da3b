//! Did the client keep up with itself? Its threads' use of the CPU, and how late it sent.

use crate::exit::Verdict;
use crate::result::{InvalidCause, InvalidReason, LimitedBy, Point, Reason, RuleName};
use crate::rule::Op;
use crate::verdict::judge::RuleInput;
use crate::verdict::machine::Cpus;
use crate::verdict::outcome::{Limit, Measured, Outcome, Quantity, Source};

use super::evidence::Evidence;
use super::tally::Tally;

/// A thread that is busy for more than this part of the time sends and reads late.
const FULL_THREAD: f64 = 0.9;
/// Lag that shows in a p99 of milliseconds. The pacing itself is good for less than 1 ms.
const LATE_NS: u64 = 5_000_000;
/// Waits this long for an answer explain any lag: what cannot be written to etcd piles up in the client.
const STALLED_NS: u64 = 100_000_000;
/// Lag that is a smaller part of the waits than this changes no conclusion from them.
const FELT: f64 = 0.1;
/// CPUs this busy, by others than the client, are what makes it late.
const BUSY_MACHINE: f64 = 0.9;

/// Part of a core that each of the client's threads used; `None` where nobody counted.
pub(super) fn thread_use(evidence: &Evidence) -> Option<f64> {
    // Of several machines the one whose threads had most to do.
    if let Some(merged) = &evidence.run.header.merged {
        return merged.shards.iter().filter_map(|shard| shard.thread_use).reduce(f64::max);
    }
    let (mut used_s, mut had_s) = (0.0, 0.0);
    for counters in evidence.counters("client") {
        let value = |name: &str| counters.values.get(name).copied();
        if let (Some(cpu_s), Some(threads)) = (value("cpu_s"), value("threads")) {
            // Where a long run was thinned, the threads of several seconds were added up.
            let threads = threads.min(f64::from(evidence.plan.threads)).max(1.0);
            used_s += cpu_s;
            had_s += threads * counters.length_ns as f64 / 1e9;
        }
    }
    (had_s > 0.0).then(|| used_s / had_s)
}

/// 99th percentile of the lag of the operation that was most late.
pub(super) fn lag_p99_ns(evidence: &Evidence) -> Option<u64> {
    worst_lag(evidence).map(|(_, p99_ns)| p99_ns)
}

/// The reason not to believe the client, if there is one. Full threads first: being late is what follows.
pub(super) fn invalid_reason(evidence: &Evidence, tally: Option<&Tally>) -> Option<InvalidReason> {
    full_threads(evidence).or_else(|| late(evidence, tally))
}

/// The row of the table; `None` where nothing is known of the client. `conservative` where a late client can only make
/// the figures worse: the load was delivered, and every wait counts from when it was due.
pub(super) fn rule(
    thread_use: Option<f64>,
    lag_p99_ns: Option<u64>,
    invalid_reasons: &[InvalidReason],
    conservative: bool,
) -> Option<Outcome> {
    if thread_use.is_none() && lag_p99_ns.is_none() {
        return None;
    }
    let invalid_reason = invalid_reasons
        .iter()
        .find(|invalid_reason| invalid_reason.limited_by() == LimitedBy::Client)
        .cloned();
    // In an open loop being late is part of the response: what holds in spite of it holds.
    let verdict = match &invalid_reason {
        None => Verdict::Pass,
        Some(_) if conservative => Verdict::Warn,
        Some(_) => Verdict::Inconclusive,
    };
    Some(Outcome {
        rule: RuleName::ClientKeepsUp.into(),
        measured: thread_use.map(Measured::Core),
        limit: Some(Limit::To(Op::Below, Quantity::Share(FULL_THREAD))),
        source: Source::CpuPerThread(lag_p99_ns),
        verdict,
        reasons: invalid_reason
            .map(|invalid_reason| Reason::Doubt { doubt: invalid_reason })
            .into_iter()
            .collect(),
        ..Outcome::default()
    })
}

fn full_threads(evidence: &Evidence) -> Option<InvalidReason> {
    let share = thread_use(evidence).filter(|share| *share >= FULL_THREAD)?;
    let cpus = evidence.run.header.environment.cpus.unwrap_or(u32::MAX);
    let more_cores = evidence.plan.threads < cpus;
    Some(InvalidCause::FullThreads { share, more_cores }.into())
}

/// The operation that was most late: its name, and the 99th percentile of its lag.
fn worst_lag<'a>(evidence: &'a Evidence) -> Option<(&'a str, u64)> {
    evidence
        .strands
        .iter()
        .filter_map(|strand| {
            let lag = evidence.judged(&format!("{}.lag", strand.name));
            Some((strand.name.as_str(), lag.total.quantile(0.99)?))
        })
        .max_by_key(|&(_, p99_ns)| p99_ns)
}

/// Sent late although slots were free, connections stood and etcd answered.
fn late(evidence: &Evidence, tally: Option<&Tally>) -> Option<InvalidReason> {
    let (operation, p99_ns) = worst_lag(evidence)?;
    let bound = u64::from(evidence.max_in_flight()?);
    let slots_free = tally.is_none_or(|tally| tally.in_flight_max < bound);
    let lost = evidence.events("connection.lost").next().is_some();
    if p99_ns < LATE_NS || !slots_free || lost || !by_itself(evidence, operation) {
        return None;
    }
    let waits_ns = evidence.waits().total.quantile(0.99).unwrap_or_default();
    if (p99_ns as f64) < FELT * waits_ns as f64 {
        return None;
    }
    let share = Cpus::of(evidence.run, &evidence.phase_names()).busy;
    Some(match share >= BUSY_MACHINE {
        true => InvalidCause::BusyMachine { share }.into(),
        false => InvalidCause::SentLate { lag_p99_ns: p99_ns }.into(),
    })
}

/// Whether most of the late seconds were seconds in which etcd itself was not slow.
fn by_itself(evidence: &Evidence, operation: &str) -> bool {
    let (mut late, mut alone) = (0, 0);
    for phase in &evidence.phases {
        let lag = phase.series(&format!("{operation}.lag"));
        let service = phase.series(&format!("{operation}.service"));
        let service = service.map_or(&[] as &[Point], |s| s.timeline.as_slice());
        for second in lag.into_iter().flat_map(|s| &s.timeline) {
            if second.p99_ns < LATE_NS {
                continue;
            }
            late += 1;
            let slow = at(service, second).is_none_or(|answered| {
                answered.max_ns >= STALLED_NS || answered.p50_ns >= second.p50_ns.max(LATE_NS)
            });
            alone += usize::from(!slow);
        }
    }
    2 * alone >= late.max(1)
}

/// The point of a timeline that covers the same second as another one's.
fn at<'a>(points: &'a [Point], second: &Point) -> Option<&'a Point> {
    let middle = second.start_ns + second.length_ns / 2;
    let after = points.partition_point(|point| point.start_ns <= middle);
    points.get(after.checked_sub(1)?)
}
