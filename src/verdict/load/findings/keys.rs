//! Keys that are fought over.

use crate::plan::Operation;
use crate::result::Severity;

use super::super::evidence::Evidence;
use super::{Found, LoadFinding};

/// From this share of attempts in vain on, keys are hot.
const HOT: f64 = 0.1;

pub(super) fn find(evidence: &Evidence) -> Vec<Found> {
    let conflicts = ["txn.conflicts", "stm.conflicts"].map(|kind| conflicts(evidence, kind));
    one_key(evidence).into_iter().chain(conflicts.into_iter().flatten()).collect()
}

fn one_key(evidence: &Evidence) -> Option<Found> {
    let writes = evidence.operations().any(Operation::writes);
    (writes && evidence.plan.keys.space == 1)
        .then(|| Found::new(LoadFinding::OneKey, Severity::Warning))
}

fn conflicts(evidence: &Evidence, kind: &str) -> Option<Found> {
    let sum = |key: &str| -> u64 {
        evidence.events(kind).filter_map(|event| event.detail.get(key)?.as_u64()).sum()
    };
    let (count, attempts) = (sum("count"), sum("attempts"));
    let share = count as f64 / attempts.max(1) as f64;
    // Those that were asked for say nothing about the keys.
    (attempts > 0 && share - evidence.plan.writes.conflicts >= HOT).then(|| {
        let what = LoadFinding::Conflicts { count, attempts };
        Found::new(what, Severity::Info).number("share", share)
    })
}
