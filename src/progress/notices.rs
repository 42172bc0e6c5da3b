//! What is told in a line of its own beside the bar: stalls and events. Told soon, but never so often that they hide
//! everything else; none is lost.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::report::clean;
use crate::result::{BESIDE, EXTENDED};
use crate::units::{format_bytes, format_count, format_duration};

/// Lines of one kind are told no more often than this; the rest are counted.
const EVERY_NS: u64 = 1_000_000_000;

/// Notices that wait for their turn.
#[derive(Default)]
pub(super) struct Notices {
    waiting: BTreeMap<&'static str, Waiting>,
    told_ns: Option<u64>,
}

/// Notices of one kind that were not told yet: the weightiest, and how many.
struct Waiting {
    text: String,
    weight: u64,
    count: u64,
}

impl Notices {
    /// Takes a notice in. Of several of a kind the weightiest is told; of equal ones the first.
    pub(super) fn add(&mut self, kind: &'static str, weight: u64, text: impl FnOnce() -> String) {
        match self.waiting.get_mut(kind) {
            None => {
                let waiting = Waiting { text: text(), weight, count: 1 };
                self.waiting.insert(kind, waiting);
            }
            Some(waiting) => {
                waiting.count += 1;
                if weight > waiting.weight {
                    waiting.weight = weight;
                    waiting.text = text();
                }
            }
        }
    }

    /// What is to be told now, unless something was told a moment ago.
    pub(super) fn due(&mut self, now_ns: u64) -> Vec<String> {
        let due = self.told_ns.is_none_or(|told_ns| now_ns >= told_ns + EVERY_NS);
        if !due || self.waiting.is_empty() {
            return Vec::new();
        }
        self.told_ns = Some(now_ns);
        self.rest()
    }

    /// What is left to be told.
    pub(super) fn rest(&mut self) -> Vec<String> {
        let waiting = std::mem::take(&mut self.waiting);
        let told = waiting.into_values().map(|waiting| match (waiting.count, waiting.weight) {
            (1, _) => waiting.text,
            (n, 0) => format!("{}, and {} more", waiting.text, format_count(n - 1)),
            (n, _) => format!("{}, the longest of {}", waiting.text, format_count(n)),
        });
        told.collect()
    }
}

/// An event of a disk qualification in words, where it is worth a line.
pub(super) fn of_disk(kind: &str, detail: &Value) -> Option<String> {
    if kind == EXTENDED {
        let by = format_duration(detail["by_ns"].as_u64()?);
        return Some(format!("rules are open: the load goes on for {by}"));
    }
    if kind != BESIDE {
        return None;
    }
    let path =
        detail["path"].as_str().map_or_else(String::new, |path| format!(", {}", clean(path)));
    let who = match detail["who"].as_str()? {
        "etcd" => "a live etcd",
        _ => "another run of etcdbench",
    };
    let spared = match detail["capacity"] {
        Value::Bool(false) => {
            "; the search for the capacity is left out, --beside-live searches all the same"
        }
        _ => "",
    };
    Some(format!("{who} (process {}{path}) works on this disk{spared}", detail["pid"]))
}

/// An event of a load in words, where it is worth a line.
pub(super) fn of_load(kind: &str, detail: &Value) -> Option<String> {
    let text = |key: &str| match &detail[key] {
        Value::String(text) => clean(text),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    };
    Some(match kind {
        "connection.lost" => {
            format!("connection to {} lost: {}", text("endpoint"), text("message"))
        }
        "connection.back" => format!(
            "connected to {} again after {}",
            text("endpoint"),
            format_duration(detail["gap_ns"].as_u64().unwrap_or(0))
        ),
        "leader" => format!("the leader changed: {} → {}", text("from"), text("to")),
        "alarm" => format!("alarm {} of {}", text("alarm"), text("member")),
        "member.down" => format!("{} does not answer: {}", text("name"), text("message")),
        "member.up" => format!("{} answers again", text("name")),
        "quota.stop" => format!(
            "the database comes near its quota: {} of {}; the load ends here",
            bytes(&detail["db_bytes"]),
            bytes(&detail["quota_bytes"])
        ),
        "fault.kill" => format!("the leader {} is killed, as planned", text("name")),
        "fault.pause" => format!("the leader {} is stopped, as planned", text("name")),
        "fault.resume" => format!("{} goes on", text("name")),
        "fault.restart" => format!("{} is started again", text("name")),
        "fault.back" => format!("{} serves clients again", text("name")),
        "quota.reached" => format!(
            "the database has reached its quota: {} of {}; writes are refused until it is brought back",
            bytes(&detail["db_bytes"]),
            bytes(&detail["quota_bytes"])
        ),
        "quota.disarmed" => format!(
            "the database is {} again, and writes are taken after {}",
            bytes(&detail["db_bytes"]),
            format_duration(detail["refused_ns"].as_u64().unwrap_or(0))
        ),
        "keys" => format!("its keys lie below {}", text("prefix")),
        "note" => text("text"),
        "halt" => format!("ends early: {}", text("why")),
        _ => return None,
    })
}

fn bytes(value: &Value) -> String {
    value.as_u64().map_or_else(|| "?".to_owned(), format_bytes)
}
