//! The newest night by the rules of its own runs, beside the trend: a night may be red for either.

use schemars::JsonSchema;
use serde::Serialize;

use crate::exit::Verdict;
use crate::result::RuleOutcome;
use crate::trend::history::{History, Night};
use crate::trend::run_verdict::RunVerdict;

/// A run of the newest night, judged by its own rules.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct RunOutcome {
    /// Its history: kind and name.
    pub scenario: String,
    /// Where.
    pub machine: String,
    /// Its id.
    pub run_id: String,
    /// Its file.
    pub source: String,
    /// The answer: that of its rules, but `warn` where re-runs keep what a single event broke.
    pub verdict: Verdict,
    /// The answer of its rules in a word or two.
    pub answer: String,
    /// What follows it.
    pub because: String,
    /// Whether all that is broken may be a single event, which a re-run tells.
    pub may_be_one_event: bool,
    /// What re-runs say of a rule that a single event broke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reruns: Option<RuleReruns>,
    /// Every rule.
    pub rules: Vec<RuleOutcome>,
}

/// What re-runs say of what one event broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleReruns {
    /// How many there were.
    pub count: u32,
    /// In how many a rule was broken that is broken in the run.
    pub broken: u32,
}

impl RuleReruns {
    /// Half of them show it again.
    pub fn confirm(self) -> bool {
        2 * self.broken >= self.count
    }
}

/// The runs of a history's newest night: all of one execution of a scenario, otherwise the newest run.
pub(super) fn tonight(history: &History, again: Option<&History>) -> Vec<RunOutcome> {
    let Some(newest) = history.nights.last() else {
        return Vec::new();
    };
    let same = |night: &&Night| {
        night.run_id == newest.run_id
            || (night.execution.is_some() && night.execution == newest.execution)
    };
    let reruns: Vec<&RunVerdict> = again
        .into_iter()
        .flat_map(|history| &history.nights)
        .filter_map(|night| night.verdict.as_ref())
        .collect();
    let runs = history.nights.iter().filter(same);
    runs.filter_map(|night| Some(outcome(history, night, night.verdict.as_ref()?, &reruns)))
        .collect()
}

fn outcome(
    history: &History,
    night: &Night,
    found: &RunVerdict,
    reruns: &[&RunVerdict],
) -> RunOutcome {
    let may_be_one_event = found.may_be_one_event();
    let broken = |again: &&&RunVerdict| found.broken().any(|rule| again.breaks(&rule.rule));
    let reruns = (may_be_one_event && !reruns.is_empty()).then(|| RuleReruns {
        count: reruns.len() as u32,
        broken: reruns.iter().filter(broken).count() as u32,
    });
    let excused = reruns.is_some_and(|reruns| !reruns.confirm());
    RunOutcome {
        scenario: history.scenario.clone(),
        machine: history.machine.clone(),
        run_id: night.run_id.clone(),
        source: night.source.clone(),
        verdict: if excused { Verdict::Warn } else { found.verdict },
        answer: found.answer.clone(),
        because: found.because.clone(),
        may_be_one_event,
        reruns,
        rules: found.rules.clone(),
    }
}

/// How a command ended, and what made it end so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TrendExit {
    /// The exit code.
    pub code: u8,
    /// What made it other than 0.
    pub causes: Vec<ExitCause>,
}

/// What makes an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExitCause {
    /// A rule of a run is broken.
    RuleBroken,
    /// A run warns, and `--strict` was asked for.
    RuleWarned,
    /// A regression is confirmed.
    RegressionConfirmed,
    /// A run could not be judged.
    RuleUndecided,
    /// No series has enough nights.
    TooFewNights,
    /// It was interrupted.
    Interrupted,
}
