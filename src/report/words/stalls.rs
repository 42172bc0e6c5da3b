//! The ladder of stalls: how long, how often, what it breaks. Told when a stall was seen.

use super::load;
use crate::report::subject::{Plan, RunAndPlan};
use crate::report::text::clean;
use crate::result::{LadderStep, StallLine};
use crate::units::{format_count, format_duration};

/// The steps that were seen and the first that was not: what is longer than that was not seen either. Empty when no
/// stall was seen.
pub fn ladder<'a>(page: &RunAndPlan<'a>) -> &'a [LadderStep] {
    let ladder = &page.summary.ladder;
    if ladder.iter().all(|step| step.count == 0) {
        return &[];
    }
    let seen =
        ladder.iter().position(|step| step.count == 0).map_or(ladder.len(), |first| first + 1);
    &ladder[..seen]
}

/// A step in a few words: `≥ 100 ms 61 times (late heartbeat)`.
pub fn step(step: &LadderStep) -> String {
    let length = format_duration(step.at_least_ns);
    match step.count {
        0 => format!("≥ {length} none"),
        1 => format!("≥ {length} once ({})", clean(&step.effect)),
        n => format!("≥ {length} {} times ({})", format_count(n), clean(&step.effect)),
    }
}

/// The stalls that the ladder counts, the longest first.
pub fn counted<'a>(page: &RunAndPlan<'a>) -> Vec<&'a StallLine> {
    let stalls = page.run.stalls.iter();
    let mut counted: Vec<&StallLine> = stalls.filter(|stall| counts(page, &stall.phase)).collect();
    counted.sort_by_key(|stall| std::cmp::Reverse(stall.duration_ns));
    counted
}

fn counts(page: &RunAndPlan<'_>, phase: &str) -> bool {
    match page.plan {
        Plan::Load(_) => load::counts(page, phase),
        _ => true,
    }
}

/// A stall in a few words: how long, when, in what.
pub fn stall(stall: &StallLine) -> String {
    let member = stall.member.map_or_else(String::new, |member| format!(" of member {member}"));
    format!(
        "{} at {} in {}{member}, phase {}",
        format_duration(stall.duration_ns),
        clean(&stall.at),
        clean(&stall.series),
        clean(&stall.phase),
    )
}
