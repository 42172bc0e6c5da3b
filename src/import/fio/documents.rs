//! JSON documents among other text: fio prints notes before the first, and one more document with every
//! `--status-interval`; other programs wrap its documents, or its text, in theirs.

use serde_json::{Deserializer, Value};

use crate::error::Result;
use crate::import::text::Source;

use super::collector;

/// Broken documents are looked into for as many bytes as the text has, so many times over. What is nested to confuse
/// must not take longer.
const MOST_PASSES: usize = 4;
/// More documents than this are no file that somebody wants judged.
const MOST_DOCUMENTS: usize = 20_000;

/// One document of fio, or of an older collector.
#[derive(Debug)]
pub(super) struct Document {
    pub value: Value,
    /// Where it begins, in bytes; of one inside another, where that one does.
    pub start: usize,
}

/// What is in a text.
#[derive(Debug, Default)]
pub(super) struct Documents {
    pub documents: Vec<Document>,
    /// The line on which a last one is cut off.
    pub cut_at: Option<usize>,
    /// Texts of fio in the strings of other documents.
    pub texts: Vec<String>,
    /// The text without the documents, its lines where they were.
    pub rest: String,
}

/// All documents of fio.
///
/// # Errors
/// [`crate::error::Error::Damaged`] when the only document is cut off or is no JSON.
pub(super) fn all(source: &Source) -> Result<Documents> {
    let mut found = Documents::default();
    if !may_hold_documents(&source.text) {
        found.rest.clone_from(&source.text);
        return Ok(found);
    }
    let broken = search(source, &mut found);
    match (found.cut_at, broken) {
        _ if !found.documents.is_empty() || !found.texts.is_empty() => Ok(found),
        // What is no JSON may be a text with a brace in it.
        _ if found.rest.contains("(groupid=") || found.rest.contains("fsync/fdatasync") => {
            Ok(found)
        }
        (Some(line), _) => Err(source
            .damaged(line, "fio's JSON is cut off here: fio was killed, or the file is not whole")),
        (None, Some((line, error))) => {
            Err(source.damaged(line, format!("this is no JSON: {error}")))
        }
        (None, None) => Ok(found),
    }
}

/// Whether it is worth a parser: what fio and its collectors call their fields is in it.
fn may_hold_documents(text: &str) -> bool {
    let names = ["fio version", "client_stats", "\"jobs\"", "\"P99\"", "groupid="];
    text.contains('{') && names.iter().any(|name| text.contains(name))
}

/// Looks for documents, and returns the line and the error of the first that is broken.
fn search(source: &Source, found: &mut Documents) -> Option<(usize, String)> {
    let text = source.text.as_str();
    let mut broken = None;
    let mut left = text.len().saturating_mul(MOST_PASSES);
    let mut next = 0;
    let mut kept = 0;
    while let Some(start) = next_start(text, next) {
        let mut stream = Deserializer::from_str(&text[start..]).into_iter::<Value>();
        match stream.next() {
            Some(Ok(value)) => {
                next = start + stream.byte_offset();
                let before = (found.documents.len(), found.texts.len());
                gather(value, start, found);
                if before != (found.documents.len(), found.texts.len()) {
                    found.rest.push_str(&text[kept..start]);
                    let lines = text[start..next].matches('\n').count();
                    found.rest.extend(std::iter::repeat_n('\n', lines));
                    kept = next;
                }
            }
            Some(Err(error)) if error.is_eof() => {
                let is_fio = text[start..].contains("\"fio version\"")
                    || !text[..start].contains("\"fio version\"");
                found.cut_at = is_fio.then(|| source.line_of(text.trim_end().len()));
                break;
            }
            Some(Err(error)) => {
                let begins = source_line(source, start, broken.is_some());
                let line = begins + error.line().saturating_sub(1);
                broken.get_or_insert((line, error.to_string()));
                let read = bytes_until(&text[start..], error.line(), error.column());
                left = left.saturating_sub(read);
                next = start + 1;
            }
            None => break,
        }
        if left == 0 || found.documents.len() > MOST_DOCUMENTS {
            break;
        }
    }
    found.rest.push_str(&text[kept..]);
    broken
}

/// The line of the first broken document; of later ones nobody asks.
fn source_line(source: &Source, start: usize, known: bool) -> usize {
    if known { 0 } else { source.line_of(start) }
}

/// How far a parser came that stopped in a line and column.
fn bytes_until(text: &str, line: usize, column: usize) -> usize {
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
    lines.map(str::len).sum::<usize>() + column + 1
}

/// Documents of fio in a value, at any depth, and texts of fio in its strings.
fn gather(value: Value, start: usize, found: &mut Documents) {
    if is_fio(&value) || collector::is_collector(&value) {
        found.documents.push(Document { value, start });
        return;
    }
    match value {
        Value::Array(items) => items.into_iter().for_each(|item| gather(item, start, found)),
        Value::Object(fields) => {
            // What is shown line by line beside the whole is the same again.
            let whole = fields.contains_key("stdout");
            for (name, field) in fields {
                if !(whole && name == "stdout_lines") {
                    gather(field, start, found);
                }
            }
        }
        Value::String(text) => in_string(text, start, found),
        _ => {}
    }
}

fn in_string(text: String, start: usize, found: &mut Documents) {
    let inner = text.trim_start();
    if inner.contains("\"fio version\"")
        && let Some(begins) = inner.find('{')
    {
        let mut stream = Deserializer::from_str(&inner[begins..]).into_iter::<Value>();
        if let Some(Ok(value)) = stream.next()
            && is_fio(&value)
        {
            found.documents.push(Document { value, start });
            return;
        }
    }
    if text.contains("(groupid=") || text.contains("fsync/fdatasync") {
        found.texts.push(text);
    }
}

fn is_fio(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some();
    has("fio version")
        || ["jobs", "client_stats"].iter().any(|key| value.get(key).is_some_and(Value::is_array))
}

/// The next `{` or `[` that is the first thing on its line, or the first after the document before it, or the `{`
/// before fio's version.
fn next_start(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    let mut line_start = None;
    while let Some(rest) = text.get(at..) {
        let Some(line) = rest.split('\n').next() else { break };
        let trimmed = line.trim_start();
        let is_list = trimmed.starts_with("[{") || trimmed.trim_end() == "[";
        if trimmed.starts_with('{') || is_list {
            line_start = Some(at + line.len() - trimmed.len());
            break;
        }
        if let Some(version) = line.find("\"fio version\"") {
            let before = line[..version].trim_end();
            if before.ends_with('{') {
                line_start = Some(at + before.len() - 1);
                break;
            }
        }
        at += line.len() + 1;
        if at > text.len() {
            break;
        }
    }
    line_start
}
