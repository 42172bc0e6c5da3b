//! From effects and their doubt to verdicts, one rule after the other: invalid, not resolvable, regressed or improved,
//! unchanged, inconclusive.

use crate::stats;

use super::arm::{rounded_up, seconds};
use super::effect::Doubt;
use super::{Effect, Metric, MetricVerdict, Stat};

/// Family-wise error of all metrics that decide.
pub(super) const ALPHA: f64 = 0.05;

/// A metric before its verdict.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// All but effect, verdict, and what follows from them.
    pub metric: Metric,
    /// The difference; `None` where there is too little for one.
    pub doubt: Option<Doubt>,
    /// Why it was not measured in a way that allows to judge.
    pub invalid: Option<String>,
    /// Why there are too few samples.
    pub unresolved: Option<String>,
    /// What is worth telling beside a verdict.
    pub remark: Option<String>,
    /// What more of would help.
    pub more: More,
}

/// What more of would narrow an interval.
#[derive(Debug, Clone, Copy)]
pub(super) enum More {
    /// Runs as long as these, in seconds.
    Seconds(f64),
    /// Pairs of runs.
    Pairs(usize),
    /// Runs on each side.
    Runs(usize),
}

/// Judges all metrics of a comparison together.
pub(super) fn judge(candidates: Vec<Candidate>) -> Vec<Metric> {
    let adjusted = adjusted(&candidates);
    candidates
        .into_iter()
        .zip(adjusted)
        .map(|(candidate, p_adjusted)| {
            let mut metric = verdict(candidate, p_adjusted);
            metric.indicative &= metric.verdict.is_change();
            metric
        })
        .collect()
}

/// Holm over those that decide, and over the others by themselves. What cannot be judged does not count.
fn adjusted(candidates: &[Candidate]) -> Vec<f64> {
    let mut adjusted = vec![1.0; candidates.len()];
    for primary in [true, false] {
        let family: Vec<(usize, f64)> = candidates
            .iter()
            .enumerate()
            .filter(|(_, c)| c.metric.primary == primary)
            .filter(|(_, c)| c.invalid.is_none() && c.unresolved.is_none())
            .filter_map(|(index, c)| Some((index, c.doubt?.p)))
            .collect();
        let p_values: Vec<f64> = family.iter().map(|(_, p)| *p).collect();
        for ((index, _), p) in family.iter().zip(stats::holm(&p_values)) {
            adjusted[*index] = p;
        }
    }
    adjusted
}

fn verdict(candidate: Candidate, p_adjusted: f64) -> Metric {
    let Candidate { mut metric, doubt, invalid, unresolved, remark, more } = candidate;
    let share = metric.stat.is_share();
    metric.effect = doubt.map(|doubt| effect(&doubt, share, p_adjusted));
    metric.detectable = doubt
        .map(|doubt| from_scale(doubt.detectable, share))
        .filter(|detectable| detectable.is_finite());
    if let Some(why) = invalid {
        metric.verdict = MetricVerdict::Invalid;
        metric.reason = Some(why);
        return metric;
    }
    let (Some(doubt), None) = (doubt, &unresolved) else {
        metric.verdict = MetricVerdict::NotResolvable;
        metric.reason = unresolved;
        return metric;
    };
    let margin = to_scale(metric.min_difference, share);
    let value = doubt.ci95.value;
    let within = |low: f64, high: f64| low > -margin && high < margin;
    metric.reason = remark;
    if p_adjusted < ALPHA && value.abs() >= margin {
        let better = (value > 0.0) == metric.stat.more_is_better();
        metric.verdict = if better { MetricVerdict::Improved } else { MetricVerdict::Regressed };
        metric.beyond_doubt = doubt.ci95.low >= margin || doubt.ci95.high <= -margin;
    } else if within(doubt.ci90.low, doubt.ci90.high) {
        metric.verdict = MetricVerdict::Unchanged;
        if doubt.ci95.low > 0.0 || doubt.ci95.high < 0.0 {
            metric.reason = Some("a small but real change".to_owned());
        }
    } else {
        metric.verdict = MetricVerdict::Inconclusive;
        metric.reason = if share && value == 0.0 {
            Some("none on either side".to_owned()).filter(|_| metric.a.value == Some(0.0))
        } else {
            needs(&doubt, margin, more).or(metric.reason)
        };
    }
    metric
}

fn effect(doubt: &Doubt, share: bool, p_adjusted: f64) -> Effect {
    let show = |x: f64| if share { x } else { x.exp() };
    let end = |x: f64| x.is_finite().then(|| show(x));
    Effect {
        value: show(doubt.ci95.value),
        low: end(doubt.ci95.low),
        high: end(doubt.ci95.high),
        p: doubt.p,
        p_adjusted,
    }
}

/// A relative change as a difference of logarithms.
fn to_scale(change: f64, share: bool) -> f64 {
    if share { change } else { change.ln_1p() }
}

fn from_scale(difference: f64, share: bool) -> f64 {
    if share { difference } else { difference.exp_m1() }
}

/// How much more would decide it: whatever the doubt is taken from, it shrinks with the square root.
fn needs(doubt: &Doubt, margin: f64, more: More) -> Option<String> {
    let wanted = doubt.ci95.value.abs().max(margin);
    let times = (doubt.detectable / wanted).powi(2);
    if !times.is_finite() {
        return None;
    }
    if times <= 1.0 {
        // Large enough to be found, but not shown to be; a run of bad luck, or one among many metrics.
        return None;
    }
    let count = |have: usize| rounded_up((times - 1.0) * have as f64).max(1.0);
    Some(match more {
        More::Seconds(have) => format!("needs about {} more", seconds(have * (times - 1.0))),
        More::Pairs(have) => format!("needs about {} more pairs", count(have)),
        More::Runs(have) => format!("needs about {} more runs a side", count(have)),
    })
}

/// The smallest effect that matters where durations are so short that a fixed difference in time matters more than a
/// relative one. The same both ways round.
pub(super) fn at_least_floor(min: f64, a_ns: f64, b_ns: f64, floor_ns: f64) -> f64 {
    let middle = (a_ns * b_ns).sqrt();
    if middle > 0.0 { min.max(floor_ns / middle) } else { min }
}

/// A difference below this is nothing anybody waits for: a fraction of a request's way through etcd, and of a sync.
pub(super) fn floor_ns(kind: &str, stat: Stat) -> f64 {
    match (stat.quantile(), kind) {
        (None, _) => 0.0,
        (Some(_), "load") => 20_000.0,
        (Some(_), _) => 5_000.0,
    }
}
