//! A token bucket: fast until the tokens are spent, then a wait until the next are handed out.
//!
//! The kernel's throttling (cgroup io.max, blkio.throttle) hands out tokens in slices of 100 ms, providers do it
//! likewise. Whoever comes late in a slice waits little, whoever comes early waits long, but nobody longer than the
//! slice: so the longest sync of every second is far above the usual one, and about the same in all of them. No disk
//! by itself is that even at its worst.

use crate::record::Distribution;
use crate::result::{Point, Severity};

use super::super::evidence::Evidence;
use super::{DiskFinding, Found, Pace, median, part, quantile};

/// The longest sync of a second takes at least this many times the usual one …
const MIN_RATIO: f64 = 10.0;
/// … and lies between these.
const SHORTEST_WAIT_NS: f64 = 15_000_000.0;
const LONGEST_WAIT_NS: f64 = 400_000_000.0;
/// Eight of ten seconds have their longest within this share of the median.
const EVEN: f64 = 0.3;
/// Seconds, and syncs in each, to see it by.
const MIN_SECONDS: usize = 8;
const MIN_SYNCS: u64 = 10;
/// The share of all syncs that wait at least half as long: no rarity, and not the rule.
const SHARE_OF_WAITS: std::ops::Range<f64> = 0.01..0.5;
/// Eight of ten seconds' device writes lie within this share of their median: the limit is on writes.
const FLAT: f64 = 0.15;

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    let phase = evidence.load_phases().into_iter().max_by_key(|phase| phase.length_ns)?;
    let series = phase.series("wal.fsync")?;
    let wait_ns = even_maximum(&series.timeline)?;
    if !two_speeds(&series.total, wait_ns) {
        return None;
    }
    let fast_ns = quantile(&series.total, 0.25);
    let syncs: Vec<f64> =
        series.timeline.iter().map(|p| p.count as f64 / (p.length_ns as f64 / 1e9)).collect();
    let what = DiskFinding::Throttled {
        fast_ns,
        wait_ns: wait_ns as u64,
        pace: match writes_per_s(evidence, &phase.name) {
            Some(writes) => Pace::Writes(writes),
            None => Pace::Syncs(median(&syncs)?),
        },
        own_limit: !super::device::write_limits(evidence).is_empty(),
    };
    Some(
        Found::new(what, Severity::Warning)
            .number("fast_ns", fast_ns as f64)
            .number("wait_ns", wait_ns),
    )
}

/// The longest sync of a second, if all seconds have about the same.
fn even_maximum(points: &[Point]) -> Option<f64> {
    let maxima: Vec<f64> = points
        .iter()
        .filter(|point| point.count >= MIN_SYNCS)
        .map(|point| point.max_ns as f64)
        .collect();
    let (low, middle, high) = (part(&maxima, 0.1)?, median(&maxima)?, part(&maxima, 0.9)?);
    let even = maxima.len() >= MIN_SECONDS && high - low <= EVEN * middle;
    (even && (SHORTEST_WAIT_NS..LONGEST_WAIT_NS).contains(&middle)).then_some(middle)
}

/// Whether most syncs are far faster than the waits, and the waits no rarity.
fn two_speeds(total: &Distribution, wait_ns: f64) -> bool {
    let usual_ns = quantile(total, 0.5) as f64;
    let waits =
        total.count_at_or_above((wait_ns / 2.0) as u64) as f64 / total.count().max(1) as f64;
    wait_ns >= MIN_RATIO * usual_ns && SHARE_OF_WAITS.contains(&waits)
}

/// The device's writes per second, if they are so flat that the limit is on them. Counters are those of the lowest
/// device; where another lies above it, the limit may be up there and in other writes.
fn writes_per_s(evidence: &Evidence, phase: &str) -> Option<f64> {
    let facts = evidence.run.header.environment.disk.as_ref();
    let layered = |kind: &str| !matches!(kind, "disk" | "partition");
    if facts.is_some_and(|facts| facts.devices.iter().any(|d| layered(&d.kind))) {
        return None;
    }
    let rates: Vec<f64> = evidence
        .counters("device", &[phase])
        .filter_map(|c| Some(c.values.get("writes")? / (c.length_ns as f64 / 1e9)))
        .collect();
    let (low, middle, high) = (part(&rates, 0.1)?, median(&rates)?, part(&rates, 0.9)?);
    (rates.len() >= MIN_SECONDS && middle > 0.0 && high - low <= FLAT * middle).then_some(middle)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Builder, MS, Noise, US};
    use crate::result::Finding;

    fn commit(noise: &mut Noise, _: u64) -> u64 {
        noise.lognormal(2 * MS, 0.3)
    }

    /// As measured on a loop device held to 400 writes/s: one sync in nine waits for the rest of a slice.
    fn throttled(noise: &mut Noise, _: u64) -> u64 {
        if noise.chance(0.11) {
            (noise.uniform() * 90.0 * MS as f64) as u64
        } else {
            noise.lognormal(800 * US, 0.8)
        }
    }

    fn found(builder: Builder) -> Option<Finding> {
        builder.conclude().findings.into_iter().find(|finding| finding.code == "throttled")
    }

    #[test]
    fn a_limiter_is_known_by_its_even_worst() {
        let mut told = 0;
        for seed in 0..50 {
            told += u32::from(found(Builder::new(seed).etcd(20, 95, throttled, commit)).is_some());
        }
        assert!(told >= 45, "{told} of 50");
    }

    #[test]
    fn its_pace_is_told_in_what_it_limits() {
        let plain = found(Builder::new(1).etcd(20, 95, throttled, commit)).unwrap();
        assert!(plain.message.ends_with("to about 95 WAL syncs/s."), "{}", plain.message);
        let counted = Builder::new(1).etcd(20, 95, throttled, commit).counters_of(
            "etcd",
            "device",
            &[("writes", 400.0)],
        );
        assert!(found(counted).unwrap().message.ends_with("to about 400 writes/s."));
    }

    #[test]
    fn tails_of_disks_are_no_limiter() {
        for seed in 0..20 {
            for (share, median_ms, spread) in [(0.05, 60, 0.8), (0.02, 30, 0.5), (0.2, 20, 0.7)] {
                let tail = move |noise: &mut Noise, _| {
                    if noise.chance(share) {
                        noise.lognormal(median_ms * MS, spread)
                    } else {
                        noise.lognormal(160 * US, 0.4)
                    }
                };
                assert!(
                    found(Builder::new(seed).etcd(20, 100, tail, commit)).is_none(),
                    "seed {seed}, {share}"
                );
            }
        }
    }
}
