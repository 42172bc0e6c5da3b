//! CPU time that the hypervisor gave to others: it makes latencies longer, and is no property of what is compared.

use crate::units::format_share;

use super::contrast::SideMetric;
use super::effect::{Doubt, Pairs};
use super::{Stat, Stolen};

/// Where the hypervisor takes so much more from one run of a pair than from the other, it shows.
const LEAST: f64 = 0.01;
/// What it does to latencies and rates: a p99 of 1 ms grew by half per point on the disk of docs/compare-proof.md, as
/// much as any figure there.
const PER_SHARE: f64 = 40.0;
/// What it does to shares: when the CPU is away for longer than a stall, as much time as is stolen is stalled, and as
/// much again while what has piled up is worked off.
const STALLED_PER_SHARE: f64 = 2.0;

/// What a share of the CPU time that is stolen does to a metric, on the scale of differences: one standard deviation of
/// what is believed before any pair is seen.
pub(super) fn per_share(stat: Stat) -> f64 {
    if stat.is_share() {
        STALLED_PER_SHARE
    } else {
        PER_SHARE
    }
}

/// By how much more of the CPU time the hypervisor took from B than from A, pair by pair, where that is worth taking
/// out of what is found.
pub(super) fn within(a: &SideMetric, b: &SideMetric) -> Option<Vec<f64>> {
    let more = a.stolen.iter().zip(&b.stolen);
    let more: Option<Vec<f64>> = more.map(|(a, b)| Some((*b)? - (*a)?)).collect();
    more.filter(|more| more.iter().any(|more| more.abs() >= LEAST))
}

/// What was taken from each side, where it is taken out.
pub(super) fn taken(pairs: Option<&Pairs>, a: &SideMetric, b: &SideMetric) -> Option<Stolen> {
    pairs?.stolen.as_ref()?;
    let mean = |side: &SideMetric| {
        side.stolen.iter().flatten().sum::<f64>() / side.stolen.len().max(1) as f64
    };
    Some(Stolen {
        a: mean(a),
        b: mean(b),
    })
}

/// Of one run a side: that the hypervisor took more of the CPU time from the slower one, enough to be all there is.
/// What that did and what the sides do cannot be told apart then.
pub(super) fn explained(
    stat: Stat,
    doubt: &Doubt,
    a: &SideMetric,
    b: &SideMetric,
) -> Option<String> {
    /// Standard deviations of the belief that still explain.
    const BELIEVABLE: f64 = 2.0;
    let difference = doubt.ci95.value;
    let (a, b) = (a.stolen.first().copied()??, b.stolen.first().copied()??);
    let b_is_worse = (difference > 0.0) != stat.more_is_better();
    let more = if b_is_worse { b - a } else { a - b };
    (more >= LEAST && difference.abs() <= BELIEVABLE * per_share(stat) * more).then(|| {
        format!(
            "the hypervisor took {} of the CPU time from A and {} from B",
            format_share(a),
            format_share(b)
        )
    })
}
