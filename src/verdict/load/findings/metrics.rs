//! Members whose own view is missing.

use crate::result::{Event, Severity};

use super::super::evidence::Evidence;
use super::{Found, LoadFinding};

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    let known = evidence.members().len() as u32;
    if !evidence.plan.scrape || known == 0 || evidence.phases.is_empty() {
        return None;
    }
    let scraped = evidence.scraped();
    // Of one that is down nobody expects metrics.
    let down: Vec<u32> = evidence.never_answered().collect();
    let silent: Vec<u32> =
        (0..known).filter(|m| !scraped.contains(m) && !down.contains(m)).collect();
    let number = silent.len();
    if number == 0 {
        return None;
    }
    let told = |event: &&Event| event.kind == "metrics.missing";
    let missing = evidence.run.events.iter().find(told);
    let why = missing.and_then(|event| event.detail.get("message")?.as_str());
    let what = LoadFinding::NoMetrics {
        members: if scraped.is_empty() { Vec::new() } else { silent },
        why: why.map(str::to_owned),
    };
    Some(Found::new(what, Severity::Warning).number("members", number as f64))
}
