//! A load made of classes, each with where its numbers are from.

use super::Sizes;
use crate::plan::Operation;

/// The class of all prefixes that are not written, and that of keys below no prefix.
pub const REST: &str = "rest";
/// See [`REST`].
pub const ELSEWHERE: &str = "elsewhere";

/// A load that stands for what was seen.
#[derive(Debug, Clone, Default)]
pub struct Scenario {
    /// Its classes.
    pub classes: Vec<Class>,
    /// Transactions that find a key changed, as a share of those that change or remove one.
    pub conflicts: f64,
    /// Watches that each change goes to.
    pub fan_out: u64,
    /// Quota of a throwaway etcd that has room for it, in bytes.
    pub quota_bytes: u64,
    /// Deletions a second that are left out, for a lease that ends removes its keys by itself.
    pub expiries_per_s: f64,
}

/// Where a rate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Events of the watch.
    Watch,
    /// Growth of a metric.
    Metrics,
    /// Reckoned from bytes sent and requests answered.
    Bytes,
    /// What an apiserver does, by its source.
    Apiserver,
}

/// How a class reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// One key.
    Single,
    /// Pages of so many.
    Page(u32),
    /// None: the revision alone.
    Revision,
}

/// Leases of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Seconds that each lives.
    pub ttl_s: u64,
    /// Keys bound to one.
    pub keys: u64,
}

/// One class.
#[derive(Debug, Clone)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// The prefix it stands for, as it may be shown.
    pub stands_for: Option<String>,
    /// What it does, with rates a second.
    pub does: Vec<(Operation, f64)>,
    /// Where the rates come from.
    pub source: Source,
    /// Transactions that are guarded; puts where it is false.
    pub guarded: bool,
    /// Whether operations come at even distances.
    pub even: bool,
    /// Keys there are.
    pub keys: u64,
    /// How large values are; absent where none are written.
    pub sizes: Option<Sizes>,
    /// The lease of its keys.
    pub lease: Option<Lease>,
    /// Watches on it.
    pub watches: u64,
    /// Connections.
    pub connections: u64,
    /// How it reads, and the class whose keys.
    pub read: Option<(Read, Option<String>)>,
}

impl Class {
    /// All its operations a second.
    pub fn rate(&self) -> f64 {
        self.does.iter().map(|(_, rate)| rate).sum()
    }

    pub(super) fn of_reads(name: &str, read: Read, rate: f64, source: Source) -> Class {
        Class {
            name: name.to_owned(),
            stands_for: None,
            does: vec![(Operation::Range, rate)],
            source,
            guarded: false,
            even: false,
            keys: 1,
            sizes: None,
            lease: None,
            watches: 0,
            connections: 1,
            read: Some((read, None)),
        }
    }
}
