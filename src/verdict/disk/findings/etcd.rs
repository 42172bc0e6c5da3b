//! What an etcd would feel here beside the disk: its CPUs.

use serde_json::Value;

use crate::plan::Load;
use crate::result::{BATCHES, COSTS, Severity};

use super::super::evidence::Evidence;
use super::{DiskFinding, EtcdHere, Found};

/// The phase whose load is the planned one.
const PLANNED: &str = "etcd";
/// Told when waits for a CPU lengthen etcd's fsyncs by this share or more.
const MIN_WAITED: f64 = 0.25;
/// A closed loop that reaches this share of what the CPUs carry is held by them.
const NEAR_THE_MOST: f64 = 0.9;

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    let events = &evidence.run.events;
    let costs = &events.iter().find(|event| event.kind == COSTS)?.detail;
    let number = |detail: &Value, name: &str| detail.get(name).and_then(Value::as_f64);
    let (cpus, most_per_s) = (number(costs, "cpus")?, number(costs, "most_per_s")?);
    let here = EtcdHere {
        version: costs.get("etcd").and_then(Value::as_str)?.to_owned(),
        cpus: cpus as u64,
    };
    let phase = evidence.run.phase(PLANNED)?;
    let fsync = &phase.series("wal.fsync")?.total;
    let disk_ns = fsync.mean_ns()?;
    let disk_alone = costs.get("disk_alone").and_then(Value::as_bool) == Some(true);
    let (wanted_per_s, beyond) = match evidence.plan.workload.load {
        Load::Open { rate, .. } => (rate, disk_alone),
        Load::Closed { .. } => {
            let puts = phase.series("put.commit")?.total.count() as f64;
            let length_s = phase.length_ns.max(1) as f64 / 1e9;
            let per_s = puts / f64::from(evidence.plan.members.max(1)) / length_s;
            (per_s, per_s > NEAR_THE_MOST * most_per_s)
        }
    };
    let most = |found: Found| found.number("most_per_s", most_per_s).number("cpus", cpus);
    if beyond {
        let what = DiskFinding::CpusCarryLess { here, most_per_s, wanted_per_s, disk_alone };
        return Some(most(Found::new(what, Severity::Info).number("wanted_per_s", wanted_per_s)));
    }
    let batches = events.iter().filter(|event| event.kind == BATCHES && &*event.phase == PLANNED);
    let (mut writes, mut waited_ns) = (0.0, 0.0);
    for batch in batches {
        writes += number(&batch.detail, "writes")?;
        waited_ns += number(&batch.detail, "waited_ns")?;
    }
    let etcd_ns = disk_ns + waited_ns / f64::max(writes, 1.0);
    if etcd_ns < (1.0 + MIN_WAITED) * disk_ns {
        return None;
    }
    let what =
        DiskFinding::CpusSlowSyncs { here, disk_ns: disk_ns as u64, etcd_ns: etcd_ns as u64 };
    Some(most(
        Found::new(what, Severity::Info).number("disk_ns", disk_ns).number("etcd_ns", etcd_ns),
    ))
}
