//! CPU time that the hypervisor gave to others: it looks like a slow disk.

use crate::result::{Finding, Severity};
use crate::units;

use super::super::evidence::Evidence;
use super::{Complete, finding};

/// From this share on it shows in a p99.
const MIN_SHARE: f64 = 0.05;

pub(super) fn find(evidence: &Evidence) -> Option<Finding> {
    let names: Vec<&str> = evidence
        .stall_phases()
        .iter()
        .map(|phase| phase.name.as_str())
        .collect();
    let (mut stolen, mut all) = (0.0, 0.0);
    for counters in evidence.counters("cpu", &names) {
        stolen += counters.values.get("steal").copied().unwrap_or(0.0);
        // The kernel counts guest time in user time as well (proc(5)).
        all += counters
            .values
            .iter()
            .filter(|(name, _)| !name.starts_with("guest") && *name != "total")
            .map(|(_, value)| value)
            .sum::<f64>();
    }
    let share = if all > 0.0 { stolen / all } else { 0.0 };
    if share < MIN_SHARE {
        return None;
    }
    let message = format!(
        "The hypervisor gave {} of this machine's CPU time to others.",
        units::format_share(share)
    );
    Some(
        finding("cpu_steal", Severity::Warning, message)
            .advise("Part of what looks like a slow disk may be a CPU that was not there: run again on a quieter host.")
            .number("share", share),
    )
}
