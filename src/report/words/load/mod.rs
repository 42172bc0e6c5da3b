//! What only the page of a load has: the client's view beside the members' own.

mod classes;
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
/// Tables beside that of the latencies, each under a title: of several rates or stages, and of several classes.
pub fn tables(page: &Subject<'_>, plan: &LoadPlan) -> Vec<(String, Table)> {
    let tables = [steps::steps(page, plan), classes::classes(page, plan)];
    tables.into_iter().flatten().collect()
}

use crate::plan::LoadPlan;
use crate::report::subject::{Plan, Subject};
use crate::report::words::Table;
use crate::result::{LoadStep, PhaseData, Run};

/// Whether the waits of a phase are those of rates that hold: beyond the end, waiting says nothing. Of stages, all do.
pub fn counts(page: &Subject<'_>, phase: &str) -> bool {
    if staged(page) {
        return phases(page.run).any(|one| one.name == phase);
    }
    let steps = &page.summary.steps;
    match steps.iter().any(|step| step.kept) {
        true => steps.iter().any(|step| step.kept && step.phase == phase),
        false => shown(page).is_some_and(|shown| shown.name == phase),
    }
}

/// Whether its phases are stages of a story: those of classes, whose rates change beside one another.
fn staged(page: &Subject<'_>) -> bool {
    matches!(&page.plan, Plan::Load(plan) if !plan.classes.is_empty())
}

/// The phases that count, in the order they ran.
fn phases(run: &Run) -> impl Iterator<Item = &PhaseData> {
    let counts = |phase: &&PhaseData| phase.name == "steady" || phase.name.starts_with("rate.");
    run.phases.iter().filter(counts)
}

/// The phase whose figures are shown: of several rates the highest that keeps every rule, or else the lowest; of several
/// stages the first of those that came out worst.
pub fn shown<'a>(page: &Subject<'a>) -> Option<&'a PhaseData> {
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

/// What a member is called.
pub fn member_name(run: &Run, index: u32) -> String {
    let named = run.header.environment.members.get(index as usize);
    match named.map(|member| member.name.as_str()) {
        Some(name) if !name.is_empty() => crate::report::text::clean(name),
        _ => format!("member {index}"),
    }
}
