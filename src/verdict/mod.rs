//! Thresholds with their sources, the stall ladder, the diagnosis: a result in, its summary out.

mod capacity;
mod evidence;
mod facts;
mod findings;
mod headline;
mod judge;
mod profile;
mod rule;
mod stalls;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use profile::{PROFILES, Profile, Published, profile};
pub use rule::{DISK_SERIES, Op, Rule, Stat};

use crate::plan::DiskPlan;
use crate::result::{self, RuleOutcome, Run, Summary, Verdict};

use evidence::Evidence;

/// What a disk qualification amounts to.
///
/// `complete` says that the run went through to its end, `interrupted` that a signal ended it, `ended_at` is the UTC
/// wall time of its end (RFC 3339). A run that is not complete never passes; a failure it has proven stays one.
pub fn conclude(run: &Run, complete: bool, interrupted: bool, ended_at: String) -> Summary {
    let phases = result::summarise(run);
    let plan: DiskPlan = match serde_json::from_value(run.header.plan.clone()) {
        Ok(plan) => plan,
        Err(problem) => {
            return Summary {
                ended_at,
                complete,
                interrupted,
                phases,
                verdict: Verdict::Inconclusive,
                headline: format!(
                    "INCONCLUSIVE  the plan of this result cannot be read: {problem}"
                ),
                ..Summary::default()
            };
        }
    };
    let complete = complete && !interrupted;
    let evidence = Evidence::new(run, &plan, complete);
    let rules = outcomes(&evidence);
    let verdict = overall(&rules, complete);
    let capacity = capacity::capacity(run);
    let target = profile(&plan.profile).map_or("etcd", |profile| profile.target);
    Summary {
        headline: headline::headline(verdict, &rules, target, interrupted, &evidence),
        findings: findings::findings(&evidence, capacity.as_ref()),
        ladder: stalls::ladder(&evidence),
        ended_at,
        complete,
        interrupted,
        phases,
        rules,
        verdict,
        capacity,
    }
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
                outcomes.push(judge_text(published.rule, published.source, evidence));
            }
        }
        Err(problem) => outcomes.push(unreadable(&evidence.plan.profile, problem)),
    }
    for rule in &evidence.plan.rules {
        outcomes.push(judge_text(rule, "--rule", evidence));
    }
    outcomes.extend(stalls::judge_stalls(evidence));
    outcomes.push(facts::judge_space(evidence));
    outcomes.push(facts::judge_durability(evidence));
    outcomes
}

/// Rules were parsed when the plan was made, but a result may come from another version of this program.
fn judge_text(text: &str, source: &str, evidence: &Evidence) -> RuleOutcome {
    match Rule::parse(text, DISK_SERIES) {
        Ok(rule) => judge::judge(&rule, source, evidence),
        Err(problem) => unreadable(text, problem),
    }
}

/// What cannot be judged cannot pass.
fn unreadable(text: &str, problem: String) -> RuleOutcome {
    RuleOutcome {
        rule: text.to_owned(),
        label: text.to_owned(),
        measured: "–".to_owned(),
        verdict: Verdict::Inconclusive,
        note: Some(problem),
        ..RuleOutcome::default()
    }
}

/// The worst rule. A run that did not go through to its end never passes.
fn overall(rules: &[RuleOutcome], complete: bool) -> Verdict {
    let worst = rules
        .iter()
        .map(|rule| rule.verdict)
        .max()
        .unwrap_or_default();
    if complete {
        worst
    } else {
        worst.max(Verdict::Inconclusive)
    }
}
