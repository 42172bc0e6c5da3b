//! The quota, what etcd does for itself, and its starts and ends.

use super::super::fields::Fields;
use super::kinds::{Database, Message, Start};
use super::text::{between, bytes, duration, id, number, timed};
use crate::diagnosis::StorageFault;

pub(super) fn understand(text: &str, fields: &Fields<'_>) -> Option<Message> {
    alarms(text, fields).or_else(|| database(text, fields)).or_else(|| runs(text, fields))
}

fn alarms(text: &str, fields: &Fields<'_>) -> Option<Message> {
    let told =
        ["alarm", "output", "reason"].iter().find_map(|name| fields.get(name)).unwrap_or(text);
    let raised = |told: &str| {
        if told.contains("NOSPACE") {
            return Some(Message::NoSpace { quota_bytes: None });
        }
        told.contains("CORRUPT").then_some(Message::Fault(StorageFault::Corrupt))
    };
    if text.starts_with("alarm disarmed") || text.starts_with("alarm ") && text.contains("disarmed")
    {
        return told.contains("NOSPACE").then_some(Message::AlarmOff);
    }
    if text.starts_with("alarm raised") || text.starts_with("alarm ") && text.contains("raised") {
        return raised(told);
    }
    if text.starts_with("serving /health false")
        || text.starts_with("/health error")
        || text.starts_with("/health NOT OK")
    {
        return raised(told).or_else(|| raised(text));
    }
    let exceeded =
        ["message exceeded backend quota", "applying raft message exceeded backend quota"];
    if exceeded.iter().any(|known| text.starts_with(known)) {
        return Some(Message::NoSpace { quota_bytes: bytes(number(fields, "quota-size-bytes")) });
    }
    let differ = ["found hash mismatch", "found different hash values", "found data inconsistency"];
    differ
        .iter()
        .any(|known| text.starts_with(known))
        .then_some(Message::Fault(StorageFault::Corrupt))
}

fn database(text: &str, fields: &Fields<'_>) -> Option<Message> {
    let size = number(fields, "current-db-size-bytes");
    let database = Database {
        bytes: bytes(size),
        in_use_bytes: bytes(number(fields, "current-db-size-in-use-bytes")),
    };
    if text == "finished scheduled compaction" {
        return Some(Message::Compaction { took_ns: timed(fields, "took")?, database });
    }
    if let Some(rest) = text.strip_prefix("finished scheduled compaction at ") {
        return Some(Message::Compaction {
            took_ns: duration(between(rest, "(took ", ")")?)?,
            database,
        });
    }
    // capnslog tells no length: from the one line to the other.
    if text.starts_with("starting to defragment") {
        return Some(Message::DefragmentationBegins);
    }
    if text == "finished defragmenting the storage backend" {
        return Some(Message::DefragmentationEnds);
    }
    if text.starts_with("finished defragmenting") || text == "defragmented" {
        let before = size.zip(number(fields, "current-db-size-bytes-diff"));
        return Some(Message::Defragmentation {
            took_ns: timed(fields, "took")?,
            before_bytes: bytes(before.and_then(|(after, diff)| after.checked_sub(diff))),
            database,
        });
    }
    if text.starts_with("snapshotting")
        && (text.contains("too long") || text.contains("taking more than"))
    {
        return Some(Message::SlowSnapshot);
    }
    let quota = bytes(number(fields, "quota-size-bytes"))?;
    text.starts_with("enabled backend quota").then_some(Message::Quota { bytes: quota })
}

fn runs(text: &str, fields: &Fields<'_>) -> Option<Message> {
    if text == "starting an etcd server" {
        let owned = |name: &str| fields.get(name).map(short);
        let quota = ["quota-size-bytes", "quota-backend-bytes"]
            .iter()
            .find_map(|name| number(fields, name));
        return Some(Message::Started(Start {
            version: owned("etcd-version"),
            heartbeat_ns: timed(fields, "heartbeat-interval"),
            election_ns: timed(fields, "election-timeout"),
            name: owned("name"),
            quota_bytes: bytes(quota),
        }));
    }
    if text.starts_with("received signal; shutting down")
        || text.starts_with("received ") && text.contains("signal, shutting down")
    {
        return Some(Message::Stopped);
    }
    if let Some(version) = text.strip_prefix("etcd Version: ") {
        return Some(Message::Started(Start { version: Some(short(version)), ..Start::default() }));
    }
    if let Some(rest) = text.strip_prefix("starting member ") {
        return Some(Message::Is { who: Some(id(rest.split(' ').next()?)?), name: None });
    }
    if text == "starting etcd server" || text.starts_with("published local member to cluster") {
        let name =
            fields.get("local-member-attributes").and_then(|told| between(told, "Name:", " "));
        let who = fields.get("local-member-id").and_then(id);
        return Some(Message::Is { who, name: name.map(short) });
    }
    if let Some(rest) = text.strip_prefix("published {Name:") {
        return Some(Message::Is { who: None, name: rest.split(' ').next().map(short) });
    }
    setting(text)
}

/// capnslog prints a setting in a line: `heartbeat = 100ms`.
fn setting(text: &str) -> Option<Message> {
    let (name, value) = text.split_once(" = ")?;
    let start = match name {
        "name" => Start { name: Some(short(value)), ..Start::default() },
        "heartbeat" => Start { heartbeat_ns: Some(duration(value)?), ..Start::default() },
        "election" => Start { election_ns: Some(duration(value)?), ..Start::default() },
        _ => return None,
    };
    Some(Message::Setting(start))
}

/// A name that fits into a page.
fn short(name: &str) -> String {
    name.chars().take(80).collect()
}
