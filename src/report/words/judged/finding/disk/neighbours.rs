//! Who else writes to the disk, and what that costs.

use crate::report::text::clean;
use crate::report::words::judged::finding::Words;
use crate::units::{format_bytes, format_duration, significant};

pub(super) fn live_etcd(pid: u64, path: Option<&str>, spared: bool) -> Words {
    let start = format!("A live etcd (process {pid}{}) works on this disk", named(path));
    match spared {
        true => Words::message(format!("{start}, so the search for the capacity was left out: it would drive the disk to its limit."))
            .advise("Both felt one another. --beside-live searches all the same, at that etcd's cost."),
        false => Words::message(format!("{start}."))
            .advise("Both felt one another: what was measured is the disk beside that etcd."),
    }
}

pub(super) fn other_probe(pid: u64, path: Option<&str>) -> Words {
    Words::message(format!(
        "Another run of etcdbench (process {pid}{}) works on this disk.",
        named(path)
    ))
    .advise("Both measured the disk beside the other: run one after the other.")
}

/// `, /var/lib/etcd`, where it is known.
fn named(path: Option<&str>) -> String {
    path.map_or_else(String::new, |path| format!(", {}", clean(path)))
}

pub(super) fn idle_writers(bytes_per_s: f64, flushes_per_s: f64) -> Words {
    Words::message(format!(
        "Others wrote {}/s here with {} flushes/s while this program was idle.",
        format_bytes(bytes_per_s as u64),
        significant(flushes_per_s),
    ))
    .advise("A file system of its own keeps their journal out of etcd's way, a disk of its own also their writes.")
}

pub(super) fn backend_contention(beside_ns: u64, alone_ns: u64) -> Words {
    Words::message(format!(
        "Beside backend commits the WAL's fsync p99 is {}, alone it is {}.",
        format_duration(beside_ns),
        format_duration(alone_ns),
    ))
    .advise("etcd's --wal-dir on a disk of its own keeps backend commits out of the WAL's way.")
}

pub(super) fn odd_member(member: u32, p99_ns: u64, usual_ns: u64) -> Words {
    Words::message(format!(
        "Member {member} fares worse than the others on the same disk: its wal.fsync p99 is {}, theirs {}.",
        format_duration(p99_ns),
        format_duration(usual_ns),
    ))
    .advise("Run it again: if another member is the odd one, the disk is unfair under this many writers.")
}
