//! What happened in a run that is not in every run.

use super::member;
use crate::report::subject::RunAndPlan;
use crate::report::text::clean;
use crate::result::{Event, HALT, RUNNING};
use crate::units::{format_bytes, format_duration};

/// The kinds worth telling one by one, each in words.
const TOLD: [(&str, &str); 21] = [
    ("leader", "the leader changed"),
    ("term", "a new raft term"),
    ("member.down", "a member did not answer"),
    ("member.up", "a member answered again"),
    ("connection.lost", "a connection was lost"),
    ("connection.back", "a connection was back"),
    ("alarm", "an alarm"),
    ("fault.kill", "the leader was killed by plan"),
    ("fault.pause", "the leader was stopped by plan"),
    ("fault.resume", "it went on"),
    ("fault.restart", "it was started again"),
    ("fault.back", "it serves clients again"),
    ("quota.reached", "the database reached its quota"),
    ("quota.compacted", "the history was compacted"),
    ("quota.defragmented", "a member was defragmented"),
    ("quota.disarmed", "the alarm was disarmed"),
    ("quota.stop", "the load was ended before the quota"),
    ("watch.lost", "a watch was lost"),
    ("note", "note"),
    ("extended", "rules were open, the load went on"),
    ("halt", "the run was ended early"),
];

/// Kinds that are only counted and marked.
const COUNTED: [(&str, &str); 3] = [
    ("db.grow", "the database file grew"),
    ("wal.cut", "a new WAL file"),
    ("snapshot", "a snapshot"),
];

/// A kind of event in words; the kind itself where there are none.
pub fn kind_in_words(kind: &str) -> &str {
    let mut known = TOLD.iter().chain(&COUNTED);
    known.find(|(name, _)| *name == kind).map_or(kind, |(_, words)| words)
}

/// An event in words.
pub struct EventRow {
    /// UTC wall time, RFC 3339.
    pub at: String,
    /// Its phase.
    pub phase: String,
    /// What happened, to which member, with its numbers.
    pub what: String,
}

/// What is worth telling, in order.
pub fn events(subject: &RunAndPlan<'_>) -> Vec<EventRow> {
    let told = |event: &Event| {
        if event.kind == HALT && event.detail["why"] == RUNNING {
            return None;
        }
        let (_, words) = TOLD.iter().find(|(kind, _)| *kind == event.kind)?;
        let member = event.member.map(|index| member(subject, index));
        let parts = [(*words).to_owned()].into_iter().chain(member).chain(detail(event));
        Some(EventRow {
            at: clean(&event.at),
            phase: clean(&event.phase),
            what: parts.collect::<Vec<_>>().join(", "),
        })
    };
    subject.run.events.iter().filter_map(told).collect()
}

/// `from m1, to m2`; durations and sizes with their unit.
fn detail(event: &Event) -> Vec<String> {
    let Some(detail) = event.detail.as_object() else {
        return Vec::new();
    };
    let told = detail.iter().filter_map(|(name, value)| {
        let duration = name.strip_suffix("_ns").zip(value.as_u64());
        let size = name.strip_suffix("_bytes").zip(value.as_u64());
        let text = match (duration, size, value.as_str()) {
            (Some((name, ns)), ..) => format!("{name} {}", format_duration(ns)),
            (_, Some((name, bytes)), _) => format!("{name} {}", format_bytes(bytes)),
            (.., Some("")) => return None,
            (.., Some(text)) => format!("{name} {text}"),
            _ => format!("{name} {value}"),
        };
        Some(clean(&text))
    });
    told.collect()
}
