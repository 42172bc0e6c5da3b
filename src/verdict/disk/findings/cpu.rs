//! A CPU that was not there looks like a slow disk: time stolen by the hypervisor, other work, quotas of a control
//! group.

use crate::result::{PAUSE, Severity};

use super::super::evidence::Evidence;
use super::{DiskFinding, Found};
use crate::verdict::machine::{Cpus, MIN_BUSY, MIN_CPUS, MIN_STOLEN, tightest_quota};

pub(super) fn find(evidence: &Evidence) -> Vec<Found> {
    let phases = evidence.stall_phases();
    let names: Vec<&str> = phases.iter().map(|phase| phase.name.as_str()).collect();
    let Cpus { stolen, busy } = Cpus::of(evidence.run, &names);
    let quota = tightest_quota(&evidence.run.header.environment.limits);
    let warning = |what: DiskFinding| Found::new(what, Severity::Warning);
    let found = [
        paused(evidence),
        (stolen >= MIN_STOLEN)
            .then(|| warning(DiskFinding::CpuSteal(stolen)).number("share", stolen)),
        // The probe itself needs a few percent of one CPU.
        (busy >= MIN_BUSY).then(|| warning(DiskFinding::CpuBusy(busy)).number("share", busy)),
        quota
            .filter(|cpus| *cpus < MIN_CPUS)
            .map(|cpus| warning(DiskFinding::CpuQuota(cpus)).number("cpus", cpus)),
    ];
    found.into_iter().flatten().collect()
}

/// All of its threads stopped at once: a signal, a frozen control group, a machine that was suspended.
fn paused(evidence: &Evidence) -> Option<Found> {
    let pauses = evidence.run.events.iter().filter(|event| event.kind == PAUSE);
    let lengths: Vec<u64> =
        pauses.filter_map(|event| event.detail.get("length_ns")?.as_u64()).collect();
    let longest_ns = lengths.iter().copied().max()?;
    let what = DiskFinding::Paused { times: lengths.len(), longest_ns };
    Some(Found::new(what, Severity::Warning).number("longest_ns", longest_ns as f64))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::Builder;

    #[test]
    fn stolen_and_busy_cpus_are_told() {
        let with = |steal: f64, busy: f64| {
            // Named as the sampler names them.
            let counters = [("total_s", 200.0), ("busy_s", busy), ("steal_s", steal)];
            let summary = Builder::healthy(1).counters_of("etcd", "cpu", &counters).conclude();
            summary.findings.into_iter().map(|finding| finding.message).next()
        };
        assert_eq!(with(2.0, 20.0), None);
        assert_eq!(
            with(30.0, 20.0).as_deref(),
            Some("The hypervisor gave 15 % of this machine's CPU time to others.")
        );
        assert_eq!(
            with(0.0, 190.0).as_deref(),
            Some("The CPUs were busy 95 % of the time, nearly all of it with something else.")
        );
    }
}
