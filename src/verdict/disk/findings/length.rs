//! What a short run cannot see.

use crate::result::{Finding, Severity};
use crate::units;

use super::super::evidence::Evidence;
use super::super::stalls::share_of_stalls;
use super::{Complete, finding};
use crate::verdict::pooled::CONFIDENCE;

/// A default run carries the planned load for longer than this.
const QUICK_NS: u64 = 15_000_000_000;

pub(super) fn find(evidence: &Evidence) -> Option<Finding> {
    if !evidence.complete || evidence.planned_load_ns() >= QUICK_NS || evidence.waits.count() == 0 {
        return None;
    }
    let late = share_of_stalls(evidence, 2 * evidence.plan.heartbeat_ns);
    let message = format!(
        "A quick run: with {} samples, stalls rarer than {} of all waits go unseen.",
        units::format_count(late.samples),
        units::format_share(late.below(CONFIDENCE)),
    );
    Some(
        finding("quick_run", Severity::Info, message)
            .advise(
                "A full run takes about a minute; --soak 30m finds burst credits and rare stalls.",
            )
            .number("samples", late.samples as f64),
    )
}
