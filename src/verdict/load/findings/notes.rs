//! What the engine noted before the load: it was told in passing then, and bears on the figures for good.

use crate::result::Severity;

use super::super::evidence::Evidence;
use super::{Found, LoadFinding};

pub(super) fn find(evidence: &Evidence) -> Vec<Found> {
    let notes = evidence.run.events.iter().filter(|event| event.kind == "note");
    let mut texts: Vec<&str> =
        notes.filter_map(|event| event.detail.get("text")?.as_str()).collect();
    texts.dedup();
    let found = |text: &str| Found::new(LoadFinding::Note(text.to_owned()), Severity::Info);
    texts.into_iter().map(found).collect()
}
