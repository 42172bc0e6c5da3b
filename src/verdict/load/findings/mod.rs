//! What is odd about this load and what to do about it: a file per idea, each a pure function from the evidence.
//!
//! A finding fires only on what noise does not bring: a false alarm teaches people to skip the section.

mod cause;
mod client;
mod connections;
mod cpu;
mod database;
mod keys;
mod kind;
mod leader;
mod machine;
mod member;
mod metrics;
mod notes;
mod planned;
mod proposals;
#[cfg(test)]
mod tests;
mod upkeep;
mod verify;
mod watch;

use crate::result::FindingCode;
use crate::verdict::finding::{Found, median};
use crate::verdict::outcome::Outcome;

use super::achieved::AchievedLoad;
use super::evidence::Evidence;
use super::steps::RateSweep;
pub use kind::{
    DatabaseFinding, HeldBy, LeaderChanged, LeaderKilled, LoadFinding, SlowMember, SlowWork,
};
pub(super) use leader::longest_gap;

/// Every finding, the gravest first; among equals in the order of this list.
///
/// Of several rates, what holds etcd or the client back is looked for at the lowest that was not kept.
pub(super) fn findings(
    evidence: &Evidence,
    achieved: &AchievedLoad,
    rules: &[Outcome],
    sweep: Option<&RateSweep>,
) -> Vec<Found> {
    let end = sweep.and_then(RateSweep::end);
    let (achieved, rules, end) = match end {
        Some(step) => {
            let alone = evidence.only(&[&step.outcome.phase]);
            (&step.achieved, step.outcome.rules.as_slice(), alone)
        }
        None => (achieved, rules, evidence.clone()),
    };
    let mut found: Vec<Found> = Vec::new();
    found.extend(verify::find(evidence));
    found.extend(client::find(achieved));
    // A member without its CPU is slow at everything, its syncs among it. And one that is slower than the others is the
    // cause, or the part of it that is known.
    let odd = cpu::find(evidence).or_else(|| member::find(evidence));
    let upkeep = upkeep::find(evidence);
    if odd.is_none() {
        let unknown = |one: &Found| one.what.code() == FindingCode::HeldByUnknown;
        let cause = cause::find(&end, achieved, rules);
        found.extend(cause.into_iter().filter(|one| upkeep.is_none() || !unknown(one)));
    }
    found.extend(upkeep);
    found.extend(odd);
    found.extend(leader::find(evidence));
    found.extend(planned::find(evidence));
    found.extend(connections::find(evidence));
    found.extend(database::find(evidence));
    found.extend(proposals::find(evidence));
    found.extend(watch::find(evidence));
    found.extend(keys::find(evidence));
    found.extend(machine::find(evidence));
    found.extend(metrics::find(evidence));
    found.extend(notes::find(evidence));
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}
