//! Members whose own view is missing.

use crate::result::{Finding, Severity};
use crate::verdict::judge::Ground;

use super::super::evidence::Evidence;
use super::{Complete, finding};

pub(super) fn find(evidence: &Evidence) -> Option<Finding> {
    let known = evidence.members().len() as u32;
    if !evidence.plan.scrape || known == 0 || evidence.phases.is_empty() {
        return None;
    }
    let scraped = evidence.scraped();
    let silent: Vec<String> = (0..known)
        .filter(|m| !scraped.contains(m))
        .map(|m| evidence.member(m))
        .collect();
    if silent.is_empty() {
        return None;
    }
    let whose = if scraped.is_empty() {
        "No member's metrics could be read: their".to_owned()
    } else {
        format!(
            "The metrics of {} could not be read: their",
            silent.join(", ")
        )
    };
    let message = format!("{whose} fsyncs, applies, heartbeats and memory are not known.");
    Some(
        finding("no_metrics", Severity::Warning, message)
            .advise("etcd serves /metrics on its client URLs, or where --listen-metrics-urls says; let this machine reach it.")
            .number("members", silent.len() as f64),
    )
}
