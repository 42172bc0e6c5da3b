//! The backend in the WAL's way: what its commits do to WAL syncs.

use crate::result::Severity;

use super::super::evidence::{Evidence, WAL_PHASE};
use super::{DiskFinding, Found};

/// Worth telling when the p99 beside the backend is at least this many times the WAL's alone …
const MIN_RATIO: f64 = 2.0;
/// … and at least this long.
const MIN_P99_NS: u64 = 1_000_000;
/// etcd FAQ: the p99 a WAL fsync should stay below.
const LIMIT_NS: u64 = 10_000_000;

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    let alone = evidence.run.phase(WAL_PHASE)?.series("wal.fsync")?.quantile(0.99)?;
    let load = evidence.load_phases().into_iter().find(|phase| phase.name != WAL_PHASE)?;
    let beside = load.series("wal.fsync")?.quantile(0.99)?;
    // Beyond doubt: the intervals of the two quantiles do not meet.
    if beside.low_ns? <= alone.high_ns? {
        return None;
    }
    let ratio = beside.value_ns as f64 / alone.value_ns.max(1) as f64;
    if ratio < MIN_RATIO || beside.value_ns < MIN_P99_NS {
        return None;
    }
    let decisive = beside.value_ns >= LIMIT_NS && alone.value_ns < LIMIT_NS;
    let severity = if decisive { Severity::Warning } else { Severity::Info };
    let what =
        DiskFinding::BackendContention { beside_ns: beside.value_ns, alone_ns: alone.value_ns };
    Some(
        Found::new(what, severity)
            .number("alone_p99_ns", alone.value_ns as f64)
            .number("beside_p99_ns", beside.value_ns as f64)
            .number("ratio", ratio),
    )
}
