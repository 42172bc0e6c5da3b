//! Keys that are fought over.

use crate::plan::Operation;
use crate::result::Severity;

use super::super::evidence::Evidence;
use super::{Found, LoadFinding};

/// From this share of attempts in vain on, keys are hot.
const HOT: f64 = 0.1;

pub(super) fn find(evidence: &Evidence) -> Vec<Found> {
    let conflicts = ["txn.conflicts", "stm.conflicts"].map(|kind| conflicts(evidence, kind));
    let beside = [one_key(evidence), found_nothing(evidence)];
    beside.into_iter().chain(conflicts).flatten().collect()
}

/// They are answered, and faster than those that find something: whoever does not know takes them for the others.
fn found_nothing(evidence: &Evidence) -> Option<Found> {
    let sum = |name: &str| -> u64 {
        evidence.events("load.phase").filter_map(|event| event.detail.get(name)?.as_u64()).sum()
    };
    let reads = (sum("reads"), sum("empty_reads"));
    let deletions = (sum("deletions"), sum("empty_deletions"));
    (reads.1 + deletions.1 > 0).then(|| {
        Found::new(LoadFinding::FoundNothing { reads, deletions }, Severity::Info)
            .number("empty_reads", reads.1 as f64)
            .number("empty_deletions", deletions.1 as f64)
    })
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
