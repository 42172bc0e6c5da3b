//! The machine that drove the load, and whether etcd was on it too.

use crate::result::Severity;
use crate::verdict::machine::{Cpus, MIN_BUSY, MIN_CPUS, MIN_STOLEN, tightest_quota};

use super::super::evidence::Evidence;
use super::{Found, LoadFinding};

pub(super) fn find(evidence: &Evidence) -> Vec<Found> {
    let Cpus { busy, stolen } = Cpus::of(evidence.run, &evidence.phase_names());
    let quota = tightest_quota(&evidence.run.header.environment.limits);
    let found = [
        // Two who share a busy machine slow each other.
        (busy >= MIN_BUSY)
            .then(|| Found::new(LoadFinding::CpuBusy(busy), Severity::Info).number("share", busy)),
        (stolen >= MIN_STOLEN).then(|| {
            Found::new(LoadFinding::CpuSteal(stolen), Severity::Warning).number("share", stolen)
        }),
        quota.filter(|cpus| *cpus < MIN_CPUS).map(|cpus| {
            Found::new(LoadFinding::CpuQuota(cpus), Severity::Warning).number("cpus", cpus)
        }),
    ];
    found.into_iter().flatten().collect()
}
