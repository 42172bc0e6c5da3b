//! What only the page of a load has: the client's view beside the members' own.

mod classes;
mod client;
mod faults;
mod head;
mod latency;
mod members;
mod outcome;
pub mod shards;
mod shown;
mod steps;

pub use client::client;
pub use head::head;
pub use latency::{latency, over_time};
pub use members::members;
pub use outcome::outcome;
pub use shown::shown;
use shown::{phases, staged};
/// Tables beside that of the latencies, each under a title: of several rates or stages, and of several classes.
pub fn tables(page: &RunAndPlan<'_>, plan: &LoadPlan) -> Vec<(String, Table)> {
    let tables = [steps::steps(page, plan), classes::classes(page, plan)];
    tables.into_iter().flatten().collect()
}

use crate::plan::LoadPlan;
use crate::report::subject::RunAndPlan;
use crate::report::words::Table;
use crate::result::Run;

/// Whether the waits of a phase are those of rates that hold: beyond the end, waiting says nothing. Of stages, all do.
pub fn counts(page: &RunAndPlan<'_>, phase: &str) -> bool {
    if staged(page) {
        return phases(page.run).any(|one| one.name == phase);
    }
    let steps = &page.summary.steps;
    match steps.iter().any(|step| step.kept) {
        true => steps.iter().any(|step| step.kept && step.phase == phase),
        false => shown(page).is_some_and(|shown| shown.name == phase),
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
