//! Rules on facts rather than speed: is the sync real, and is there room for what etcd will keep.

use crate::exit::Verdict;
use crate::result::{DISK_FAILED, Durability, DurabilityOutcome, Reason, RuleName, Run};

use super::super::outcome::{Limit, Measured, Outcome, Quantity, Source};
use super::evidence::Evidence;
use crate::rule::Op;

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
pub(super) fn judge_durability(evidence: &Evidence) -> Outcome {
    let examined = durability(evidence.run);
    let outcome = examined.as_ref().map(|examined| examined.outcome);
    let (verdict, reason) = match outcome {
        Some(DurabilityOutcome::NotDisproved) => (Verdict::Pass, None),
        Some(DurabilityOutcome::Disproved) => (Verdict::Fail, Some(Reason::NotOnStableStorage)),
        Some(DurabilityOutcome::NotEstablished) => (Verdict::Warn, Some(Reason::CannotBeTold)),
        None => (Verdict::Inconclusive, Some(Reason::NotExamined)),
    };
    Outcome {
        rule: RuleName::Durability.into(),
        measured: outcome.map(Measured::Durability),
        samples: examined.as_ref().map(|d| d.syncs),
        source: examined.map_or(Source::Unknown, |examined| Source::Examined {
            flushes_per_sync: examined.flushes_per_sync,
            bytes_per_sync: examined.device_bytes_per_sync.map(|bytes| bytes as u64),
            evidence: examined.evidence.into_iter().next(),
        }),
        verdict,
        reasons: reason.into_iter().collect(),
        ..Outcome::default()
    }
}

/// What the disk said when it failed: what broke, and the whole message.
pub(super) fn failure(run: &Run) -> Option<(&str, &str)> {
    let event = run.events.iter().find(|event| event.kind == DISK_FAILED)?;
    Some((event.detail.get("what")?.as_str()?, event.detail.get("why")?.as_str()?))
}

/// A write or sync that failed because of the disk: etcd ends there. Told only where there was one.
pub(super) fn judge_errors(evidence: &Evidence) -> Option<Outcome> {
    failure(evidence.run).map(|(what, _)| Outcome {
        rule: RuleName::IoErrors.into(),
        measured: Some(Measured::Count(1)),
        limit: Some(Limit::None),
        verdict: Verdict::Fail,
        reasons: vec![Reason::DiskFailed { what: what.to_owned() }],
        ..Outcome::default()
    })
}

/// Room for the quota, the WAL and the snapshots of every member; a defragmentation needs another copy of the
/// database while it runs.
pub(super) fn judge_space(evidence: &Evidence) -> Outcome {
    let plan = evidence.plan;
    let members = u64::from(plan.members.max(1));
    let kept =
        members * (plan.quota_bytes + GROWTH_BYTES + SEGMENTS * SEGMENT_BYTES + SNAPSHOTS_BYTES);
    // One member is defragmented, or receives a snapshot of the leader's database, at a time.
    let wanted = kept + plan.quota_bytes;
    let disk = evidence.run.header.environment.disk.as_ref();
    let available = disk.and_then(|disk| disk.available_bytes);
    let inodes = disk.and_then(|disk| disk.available_inodes);
    let (verdict, reason) = match available {
        None => (Verdict::Inconclusive, Some(Reason::FreeSpaceUnknown)),
        Some(_) if inodes.is_some_and(|free| free < members * INODES) => {
            (Verdict::Fail, Some(Reason::FewInodes { free: inodes.unwrap_or_default() }))
        }
        // What the live database and its WAL occupy already is counted twice.
        Some(bytes) if bytes < kept && plan.beside_live => {
            (Verdict::Warn, Some(Reason::BesideLive))
        }
        Some(bytes) if bytes < kept => (Verdict::Fail, None),
        Some(bytes) if bytes < wanted => (Verdict::Warn, Some(Reason::NoRoomForDefrag)),
        Some(_) => (Verdict::Pass, None),
    };
    Outcome {
        rule: RuleName::Space.into(),
        measured: available.map(Measured::Bytes),
        limit: Some(Limit::To(Op::AtLeast, Quantity::Bytes(wanted))),
        margin: available.map(|bytes| bytes as f64 / wanted as f64),
        source: Source::WhatEtcdKeeps,
        verdict,
        reasons: reason.into_iter().collect(),
        ..Outcome::default()
    }
}
