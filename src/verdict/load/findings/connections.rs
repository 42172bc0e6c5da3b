//! Connections lost, and members that went down.

use std::collections::BTreeMap;

use crate::result::{Event, Finding, Severity};
use crate::units;

use super::super::evidence::Evidence;
use super::super::planned;
use super::{Complete, finding};

/// Endpoints told by name.
const TOLD: usize = 3;

pub(super) fn find(evidence: &Evidence) -> Vec<Finding> {
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

fn lost(evidence: &Evidence) -> Option<Finding> {
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
    let endpoints = by_endpoint.iter().take(TOLD).map(|(endpoint, (count, why))| {
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        format!("{} to {endpoint}{why}", units::format_count(*count))
    });
    let endpoints: Vec<String> = endpoints.collect();
    let back = surprising(evidence, "connection.back")
        .filter_map(|e| e.detail.get("gap_ns")?.as_u64())
        .max();
    let back = match back {
        Some(ns) => format!("; the longest to come back took {}", units::format_duration(ns)),
        None => "; none came back".to_owned(),
    };
    let noun = if count == 1 { "connection was" } else { "connections were" };
    let message =
        format!("{} {noun} lost ({}){back}.", units::format_count(count), endpoints.join("; "));
    Some(finding("connections_lost", Severity::Warning, message).number("lost", count as f64))
}

fn down(evidence: &Evidence) -> Option<Finding> {
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
    let message = format!(
        "{} did not answer for a time{}.",
        unique.join(", "),
        if again || unique.len() > 1 { "" } else { ", and not again before the end" },
    );
    Some(finding("member_down", Severity::Warning, message).number("members", unique.len() as f64))
}
