//! What only the page of a load has: the client's view beside the members' own.

mod client;
mod head;
mod latency;
mod members;
mod outcome;
mod steps;
#[cfg(test)]
mod tests;

use super::{Page, answer, ladder, rules};
use crate::plan::{LoadPlan, Operation};
use crate::result::{LoadStep, PhaseData, Run};

/// Everything above the oddities.
pub(super) fn page(page: &Page<'_>, plan: &LoadPlan, out: &mut String) {
    head::lines(page, plan, out);
    out.push('\n');
    answer(page, out);
    rules::table(page, out);
    steps::steps(page, plan, out);
    ladder::ladder(page, |phase| counts(page, phase), out);
    client::client(page, plan, out);
    latency::latency(page, plan, out);
    members::members(page, plan, out);
    outcome::outcome(page, out);
}

/// Whether the waits of a phase are those of rates that hold: beyond the end, waiting says nothing.
fn counts(page: &Page<'_>, phase: &str) -> bool {
    let steps = &page.summary.steps;
    match steps.iter().any(|step| step.kept) {
        true => steps.iter().any(|step| step.kept && step.phase == phase),
        false => shown(page).is_some_and(|shown| shown.name == phase),
    }
}

/// The phases that count, in the order they ran.
fn phases(run: &Run) -> impl Iterator<Item = &PhaseData> {
    let counts = |phase: &&PhaseData| phase.name == "steady" || phase.name.starts_with("rate.");
    run.phases.iter().filter(counts)
}

/// The phase whose figures are shown: of several rates the highest that keeps every rule, or else the lowest.
fn shown<'a>(page: &Page<'a>) -> Option<&'a PhaseData> {
    let rate = |a: &&LoadStep, b: &&LoadStep| a.wanted_per_s.total_cmp(&b.wanted_per_s);
    let steps = &page.summary.steps;
    let kept = steps.iter().filter(|step| step.kept).max_by(rate);
    let step = kept.or_else(|| steps.iter().min_by(rate));
    match step {
        Some(step) => page.run.phase(&step.phase),
        None => phases(page.run).next(),
    }
}

/// What is done, without what is never done.
fn operations(plan: &LoadPlan) -> impl Iterator<Item = Operation> {
    let some = plan
        .operations
        .iter()
        .filter(|weighted| weighted.weight > 0.0);
    some.map(|weighted| weighted.operation)
}

/// The series that tells how long somebody waited who wanted this done.
fn wait_series(plan: &LoadPlan, operation: Operation) -> String {
    let kind = if plan.is_open() {
        "response"
    } else {
        "service"
    };
    format!("{}.{kind}", operation.name())
}

/// What a member is called.
fn member_name(run: &Run, index: u32) -> String {
    let named = run.header.environment.members.get(index as usize);
    match named.map(|member| member.name.as_str()) {
        Some(name) if !name.is_empty() => crate::report::text::clean(name),
        _ => format!("member {index}"),
    }
}
