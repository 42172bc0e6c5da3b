//! Lines that stores and shippers of logs keep in JSON of their own, at whatever depth: `jsonPayload` of Google's, `_source` of
//! Elasticsearch's, `line` of Loki's; and cells of a table.

use std::borrow::Cow;

use memchr::memmem;
use serde_json::{Map, Value};

use super::entry;
use super::framed::Framed;
use super::stamp::{self, Stamp};

/// Deeper than this is nobody's.
const DEEPEST: usize = 8;
/// What a line of zap's has, and what of it is added where a store keeps the time elsewhere.
const LEVEL: &str = "level";
const MSG: &str = "msg";
const TS: &str = "ts";
/// Names under which stores keep the time of a line …
const TIMES: [&str; 5] = ["timestamp", "@timestamp", "time", "datetime", "_time"];
/// … and where it is from, the most telling first.
const ORIGINS: [&str; 8] =
    ["pod_name", "pod", "k8s_pod_name", "node_name", "hostname", "host", "instance", "_HOSTNAME"];

/// The line of etcd's within a line of JSON, where that is none of etcd's itself.
pub(super) fn in_json(line: &[u8]) -> Option<Framed<'static>> {
    of(&serde_json::from_slice(element(line)).ok()?)
}

/// One element of an array that is written one to a line.
fn element(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"[").or_else(|| line.strip_prefix(b",")).unwrap_or(line);
    let line = line.trim_ascii_start();
    match line {
        [inner @ .., b'}', b']'] => &line[..=inner.len()],
        [inner @ .., b'}', b','] => &line[..=inner.len()],
        _ => line,
    }
}

/// The same of what was read already: an object of etcd's own, too.
pub(super) fn of(value: &Value) -> Option<Framed<'static>> {
    let mut found = Found::default();
    found.walk(value, 0);
    Some(Framed {
        text: Cow::Owned(found.text?.into_bytes()),
        at: found.at,
        origin: found.origin.map(|(_, name)| name),
        ..Framed::default()
    })
}

#[derive(Default)]
struct Found {
    text: Option<String>,
    at: Option<Stamp>,
    /// By its place among the names.
    origin: Option<(usize, String)>,
}

impl Found {
    fn walk(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Object(object) if is_zap(object) => self.take(object),
            Value::Object(object) if depth < DEEPEST => {
                object.iter().for_each(|(key, value)| self.told(key, value));
                object.values().for_each(|value| self.walk(value, depth + 1));
            }
            Value::Array(values) if depth < DEEPEST => {
                values.iter().for_each(|value| self.walk(value, depth + 1));
            }
            Value::String(text)
                if self.text.is_none() && entry::form(text.trim_start(), false).is_some() =>
            {
                self.text = Some(text.trim_end().to_owned());
            }
            _ => {}
        }
    }

    fn told(&mut self, key: &str, value: &Value) {
        let Some(text) = value.as_str() else { return };
        if self.at.is_none() && TIMES.contains(&key) {
            self.at = stamp::dated(text.as_bytes()).map(|(at, _)| at);
        }
        let place = ORIGINS.iter().position(|name| *name == key);
        if let Some(place) = place.filter(|_| !text.is_empty())
            && self.origin.as_ref().is_none_or(|(known, _)| place < *known)
        {
            self.origin = Some((place, text.to_owned()));
        }
    }

    fn take(&mut self, object: &Map<String, Value>) {
        let mut object = object.clone();
        if !object.contains_key(TS)
            && let Some(at) = self.at
        {
            object.insert(TS.to_owned(), Value::from(at.ns as f64 / 1e9));
        }
        self.text = serde_json::to_string(&object).ok();
    }
}

fn is_zap(object: &Map<String, Value>) -> bool {
    let has = |key| object.get(key).is_some_and(Value::is_string);
    has(LEVEL) && has(MSG)
}

/// The line in a cell of a table: quoted, with every quote in it doubled (RFC 4180).
pub(super) fn in_cell(line: &[u8]) -> Option<Framed<'static>> {
    const BEGINNING: &[u8] = b"\"{\"\"level\"\":";
    let start = memmem::find(line, BEGINNING)? + 1;
    let end = start + memmem::rfind(&line[start..], b"}\"")? + 1;
    let text = std::str::from_utf8(&line[start..end]).ok()?;
    Some(Framed { text: Cow::Owned(text.replace("\"\"", "\"").into_bytes()), ..Framed::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        r#"{"level":"warn","ts":"2026-03-14T02:11:02.517Z","msg":"slow fdatasync","took":"1.7s"}"#;

    fn text(line: &str) -> Option<(String, Option<String>)> {
        let found = in_json(line.as_bytes())?;
        Some((String::from_utf8(found.text.into_owned()).unwrap(), found.origin))
    }

    #[test]
    fn lines_are_found_at_any_depth() {
        let quoted = serde_json::to_string(LINE).unwrap();
        for (line, origin) in [
            (format!(r#"{{"line":{quoted},"labels":{{"pod":"etcd-cp1"}}}}"#), Some("etcd-cp1")),
            (format!(r#"{{"_source":{{"message":{quoted},"host":"cp1"}}}}"#), Some("cp1")),
            (format!(r#"[{{"textPayload":{quoted}}},"#), None),
            (
                format!(
                    r#"{{"_source":{{"message":{quoted},"host":"cp1","kubernetes":{{"pod_name":"e1"}}}}}}"#
                ),
                Some("e1"),
            ),
        ] {
            let found = text(&line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((found.0.as_str(), found.1.as_deref()), (LINE, origin), "{line}");
        }
    }

    #[test]
    fn a_payload_that_is_an_object_gets_the_time_of_its_store() {
        let line = r#"{"timestamp":"2026-03-14T02:11:02.5Z","jsonPayload":{"level":"warn","msg":"slow fdatasync","took":"1.7s"}}"#;
        let (text, _) = text(line).unwrap();
        assert!(text.contains("\"ts\":1773454262.5"), "{text}");
    }

    #[test]
    fn other_programs_lines_are_none() {
        for line in [
            r#"{"severity":"INFO","message":"level of msg"}"#,
            r#"{"level":3,"data":{"msg":7}}"#,
            r#"{"level":"#,
            "[1, 2",
        ] {
            assert_eq!(text(line), None, "{line}");
        }
    }

    #[test]
    fn cells_of_a_table_lose_their_quotes() {
        let cell = format!("1764497472123,\"{}\",x", LINE.replace('"', "\"\""));
        assert_eq!(in_cell(cell.as_bytes()).unwrap().text, LINE.as_bytes());
        assert!(in_cell(b"1,\"{\"\"level\"\":").is_none());
    }
}
