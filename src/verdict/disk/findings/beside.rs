//! Somebody else at work on the same disk: members of etcd, and other probes. Both sides feel it.

use crate::result::{BESIDE, Event, Severity};

use super::super::evidence::Evidence;
use super::{DiskFinding, Found};

pub(super) fn find(evidence: &Evidence) -> Vec<Found> {
    let events = evidence.run.events.iter().filter(|event| event.kind == BESIDE);
    events.filter_map(told).collect()
}

fn told(event: &Event) -> Option<Found> {
    let pid = event.detail.get("pid")?.as_u64()?;
    let path = event.detail.get("path").and_then(|path| path.as_str()).map(str::to_owned);
    let what = match event.detail.get("who")?.as_str()? {
        "etcd" => {
            let capacity = event.detail.get("capacity").and_then(|searched| searched.as_bool());
            DiskFinding::LiveEtcd { pid, path, spared: capacity == Some(false) }
        }
        _ => DiskFinding::OtherProbe(pid, path),
    };
    Some(Found::new(what, Severity::Warning).number("pid", pid as f64))
}
