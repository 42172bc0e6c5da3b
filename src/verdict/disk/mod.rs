//! The verdict on a disk.

mod capacity;
mod evidence;
mod facts;
mod findings;
mod headline;
mod profile;
mod stalls;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use profile::{PROFILES, Profile, Published, profile};

use crate::plan::DiskPlan;
use crate::result::{RuleOutcome, Run, Summary};

use super::judge::{judge_text, overall, unreadable};
use super::rule::{DISK_SERIES, Op, Rule};
use super::{Ending, plan_of};
use evidence::Evidence;

/// What a disk qualification amounts to.
///
/// # Errors
/// A message when the plan of the result cannot be read.
pub(super) fn judge(run: &Run, ending: Ending) -> Result<Summary, String> {
    let plan: DiskPlan = plan_of(run)?;
    let evidence = Evidence::new(run, &plan, ending.complete);
    let rules = outcomes(&evidence);
    let verdict = overall(&rules, ending.complete);
    let capacity = capacity::capacity(run);
    let target = profile(&plan.profile).map_or("etcd", |profile| profile.target);
    Ok(Summary {
        headline: headline::headline(verdict, &rules, target, ending.interrupted, &evidence)
            + &headline::beside(&plan),
        findings: findings::findings(&evidence, capacity.as_ref()),
        ladder: stalls::ladder(&evidence),
        rules,
        verdict,
        capacity,
        ..Summary::default()
    })
}

/// The tightest upper limit that the plan's profile and rules set on this subject, in nanoseconds: `wal.fsync p99`.
/// `u64::MAX` when there is none.
pub fn limit_ns(plan: &DiskPlan, label: &str) -> u64 {
    let published = profile(&plan.profile).map_or(&[] as &[Published], |profile| profile.rules);
    let texts = published.iter().map(|published| published.rule);
    texts
        .chain(plan.rules.iter().map(String::as_str))
        .filter_map(|text| Rule::parse(text, DISK_SERIES).ok())
        .filter(|rule| rule.label() == label && matches!(rule.op, Op::Below | Op::AtMost))
        .map(|rule| rule.limit as u64)
        .min()
        .unwrap_or(u64::MAX)
}

/// Every rule in the order it is shown: the profile's, the user's, stalls, space, durability.
fn outcomes(evidence: &Evidence) -> Vec<RuleOutcome> {
    let mut outcomes = Vec::new();
    match profile(&evidence.plan.profile) {
        Ok(profile) => {
            for published in profile.rules {
                outcomes.push(judge_text(published.rule, published.source, DISK_SERIES, evidence));
            }
        }
        Err(problem) => outcomes.push(unreadable(&evidence.plan.profile, problem)),
    }
    for rule in &evidence.plan.rules {
        outcomes.push(judge_text(rule, "--rule", DISK_SERIES, evidence));
    }
    outcomes.extend(stalls::judge_stalls(evidence));
    outcomes.push(facts::judge_space(evidence));
    outcomes.push(facts::judge_durability(evidence));
    outcomes
}
