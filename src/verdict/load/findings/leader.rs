//! Leaders lost, and how long nobody could write meanwhile.

use crate::result::{Event, Severity};

use super::super::evidence::Evidence;
use super::super::planned;
use super::super::server::{no_space, seen_leader_changes, unplanned_leader_changes};
use super::{Found, LeaderChanged, LoadFinding};

/// Longer than this without an acknowledged write, and a client with a timeout of a second fails.
const MIN_GAP_NS: u64 = 1_000_000_000;

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    let gap_ns = longest_gap(evidence);
    if unplanned_leader_changes(evidence) > 0 {
        return Some(changed(evidence, seen_leader_changes(evidence), gap_ns));
    }
    // What follows a kill by plan is told with it, what a full database refuses with that.
    let explained = planned::gap(evidence).is_some() || no_space(evidence);
    let gap_ns = gap_ns.filter(|ns| *ns >= MIN_GAP_NS && !explained && waited(evidence, *ns))?;
    let what = LoadFinding::Standstill { gap_ns };
    Some(Found::new(what, Severity::Warning).number("gap_ns", gap_ns as f64))
}

/// Whether somebody waited for most of a gap: where nothing was due, or everything was refused at once, nothing was
/// acknowledged either, and etcd did not stand still.
fn waited(evidence: &Evidence, gap_ns: u64) -> bool {
    let down = ["connection.lost", "member.down"];
    let away = down.iter().any(|kind| evidence.events(kind).next().is_some());
    let longest = evidence.stall_spans(gap_ns / 2).into_iter().next();
    longest.is_some() && !away
}

fn changed(evidence: &Evidence, changes: u64, gap_ns: Option<u64>) -> Found {
    let what = LeaderChanged {
        changes,
        killed: planned::kills(evidence).len(),
        leaders: evidence.events("leader").filter_map(from_to).collect(),
        term: evidence.events("term").filter_map(term).last(),
        gap_ns,
    };
    Found::new(LoadFinding::LeaderChanged(what), Severity::Warning)
        .number("changes", changes as f64)
        .number("gap_ns", gap_ns.unwrap_or_default() as f64)
}

fn from_to(event: &Event) -> Option<(Option<String>, String, String)> {
    let name =
        |key: &str| event.detail.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
    Some((name("from"), name("to")?, event.at.clone()))
}

fn term(event: &Event) -> Option<(u64, u64)> {
    let number = |key: &str| event.detail.get(key).and_then(serde_json::Value::as_u64);
    number("from").zip(number("to"))
}

/// Over all members together.
pub(in super::super) fn longest_gap(evidence: &Evidence) -> Option<u64> {
    let gaps = evidence.events("ack.gap").filter(|event| event.member.is_none());
    gaps.filter_map(|event| event.detail.get("length_ns")?.as_u64()).max()
}
