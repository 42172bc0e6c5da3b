//! What an etcd, or something that claims to write like one, did to its files: read from a trace.

use super::strace::Call;

/// Lengths of the writes before each fdatasync of a WAL segment.
pub fn wal_syncs(calls: &[Call]) -> Vec<Vec<i64>> {
    let mut syncs = Vec::new();
    let mut writes = Vec::new();
    for call in calls.iter().filter(|call| call.file().ends_with(".wal")) {
        match call.name.as_str() {
            "fdatasync" if !writes.is_empty() => syncs.push(std::mem::take(&mut writes)),
            name if name.contains("write") => writes.push(call.result),
            _ => {}
        }
    }
    syncs
}

/// The name of the call that puts WAL frames into a file, if it is always the same one.
pub fn wal_write_call(calls: &[Call]) -> Option<String> {
    let mut names: Vec<_> = calls
        .iter()
        .filter(|call| call.file().ends_with(".wal") && call.name.contains("write"))
        .map(|call| call.name.clone())
        .collect();
    names.dedup();
    (names.len() == 1).then(|| names.remove(0))
}

/// Mode, offset and length of every segment's reservation.
pub fn reservations(calls: &[Call]) -> Vec<String> {
    calls
        .iter()
        .filter(|call| call.name == "fallocate")
        .filter_map(|call| call.arguments.split_once(">, "))
        .map(|(_, what)| what.trim().to_owned())
        .collect()
}

/// Each rotation as calls on the old segment, the spare and the directory, from the truncation of the old segment
/// to the fsync of the directory. The next spare's reservation runs beside it and is left out.
pub fn rotations(calls: &[Call]) -> Vec<Vec<String>> {
    let in_wal = |call: &&Call| call.path.contains("/wal/") || call.path.ends_with("/wal");
    let mut rotations = Vec::new();
    let mut current: Option<Vec<String>> = None;
    for call in calls.iter().filter(in_wal).filter(|call| call.name != "fallocate") {
        if call.name == "ftruncate" {
            current = Some(Vec::new());
        }
        let Some(steps) = &mut current else { continue };
        let what = match call.file() {
            "wal" => "directory",
            file if file.ends_with(".tmp") => "spare",
            _ => "segment",
        };
        let name = if call.name.starts_with("rename") { "rename" } else { &call.name };
        steps.push(format!("{name} {what}"));
        if name == "fsync" {
            rotations.extend(current.take());
        }
    }
    rotations
}

/// One backend commit.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// Offsets of its page writes, the meta page not among them.
    pub offsets: Vec<u64>,
    /// Whether between the two fdatasyncs there was one write, of a meta page.
    pub meta_alone: bool,
}

/// The backend commits: page writes, fdatasync, meta page, fdatasync. What precedes a sync without a meta page are
/// the pages of the commit that the next sync with one ends.
pub fn commits(calls: &[Call]) -> Vec<Commit> {
    let mut commits = Vec::new();
    let (mut pages, mut writes) = (Vec::new(), Vec::new());
    for call in calls.iter().filter(|call| call.path.ends_with("/snap/db")) {
        match call.name.as_str() {
            "pwrite64" => writes.extend(call.last_number()),
            "fdatasync" if writes.iter().any(|offset| [0, 4096].contains(offset)) => {
                commits.push(Commit {
                    offsets: std::mem::take(&mut pages),
                    meta_alone: std::mem::take(&mut writes).len() == 1,
                });
            }
            "fdatasync" => pages = std::mem::take(&mut writes),
            _ => {}
        }
    }
    commits
}
