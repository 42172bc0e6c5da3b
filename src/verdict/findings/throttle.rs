//! A token bucket: fast until the tokens are spent, then waits of one length until the next are handed out.
//!
//! The kernel's throttling (cgroup io.max, blkio.throttle) hands out tokens in slices of 100 ms, providers do it
//! likewise. The mark is two humps far apart, the upper one narrow, under a ceiling of writes per second that is
//! flat.

use crate::result::{Finding, Severity};
use crate::units;

use super::super::evidence::Evidence;
use super::{Complete, finding, median, part, quantile};

/// A wait for tokens takes at least this many times a fast sync …
const MIN_RATIO: u64 = 10;
/// … and lies between these.
const SHORTEST_WAIT_NS: u64 = 10_000_000;
const LONGEST_WAIT_NS: u64 = 400_000_000;
/// Waits there must be, and the share of all syncs they make up.
const MIN_WAITS: u64 = 20;
const SHARE_OF_WAITS: std::ops::Range<f64> = 0.002..0.6;
/// The middle half of the waits lies within this share of their median.
const NARROW: f64 = 0.3;
/// Nine of ten seconds' writes lie within this share of their median: a ceiling.
const FLAT: f64 = 0.2;
/// Seconds to see a ceiling by.
const MIN_SECONDS: usize = 5;

pub(super) fn find(evidence: &Evidence) -> Option<Finding> {
    let total = evidence.judged("wal.fsync").total;
    let fast_ns = quantile(&total, 0.25);
    let floor_ns = SHORTEST_WAIT_NS.max(fast_ns.saturating_mul(MIN_RATIO));
    let waits = total.count_at_or_above(floor_ns);
    let share = waits as f64 / total.count().max(1) as f64;
    if waits < MIN_WAITS || !SHARE_OF_WAITS.contains(&share) {
        return None;
    }
    let among_waits = |part: f64| quantile(&total, 1.0 - share * (1.0 - part));
    let (low, wait_ns, high) = (among_waits(0.25), among_waits(0.5), among_waits(0.75));
    if wait_ns > LONGEST_WAIT_NS || (high - low) as f64 > NARROW * wait_ns as f64 {
        return None;
    }
    let ceiling = writes_per_s(evidence);
    if matches!(ceiling, Ceiling::None) {
        return None;
    }
    Some(told(fast_ns, wait_ns, ceiling, evidence))
}

fn told(fast_ns: u64, wait_ns: u64, ceiling: Ceiling, evidence: &Evidence) -> Finding {
    let (fast, wait) = (
        units::format_duration(fast_ns),
        units::format_duration(wait_ns),
    );
    let message = match ceiling {
        Ceiling::At(writes) => format!(
            "Fast ({fast}) until about {} writes are spent, then waits of {wait}: this volume is held to about {} writes/s.",
            units::significant((writes * wait_ns as f64 / 1e9).round()),
            units::significant(writes),
        ),
        _ => format!(
            "Fast ({fast}) until something is spent, then waits of {wait}: a limit holds this volume."
        ),
    };
    let advice = if !super::device::write_limits(evidence).is_empty() {
        "Lift the I/O limit of this cgroup, or give etcd one of its own."
    } else {
        "Look for a limit on the volume (its provisioned IOPS), on the virtual machine or on a cgroup above this one."
    };
    let finding = finding("throttled", Severity::Warning, message)
        .advise(advice)
        .number("fast_ns", fast_ns as f64)
        .number("wait_ns", wait_ns as f64);
    match ceiling {
        Ceiling::At(writes) => finding.number("writes_per_s", writes),
        _ => finding,
    }
}

/// What the device's counters say about a limit.
#[derive(Clone, Copy)]
enum Ceiling {
    /// Nobody kept counters.
    Unknown,
    /// Writes per second vary: there is none.
    None,
    /// They are flat.
    At(f64),
}

fn writes_per_s(evidence: &Evidence) -> Ceiling {
    let names: Vec<&str> = evidence
        .load_phases()
        .iter()
        .map(|phase| phase.name.as_str())
        .collect();
    let rates: Vec<f64> = evidence
        .counters("device", &names)
        .filter_map(|c| Some(c.values.get("writes")? / (c.length_ns as f64 / 1e9)))
        .collect();
    if rates.len() < MIN_SECONDS {
        return Ceiling::Unknown;
    }
    // The first and the last second of a phase are only partly filled: the slowest twentieth does not count.
    match (part(&rates, 0.1), median(&rates), part(&rates, 0.95)) {
        (Some(low), Some(middle), Some(high)) if high - low <= FLAT * middle => Ceiling::At(middle),
        _ => Ceiling::None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Builder, MS, Noise, US};

    fn throttled(noise: &mut Noise, _: u64) -> u64 {
        if noise.chance(0.05) {
            noise.lognormal(98 * MS, 0.03)
        } else {
            noise.lognormal(160 * US, 0.4)
        }
    }

    #[test]
    fn two_humps_under_a_flat_ceiling() {
        let summary = Builder::new(1)
            .etcd(30, 100, throttled, |n, _| n.lognormal(2 * MS, 0.3))
            .counters_of("etcd", "device", &[("writes", 400.0)])
            .conclude();
        let found = summary
            .findings
            .iter()
            .find(|f| f.code == "throttled")
            .unwrap();
        assert!(
            found.message.contains("until about 39 writes are spent"),
            "{}",
            found.message
        );
        assert!(
            found.message.contains("held to about 400 writes/s"),
            "{}",
            found.message
        );
    }

    #[test]
    fn a_broad_tail_is_no_throttle() {
        for seed in 0..100 {
            let summary = Builder::new(seed)
                .etcd(
                    20,
                    100,
                    |n, _| {
                        if n.chance(0.05) {
                            n.lognormal(60 * MS, 0.8)
                        } else {
                            n.lognormal(160 * US, 0.4)
                        }
                    },
                    |n, _| n.lognormal(2 * MS, 0.3),
                )
                .counters_of("etcd", "device", &[("writes", 400.0)])
                .conclude();
            assert!(
                summary.findings.iter().all(|f| f.code != "throttled"),
                "seed {seed}"
            );
        }
    }
}
