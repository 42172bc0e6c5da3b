//! The journal tax: what the first write into a file-system block costs beyond one inside it.
//!
//! etcd preallocates WAL segments with fallocate, which leaves blocks unwritten; the first sync of each must commit
//! the file system's journal before it returns.

use crate::result::Severity;

use super::super::evidence::{Evidence, WAL_PHASE};
use super::{DiskFinding, Found};

/// Worth telling when a fresh block takes this many times as long …
const MIN_RATIO: f64 = 1.3;
/// … and this much longer.
const MIN_TAX_NS: u64 = 20_000;
/// Worth doing something about when each fresh block costs a tenth of etcd's 10 ms.
const HEAVY_TAX_NS: u64 = 1_000_000;

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    let phase =
        evidence.run.phase(WAL_PHASE).or_else(|| evidence.load_phases().first().copied())?;
    let fresh = phase.series("wal.fsync.fresh")?.quantile(0.5)?;
    let same = phase.series("wal.fsync.same")?.quantile(0.5)?;
    // Beyond doubt: the intervals of the two medians do not meet.
    if fresh.low_ns? <= same.high_ns? {
        return None;
    }
    let tax_ns = fresh.value_ns.saturating_sub(same.value_ns);
    let ratio = fresh.value_ns as f64 / same.value_ns.max(1) as f64;
    if tax_ns < MIN_TAX_NS || ratio < MIN_RATIO {
        return None;
    }
    let disk = evidence.run.header.environment.disk.as_ref();
    let severity = if tax_ns >= HEAVY_TAX_NS { Severity::Warning } else { Severity::Info };
    let what = DiskFinding::JournalTax {
        block_bytes: disk.and_then(|disk| disk.block_size).unwrap_or(4096),
        fresh_ns: fresh.value_ns,
        same_ns: same.value_ns,
        filesystem: disk.and_then(|disk| disk.filesystem.clone()),
    };
    Some(
        Found::new(what, severity)
            .number("fresh_p50_ns", fresh.value_ns as f64)
            .number("same_p50_ns", same.value_ns as f64)
            .number("ratio", ratio),
    )
}
