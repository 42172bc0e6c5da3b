//! What was judged, in words: the one place where the labels, notes, findings and headlines of a result are made. They
//! are for reading; nothing reads them back.

mod finding;
mod headline;
mod load;
mod names;
mod outcome;
mod reason;

use crate::report::subject::Plan;
use crate::result::{self, LoadStep, RuleOutcome, Run, Summary};
use crate::verdict::{Ending, Judgement, Outcome, Stage, foreign, judge};
use names::Names;

use headline::headline;

/// What a run amounts to, in values and in words.
///
/// `complete` says that the run went through to its end, `interrupted` that a signal ended it, `ended_at` is the UTC
/// wall time of its end (RFC 3339). A run that is not complete never passes; a failure it has proven stays one.
pub fn conclude(run: &Run, complete: bool, interrupted: bool, ended_at: String) -> Summary {
    let ending = Ending { complete: complete && !interrupted, interrupted };
    if run.is_foreign() {
        let told =
            Summary { ended_at, complete: ending.complete, interrupted, ..foreign(run, ending) };
        return result::lift(Summary { phases: result::summarise(run), ..told });
    }
    let judged = judge(run, ending);
    let names = Names { run, plan: Plan::of(run) };
    let (answer, because) = headline(&names, &judged);
    let mut summary = Summary {
        ended_at,
        complete: complete && !interrupted,
        interrupted,
        phases: result::summarise(run),
        rules: names.rules(&judged.rules),
        findings: names.findings(&judged.findings),
        steps: judged.steps.iter().map(|stage| names.step(stage)).collect(),
        ..rest(judged)
    };
    summary.answered(answer, because);
    summary
}

impl Names<'_> {
    fn rules(&self, rules: &[Outcome]) -> Vec<RuleOutcome> {
        rules.iter().map(|rule| self.rule(rule)).collect()
    }

    fn rule(&self, outcome: &Outcome) -> RuleOutcome {
        RuleOutcome {
            rule: outcome.rule.clone(),
            label: self.label(outcome),
            measured: outcome::measured(outcome),
            limit: outcome::limit(outcome),
            measured_value: outcome.measured_value(),
            limit_value: outcome.limit_value(),
            unit: outcome.unit(),
            member: outcome.member,
            margin: outcome.margin,
            samples: outcome.samples,
            source: outcome::source(&outcome.source),
            verdict: outcome.verdict,
            note: self.note(outcome),
            reasons: outcome.reasons.clone(),
        }
    }

    fn step(&self, stage: &Stage) -> LoadStep {
        LoadStep {
            phase: stage.phase.clone(),
            wanted_per_s: stage.wanted_per_s,
            reached_per_s: stage.reached_per_s,
            verdict: stage.verdict,
            kept: stage.kept,
            rules: self.rules(&stage.rules),
        }
    }
}

/// What needs no words.
fn rest(judged: Judgement) -> Summary {
    Summary {
        ladder: judged.ladder,
        verdict: judged.verdict,
        capacity: judged.capacity,
        members: judged.members,
        ..Summary::default()
    }
}
