//! CPU time that the hypervisor gave to others: it makes latencies longer, and is no property of what is compared.

use crate::units::format_share;

use super::Stolen;
use super::doubt::MeasuredDifference;
use super::side_metric::SideMetric;
use crate::rule::comparison::Stat;

/// Where the hypervisor takes so much more from one run than from another, it shows.
const LEAST: f64 = 0.01;
/// A share felt by latencies: on the disk of docs/compare-proof.md the logarithms of p50 and p99 grew in proportion to
/// ln(1 + 30 share), steeply at first and less the more there was.
const STEEPNESS: f64 = 30.0;
/// By how much at most, give or take, in these units, before a comparison's own runs tell: the p99 there, 0.8 ms without, was 5 ms at a tenth and 20 ms at a third. The first point
/// of the CPU time makes half as much again.
const LATENCY: f64 = 4.0 / 3.0;
/// When the CPU is away for longer than a stall, as much time as is stolen is stalled, and as much again while what has
/// piled up is worked off.
const STALLED: f64 = 2.0;

/// A share of the CPU time in units in which what it does to a metric is in proportion to it.
pub(super) fn transform(stat: Stat, share: f64) -> f64 {
    if stat.is_share() {
        share
    } else {
        // Counters of a hypervisor have been seen to run backwards.
        (STEEPNESS * share.max(0.0)).ln_1p()
    }
}

/// What one such unit does to a metric on the scale of differences: one standard deviation of what is believed before
/// anything is seen.
pub(super) fn prior_sd(stat: Stat) -> f64 {
    if stat.is_share() { STALLED } else { LATENCY }
}

/// What the hypervisor took from each run of A, and of B, where it took so unevenly that it is worth taking out of what
/// is found: within pairs, or anywhere.
pub(super) fn shares(a: &SideMetric, b: &SideMetric, paired: bool) -> Option<(Vec<f64>, Vec<f64>)> {
    let counted = |side: &SideMetric| side.stolen.iter().copied().collect::<Option<Vec<f64>>>();
    let (a, b) = (counted(a)?, counted(b)?);
    let uneven = if paired {
        a.iter().zip(&b).any(|(a, b)| (b - a).abs() >= LEAST)
    } else {
        let all = || a.iter().chain(&b).copied();
        all().fold(0.0, f64::max) - all().fold(1.0, f64::min) >= LEAST
    };
    uneven.then_some((a, b))
}

/// What was taken from each side, where it is taken out.
pub(super) fn taken(shares: &(Vec<f64>, Vec<f64>)) -> Stolen {
    let mean = |side: &[f64]| side.iter().sum::<f64>() / side.len() as f64;
    Stolen { a: mean(&shares.0), b: mean(&shares.1), ..Stolen::default() }
}

/// Of one run a side: that the hypervisor took more of the CPU time from the slower one, enough to be all there is.
/// What that did and what the sides do cannot be told apart then.
pub(super) fn explained(
    stat: Stat,
    doubt: &MeasuredDifference,
    a: &SideMetric,
    b: &SideMetric,
) -> Option<String> {
    /// Standard deviations of the belief that still explain.
    const BELIEVABLE: f64 = 2.0;
    let difference = doubt.ci95.value;
    let (a, b) = (a.stolen.first().copied()??, b.stolen.first().copied()??);
    let b_is_worse = (difference > 0.0) != stat.more_is_better();
    let more = if b_is_worse { b - a } else { a - b };
    let may_have_done =
        BELIEVABLE * prior_sd(stat) * (transform(stat, a) - transform(stat, b)).abs();
    (more >= LEAST && difference.abs() <= may_have_done).then(|| {
        format!(
            "the hypervisor took {} of the CPU time from A and {} from B",
            format_share(a),
            format_share(b)
        )
    })
}
