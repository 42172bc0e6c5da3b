//! What is known of a cluster, as it was observed: the input of every diagnosis.

mod filling;
mod live;
mod member;
mod peer;
mod waits;

use std::fmt;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

pub use filling::{Filling, Held};
pub use live::{
    CHECK_SCHEMA, Checked, LATE_NS, Live, LocalCpu, NoWrites, Presence, Probe, Promise, Range,
    STALL_NS, Stall, Timing,
};
pub use member::{Heartbeats, Leadership, Member, Run};
pub use peer::{Failure, Peer, PeerSign};
pub use waits::{Moment, Moments, Span, Waits};

/// What was observed of a cluster.
#[derive(Debug, Default)]
pub struct Observed {
    /// Its members, as far as anything is known of them.
    pub members: Vec<Member>,
    /// The check by which they were seen, where they run.
    pub check: Option<Checked>,
    /// Lines of logs that were read, also those of other programs.
    pub lines: u64,
    /// Lines of which the end was left out, because they are too long.
    pub cut: u64,
    /// Bytes of text that were read, after decompression.
    pub bytes: u64,
}

/// A member's id as raft prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(pub u64);

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

impl Serialize for MemberId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for MemberId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MemberId".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = String::json_schema(generator);
        schema.insert("description".to_owned(), "A member's id in hexadecimal digits".into());
        schema
    }
}

/// The step of a slow operation that took longest, as etcd's traces name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Waiting for the leader to confirm a read.
    ReadIndex,
    /// Waiting for this member's own applies.
    ApplyBacklog,
    /// The index in memory: its lock, or very many keys.
    Index,
    /// Reading from the database file.
    Database,
    /// Sorting and packing a large answer.
    Response,
    /// Comparisons and checks of a transaction, in memory.
    Checks,
    /// Consensus: the WAL, a quorum and the queue before them.
    Consensus,
    /// The lock of the backend, held during a commit.
    BackendLock,
    /// Compaction.
    Compaction,
    /// Authentication.
    Auth,
    /// A step of another name.
    Other,
}

/// Traces that spent most of their time in one step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StepTime {
    /// How many.
    pub count: u64,
    /// How long they spent in it together.
    pub total_ns: u64,
}

/// A defragmentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Defragmentation {
    /// When; absent where the log has no times.
    pub span: Option<Span>,
    /// How long.
    pub took_ns: u64,
    /// The database before.
    pub before_bytes: Option<u64>,
    /// And after.
    pub after_bytes: Option<u64>,
}

/// A fault of the storage that the system itself reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StorageFault {
    /// The file system is full.
    Full,
    /// Reading or writing failed.
    InputOutput,
    /// The file system may only be read.
    ReadOnly,
    /// A record of the WAL, or the database, is damaged.
    Checksum,
    /// The members' data differ, as etcd's own check found.
    Corrupt,
}
