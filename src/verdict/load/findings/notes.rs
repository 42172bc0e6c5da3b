//! What the engine noted before the load: it was told in passing then, and bears on the figures for good.

use crate::result::{Finding, Severity};
use crate::verdict::finding::capitalised;

use super::super::evidence::Evidence;
use super::finding;

pub(super) fn find(evidence: &Evidence) -> Vec<Finding> {
    let notes = evidence.run.events.iter().filter(|event| event.kind == "note");
    let mut texts: Vec<&str> =
        notes.filter_map(|event| event.detail.get("text")?.as_str()).collect();
    texts.dedup();
    texts
        .into_iter()
        .map(|text| {
            let end = if text.ends_with('.') { "" } else { "." };
            let message = format!("{}{end}", capitalised(text));
            finding("note", Severity::Info, message)
        })
        .collect()
}
