//! Proposals that wait for consensus, or did not find it.

use crate::result::Severity;

use super::super::evidence::Evidence;
use super::super::{planned, server};
use super::{Found, LoadFinding};

/// A fifth of the gap between commit and apply at which etcd refuses requests (v3_server.go,
/// maxGapBetweenApplyAndCommitIndex 5000).
const MANY: f64 = 1_000.0;
/// For so many seconds: a burst comes and goes.
const FOR_S: usize = 3;

pub(super) fn find(evidence: &Evidence) -> Vec<Found> {
    [failed(evidence), pending(evidence)].into_iter().flatten().collect()
}

fn failed(evidence: &Evidence) -> Option<Found> {
    // Those that a leader had when it was killed by plan are told as failed operations.
    let killed = !planned::kills(evidence).is_empty();
    if killed && server::unplanned_leader_changes(evidence) == 0 {
        return None;
    }
    let count = evidence.grown_in_all("proposals_failed").filter(|count| *count >= 1.0)?;
    let what = LoadFinding::ProposalsFailed(count as u64);
    Some(Found::new(what, Severity::Warning).number("failed", count))
}

fn pending(evidence: &Evidence) -> Option<Found> {
    let members = evidence.scraped().into_iter().filter_map(|member| {
        let many =
            evidence.shown(member, "proposals_pending").filter(|pending| *pending >= MANY).count();
        (many >= FOR_S)
            .then(|| (member, evidence.most_shown(member, "proposals_pending").unwrap_or_default()))
    });
    let (member, most) = members.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let what = LoadFinding::ProposalsPending { member, most: most as u64 };
    Some(Found::new(what, Severity::Warning).number("pending", most))
}
