//! Keys that are fought over.

use crate::plan::Operation;
use crate::result::{Finding, Severity};
use crate::units;

use super::super::evidence::Evidence;
use super::{Complete, finding};

/// From this share of attempts in vain on, keys are hot.
const HOT: f64 = 0.1;

pub(super) fn find(evidence: &Evidence) -> Vec<Finding> {
    let conflicts = ["txn.conflicts", "stm.conflicts"].map(|kind| conflicts(evidence, kind));
    one_key(evidence).into_iter().chain(conflicts.into_iter().flatten()).collect()
}

fn one_key(evidence: &Evidence) -> Option<Finding> {
    let writes = evidence.operations().any(Operation::writes);
    (writes && evidence.plan.keys.space == 1).then(|| {
        finding("one_key", Severity::Warning, "Every write went to the same key.".to_owned())
            .advise(
                "No real load does that: --key-space-size tells how many different keys there are.",
            )
    })
}

fn conflicts(evidence: &Evidence, kind: &str) -> Option<Finding> {
    let sum = |key: &str| -> u64 {
        evidence.events(kind).filter_map(|event| event.detail.get(key)?.as_u64()).sum()
    };
    let (count, attempts) = (sum("count"), sum("attempts"));
    let share = count as f64 / attempts.max(1) as f64;
    // Those that were asked for say nothing about the keys.
    (attempts > 0 && share - evidence.plan.writes.conflicts >= HOT).then(|| {
        let message = format!(
            "{} of {} transactions found a key changed under them ({}).",
            units::format_count(count),
            units::format_count(attempts),
            units::format_share(share)
        );
        finding("conflicts", Severity::Info, message)
            .advise("A larger key space or a more even --key-distribution spreads them, if that is what the real load does.")
            .number("share", share)
    })
}
