//! What was judged, in words: the one place where the labels, notes, findings and headlines of a result are made. They
//! are for reading; nothing reads them back.

mod finding;
mod headline;
mod load;
mod names;
mod outcome;
mod reason;

use crate::report::subject::Plan;
use crate::result::{self, LoadStep, PhaseSummary, RuleId, RuleOutcome, Run, Summary};
use crate::verdict::{
    Ending, Judgement, Outcome, Stage, foreign, judge, judged_over, modelled_series,
};
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
        phases: phases(run, &names.plan),
        rules: names.rules(&judged.rules),
        findings: names.findings(&judged.findings),
        steps: judged.steps.iter().map(|stage| names.step(stage)).collect(),
        ..rest(judged)
    };
    summary.answered(answer, because);
    summary
}

/// What every phase measured, and of closed loops what was not asked for meanwhile, as a model.
fn phases(run: &Run, plan: &Plan) -> Vec<PhaseSummary> {
    let mut phases = result::summarise(run);
    if let Plan::Load(plan) = plan {
        for (phase, more) in phases.iter_mut().zip(modelled_series(run, plan)) {
            phase.series.extend(more);
        }
    }
    phases
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
            phases: self.pooled(&outcome.rule),
            source: outcome::source(&outcome.source),
            verdict: outcome.verdict,
            note: self.note(outcome),
            reasons: outcome.reasons.clone(),
        }
    }

    /// The phases whose samples a rule pools, where there are several.
    fn pooled(&self, rule: &RuleId) -> Vec<String> {
        let (Plan::Disk(_), RuleId::Typed(rule)) = (&self.plan, rule) else {
            return Vec::new();
        };
        let Some(series) = rule.series.as_deref() else {
            return Vec::new();
        };
        let all = judged_over(self.run, Some(series)).into_iter();
        let sampled = all.filter(|phase| phase.series(series).is_some_and(|s| s.count() > 0));
        let names: Vec<String> = sampled.map(|phase| phase.name.clone()).collect();
        if names.len() > 1 { names } else { Vec::new() }
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
