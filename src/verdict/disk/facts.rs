//! Rules on facts rather than speed: is the sync real, and is there room for what etcd will keep.

use crate::result::{Durability, DurabilityOutcome, RuleOutcome, Run, Verdict};
use crate::units;

use super::evidence::Evidence;

/// etcd's WAL segment (server/storage/wal: SegmentSizeBytes).
const SEGMENT_BYTES: u64 = 64_000_000;
/// Segments on disk at once: etcd's `--max-wals` 5, the one being written, one preallocated spare.
const SEGMENTS: u64 = 7;
/// bbolt grows its file by up to this much ahead of what is in use (bbolt AllocSize).
const GROWTH_BYTES: u64 = 16 << 20;
/// etcd's `--max-snapshots` 5 of a membership snapshot each, rounded far up.
const SNAPSHOTS_BYTES: u64 = 5 << 20;
/// Files and directories of one member: segments, snapshots, database, their temporaries and directories, with room
/// to spare.
const INODES: u64 = 64;

/// The last durability examination of a run.
pub(super) fn durability(run: &Run) -> Option<Durability> {
    let event = run.events.iter().rev().find(|event| event.kind == "durability")?;
    serde_json::from_value(event.detail.clone()).ok()
}

/// Is the sync real? Apart from all speed: a disk that is fast because it does not sync fails here.
///
/// What cannot be told from here (network and user-space file systems) is a warning: it is not plainly good, and no
/// longer run would ever find out, so "inconclusive" would only promise an answer that never comes.
pub(super) fn judge_durability(evidence: &Evidence) -> RuleOutcome {
    let examined = durability(evidence.run);
    let (measured, verdict, note) = match examined.as_ref().map(|d| d.outcome) {
        Some(DurabilityOutcome::NotDisproved) => ("not disproved", Verdict::Pass, None),
        Some(DurabilityOutcome::Disproved) => {
            ("disproved", Verdict::Fail, Some("synced data is not on stable storage".to_owned()))
        }
        Some(DurabilityOutcome::NotEstablished) => {
            ("not established", Verdict::Warn, Some("cannot be told from here".to_owned()))
        }
        None => ("–", Verdict::Inconclusive, Some("not examined".to_owned())),
    };
    RuleOutcome {
        rule: "durability".to_owned(),
        label: "durability".to_owned(),
        measured: measured.to_owned(),
        samples: examined.as_ref().map(|d| d.syncs),
        source: examined.as_ref().map(evidence_in_brief).unwrap_or_default(),
        verdict,
        note,
        ..RuleOutcome::default()
    }
}

fn evidence_in_brief(durability: &Durability) -> String {
    let mut parts = Vec::new();
    if let Some(flushes) = durability.flushes_per_sync {
        parts.push(format!("{flushes:.2} flushes per sync"));
    }
    if let Some(bytes) = durability.device_bytes_per_sync {
        parts.push(format!("{} reached the device per sync", units::format_bytes(bytes as u64)));
    }
    if parts.is_empty() {
        parts.extend(durability.evidence.first().cloned());
    }
    parts.join(", ")
}

/// Room for the quota, the WAL and the snapshots of every member; a defragmentation needs another copy of the
/// database while it runs.
pub(super) fn judge_space(evidence: &Evidence) -> RuleOutcome {
    let plan = evidence.plan;
    let members = u64::from(plan.members.max(1));
    let kept =
        members * (plan.quota_bytes + GROWTH_BYTES + SEGMENTS * SEGMENT_BYTES + SNAPSHOTS_BYTES);
    // One member is defragmented, or receives a snapshot of the leader's database, at a time.
    let wanted = kept + plan.quota_bytes;
    let disk = evidence.run.header.environment.disk.as_ref();
    let available = disk.and_then(|disk| disk.available_bytes);
    let inodes = disk.and_then(|disk| disk.available_inodes);
    let (verdict, note) = match available {
        None => (Verdict::Inconclusive, Some("free space is not known".to_owned())),
        Some(_) if inodes.is_some_and(|free| free < members * INODES) => {
            let free = units::format_count(inodes.unwrap_or_default());
            (Verdict::Fail, Some(format!("only {free} inodes are free")))
        }
        Some(bytes) if bytes < kept && plan.beside_live => {
            // What the live database and its WAL occupy already is counted twice.
            (Verdict::Warn, Some("not counting what the live etcd occupies already".to_owned()))
        }
        Some(bytes) if bytes < kept => (Verdict::Fail, None),
        Some(bytes) if bytes < wanted => {
            (Verdict::Warn, Some("no room for the copy that a defragmentation makes".to_owned()))
        }
        Some(_) => (Verdict::Pass, None),
    };
    RuleOutcome {
        rule: "space".to_owned(),
        label: match members {
            1 => format!("space for a {} quota", units::format_bytes(plan.quota_bytes)),
            n => format!("space for {n} quotas of {}", units::format_bytes(plan.quota_bytes)),
        },
        measured: available.map_or_else(|| "–".to_owned(), units::format_bytes),
        limit: format!("≥ {}", units::format_bytes(wanted)),
        measured_value: available.map(|bytes| bytes as f64),
        limit_value: Some(wanted as f64),
        margin: available.map(|bytes| bytes as f64 / wanted as f64),
        samples: None,
        source: "quota + WAL + snapshots + defragmentation".to_owned(),
        verdict,
        note,
    }
}
