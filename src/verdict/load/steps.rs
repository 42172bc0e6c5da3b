//! A load of several rates: up to which one everything holds, and what breaks first. With classes, whose rates change
//! beside one another, these are stages of a story instead: each must hold.

use crate::exit::Verdict;
use crate::result::{Capacity, Limiter};
use crate::verdict::outcome::{Outcome, of_verdict};

use super::achieved::AchievedLoad;
use super::evidence::Evidence;
use super::rules::rules;

/// A rate of a load and what became of it.
#[derive(Debug, Clone, Default)]
pub struct Stage {
    /// Its phase: `rate.1` …
    pub phase: String,
    /// Operations per second asked for, on average over the step.
    pub wanted_per_s: f64,
    /// Operations per second that were answered.
    pub reached_per_s: f64,
    /// The worst of its rules.
    pub verdict: Verdict,
    /// Whether it and every lower rate keep all rules.
    pub kept: bool,
    /// Every rule, judged on this step alone.
    pub rules: Vec<Outcome>,
}

/// One rate, judged alone.
pub(super) struct Step {
    /// How it was delivered.
    pub achieved: AchievedLoad,
    /// What became of it.
    pub outcome: Stage,
}

/// What several rates amount to.
pub(super) struct RateSweep {
    /// Every rate, in the order they were tried.
    pub steps: Vec<Step>,
    /// The highest that keeps every rule, with everything below it.
    pub highest_kept: Option<usize>,
    /// The lowest that does not.
    pub lowest_not_kept: Option<usize>,
    /// Whether they are stages, of which each must hold.
    pub staged: bool,
}

impl RateSweep {
    /// Judges every rate; `None` where there was only one.
    pub fn of(evidence: &Evidence) -> Option<RateSweep> {
        let mut steps: Vec<Step> = evidence.steps().iter().map(step).collect();
        if steps.is_empty() {
            return None;
        }
        let rate = |index: &usize| steps[*index].outcome.wanted_per_s;
        let by_rate = |a: &usize, b: &usize| rate(a).total_cmp(&rate(b));
        let keeps = |index: &usize| steps[*index].outcome.verdict <= Verdict::Warn;
        let all = || 0..steps.len();
        // A rate counts as kept only when nothing slower broke a rule: a lucky step above a broken one is no capacity.
        let lowest_not_kept = all().filter(|index| !keeps(index)).min_by(by_rate);
        let limit = lowest_not_kept.map_or(f64::INFINITY, |index| rate(&index));
        let kept: Vec<usize> = all().filter(|index| keeps(index) && rate(index) < limit).collect();
        let highest_kept = kept.iter().copied().max_by(by_rate);
        for index in kept {
            steps[index].outcome.kept = true;
        }
        Some(RateSweep {
            steps,
            highest_kept,
            lowest_not_kept,
            staged: !evidence.plan.classes.is_empty(),
        })
    }

    /// The first of those that came out worst.
    fn worst(&self) -> &Step {
        let all = self.steps.iter().rev();
        let worst = all.max_by_key(|step| step.outcome.verdict);
        worst.unwrap_or(&self.steps[0])
    }

    /// The rate whose rules stand for the whole: the highest that keeps them, or else the lowest of all.
    pub fn shown(&self) -> &Step {
        if self.staged {
            return self.worst();
        }
        let index = self.highest_kept.or(self.lowest_not_kept).unwrap_or(0);
        &self.steps[index]
    }

    /// The lowest rate that does not keep every rule.
    pub fn end(&self) -> Option<&Step> {
        if self.staged {
            return Some(self.worst()).filter(|step| step.outcome.verdict > Verdict::Warn);
        }
        Some(&self.steps[self.lowest_not_kept?])
    }

    /// The phases of the rates that hold; of the one shown where none does.
    pub fn kept(&self) -> Vec<&str> {
        let kept =
            self.steps.iter().map(|step| &step.outcome).filter(|step| step.kept || self.staged);
        let kept: Vec<&str> = kept.map(|step| step.phase.as_str()).collect();
        if kept.is_empty() { vec![&self.shown().outcome.phase] } else { kept }
    }

    /// What all of it amounts to. That a rate above a kept one breaks a rule is what such a run is made to find: it
    /// warns. That it could not be judged leaves open where the end is.
    pub fn verdict(&self) -> Verdict {
        if self.staged {
            return self.worst().outcome.verdict;
        }
        let end = self.lowest_not_kept.map(|index| self.steps[index].outcome.verdict);
        match (self.highest_kept, end) {
            (Some(_), Some(Verdict::Fail)) => Verdict::Warn,
            (_, Some(end)) => end,
            (Some(_), None) => {
                self.steps.iter().map(|s| s.outcome.verdict).max().unwrap_or_default()
            }
            (None, None) => Verdict::Inconclusive,
        }
    }

    /// The highest rate that holds, as for a disk; nothing where it is not known.
    pub fn capacity(&self) -> Option<Capacity> {
        if self.staged {
            return None;
        }
        let kept = self.highest_kept.map(|index| self.steps[index].outcome.reached_per_s);
        let end = self.lowest_not_kept.map(|index| &self.steps[index].outcome);
        if end.is_some_and(|end| end.verdict != Verdict::Fail) && kept.is_none() {
            return None;
        }
        Some(Capacity {
            puts_per_s: kept,
            at_least: end.is_none_or(|end| end.verdict != Verdict::Fail),
            limited_by: end.and_then(broken).map(|rule| Limiter::Rule(rule.rule.clone())),
            curve: Vec::new(),
        })
    }
}

/// The first rule that decides against a rate.
fn broken(step: &Stage) -> Option<&Outcome> {
    of_verdict(&step.rules, step.verdict).next()
}

fn step(evidence: &Evidence) -> Step {
    let achieved = AchievedLoad::of(evidence);
    let rules = rules(evidence, &achieved);
    let tally = achieved.tally.clone().unwrap_or_default();
    let outcome = Stage {
        phase: evidence.phases.first().map_or_else(String::new, |phase| phase.name.clone()),
        wanted_per_s: tally.wanted_per_s.unwrap_or_default(),
        reached_per_s: tally.reached_per_s(),
        verdict: rules.iter().map(|rule| rule.verdict).max().unwrap_or_default(),
        kept: false,
        rules,
    };
    Step { achieved, outcome }
}
