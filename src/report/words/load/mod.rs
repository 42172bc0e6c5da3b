//! What only the page of a load has: the client's view beside the members' own.

mod client;
mod faults;
mod head;
mod latency;
mod members;
mod outcome;
mod steps;

pub use client::client;
pub use head::head;
pub use latency::{latency, over_time};
pub use members::members;
pub use outcome::outcome;
pub use steps::steps;

use crate::plan::{LoadPlan, Operation};
use crate::report::subject::Subject;
use crate::result::{LoadStep, PhaseData, Run};

/// Whether the waits of a phase are those of rates that hold: beyond the end, waiting says nothing.
pub fn counts(page: &Subject<'_>, phase: &str) -> bool {
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
pub fn shown<'a>(page: &Subject<'a>) -> Option<&'a PhaseData> {
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
pub fn member_name(run: &Run, index: u32) -> String {
    let named = run.header.environment.members.get(index as usize);
    match named.map(|member| member.name.as_str()) {
        Some(name) if !name.is_empty() => crate::report::text::clean(name),
        _ => format!("member {index}"),
    }
}
