//! The client's side: what was asked and what came of it.

use std::collections::BTreeMap;

use super::{member_name, phases};
use crate::etcd::ErrorClass;
use crate::plan::{LoadPace, LoadPlan, Operation};
use crate::report::subject::RunAndPlan;
use crate::report::text::clean;
use crate::result::Event;
use crate::units::{format_count, format_duration, significant};

/// Texts of errors that are shown.
const MOST_TEXTS: usize = 6;

/// What was asked and reached, what failed, the longest time without an answer; each with its label.
pub fn client(page: &RunAndPlan<'_>, plan: &LoadPlan) -> Vec<(&'static str, Vec<String>)> {
    let mut entries = vec![
        ("load", load(page, plan)),
        ("errors", errors(page, plan)),
        ("error texts", texts(page, plan)),
        ("longest gap", gap(page, plan)),
    ];
    entries.retain(|(_, items)| !items.is_empty());
    entries
}

fn number(event: &Event, name: &str) -> u64 {
    event.detail.get(name).and_then(serde_json::Value::as_u64).unwrap_or_default()
}

/// Events of this kind in the phases that count.
fn events<'a>(page: &'a RunAndPlan<'_>, kind: &'a str) -> impl Iterator<Item = &'a Event> {
    page.run.events.iter().filter(move |event| {
        event.kind == kind && phases(page.run).any(|phase| phase.name == event.phase)
    })
}

/// `wanted 2,000/s, reached 1,998/s`, and where every operation went.
fn load(page: &RunAndPlan<'_>, plan: &LoadPlan) -> Vec<String> {
    let ended: Vec<&Event> = events(page, "load.phase").collect();
    // Of several rates the table tells.
    if ended.is_empty() || !page.summary.steps.is_empty() {
        return Vec::new();
    }
    let sum = |name: &str| ended.iter().map(|event| number(event, name)).sum::<u64>();
    let seconds = sum("length_ns") as f64 / 1e9;
    let (due, answered, failed, unsent) =
        (sum("due"), sum("answered"), sum("failed"), sum("unsent"));
    let reached = format!("{}/s", significant(answered as f64 / seconds.max(1e-9)));
    let in_flight =
        ended.iter().map(|event| number(event, "in_flight_max")).max().unwrap_or_default();
    match plan.pace {
        LoadPace::Open { max_in_flight, .. } => vec![
            format!("wanted {}/s", significant(due as f64 / seconds.max(1e-9))),
            format!("reached {reached}"),
            format!("{} of {} answered", format_count(answered), format_count(due)),
            format!("{} failed", format_count(failed)),
            format!("{} never sent", format_count(unsent)),
            format!(
                "at most {} of {} in flight",
                format_count(in_flight),
                format_count(u64::from(max_in_flight))
            ),
        ],
        LoadPace::Closed { .. } => vec![
            reached,
            format!("{} answered", format_count(answered)),
            format!("{} failed", format_count(failed)),
        ],
    }
}

/// By operation and class, and what is known of a write that failed so.
fn errors(page: &RunAndPlan<'_>, plan: &LoadPlan) -> Vec<String> {
    let mut items = Vec::new();
    for strand in plan.strands() {
        let name = format!("{}.service", strand.name);
        let mut classes: BTreeMap<&str, u64> = BTreeMap::new();
        for series in phases(page.run).filter_map(|phase| phase.series(&name)) {
            for (class, count) in &series.errors {
                *classes.entry(class).or_default() += count;
            }
        }
        for (class, count) in classes {
            items.push(format!(
                "{} {} {}{}",
                format_count(count),
                strand.name,
                clean(class),
                outcome(strand.operation, class)
            ));
        }
    }
    items
}

/// What failed operations were told, the most frequent first.
fn texts(page: &RunAndPlan<'_>, plan: &LoadPlan) -> Vec<String> {
    let mut told: BTreeMap<(&str, String, &str), u64> = BTreeMap::new();
    for strand in plan.strands() {
        let name = format!("{}.service", strand.name);
        for series in phases(page.run).filter_map(|phase| phase.series(&name)) {
            for (class, texts) in &series.error_texts {
                for (text, count) in texts {
                    *told.entry((class, strand.name.to_string(), text)).or_default() += count;
                }
            }
        }
    }
    let mut told: Vec<_> = told.into_iter().collect();
    told.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let rest: u64 = told.iter().skip(MOST_TEXTS).map(|(_, count)| count).sum();
    let shown = told.iter().take(MOST_TEXTS).map(|((class, operation, text), count)| {
        format!("{} {operation} {}: {}", format_count(*count), clean(class), clean(text))
    });
    let mut items: Vec<String> = shown.collect();
    if rest > 0 {
        items.push(format!("{} others", format_count(rest)));
    }
    items
}

/// A write that a server or a connection did not answer may have been made all the same.
fn outcome(operation: Operation, class: &str) -> &'static str {
    if !operation.writes() {
        return "";
    }
    match ErrorClass::of_name(class) {
        Some(class) if class.not_applied() => " (not applied)",
        _ => " (outcome unknown)",
    }
}

/// The longest time without an acknowledged write, and when.
fn gap(page: &RunAndPlan<'_>, plan: &LoadPlan) -> Vec<String> {
    let longest = events(page, "ack.gap")
        .filter(|event| event.member.is_none())
        .max_by_key(|e| number(e, "length_ns"));
    let Some(longest) = longest else {
        return Vec::new();
    };
    let mut strands = plan.strands().into_iter();
    let what = if strands.any(|strand| strand.operation.writes()) { "write" } else { "read" };
    let begun = page.run.phase(&longest.phase).map_or(0, |phase| phase.start_ns);
    let after = number(longest, "start_ns").saturating_sub(begun);
    let mut items = vec![format!(
        "{} without an acknowledged {what}, {} into phase {}",
        format_duration(number(longest, "length_ns")),
        format_duration(after),
        clean(&longest.phase)
    )];
    let of_members = events(page, "ack.gap").filter(|event| event.phase == longest.phase);
    let of_members = of_members.filter_map(|event| {
        let name = member_name(page.run, event.member?);
        Some(format!("{name} {}", format_duration(number(event, "length_ns"))))
    });
    items.extend(of_members);
    items
}
