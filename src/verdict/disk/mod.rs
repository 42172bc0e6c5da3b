//! The verdict on a disk.

mod capacity;
mod cpu;
mod evidence;
#[cfg(test)]
mod extension_tests;
mod facts;
mod findings;
mod headline;
mod open;
mod stalls;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use cpu::waits_set_apart;
pub use evidence::{LOOKS, judged_over};
pub use open::{COMMITS_WANTED, more_load_ns};

use crate::plan::DiskPlan;
use crate::result::Run;

use super::outcome::{Outcome, Source, overall};
use super::{Ending, Headline, Judgement, plan_of};
use crate::rule::{Op, Published, Stat, profile};
use evidence::Evidence;
pub use findings::{DiskFinding, EtcdHere, NeighbourSays, NeighbourWork, Pace, Timer};
pub use headline::{Consequence, DiskHeadline};

/// What a disk qualification amounts to.
///
/// # Errors
/// A message when the plan of the result cannot be read.
pub(super) fn judge(run: &Run, ending: Ending) -> Result<Judgement, String> {
    let plan: DiskPlan = plan_of(run)?;
    let evidence = Evidence::new(run, &plan, ending.complete);
    let rules = outcomes(&evidence);
    let verdict = overall(&rules, ending.complete);
    let capacity = capacity::capacity(run);
    Ok(Judgement {
        headline: Headline::Disk(headline::headline(verdict, &rules, ending, &evidence)),
        findings: findings::findings(&evidence, capacity.as_ref()),
        ladder: stalls::ladder(&evidence),
        rules,
        verdict,
        capacity,
        ..Judgement::default()
    })
}

/// The tightest upper limit that the plan's profile and rules set on this statistic of a series, in nanoseconds.
/// `u64::MAX` when there is none.
pub fn limit_ns(plan: &DiskPlan, series: &str, stat: Stat) -> u64 {
    let published = profile(&plan.profile).map_or(&[] as &[Published], |profile| profile.rules);
    let published = published.iter().filter_map(|published| published.rule().ok());
    published
        .chain(plan.rules.iter().cloned())
        .filter(|rule| {
            rule.series.as_deref() == Some(series)
                && rule.stat == stat
                && matches!(rule.op, Op::Below | Op::AtMost)
        })
        .map(|rule| rule.limit as u64)
        .min()
        .unwrap_or(u64::MAX)
}

/// Every rule in the order it is shown: the profile's, the user's, stalls, space, durability.
fn outcomes(evidence: &Evidence) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    match profile(&evidence.plan.profile) {
        Ok(profile) => {
            for published in profile.rules {
                let source = Source::Published(published.source);
                outcomes.push(match published.rule() {
                    Ok(rule) => super::judge::judge(&rule, source, evidence),
                    Err(problem) => Outcome::unreadable(published.text, problem),
                });
            }
        }
        Err(problem) => outcomes.push(Outcome::unreadable(&evidence.plan.profile, problem)),
    }
    for rule in &evidence.plan.rules {
        outcomes.push(super::judge::judge(rule, Source::Asked, evidence));
    }
    outcomes.extend(stalls::judge_stalls(evidence));
    outcomes.iter_mut().for_each(|outcome| cpu::look_again(outcome, evidence));
    outcomes.extend(facts::judge_errors(evidence));
    outcomes.push(facts::judge_space(evidence));
    outcomes.push(facts::judge_durability(evidence));
    outcomes
}
