//! A quick look at a line, before it is taken apart: whether its message may be one of those that are known, and whether
//! it speaks of a fault of the storage.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::diagnosis::StorageFault;

/// How the messages begin that are told by their beginning.
const KNOWN: [&str; 55] = [
    "slow fdatasync",
    "sync duration of",
    "leader failed to send out heartbeat",
    "failed to send out heartbeat",
    "apply request took too long",
    "apply entries took too long",
    "failed to apply request",
    "request stats",
    "trace[",
    "waiting for ReadIndex response",
    "timed out waiting for read index",
    "ignored out-of-date read index",
    "prober detected unhealthy",
    "health check for peer",
    "peer ",
    "the connection with ",
    "lost TCP streaming",
    "lost the TCP streaming",
    "dropped internal",
    "failed to dial ",
    "failed to read ",
    "failed to write ",
    "rejected connection",
    "prober found high clock drift",
    "the clock difference against peer",
    "alarm ",
    "serving /health false",
    "/health error",
    "/health NOT OK",
    "message exceeded backend quota",
    "applying raft message exceeded backend quota",
    "enabled backend quota",
    "finished scheduled compaction",
    "finished defragment",
    "starting to defragment",
    "starting defragment",
    "defragmented",
    "snapshotting",
    "found hash mismatch",
    "found different hash values",
    "found data inconsistency",
    "starting an etcd server",
    "starting etcd server",
    "starting member",
    "etcd Version: ",
    "heartbeat = ",
    "election = ",
    "name = ",
    "published ",
    "received signal; shutting down",
    "received ",
    "leadership transfer",
    "starting leadership transfer",
    "read-only ",
    "request ",
];

/// What stands within the others: raft's messages begin with a member's id.
static WITHIN: LazyLock<[Finder<'static>; 3]> = LazyLock::new(|| {
    ["term ", "starts leadership transfer", "stepped down to follower"].map(Finder::new)
});

/// What the system says of a storage that failed.
static FAULTS: LazyLock<[(Finder<'static>, StorageFault); 5]> = LazyLock::new(|| {
    [
        (Finder::new("no space left on device"), StorageFault::Full),
        (Finder::new("input/output error"), StorageFault::InputOutput),
        (Finder::new("read-only file system"), StorageFault::ReadOnly),
        (Finder::new("crc mismatch"), StorageFault::Checksum),
        (Finder::new("database is corrupt"), StorageFault::Checksum),
    ]
});

/// Whether a message may be one of those that are known: a quick look before a line is taken apart.
pub(super) fn may_matter(message: &str) -> bool {
    let first = message.as_bytes().first();
    let begins = |known: &&str| known.as_bytes().first() == first && message.starts_with(*known);
    KNOWN.iter().any(begins) || WITHIN.iter().any(|known| known.find(message.as_bytes()).is_some())
}

/// A fault of the storage that a line speaks of.
pub(super) fn fault(line: &str) -> Option<StorageFault> {
    FAULTS.iter().find(|(text, _)| text.find(line.as_bytes()).is_some()).map(|(_, fault)| *fault)
}
