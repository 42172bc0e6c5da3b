//! The machine that drove the load, and whether etcd was on it too.

use crate::plan::Target;
use crate::result::{Finding, Severity};
use crate::units;
use crate::verdict::machine::{Cpus, MIN_BUSY, MIN_CPUS, MIN_STOLEN, tightest_quota};

use super::super::evidence::Evidence;
use super::{Complete, finding};

pub(super) fn find(evidence: &Evidence) -> Vec<Finding> {
    let cpus = Cpus::of(evidence.run, &evidence.phase_names());
    [shared(evidence, cpus.busy), stolen(cpus.stolen), quota(evidence)]
        .into_iter()
        .flatten()
        .collect()
}

/// Two who share a busy machine slow each other.
fn shared(evidence: &Evidence, busy: f64) -> Option<Finding> {
    if busy < MIN_BUSY {
        return None;
    }
    let (message, advice) = match evidence.plan.target {
        Target::Local { .. } => (
            format!(
                "Client and etcd shared this machine, and its CPUs were busy {} of the time.",
                units::format_share(busy)
            ),
            "Part of the latency is one waiting for the other: an etcd on machines of its own does better.",
        ),
        Target::Endpoints(_) => (
            format!("The client's CPUs were busy {} of the time.", units::format_share(busy)),
            "Part of the latency may be the client's own: run it again when the machine is quiet.",
        ),
    };
    Some(finding("cpu_busy", Severity::Info, message).advise(advice).number("share", busy))
}

fn stolen(share: f64) -> Option<Finding> {
    (share >= MIN_STOLEN).then(|| {
        let message =
            format!("The hypervisor gave {} of the client machine's CPU time to others.", units::format_share(share));
        finding("cpu_steal", Severity::Warning, message)
            .advise("Part of what looks like a slow etcd may be a CPU that was not there: run again on a quieter host.")
            .number("share", share)
    })
}

fn quota(evidence: &Evidence) -> Option<Finding> {
    let cpus =
        tightest_quota(&evidence.run.header.environment.limits).filter(|cpus| *cpus < MIN_CPUS)?;
    let message =
        format!("A CPU quota of {} CPUs is in force on the client.", units::significant(cpus));
    Some(
        finding("cpu_quota", Severity::Warning, message)
            .advise("Part of what looks like a slow etcd may be this quota: run it with at least one CPU.")
            .number("cpus", cpus),
    )
}
