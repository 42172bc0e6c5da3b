//! What a run came to by its own rules, and whether that may be the work of a single event.

use crate::exit::Verdict;
use crate::result::{RuleId, RuleName, RuleOutcome, Summary};
use crate::rule::Stat;

/// A count below this may all be one event: one bad moment may bring two.
const MORE_THAN_ONE: f64 = 3.0;

/// What a run came to by its own rules.
#[derive(Debug, Clone, Default)]
pub struct RunVerdict {
    /// The worst of all rules and findings.
    pub verdict: Verdict,
    /// The answer in a word or two: `NOT QUALIFIED`.
    pub answer: String,
    /// What follows it.
    pub because: String,
    /// Every rule.
    pub rules: Vec<RuleOutcome>,
}

impl RunVerdict {
    /// That of a run's summary; `None` where it gives no answer.
    pub fn of(summary: &Summary) -> Option<RunVerdict> {
        let answer = summary.answer.to_string();
        (!answer.is_empty()).then(|| RunVerdict {
            verdict: summary.verdict,
            answer,
            because: summary.because.clone(),
            rules: summary.rules.clone(),
        })
    }

    pub(super) fn broken(&self) -> impl Iterator<Item = &RuleOutcome> {
        self.rules.iter().filter(|rule| rule.verdict == Verdict::Fail)
    }

    /// Whether everything that makes it fail may be a single event, so that a re-run tells more.
    pub(super) fn may_be_one_event(&self) -> bool {
        self.verdict == Verdict::Fail
            && self.broken().next().is_some()
            && self.broken().all(may_be_one_event)
    }

    /// Whether a re-run breaks a rule.
    pub(super) fn breaks(&self, rule: &RuleId) -> bool {
        self.broken().any(|other| other.rule == *rule)
    }
}

/// Whether a rule that is broken may be broken by one event. What is lost is lost, however often it is tried again.
fn may_be_one_event(rule: &RuleOutcome) -> bool {
    let few = |count: Option<f64>| count.is_some_and(|count| count < MORE_THAN_ONE);
    let measured = rule.measured_value;
    let share_of_samples = measured.zip(rule.samples).map(|(share, n)| (share * n as f64).round());
    match &rule.rule {
        RuleId::Named(
            RuleName::SlowApplies | RuleName::HeartbeatSendFailures | RuleName::LeaderChanges,
        ) => few(measured),
        RuleId::Stalls { .. } => few(share_of_samples),
        RuleId::Typed(rule) => match rule.stat {
            Stat::Max => true,
            Stat::Errors => few(share_of_samples),
            Stat::Percentile(_) | Stat::Mean | Stat::Count | Stat::Rate => false,
        },
        RuleId::Named(_) => false,
    }
}
