//! The answer in one line, as a value: what breaks first, then how far it is.

use crate::exit::Verdict;
use crate::result::{DurabilityOutcome, RuleId, RuleName};

use super::super::outcome::{Limit, Outcome, of_verdict};
use super::super::{CutShort, Ending};
use super::evidence::Evidence;
use super::facts;
use super::stalls::share_of_stalls;

/// What a disk qualification amounts to, beside its verdict.
#[derive(Debug, Clone, PartialEq)]
pub enum DiskHeadline {
    /// It holds; what warns, the rules tell.
    Qualified,
    /// The run did not go through to its end, and broke nothing until then.
    CutShort(CutShort),
    /// It cannot be told; why, the rules tell.
    Undecided,
    /// What is acknowledged is lost with the power.
    NoSync,
    /// A write or a sync failed because of the disk: what it was, and the whole message.
    DiskFailed(String, String),
    /// A rule is broken: the gravest, and what etcd would do.
    Broken(Box<Outcome>, Option<Consequence>),
}

/// What etcd would do on a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// Take no more writes.
    StopWrites,
    /// Lose its leader.
    LoseLeader,
    /// Warn, and perhaps lose its leader.
    WarnAndMayLoseLeader,
    /// Send heartbeats late.
    LateHeartbeats,
}

/// The answer.
pub(super) fn headline(
    verdict: Verdict,
    rules: &[Outcome],
    ending: Ending,
    evidence: &Evidence,
) -> DiskHeadline {
    let cut_short = ending.interrupted || !evidence.complete;
    match verdict {
        Verdict::Pass | Verdict::Warn => DiskHeadline::Qualified,
        Verdict::Inconclusive if cut_short => {
            let after_ns = evidence.stall_phases().iter().map(|phase| phase.length_ns).sum();
            DiskHeadline::CutShort(CutShort::of(evidence.run, ending, after_ns))
        }
        Verdict::Inconclusive => DiskHeadline::Undecided,
        Verdict::Fail => broken(rules, evidence),
    }
}

/// What breaks, the gravest first: a sync that is none, then lost leaders, then the limit missed by most.
fn broken(rules: &[Outcome], evidence: &Evidence) -> DiskHeadline {
    let disproved = facts::durability(evidence.run)
        .is_some_and(|durability| durability.outcome == DurabilityOutcome::Disproved);
    if disproved {
        return DiskHeadline::NoSync;
    }
    if let Some((what, why)) = facts::failure(evidence.run) {
        return DiskHeadline::DiskFailed(what.to_owned(), why.to_owned());
    }
    let failed = of_verdict(rules, Verdict::Fail);
    let by_margin = |a: &&Outcome, b: &&Outcome| {
        let margin = |rule: &Outcome| rule.margin.unwrap_or(1.0);
        margin(a).total_cmp(&margin(b))
    };
    let is_stalls = |rule: &&Outcome| matches!(rule.rule, RuleId::Stalls { .. });
    let elections = failed.clone().find(|rule| is_stalls(rule) && rule.limit == Some(Limit::None));
    let by_speed = failed.clone().filter(|rule| !is_stalls(rule)).min_by(by_margin);
    match elections.or(by_speed).or_else(|| failed.clone().next()) {
        Some(rule) => DiskHeadline::Broken(Box::new(rule.clone()), consequence(rule, evidence)),
        None => DiskHeadline::Undecided,
    }
}

/// What etcd would do on this disk, as far as this run has shown it.
fn consequence(rule: &Outcome, evidence: &Evidence) -> Option<Consequence> {
    if rule.rule.is(&RuleName::Space) {
        return Some(Consequence::StopWrites);
    }
    let plan = evidence.plan;
    let seen = |at_least_ns| share_of_stalls(evidence, at_least_ns).hits > 0;
    if seen(plan.election_ns) {
        Some(Consequence::LoseLeader)
    } else if seen(2 * plan.heartbeat_ns) {
        Some(Consequence::WarnAndMayLoseLeader)
    } else if seen(plan.heartbeat_ns) {
        Some(Consequence::LateHeartbeats)
    } else {
        None
    }
}
