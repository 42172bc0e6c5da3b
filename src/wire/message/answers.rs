//! What a load reads in etcd's answers.

use crate::wire::protobuf::{Fields, Malformed, Value};

/// `ResponseHeader`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Head {
    /// Who answered.
    pub member_id: u64,
    /// The store's revision; of a write, its own.
    pub revision: i64,
    /// The raft term.
    pub raft_term: u64,
}

/// A `KeyValue` in an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pair<'a> {
    /// The key.
    pub key: &'a [u8],
    /// Revision of its last change.
    pub mod_revision: i64,
    /// How often it was written since it was created.
    pub version: i64,
    /// The value.
    pub value: &'a [u8],
}

/// `RangeResponse`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RangeAnswer<'a> {
    /// The header; absent inside a transaction.
    pub head: Head,
    /// The pairs.
    pub pairs: Vec<Pair<'a>>,
    /// Whether the limit left some out.
    pub more: bool,
    /// All keys in the range.
    pub count: u64,
}

/// `TxnResponse`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TxnAnswer<'a> {
    /// The header.
    pub head: Head,
    /// Whether the comparisons held.
    pub succeeded: bool,
    /// What the ranges among the operations read.
    pub ranges: Vec<RangeAnswer<'a>>,
}

/// `LeaseGrantResponse` or `LeaseKeepAliveResponse`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeaseAnswer {
    /// The header.
    pub head: Head,
    /// The lease.
    pub id: i64,
    /// Seconds it lives from now; 0 is a lease that does not exist.
    pub ttl_s: i64,
}

/// `WatchResponse`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchAnswer<'a> {
    /// The header.
    pub head: Head,
    /// The watch.
    pub watch_id: i64,
    /// It tells that the watch was made.
    pub created: bool,
    /// It tells that the watch ended.
    pub canceled: bool,
    /// Why it ended.
    pub cancel_reason: &'a [u8],
    /// The oldest revision that can be watched, where it ended for having asked for an older one.
    pub compact_revision: i64,
    /// Pairs that were put.
    pub puts: Vec<Pair<'a>>,
    /// Keys that were removed, with the revision of that.
    pub deletes: Vec<Pair<'a>>,
}

/// The header of any answer.
pub fn head(answer: &[u8]) -> Result<Head, Malformed> {
    for field in Fields::of(answer) {
        if let (1, Value::Bytes(header)) = field? {
            return header_fields(header);
        }
    }
    Ok(Head::default())
}

fn header_fields(header: &[u8]) -> Result<Head, Malformed> {
    let mut head = Head::default();
    for field in Fields::of(header) {
        match field? {
            (2, Value::Number(id)) => head.member_id = id,
            (3, Value::Number(revision)) => head.revision = revision as i64,
            (4, Value::Number(term)) => head.raft_term = term,
            _ => {}
        }
    }
    Ok(head)
}

/// Reads of a `RangeResponse` the header and how many keys there are in the range, and no pair.
pub fn counted(answer: &[u8]) -> Result<(Head, u64), Malformed> {
    let (mut found, mut count) = (Head::default(), 0);
    for field in Fields::of(answer) {
        match field? {
            (1, Value::Bytes(header)) => found = header_fields(header)?,
            (4, Value::Number(keys)) => count = keys,
            _ => {}
        }
    }
    Ok((found, count))
}

/// Reads a `DeleteRangeResponse`: the header, and how many keys were removed.
pub fn deleted(answer: &[u8]) -> Result<(Head, u64), Malformed> {
    let (mut found, mut count) = (Head::default(), 0);
    for field in Fields::of(answer) {
        match field? {
            (1, Value::Bytes(header)) => found = header_fields(header)?,
            (2, Value::Number(deleted)) => count = deleted,
            _ => {}
        }
    }
    Ok((found, count))
}

/// Reads a `KeyValue`.
fn pair(message: &[u8]) -> Result<Pair<'_>, Malformed> {
    let mut pair = Pair::default();
    for field in Fields::of(message) {
        match field? {
            (1, Value::Bytes(key)) => pair.key = key,
            (3, Value::Number(revision)) => pair.mod_revision = revision as i64,
            (4, Value::Number(version)) => pair.version = version as i64,
            (5, Value::Bytes(value)) => pair.value = value,
            _ => {}
        }
    }
    Ok(pair)
}

impl<'a> RangeAnswer<'a> {
    /// Reads a `RangeResponse`.
    pub fn read(answer: &'a [u8]) -> Result<Self, Malformed> {
        let mut read = RangeAnswer::default();
        for field in Fields::of(answer) {
            match field? {
                (1, Value::Bytes(header)) => read.head = header_fields(header)?,
                (2, Value::Bytes(kv)) => read.pairs.push(pair(kv)?),
                (3, Value::Number(more)) => read.more = more != 0,
                (4, Value::Number(count)) => read.count = count,
                _ => {}
            }
        }
        Ok(read)
    }
}

impl<'a> TxnAnswer<'a> {
    /// Reads a `TxnResponse`.
    pub fn read(answer: &'a [u8]) -> Result<Self, Malformed> {
        let mut read = TxnAnswer::default();
        for field in Fields::of(answer) {
            match field? {
                (1, Value::Bytes(header)) => read.head = header_fields(header)?,
                (2, Value::Number(succeeded)) => read.succeeded = succeeded != 0,
                (3, Value::Bytes(response)) => {
                    for inner in Fields::of(response) {
                        if let (1, Value::Bytes(range)) = inner? {
                            read.ranges.push(RangeAnswer::read(range)?);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(read)
    }
}

impl LeaseAnswer {
    /// Reads a `LeaseGrantResponse` or `LeaseKeepAliveResponse`.
    pub fn read(answer: &[u8]) -> Result<Self, Malformed> {
        let mut read = LeaseAnswer::default();
        for field in Fields::of(answer) {
            match field? {
                (1, Value::Bytes(header)) => read.head = header_fields(header)?,
                (2, Value::Number(id)) => read.id = id as i64,
                (3, Value::Number(ttl)) => read.ttl_s = ttl as i64,
                _ => {}
            }
        }
        Ok(read)
    }
}

impl<'a> WatchAnswer<'a> {
    /// Reads a `WatchResponse`.
    pub fn read(answer: &'a [u8]) -> Result<Self, Malformed> {
        let mut read = WatchAnswer::default();
        for field in Fields::of(answer) {
            match field? {
                (1, Value::Bytes(header)) => read.head = header_fields(header)?,
                (2, Value::Number(id)) => read.watch_id = id as i64,
                (3, Value::Number(created)) => read.created = created != 0,
                (4, Value::Number(canceled)) => read.canceled = canceled != 0,
                (5, Value::Number(revision)) => read.compact_revision = revision as i64,
                (6, Value::Bytes(reason)) => read.cancel_reason = reason,
                (11, Value::Bytes(event)) => read.take(event)?,
                _ => {}
            }
        }
        Ok(read)
    }

    /// Takes an `Event`.
    fn take(&mut self, event: &'a [u8]) -> Result<(), Malformed> {
        let (mut put, mut found) = (true, None);
        for field in Fields::of(event) {
            match field? {
                (1, Value::Number(kind)) => put = kind == 0,
                (2, Value::Bytes(kv)) => found = Some(pair(kv)?),
                _ => {}
            }
        }
        let events = if put { &mut self.puts } else { &mut self.deletes };
        events.extend(found);
        Ok(())
    }
}
