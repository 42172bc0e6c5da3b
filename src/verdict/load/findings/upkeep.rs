//! What members did for themselves under the load, and were blocked by.

use crate::diagnosis::SHORT_PAUSE_NS;
use crate::result::Severity;

use super::super::evidence::Evidence;
use super::super::planned;
use super::{DatabaseFinding, Found};

/// Defragmentations that nobody planned, which etcd counts.
pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    if planned::recovered(evidence.run).is_some() {
        return None;
    }
    let of = |member: u32| {
        let times = evidence.grown(member, "defragmentations").filter(|times| *times >= 1.0)?;
        let total_s = evidence.grown(member, "defragmentation_s")?;
        let each_ns = (total_s / times * 1e9) as u64;
        let told = (member, times as u64, (total_s * 1e9) as u64);
        (each_ns >= SHORT_PAUSE_NS).then_some(told)
    };
    let members: Vec<(u32, u64, u64)> = evidence.scraped().into_iter().filter_map(of).collect();
    let longest_ns = members.iter().map(|(_, _, total_ns)| *total_ns).max()?;
    let what = DatabaseFinding::Defragmented { members };
    Some(Found::new(what, Severity::Warning).number("seconds", longest_ns as f64 / 1e9))
}
