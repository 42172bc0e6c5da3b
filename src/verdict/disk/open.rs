//! Rules that are open, and how much more of the load would decide them.

use crate::exit::Verdict;
use crate::plan::DiskPlan;
use crate::result::{Reason, RuleId, Run};
use crate::verdict::judge::UNSEEN_SHARE;
use crate::verdict::plan_of;

use super::super::judge::RuleInput as _;
use super::super::outcome::Outcome;
use super::evidence::Evidence;
use super::outcomes;

/// The phase that gathers more backend commits.
const COMMITS: &str = "commits";

/// Commits that the verdict wants to see: with one of them over the limit, 473 show at 95 % that fewer than one in
/// a hundred are (Clopper–Pearson), with two 628; so a single slow one does not leave the question open.
pub const COMMITS_WANTED: u64 = 640;

/// For how long the load would have to go on for every rule to be decided, as far as more of the same decides anything.
/// `None` where all are, where one is broken already, and where no time would help.
pub fn more_load_ns(run: &Run) -> Option<u64> {
    let plan: DiskPlan = plan_of(run).ok()?;
    let evidence = Evidence::new(run, &plan, true);
    let rules = outcomes(&evidence);
    if rules.iter().any(|rule| rule.verdict == Verdict::Fail) {
        return None;
    }
    let gathers = plan.phases.iter().any(|phase| phase.name == COMMITS);
    // Those that are few the phase after this one gathers, faster.
    let comes_later = |rule: &Outcome| match &rule.rule {
        RuleId::Typed(typed) if typed.series.as_deref() == Some("backend.commit") => {
            gathers && rule.samples.unwrap_or_default() < COMMITS_WANTED
        }
        _ => false,
    };
    let open = rules
        .iter()
        .filter(|rule| rule.verdict == Verdict::Inconclusive)
        .filter(|rule| !comes_later(rule));
    let needed_s = open.filter_map(|rule| needed_s(rule, &evidence)).fold(0.0, f64::max);
    (needed_s > 0.0).then_some((needed_s * 1e9) as u64)
}

fn needed_s(rule: &Outcome, evidence: &Evidence) -> Option<f64> {
    rule.reasons.iter().find_map(|reason| match reason {
        Reason::NeedsMore { seconds } | Reason::MayBeChance { seconds } => Some(*seconds),
        Reason::TooFewSamples { .. } => {
            let length_s: f64 =
                evidence.stall_phases().iter().map(|phase| phase.length_ns as f64 / 1e9).sum();
            let needed = (1.0 - evidence.confidence()).ln() / (1.0 - UNSEEN_SHARE).ln();
            let samples = rule.samples.filter(|samples| *samples > 0)?;
            Some((needed / samples as f64 - 1.0).max(0.1) * length_s)
        }
        _ => None,
    })
}
