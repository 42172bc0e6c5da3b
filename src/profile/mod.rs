//! A cluster as it was seen, and the load that stands for it. Pure: what was seen comes from [`crate::survey`], words are
//! made in [`crate::report`].

mod beside;
mod class;
mod classes;
mod layout;
mod overall;
mod reads;
mod sizes;

use std::collections::BTreeMap;

use serde::Serialize;

pub use beside::{Beside, Part, beside};
pub use class::{Class, ELSEWHERE, Lease, REST, Read, Scenario, Source};
pub use classes::scenario;
pub use layout::{Hashes, Kind, Layout, end_of};
pub use sizes::{Sample, Sizes};

/// What was seen of a cluster.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Profile {
    /// The versions of its members.
    pub versions: Vec<String>,
    /// How many members there are, and how many of them told their metrics.
    pub members: u64,
    /// See `members`.
    pub members_read: u64,
    /// For how long writes were watched, in seconds.
    pub window_s: f64,
    /// The keys, prefix by prefix.
    pub prefixes: Vec<Prefix>,
    /// What clients asked for; absent where metrics could not be read.
    pub traffic: Option<Traffic>,
    /// Requests that were sent to see it, but for those of the connections.
    pub requests: u64,
    /// What could not be seen, or not well.
    pub gaps: Vec<Gap>,
}

/// What limits a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// No metrics of a member: what it said.
    NoMetrics(String),
    /// A member was started anew meanwhile, and what it had counted is lost.
    Restarted(String),
    /// The watch ended before its time: why.
    WatchEnded(String),
    /// There were more prefixes, or more to be asked for, than is looked at: the rest is taken as one.
    TooMuch,
    /// It was told to stop before its time.
    Interrupted,
    /// What a member said when it was connected to.
    Note(String),
}

/// Keys that begin alike.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Prefix {
    /// What they begin with, as it may be shown.
    pub name: String,
    /// What they stand for.
    pub kind: Kind,
    /// How many there were.
    pub keys: u64,
    /// How large their values were.
    pub sizes: Sizes,
    /// The share of the keys looked at that were bound to a lease.
    pub leased: f64,
    /// For how many seconds such a lease was granted.
    pub ttl_s: Option<u64>,
    /// What was written there.
    pub writes: Writes,
}

/// What a watch told of a prefix.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Writes {
    /// Keys that came.
    pub creates: u64,
    /// Keys that changed.
    pub updates: u64,
    /// Keys that went, those whose lease ended among them.
    pub deletes: u64,
    /// Bytes of the values written.
    pub bytes: u64,
    /// How large they were.
    pub sizes: Sizes,
    /// Puts that bound their key to a lease, and how many leases that were.
    pub leased: u64,
    /// See `leased`.
    pub leases: u64,
    /// Whether they come at even distances; random where it is false.
    pub even: bool,
}

impl Writes {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.creates + self.updates + self.deletes
    }
}

/// What clients asked for, by the metrics of the members: sums over them.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Traffic {
    /// Between both readings, in seconds.
    pub window_s: f64,
    /// Requests a second by the method of etcd's API, without our own; of keep-alives messages.
    pub per_s: BTreeMap<String, f64>,
    /// Bytes sent to clients a second.
    pub sent_bytes_per_s: f64,
    /// Events sent to watches a second, ours among them.
    pub events_per_s: f64,
    /// Watches, and the streams they are on, without our own.
    pub watches: u64,
    /// See `watches`.
    pub streams: u64,
}

impl Traffic {
    /// Requests of a method a second.
    pub fn per_s(&self, method: &str) -> f64 {
        self.per_s.get(method).copied().unwrap_or(0.0)
    }
}

impl Profile {
    /// Changes a second that the watch told.
    pub fn writes_per_s(&self) -> f64 {
        self.per_s(self.prefixes.iter().map(|prefix| prefix.writes.all()).sum())
    }

    /// So many within the window, a second.
    pub fn per_s(&self, number: u64) -> f64 {
        if self.window_s > 0.0 { number as f64 / self.window_s } else { 0.0 }
    }

    /// All keys.
    pub fn keys(&self) -> u64 {
        self.prefixes.iter().map(|prefix| prefix.keys).sum()
    }

    /// Bytes of all values, as the sampled ones have it.
    pub fn value_bytes(&self) -> f64 {
        self.prefixes.iter().map(|prefix| prefix.keys as f64 * prefix.sizes.mean).sum()
    }

    /// Whether this is the store of a Kubernetes.
    pub fn is_kubernetes(&self) -> bool {
        self.prefixes.iter().any(|prefix| prefix.kind != Kind::Other)
    }
}
