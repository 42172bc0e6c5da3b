//! Connections lost, and members that went down.

use std::collections::BTreeMap;

use crate::result::{Event, Severity};

use super::super::evidence::Evidence;
use super::super::planned;
use super::{Found, LoadFinding};

/// Endpoints told by name.
const TOLD: usize = 3;

pub(super) fn find(evidence: &Evidence) -> Vec<Found> {
    [lost(evidence), down(evidence)].into_iter().flatten().collect()
}

/// Events of this kind that are not of a member that was killed by plan.
fn surprising<'a, 'b>(
    evidence: &'b Evidence<'a>,
    kind: &'b str,
) -> impl Iterator<Item = &'a Event> + 'b {
    let kills = planned::all_kills(evidence);
    let planned = move |event: &&Event| {
        let mut kills = kills.iter();
        kills.any(|kill| kill.explains(event.member, event.at_ns))
    };
    evidence.events(kind).filter(move |event| !planned(event))
}

fn text<'a>(detail: &'a serde_json::Value, key: &str) -> Option<&'a str> {
    detail.get(key)?.as_str()
}

fn lost(evidence: &Evidence) -> Option<Found> {
    let mut by_endpoint: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    for event in surprising(evidence, "connection.lost") {
        let endpoint = text(&event.detail, "endpoint").unwrap_or("?");
        let entry = by_endpoint.entry(endpoint).or_insert((0, ""));
        entry.0 += 1;
        if entry.1.is_empty() {
            entry.1 = text(&event.detail, "message").unwrap_or("");
        }
    }
    let count: u64 = by_endpoint.values().map(|(count, _)| count).sum();
    if count == 0 {
        return None;
    }
    let endpoints = by_endpoint.into_iter().take(TOLD);
    let what = LoadFinding::ConnectionsLost {
        count,
        endpoints: endpoints
            .map(|(endpoint, (count, why))| (endpoint.to_owned(), count, why.to_owned()))
            .collect(),
        back_ns: surprising(evidence, "connection.back")
            .filter_map(|e| e.detail.get("gap_ns")?.as_u64())
            .max(),
    };
    Some(Found::new(what, Severity::Warning).number("lost", count as f64))
}

fn down(evidence: &Evidence) -> Option<Found> {
    let never: Vec<u32> = evidence.never_answered().collect();
    if !never.is_empty() {
        let number = never.len();
        let what = LoadFinding::MemberNeverUp(never);
        return Some(Found::new(what, Severity::Warning).number("members", number as f64));
    }
    let names: Vec<&str> =
        surprising(evidence, "member.down").filter_map(|e| text(&e.detail, "name")).collect();
    let first = names.first()?;
    let mut unique = names.clone();
    unique.sort_unstable();
    unique.dedup();
    let again = evidence
        .events("member.up")
        .filter_map(|e| text(&e.detail, "name"))
        .any(|name| name == *first);
    let number = unique.len();
    let what = LoadFinding::MemberDown {
        names: unique.into_iter().map(str::to_owned).collect(),
        for_good: !again && number == 1,
    };
    Some(Found::new(what, Severity::Warning).number("members", number as f64))
}
