//! Whether a phase was measured under conditions that allow to judge its latencies at all.

use serde_json::Value;

use crate::plan::{DiskPlan, Load};
use crate::result::{PhaseData, Run, SeriesData};
use crate::units::{format_duration, format_share};

/// More failures than this: what failed has no latency, and what is left is no fair sample.
const MOST_ERRORS: f64 = 0.001;
/// An open loop that starts or answers less than this share of what was due is saturated: its latencies are the length
/// of a queue.
const LEAST_REACHED: f64 = 0.99;
/// Answers that come so long after an open loop has ended, or later by a twentieth of its length, are a queue's.
const BACKLOG_NS: u64 = 2_000_000_000;
/// Busier than this, the generator's threads wait for one another.
const BUSIEST_CLIENT: f64 = 0.85;

/// Why latencies of this series in this phase cannot be judged.
pub(super) fn problem(run: &Run, phase: &PhaseData, series: &SeriesData) -> Option<String> {
    failures(phase, series).or_else(|| saturated(run, phase)).or_else(|| busy_client(run, phase))
}

/// Whether this phase has the rate that an open loop was asked for: how fast it was is then no property of what was
/// measured.
pub(super) fn has_offered_rate(run: &Run, phase: &PhaseData) -> bool {
    let is_open = load_due(run, phase).or_else(|| disk_due(run, phase)).is_some();
    is_open && saturated(run, phase).is_none()
}

fn failures(phase: &PhaseData, series: &SeriesData) -> Option<String> {
    // The service series of an operation carries its errors.
    let operation = series.series.strip_suffix(".response");
    let service = operation.and_then(|name| phase.series(&format!("{name}.service")));
    let carrier = service.unwrap_or(series);
    let failed: u64 = carrier.errors.values().sum();
    let share = failed as f64 / (failed + carrier.count()).max(1) as f64;
    (share > MOST_ERRORS).then(|| format!("{} of the operations failed", format_share(share)))
}

fn saturated(run: &Run, phase: &PhaseData) -> Option<String> {
    if let Some(late_ns) = backlog_ns(run, phase) {
        return Some(format!(
            "saturated: answers came up to {} after the load had ended",
            format_duration(late_ns)
        ));
    }
    let (due, reached) = load_due(run, phase).or_else(|| disk_due(run, phase))?;
    // Of a rate only the mean is fixed: what is due by chance varies by its square root.
    let least = LEAST_REACHED * due - 3.0 * due.sqrt();
    (reached < least)
        .then(|| format!("saturated: {} of what was due was reached", format_share(reached / due)))
}

/// How long after the end of an open-loop load its last answers came, where that is long.
fn backlog_ns(run: &Run, phase: &PhaseData) -> Option<u64> {
    let told = load_phase(run, phase)?;
    told.get("wanted_per_s")?.as_f64()?;
    let planned_ns = told.get("length_ns")?.as_u64()?;
    let late_ns = phase.length_ns.saturating_sub(planned_ns);
    (late_ns > BACKLOG_NS.max(planned_ns / 20)).then_some(late_ns)
}

/// What the engine told at the end of a phase of a load.
fn load_phase<'a>(run: &'a Run, phase: &PhaseData) -> Option<&'a Value> {
    let mut events = run.events.iter().rev();
    let told = events.find(|event| event.kind == "load.phase" && event.phase == phase.name)?;
    Some(&told.detail)
}

/// Operations due and answered in this phase of an open-loop load.
fn load_due(run: &Run, phase: &PhaseData) -> Option<(f64, f64)> {
    let told = load_phase(run, phase)?;
    told.get("wanted_per_s")?.as_f64()?;
    let number = |name: &str| told.get(name)?.as_f64();
    Some((number("due")?, number("answered")?))
}

/// Puts due and committed in this phase of an open-loop disk probe.
fn disk_due(run: &Run, phase: &PhaseData) -> Option<(f64, f64)> {
    if run.header.kind != "disk" {
        return None;
    }
    let plan: DiskPlan = serde_json::from_value(run.header.plan.clone()).ok()?;
    let Load::Open { rate, .. } = plan.workload.load else {
        return None;
    };
    let seconds = phase.length_ns as f64 / 1e9;
    let puts = phase.series("put.commit")?.total.count() as f64;
    Some((rate * f64::from(plan.members) * seconds, puts))
}

fn busy_client(run: &Run, phase: &PhaseData) -> Option<String> {
    let threads = run.header.plan.get("threads")?.as_f64()?;
    let lines = run.counters.iter();
    let client = lines.filter(|line| line.source == "client" && line.phase == phase.name);
    let used: f64 = client.filter_map(|line| line.values.get("cpu_s")).sum();
    let share = used / (threads * phase.length_ns as f64 / 1e9);
    (share > BUSIEST_CLIENT)
        .then(|| format!("the load generator itself was {} busy", format_share(share)))
}
