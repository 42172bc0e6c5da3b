//! A CPU that was not there looks like a slow disk: time stolen by the hypervisor, other work, quotas of a control
//! group.

use crate::result::{Finding, Severity};
use crate::units;

use super::super::evidence::Evidence;
use super::{Complete, finding};
use crate::verdict::machine::{Cpus, MIN_BUSY, MIN_CPUS, MIN_STOLEN, tightest_quota};

pub(super) fn find(evidence: &Evidence) -> Vec<Finding> {
    let phases = evidence.stall_phases();
    let names: Vec<&str> = phases.iter().map(|phase| phase.name.as_str()).collect();
    let used = Cpus::of(evidence.run, &names);
    let found = [steal(used.stolen), busy(used.busy), quota(evidence)];
    found.into_iter().flatten().collect()
}

fn steal(share: f64) -> Option<Finding> {
    if share < MIN_STOLEN {
        return None;
    }
    let message = format!(
        "The hypervisor gave {} of this machine's CPU time to others.",
        units::format_share(share)
    );
    Some(
        finding("cpu_steal", Severity::Warning, message)
            .advise("Part of what looks like a slow disk may be a CPU that was not there: run again on a quieter host.")
            .number("share", share),
    )
}

/// The probe itself needs a few percent of one CPU.
fn busy(share: f64) -> Option<Finding> {
    if share < MIN_BUSY {
        return None;
    }
    let message = format!(
        "The CPUs were busy {} of the time, nearly all of it with something else.",
        units::format_share(share)
    );
    Some(
        finding("cpu_busy", Severity::Warning, message)
            .advise("A sync that waits for a CPU looks like a slow disk: run again when the machine is quiet.")
            .number("share", share),
    )
}

fn quota(evidence: &Evidence) -> Option<Finding> {
    let cpus = tightest_quota(&evidence.run.header.environment.limits)?;
    if cpus >= MIN_CPUS {
        return None;
    }
    let message = format!("A CPU quota of {} CPUs is in force.", units::significant(cpus));
    Some(
        finding("cpu_quota", Severity::Warning, message)
            .advise("Part of what looks like a slow disk may be this quota: run it with at least one CPU.")
            .number("cpus", cpus),
    )
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
