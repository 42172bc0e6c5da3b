//! The machine that measured: CPU time stolen by the hypervisor, taken by other work, withheld by a control group.
//! What it could not do in time looks like somebody else's slowness.

use std::collections::BTreeMap;

use crate::result::Run;

/// From this share of stolen time on it shows in a p99.
pub(super) const MIN_STOLEN: f64 = 0.05;
/// From this share on threads wait for a CPU.
pub(super) const MIN_BUSY: f64 = 0.7;
/// A quota below one CPU stops even a single thread now and then, for the rest of a period of 100 ms.
pub(super) const MIN_CPUS: f64 = 1.0;

/// How a machine's CPUs were used, as shares of all their time; 0 where nobody counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Cpus {
    /// Taken by the hypervisor.
    pub stolen: f64,
    /// Used by anybody.
    pub busy: f64,
}

impl Cpus {
    /// Over these phases.
    pub(super) fn of(run: &Run, phases: &[&str]) -> Cpus {
        Cpus::counted(run, |phase| phases.contains(&phase)).unwrap_or_default()
    }

    /// Over the phases that belong; `None` where nobody counted.
    pub fn counted(run: &Run, belongs: impl Fn(&str) -> bool) -> Option<Cpus> {
        let (mut stolen, mut busy, mut total) = (0.0, 0.0, 0.0);
        for counters in &run.counters {
            if counters.source != "cpu" || !belongs(&counters.phase) {
                continue;
            }
            let value = |name: &str| counters.values.get(name).copied().unwrap_or(0.0);
            stolen += value("steal_s");
            busy += value("busy_s");
            total += value("total_s");
        }
        (total > 0.0).then(|| Cpus { stolen: stolen / total, busy: busy / total })
    }
}

/// The smallest quota of this control group and its parents, in CPUs (cgroup v2 `cpu.max`, v1 `cpu.cfs_quota_us`).
pub(super) fn tightest_quota(limits: &BTreeMap<String, String>) -> Option<f64> {
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
    use super::tightest_quota;

    #[test]
    fn quotas_of_both_versions() {
        let of = |limits: &[(&str, &str)]| {
            tightest_quota(
                &limits.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            )
        };
        assert_eq!(of(&[("cpu.max", "50000 100000"), ("cpu.max (/)", "200000 100000")]), Some(0.5));
        assert_eq!(
            of(&[("cpu.cfs_quota_us (/pod)", "25000"), ("cpu.cfs_period_us (/pod)", "100000")]),
            Some(0.25)
        );
        assert_eq!(of(&[("cpu.cfs_quota_us", "25000"), ("memory.max", "100000")]), None);
    }
}
