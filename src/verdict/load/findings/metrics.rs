//! Members whose own view is missing.

use crate::result::{Event, Finding, Severity};
use crate::verdict::judge::Ground;

use super::super::evidence::Evidence;
use super::{Complete, finding};

pub(super) fn find(evidence: &Evidence) -> Option<Finding> {
    let known = evidence.members().len() as u32;
    if !evidence.plan.scrape || known == 0 || evidence.phases.is_empty() {
        return None;
    }
    let scraped = evidence.scraped();
    let silent: Vec<String> =
        (0..known).filter(|m| !scraped.contains(m)).map(|m| evidence.member(m)).collect();
    if silent.is_empty() {
        return None;
    }
    let whose = if scraped.is_empty() {
        "No member's metrics could be read: their".to_owned()
    } else {
        format!("The metrics of {} could not be read: their", silent.join(", "))
    };
    let told = |event: &&Event| event.kind == "metrics.missing";
    let missing = evidence.run.events.iter().find(told);
    let why = missing.and_then(|event| event.detail.get("message")?.as_str());
    let why = why.map_or_else(String::new, |why| format!(" ({why})"));
    let message = format!("{whose} fsyncs, applies, heartbeats and memory are not known{why}.");
    Some(
        finding("no_metrics", Severity::Warning, message)
            .advise("etcd serves /metrics on its client URLs, or where --listen-metrics-urls says; let this machine reach it.")
            .number("members", silent.len() as f64),
    )
}
