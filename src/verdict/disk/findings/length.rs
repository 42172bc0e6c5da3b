//! What a short run cannot see.

use crate::result::Severity;

use super::super::evidence::Evidence;
use super::super::stalls::share_of_stalls;
use super::{DiskFinding, Found};
use crate::verdict::pooled::CONFIDENCE;

/// A default run carries the planned load for longer than this.
const QUICK_NS: u64 = 15_000_000_000;

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    if !evidence.complete || evidence.planned_load_ns() >= QUICK_NS || evidence.waits.count() == 0 {
        return None;
    }
    let late = share_of_stalls(evidence, 2 * evidence.plan.heartbeat_ns);
    let what = DiskFinding::QuickRun { samples: late.samples, unseen: late.below(CONFIDENCE) };
    Some(Found::new(what, Severity::Info).number("samples", late.samples as f64))
}
