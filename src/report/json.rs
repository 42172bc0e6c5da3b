//! JSON, indented and ending in a newline. A run is `{"header": …, "summary": …}`, the fields as in
//! `docs/result.schema.json`.

use serde::Serialize;

use crate::result::{Header, Run, Summary};

#[derive(Serialize)]
struct Document<'a> {
    header: &'a Header,
    summary: &'a Summary,
}

/// Several runs as one JSON array, each as [`json`] has it.
pub(super) fn several(runs: &[(Run, Summary)]) -> String {
    let documents: Vec<Document<'_>> =
        runs.iter().map(|(run, summary)| Document { header: &run.header, summary }).collect();
    document(&documents)
}

/// The header and the summary of a run as one JSON document.
pub fn json(run: &Run, summary: &Summary) -> String {
    document(&Document { header: &run.header, summary })
}

/// Anything as one JSON document.
pub(super) fn document(document: &impl Serialize) -> String {
    // Maps with text keys and plain numbers always serialise.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}
