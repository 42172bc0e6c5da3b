//! Others who write to this disk: what its counters did while the probe did nothing.

use crate::result::Severity;

use super::super::evidence::Evidence;
use super::{DiskFinding, Found};

/// Below this nobody competes with etcd for the disk.
const QUIET_BYTES_PER_S: f64 = 1_048_576.0;
/// Half of what an etcd under load flushes for its backend alone (ten commits a second, two flushes each).
const QUIET_FLUSHES_PER_S: f64 = 10.0;
/// A warning from this many times as much on.
const BUSY: f64 = 5.0;
/// Shorter than this says nothing about a disk's neighbours.
const MIN_IDLE_S: f64 = 2.0;

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    let (mut seconds, mut bytes, mut flushes) = (0.0, 0.0, 0.0);
    for counters in evidence.counters("device", &["idle"]) {
        let grown = |name: &str| counters.values.get(name).copied().unwrap_or(0.0);
        seconds += counters.length_ns as f64 / 1e9;
        bytes += grown("written_bytes");
        flushes += grown("flushes");
    }
    if seconds < MIN_IDLE_S {
        return None;
    }
    let bytes_per_s = bytes / seconds;
    let flushes_per_s = flushes / seconds;
    let times_quiet = (bytes_per_s / QUIET_BYTES_PER_S).max(flushes_per_s / QUIET_FLUSHES_PER_S);
    if times_quiet < 1.0 {
        return None;
    }
    let severity = if times_quiet >= BUSY { Severity::Warning } else { Severity::Info };
    Some(
        Found::new(DiskFinding::IdleWriters { bytes_per_s, flushes_per_s }, severity)
            .number("bytes_per_s", bytes_per_s)
            .number("flushes_per_s", flushes_per_s),
    )
}
