//! A step to a lower steady speed: burst credits spent, a cache full, a throttle that set in.
//!
//! Pettitt's rank test for one change point (A. Pettitt, "A non-parametric approach to the change-point problem",
//! Applied Statistics 28 (1979)) on the per-second medians; a rank test alone would call any drift, so the step must
//! also be clean and large.

use crate::result::{Point, Severity};

use super::super::evidence::Evidence;
use super::{DiskFinding, Found, median, part};

/// Chance may call a step in one of this many runs; the demands below make it far rarer.
const MAX_CHANCE: f64 = 0.01;
/// Shorter phases have too few seconds on either side.
const MIN_POINTS: usize = 20;
/// Seconds on either side of the step.
const MIN_SIDE: usize = 5;
/// How many times as long a sync must take after it …
const MIN_RATIO: f64 = 1.5;
/// … and how much longer.
const MIN_RISE_NS: f64 = 200_000.0;
/// Nine of ten seconds after it are slower than nine of ten before.
const CLEAN: f64 = 0.1;
/// Medians this near to each other (as a share) are paced by a limiter.
const PACED: f64 = 0.1;

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    let phase = evidence.load_phases().into_iter().max_by_key(|phase| phase.length_ns)?;
    let points = &phase.series("wal.fsync")?.timeline;
    let medians: Vec<f64> = points.iter().map(|point| point.p50_ns as f64).collect();
    let at = change_point(&medians)?;
    let (before, after) = (median(&medians[..at])?, median(&medians[at..])?);
    let what = DiskFinding::SlowerAfter {
        after_ns: points[at].start_ns.saturating_sub(phase.start_ns),
        phase: phase.name.clone(),
        p50_ns: (before as u64, after as u64),
        even_per_s: pace(&points[at..], &medians[at..]),
        soaked: evidence.soaks(),
    };
    Some(
        Found::new(what, Severity::Warning)
            .number("before_p50_ns", before)
            .number("after_p50_ns", after),
    )
}

/// Syncs per second, if the seconds after the step are as even as only a limiter makes them.
fn pace(points: &[Point], medians: &[f64]) -> Option<f64> {
    let (low, middle, high) = (part(medians, 0.25)?, median(medians)?, part(medians, 0.75)?);
    if high - low > PACED * middle {
        return None;
    }
    let count: u64 = points.iter().map(|point| point.count).sum();
    let seconds: f64 = points.iter().map(|point| point.length_ns as f64 / 1e9).sum();
    Some(count as f64 / seconds.max(1e-9))
}

/// The index of the first value after an upward step, if there is one beyond chance.
fn change_point(values: &[f64]) -> Option<usize> {
    if values.len() < MIN_POINTS {
        return None;
    }
    let (at, statistic) = (best_split(values), pettitt(values));
    if at < MIN_SIDE || values.len() - at < MIN_SIDE {
        return None;
    }
    let number = values.len() as f64;
    let chance = 2.0 * (-6.0 * statistic * statistic / (number.powi(3) + number.powi(2))).exp();
    let (before, after) = values.split_at(at);
    let (from, to) = (median(before)?, median(after)?);
    let clean = part(after, CLEAN)? > part(before, 1.0 - CLEAN)?;
    (chance < MAX_CHANCE && clean && to >= MIN_RATIO * from && to - from >= MIN_RISE_NS)
        .then_some(at)
}

/// Pettitt's statistic for a rise: how many more pairs rise than fall across a split, at the split where it is most.
fn pettitt(values: &[f64]) -> f64 {
    let mut statistic: f64 = 0.0;
    let mut most: f64 = 0.0;
    for value in values {
        let against_all: f64 = values
            .iter()
            .map(|other| match other.total_cmp(value) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Less => -1.0,
                std::cmp::Ordering::Equal => 0.0,
            })
            .sum();
        statistic += against_all;
        most = most.max(statistic);
    }
    most
}

/// The split that leaves the least scatter on its two sides, by ratios (least squares of logarithms).
fn best_split(values: &[f64]) -> usize {
    let logs: Vec<f64> = values.iter().map(|value| value.max(1.0).ln()).collect();
    let all: f64 = logs.iter().sum();
    let mut before = 0.0;
    let mut best = (0, f64::NEG_INFINITY);
    for at in 1..logs.len() {
        before += logs[at - 1];
        let after = all - before;
        let explained = before * before / at as f64 + after * after / (logs.len() - at) as f64;
        if explained > best.1 {
            best = (at, explained);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Builder, MS, Noise, S, US};
    use super::change_point;

    #[test]
    fn steps_are_found_where_they_are() {
        for seed in 0..200 {
            let mut noise = Noise::new(seed);
            let values: Vec<f64> = (0..60)
                .map(|i| noise.lognormal(if i < 40 { 700 * US } else { 9800 * US }, 0.2) as f64)
                .collect();
            assert_eq!(change_point(&values), Some(40), "seed {seed}");
        }
    }

    #[test]
    fn noise_with_a_memory_is_no_step() {
        let mut called = 0;
        for seed in 0..1_000 {
            let mut noise = Noise::new(seed);
            let mut level = 0.0;
            let values: Vec<f64> = (0..60)
                .map(|_| {
                    level = 0.8 * level + (noise.lognormal(1_000_000, 0.08) as f64 / 1e6).ln();
                    1e6 * f64::exp(level)
                })
                .collect();
            called += usize::from(change_point(&values).is_some());
        }
        assert!(called <= 2, "{called} of 1,000 noisy series were called a step");
    }

    #[test]
    fn a_step_down_and_a_short_bump_are_none() {
        let down: Vec<f64> = (0..60).map(|i| if i < 30 { 9e6 } else { 1e6 }).collect();
        assert_eq!(change_point(&down), None);
        let bump: Vec<f64> =
            (0..60).map(|i| if (30..40).contains(&i) { 9e6 } else { 1e6 + f64::from(i) }).collect();
        assert_eq!(change_point(&bump), None);
    }

    #[test]
    fn spent_credits_are_told_with_the_pace() {
        let spent = |noise: &mut Noise, at: u64| {
            if at < 36 * S {
                noise.lognormal(700 * US, 0.2)
            } else {
                noise.lognormal(9800 * US, 0.02)
            }
        };
        let summary =
            Builder::new(1).etcd(60, 100, spent, |n, _| n.lognormal(2 * MS, 0.3)).conclude();
        let found = summary.findings.iter().find(|f| f.code == "slower_after").unwrap();
        assert!(found.message.contains("After 36 s of phase 'etcd'"), "{}", found.message);
        assert!(found.message.contains("about 100 syncs/s"), "{}", found.message);
        assert!(found.advice.as_deref().unwrap().contains("--soak 30m"));
    }
}
