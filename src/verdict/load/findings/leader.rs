//! Leaders lost, and how long nobody could write meanwhile.

use crate::result::{Event, Finding, Severity};
use crate::units;

use super::super::evidence::Evidence;
use super::super::planned;
use super::super::server::{no_space, seen_leader_changes, unplanned_leader_changes};
use super::{Complete, finding};

/// Longer than this without an acknowledged write, and a client with a timeout of a second fails.
const MIN_GAP_NS: u64 = 1_000_000_000;

pub(super) fn find(evidence: &Evidence) -> Option<Finding> {
    let gap_ns = longest_gap(evidence);
    if unplanned_leader_changes(evidence) > 0 {
        return Some(changed(evidence, seen_leader_changes(evidence), gap_ns));
    }
    // What follows a kill by plan is told with it, what a full database refuses with that.
    let explained = planned::gap(evidence).is_some() || no_space(evidence);
    let gap_ns = gap_ns.filter(|ns| *ns >= MIN_GAP_NS && !explained)?;
    let message = format!(
        "For {} nothing was acknowledged although the leader did not change: it stood still itself.",
        units::format_duration(gap_ns)
    );
    Some(
        finding("standstill", Severity::Warning, message)
            .advise("A frozen disk, a paused machine or a full CPU does that: look at what that machine did then.")
            .number("gap_ns", gap_ns as f64),
    )
}

fn changed(evidence: &Evidence, changes: u64, gap_ns: Option<u64>) -> Finding {
    let times = match changes {
        1 => "once".to_owned(),
        n => format!("{} times", units::format_count(n)),
    };
    let mut told: Vec<String> = evidence.events("leader").filter_map(from_to).collect();
    told.extend(evidence.events("term").filter_map(term).last());
    let how = if told.is_empty() { String::new() } else { format!(" ({})", told.join("; ")) };
    let gap = gap_ns.map_or_else(String::new, |ns| {
        format!(" The longest time without an acknowledgement was {}.", units::format_duration(ns))
    });
    let planned = match planned::kills(evidence).len() {
        0 => "",
        1 => ", once of them by plan",
        _ => ", more often than it was killed by plan",
    };
    let message = format!("The leader changed {times}{planned}{how}.{gap}");
    finding("leader_changed", Severity::Warning, message)
        .advise(
            "If nobody took the leader away, its heartbeats were late: slow fsyncs, a full CPU or a slow network. \
             'etcdbench disk' on its machine tells of the first.",
        )
        .number("changes", changes as f64)
        .number("gap_ns", gap_ns.unwrap_or_default() as f64)
}

fn from_to(event: &Event) -> Option<String> {
    let name = |key: &str| event.detail.get(key).and_then(serde_json::Value::as_str);
    let to = name("to")?;
    let at = units::time_of_day(&event.at);
    Some(match name("from") {
        Some(from) => format!("{from} → {to} at {at}"),
        None => format!("{to} at {at}"),
    })
}

fn term(event: &Event) -> Option<String> {
    let number = |key: &str| event.detail.get(key).and_then(serde_json::Value::as_u64);
    Some(format!("raft term {} → {}", number("from")?, number("to")?))
}

/// Over all members together.
pub(in super::super) fn longest_gap(evidence: &Evidence) -> Option<u64> {
    let gaps = evidence.events("ack.gap").filter(|event| event.member.is_none());
    gaps.filter_map(|event| event.detail.get("length_ns")?.as_u64()).max()
}
