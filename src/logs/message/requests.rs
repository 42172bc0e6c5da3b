//! The disk, the leader's loop, and requests that were slow.

use std::borrow::Cow;

use super::super::fields::Fields;
use super::kinds::Message;
use super::text::{between, duration, timed};
use crate::diagnosis::Step;

pub(super) fn understand(text: &str, fields: &Fields<'_>) -> Option<Message> {
    writes(text, fields).or_else(|| applies(text, fields)).or_else(|| others(text, fields))
}

fn writes(text: &str, fields: &Fields<'_>) -> Option<Message> {
    if text == "slow fdatasync" {
        return Some(Message::SlowSync { took_ns: timed(fields, "took")? });
    }
    if let Some(rest) = text.strip_prefix("sync duration of ") {
        return Some(Message::SlowSync { took_ns: duration(rest.split_once(',')?.0)? });
    }
    if text.starts_with("leader failed to send out heartbeat") {
        return Some(Message::LateHeartbeat {
            over_ns: timed(fields, "exceeded-duration")?,
            interval_ns: timed(fields, "heartbeat-interval"),
        });
    }
    // "(exceeded the 100ms timeout for 1.27s)", since 3.3 with ", to ID".
    let inner = between(text.strip_prefix("failed to send out heartbeat")?, "(", ")")?;
    let (limit, over) = inner.strip_prefix("exceeded the ")?.split_once(" timeout for ")?;
    let over = over.split_once(',').map_or(over, |(over, _)| over);
    Some(Message::LateHeartbeat { over_ns: duration(over)?, interval_ns: duration(limit) })
}

fn applies(text: &str, fields: &Fields<'_>) -> Option<Message> {
    if text == "apply request took too long" {
        return Some(Message::SlowApply {
            took_ns: timed(fields, "took")?,
            read: fields.get("prefix").is_some_and(|prefix| prefix.starts_with("read-only")),
            answer_bytes: fields.get("response").map_or(0, answer_bytes),
        });
    }
    if let Some(rest) = text.strip_prefix("apply entries took too long [") {
        let took_ns = duration(rest.split_once(' ')?.0)?;
        return Some(Message::SlowApply { took_ns, read: false, answer_bytes: 0 });
    }
    if text.starts_with("failed to apply request") {
        let told = fields.get("error").unwrap_or(text);
        let no_space = told.ends_with("no space") || told.ends_with("database space exceeded");
        return Some(Message::FailedApply { no_space });
    }
    // `[read-only range ]request "…" with result "…" took too long (1.48s) to execute`: the request is quoted and may
    // hold anything, so the last one counts.
    if !text.starts_with("read-only") && !text.starts_with("request ") {
        return None;
    }
    let (before, rest) = text.rsplit_once("took too long (")?;
    Some(Message::SlowApply {
        took_ns: duration(rest.split_once(')')?.0)?,
        read: text.starts_with("read-only"),
        answer_bytes: before
            .rsplit_once(" with result ")
            .map_or(0, |(_, answer)| answer_bytes(answer)),
    })
}

fn others(text: &str, fields: &Fields<'_>) -> Option<Message> {
    if text == "request stats" {
        return Some(Message::SlowRequest { took_ns: timed(fields, "time spent")? });
    }
    if text.starts_with("trace[") {
        let (step, in_step_ns) = slowest(&fields.steps);
        return Some(Message::Trace { step, in_step_ns });
    }
    let waits = [
        "waiting for ReadIndex response",
        "timed out waiting for read index",
        "ignored out-of-date read index",
    ];
    waits.iter().any(|known| text.starts_with(known)).then_some(Message::ReadIndexSlow)
}

/// `range_response_count:500 size:3180442`.
fn answer_bytes(response: &str) -> u64 {
    let size = response.rsplit_once("size:").map_or("", |(_, size)| size);
    let end = size.find(|c: char| !c.is_ascii_digit()).unwrap_or(size.len());
    size[..end].parse().unwrap_or(0)
}

/// The step that took longest, and how long: `trace[90112] 'read index received'  (duration: 380.120ms)`.
fn slowest(steps: &[Cow<'_, str>]) -> (Step, u64) {
    let timed = steps.iter().filter_map(|step| {
        let took = duration(step.rsplit_once("(duration: ")?.1)?;
        Some((named(step), took))
    });
    timed.max_by_key(|&(_, took)| took).unwrap_or((Step::Other, 0))
}

/// etcd's server/etcdserver, apply and mvcc: the texts are the same from 3.4 to 3.7.
const STEPS: [(&str, Step); 20] = [
    ("'agreement among raft nodes before linearized reading", Step::ReadIndex),
    ("'read index received", Step::ReadIndex),
    ("'applied index is now lower than readState.Index", Step::ApplyBacklog),
    ("'range keys from in-memory index tree", Step::Index),
    ("'count revisions from in-memory index tree", Step::Index),
    ("'range keys from bolt db", Step::Database),
    ("'filter and sort", Step::Response),
    ("'assemble the response", Step::Response),
    ("'process raft request", Step::Consensus),
    ("'compare", Step::Checks),
    ("'check requests", Step::Checks),
    ("'store kv pair into bolt db", Step::BackendLock),
    ("'marshal", Step::BackendLock),
    ("'get key's previous", Step::BackendLock),
    ("'attach lease to kv pair", Step::BackendLock),
    ("'check and update compact revision", Step::Compaction),
    ("'schedule compaction", Step::Compaction),
    ("'physically", Step::Compaction),
    ("'get authentication metadata", Step::Auth),
    ("'authorize", Step::Auth),
];

fn named(step: &str) -> Step {
    // A key may stand in a step's fields, not in its name: the first quoted text is the name.
    let name = step.find('\'').map_or("", |start| &step[start..]);
    STEPS.iter().find(|(known, _)| name.starts_with(known)).map_or(Step::Other, |(_, step)| *step)
}
