//! A CPU that was not there looks like a slow disk: time stolen by the hypervisor, quotas of a control group.

use std::collections::BTreeMap;

use crate::result::{Finding, Severity};
use crate::units;

use super::super::evidence::Evidence;
use super::{Complete, finding};

/// From this share of stolen time on it shows in a p99.
const MIN_STOLEN: f64 = 0.05;
/// A quota below one CPU stops even a single thread now and then, for the rest of a period of 100 ms.
const MIN_CPUS: f64 = 1.0;

pub(super) fn find(evidence: &Evidence) -> Vec<Finding> {
    steal(evidence).into_iter().chain(quota(evidence)).collect()
}

fn steal(evidence: &Evidence) -> Option<Finding> {
    let names: Vec<&str> = evidence
        .stall_phases()
        .iter()
        .map(|phase| phase.name.as_str())
        .collect();
    let (mut stolen, mut all) = (0.0, 0.0);
    for counters in evidence.counters("cpu", &names) {
        stolen += counters.values.get("steal").copied().unwrap_or(0.0);
        // The kernel counts guest time in user time as well (proc(5)).
        all += counters
            .values
            .iter()
            .filter(|(name, _)| !name.starts_with("guest"))
            .map(|(_, value)| value)
            .sum::<f64>();
    }
    let share = if all > 0.0 { stolen / all } else { 0.0 };
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
    fn stolen_time_is_told_from_a_twentieth_on() {
        let with = |steal: f64| {
            let counters = [
                ("user", 20.0),
                ("idle", 180.0 - steal),
                ("steal", steal),
                ("guest", 10.0),
            ];
            let summary = Builder::healthy(1)
                .counters_of("etcd", "cpu", &counters)
                .conclude();
            summary
                .findings
                .into_iter()
                .map(|finding| finding.message)
                .next()
        };
        assert_eq!(with(2.0), None);
        assert_eq!(
            with(30.0).as_deref(),
            Some("The hypervisor gave 15 % of this machine's CPU time to others.")
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
