//! JSON documents among other text: fio prints notes before the first, and one more document with every
//! `--status-interval`.

use serde_json::{Deserializer, Value};

use crate::error::Result;
use crate::import::source::Source;

/// The document that counts.
#[derive(Debug)]
pub(super) struct Document {
    pub value: Value,
    /// Where it begins, in bytes.
    pub start: usize,
    /// Documents of fio before it.
    pub before: usize,
    /// The line on which a later one is cut off.
    pub cut_at: Option<usize>,
}

/// The last whole document of fio; `None` where there is no sign of one.
///
/// # Errors
/// [`crate::error::Error::Damaged`] when the only document is cut off or is no JSON.
pub(super) fn last(source: &Source) -> Result<Option<Document>> {
    let text = &source.text;
    let mut found: Option<Document> = None;
    let mut broken: Option<(usize, String)> = None;
    let mut cut_at = None;
    let mut next = 0;
    while let Some(start) = brace_at_line_start(text, next) {
        let mut stream = Deserializer::from_str(&text[start..]).into_iter::<Value>();
        match stream.next() {
            Some(Ok(value)) => {
                next = start + stream.byte_offset();
                if is_fio(&value) {
                    let before = found.map_or(0, |found| found.before + 1);
                    found = Some(Document { value, start, before, cut_at: None });
                }
            }
            Some(Err(error)) if error.is_eof() => {
                cut_at = Some(source.line_of(text.trim_end().len()));
                break;
            }
            Some(Err(error)) => {
                let line = source.line_of(start) + error.line().saturating_sub(1);
                broken.get_or_insert((line, error.to_string()));
                next = start + 1;
            }
            None => break,
        }
    }
    match (found, cut_at, broken) {
        (Some(document), cut_at, _) => Ok(Some(Document { cut_at, ..document })),
        (None, Some(line), _) => Err(source
            .damaged(line, "fio's JSON is cut off here: fio was killed, or the file is not whole")),
        (None, None, Some((line, error))) => {
            Err(source.damaged(line, format!("this is no JSON: {error}")))
        }
        (None, None, None) => Ok(None),
    }
}

fn is_fio(value: &Value) -> bool {
    ["jobs", "client_stats", "fio version"].iter().any(|key| value.get(key).is_some())
}

/// The next `{` that is the first thing on its line, or the first after the document before it.
fn brace_at_line_start(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let line = text.get(at..)?.split('\n').next()?;
        let trimmed = line.trim_start();
        if trimmed.starts_with('{') {
            return Some(at + line.len() - trimmed.len());
        }
        at += line.len() + 1;
    }
}
