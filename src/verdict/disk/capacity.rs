//! What the disk can carry, from the steps of the capacity search.

use crate::result::{Capacity, CapacityStep, Run};

/// The capacity; `None` when no step was taken.
pub(super) fn capacity(run: &Run) -> Option<Capacity> {
    let mut curve: Vec<CapacityStep> = run
        .events
        .iter()
        .filter(|event| event.kind == "capacity.step")
        .filter_map(|event| serde_json::from_value(event.detail.clone()).ok())
        .collect();
    if curve.is_empty() {
        return None;
    }
    curve.sort_by(|a, b| a.wanted_per_s.total_cmp(&b.wanted_per_s));
    // A rate counts as kept only when nothing slower broke a rule: a lucky step above a broken one is no capacity.
    // Of several tries at one rate, one that broke is enough.
    let lowest_broken = curve.iter().find(|step| !step.kept);
    let limit = lowest_broken.map_or(f64::INFINITY, |step| step.wanted_per_s);
    let highest_kept = curve.iter().rfind(|step| step.kept && step.wanted_per_s < limit);
    Some(Capacity {
        puts_per_s: highest_kept.map(|step| step.reached_per_s),
        at_least: lowest_broken.is_none(),
        limited_by: lowest_broken.and_then(|step| step.broke.clone()),
        curve,
    })
}
