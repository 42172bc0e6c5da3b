//! Which phase of a load a page shows.

use crate::report::subject::{Plan, RunAndPlan};
use crate::result::{LoadStep, PhaseData, Run};

/// Whether its phases are stages of a story: those of classes, whose rates change beside one another.
pub(super) fn staged(page: &RunAndPlan<'_>) -> bool {
    matches!(&page.plan, Plan::Load(plan) if !plan.classes.is_empty())
}

/// The phases that count, in the order they ran.
pub(super) fn phases(run: &Run) -> impl Iterator<Item = &PhaseData> {
    let counts = |phase: &&PhaseData| phase.name == "steady" || phase.name.starts_with("rate.");
    run.phases.iter().filter(counts)
}

/// The phase whose figures are shown: of several rates the highest that keeps every rule, or else the lowest; of several
/// stages the first of those that came out worst.
pub fn shown<'a>(page: &RunAndPlan<'a>) -> Option<&'a PhaseData> {
    let rate = |a: &&LoadStep, b: &&LoadStep| a.wanted_per_s.total_cmp(&b.wanted_per_s);
    let steps = &page.summary.steps;
    let step = if staged(page) {
        steps.iter().rev().max_by_key(|step| step.verdict)
    } else {
        let kept = steps.iter().filter(|step| step.kept).max_by(rate);
        kept.or_else(|| steps.iter().min_by(rate))
    };
    match step {
        Some(step) => page.run.phase(&step.phase),
        None => phases(page.run).next(),
    }
}
