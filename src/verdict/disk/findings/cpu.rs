//! A CPU that was not there looks like a slow disk: time stolen by the hypervisor, other work, quotas of a control
//! group.

use std::collections::BTreeMap;

use crate::result::{Finding, Severity};
use crate::units;

use super::super::evidence::Evidence;
use super::{Complete, finding};

/// From this share of stolen time on it shows in a p99.
const MIN_STOLEN: f64 = 0.05;
/// From this share on threads wait for a CPU.
const MIN_BUSY: f64 = 0.7;
/// A quota below one CPU stops even a single thread now and then, for the rest of a period of 100 ms.
const MIN_CPUS: f64 = 1.0;

pub(super) fn find(evidence: &Evidence) -> Vec<Finding> {
    let used = used(evidence);
    let found = [steal(used.0), busy(used.1), quota(evidence)];
    found.into_iter().flatten().collect()
}

/// The shares of all CPU time under load that were stolen and that were busy; 0 where nobody counted.
fn used(evidence: &Evidence) -> (f64, f64) {
    let names: Vec<&str> = evidence
        .stall_phases()
        .iter()
        .map(|phase| phase.name.as_str())
        .collect();
    let (mut stolen, mut busy, mut total) = (0.0, 0.0, 0.0);
    for counters in evidence.counters("cpu", &names) {
        let value = |name: &str| counters.values.get(name).copied().unwrap_or(0.0);
        stolen += value("steal_s");
        busy += value("busy_s");
        total += value("total_s");
    }
    if total > 0.0 {
        (stolen / total, busy / total)
    } else {
        (0.0, 0.0)
    }
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
    let message = format!(
        "A CPU quota of {} CPUs is in force.",
        units::significant(cpus)
    );
    Some(
        finding("cpu_quota", Severity::Warning, message)
            .advise("Part of what looks like a slow disk may be this quota: run it with at least one CPU.")
            .number("cpus", cpus),
    )
}

/// The smallest quota of this control group and its parents, in CPUs (cgroup v2 `cpu.max`, v1 `cpu.cfs_quota_us`).
fn tightest_quota(limits: &BTreeMap<String, String>) -> Option<f64> {
    let ratio = |quota: &str, period: &str| -> Option<f64> {
        let (quota, period) = (quota.parse::<f64>().ok()?, period.parse::<f64>().ok()?);
        (quota > 0.0 && period > 0.0).then(|| quota / period)
    };
    let quotas = limits.iter().filter_map(|(name, value)| {
        if name.starts_with("cpu.max") {
            let (quota, period) = value.split_once(' ')?;
            return ratio(quota, period);
        }
        let group = name.strip_prefix("cpu.cfs_quota_us")?;
        ratio(value, limits.get(&format!("cpu.cfs_period_us{group}"))?)
    });
    quotas.min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::Builder;
    use super::tightest_quota;

    #[test]
    fn stolen_and_busy_cpus_are_told() {
        let with = |steal: f64, busy: f64| {
            // Named as the sampler names them.
            let counters = [("total_s", 200.0), ("busy_s", busy), ("steal_s", steal)];
            let summary = Builder::healthy(1)
                .counters_of("etcd", "cpu", &counters)
                .conclude();
            summary
                .findings
                .into_iter()
                .map(|finding| finding.message)
                .next()
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

    #[test]
    fn quotas_of_both_versions() {
        let of = |limits: &[(&str, &str)]| {
            tightest_quota(
                &limits
                    .iter()
                    .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                    .collect(),
            )
        };
        assert_eq!(
            of(&[
                ("cpu.max", "50000 100000"),
                ("cpu.max (/)", "200000 100000")
            ]),
            Some(0.5)
        );
        assert_eq!(
            of(&[
                ("cpu.cfs_quota_us (/pod)", "25000"),
                ("cpu.cfs_period_us (/pod)", "100000")
            ]),
            Some(0.25)
        );
        assert_eq!(
            of(&[("cpu.cfs_quota_us", "25000"), ("memory.max", "100000")]),
            None
        );
    }
}
