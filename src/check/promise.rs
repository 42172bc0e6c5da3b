//! What an earlier `disk` measured on a member's disk, to hold the live one against.

use std::path::Path;

use crate::diagnosis::Promise;
use crate::error::{Error, Result};
use crate::result::{self, Run};

const SYNC: &str = "wal.fsync";
/// The phase that is most like a member at work.
const LIKE_ETCD: &str = "etcd";

/// Reads what a result of `disk` promises.
///
/// # Errors
/// What cannot be read, and [`Error::Refused`] for a result that tells of no disk; with the way out.
pub fn read(path: &Path) -> Result<Promise> {
    let run = result::read(path)?;
    promise(&run).ok_or_else(|| {
        Error::Refused(format!(
            "--disk {}: it tells of no WAL syncs; name a result of 'etcdbench disk DIRECTORY --result FILE'",
            path.display()
        ))
    })
}

fn promise(run: &Run) -> Option<Promise> {
    if run.header.kind != "disk" {
        return None;
    }
    let with_syncs = run.phases.iter().filter(|phase| phase.series(SYNC).is_some());
    let phase = run
        .phase(LIKE_ETCD)
        .filter(|phase| phase.series(SYNC).is_some())
        .or_else(|| with_syncs.max_by_key(|phase| phase.length_ns))?;
    let series = phase.series(SYNC)?;
    let p99 = series.quantile(0.99).filter(|found| found.resolvable);
    Some(Promise {
        mean_ns: series.total.mean_ns()? as u64,
        p99_ns: p99.map(|found| found.value_ns),
        count: series.count(),
        host: run.header.environment.host.clone(),
        at: run.header.started_at.clone(),
    })
}
