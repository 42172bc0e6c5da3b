//! One metric of one run, with the doubt that lies within the run: from contiguous stretches of its time, because
//! neighbouring seconds are alike and a formula for independent samples would promise far too much.
//!
//! Durations and rates are taken as logarithms, so that differences are ratios; shares as they are.

use crate::record::{self, Distribution, MIN_TAIL_SAMPLES};
use crate::result::{PhaseData, Run, SeriesData};
use crate::stats::{self, Bounded, DesignEffect, MIN_BATCHES, Moments};

use super::subject;
use crate::rule::comparison::Stat;

/// Stretches a run is cut into: enough to tell the variance between them, few enough to outlast its memory. Twenty
/// gave 8 % false alarms on 300 s where these give 5 %.
const BATCHES: usize = 10;
/// Fewer, longer ones in short runs …
const FEWEST_BATCHES: usize = 6;
/// … so that each lasts this long.
const BATCH_S: f64 = 10.0;
/// Neighbouring stretches more alike than this are no independent witnesses.
const ALIKE: f64 = 0.3;
/// The same, where it is measured from few stretches, is no more than this.
const MOST_ALIKE: f64 = 0.9;
/// Share of the stretches that must hold a sample beyond a quantile.
const SPREAD: f64 = 0.6;

/// Why there is no interval around a figure that was taken in.
pub(super) const NO_INTERVAL: &str = "no interval: imported, without the times of its samples";

/// Why a run of fewer than [`MIN_BATCHES`] stretches of time has no interval.
const TOO_SHORT: &str = "too short to estimate uncertainty";

/// A metric in one run.
#[derive(Debug, Clone)]
pub(super) struct Arm {
    /// In nanoseconds, per second, or as a share.
    pub value: f64,
    /// On the scale of differences, with 95 %.
    pub ci95: Bounded,
    /// With 90 %.
    pub ci90: Bounded,
    /// Degrees of freedom of both.
    pub degrees_of_freedom: f64,
    /// Samples.
    pub samples: u64,
    /// Effective samples beyond a quantile.
    pub tail: Option<f64>,
    /// Design effect, where it could be measured.
    pub deff: Option<f64>,
    /// Why nothing can be said.
    pub problem: Option<String>,
    /// Neighbouring stretches were alike, and the interval was widened for it.
    pub alike: bool,
}

impl Arm {
    /// A single number without samples of its own: it has no interval, but repeated runs have a spread.
    pub fn single(value: f64) -> Arm {
        let unknown = Bounded { value: value.ln(), low: f64::NEG_INFINITY, high: f64::INFINITY };
        Arm {
            value,
            ci95: unknown,
            ci90: unknown,
            degrees_of_freedom: 1.0,
            samples: 1,
            tail: None,
            deff: None,
            problem: Some("a single search a side; no interval".to_owned()),
            alike: false,
        }
    }

    /// The variance of the estimate as its interval tells it; 0 where that is unbounded.
    pub fn variance(&self) -> f64 {
        let width = self.ci95.high - self.ci95.low;
        if !width.is_finite() {
            return 0.0;
        }
        let t = stats::t_quantile(0.975, self.degrees_of_freedom);
        (width / (2.0 * t)).powi(2)
    }
}

/// A metric of a run that another program measured: its value as that told it, and no doubt within the run, because
/// nothing is known of when what happened. Between several such runs there is a spread.
pub(super) fn foreign(
    run: &Run,
    phase: &PhaseData,
    series: &SeriesData,
    stat: Stat,
) -> Option<Arm> {
    let samples = series.count();
    let failed: u64 = series.errors.values().sum();
    let of = |part: u64, all: u64| (all > 0).then(|| part as f64 / all as f64);
    let value = match stat {
        Stat::Rate => samples as f64 / (phase.length_ns as f64 / 1e9),
        Stat::Errors => of(failed, samples + failed)?,
        Stat::Stalls => {
            let limit_ns = subject::stall_ns(run);
            let stalls = match &series.told {
                Some(told) => Some(told.at_or_above(limit_ns)).filter(|(low, high)| low == high)?.0,
                None => series.total.count_at_or_above(limit_ns),
            };
            of(stalls, samples)?
        }
        Stat::Capacity => return None,
        stat => series.quantile(stat.quantile()?)?.value_ns as f64,
    };
    let centre = if stat.is_share() { value } else { value.max(f64::MIN_POSITIVE).ln() };
    let unknown = Bounded { value: centre, low: f64::NEG_INFINITY, high: f64::INFINITY };
    Some(Arm {
        samples,
        tail: stat.quantile().map(|q| samples as f64 * (1.0 - q)),
        ci95: unknown,
        ci90: unknown,
        problem: Some(NO_INTERVAL.to_owned()),
        ..Arm::single(value)
    })
    .filter(|_| value.is_finite())
}

/// Quantile `q` of a series that was measured for so many seconds.
pub(super) fn quantile(series: &SeriesData, q: f64, seconds: f64) -> Option<Arm> {
    let total = &series.total;
    let value = total.quantile(q)? as f64;
    let batches = regroup(&series.batches, wanted_batches(seconds), Distribution::merge);
    let shares = record::shares_below(total, &batches, q);
    let (design, alike) = allow_for_neighbours(stats::design_effect(&shares), &residuals(&shares));
    let samples = total.count() as f64;
    let tail = design.effective(samples) * (1.0 - q);
    let bounds = |confidence| {
        let (low, high) = record::quantile_interval(total, design, q, confidence);
        let ln = |ns: Option<u64>, unknown: f64| ns.map_or(unknown, |ns| (ns.max(1) as f64).ln());
        Bounded {
            value: value.max(1.0).ln(),
            low: ln(low, f64::NEG_INFINITY),
            high: ln(high, f64::INFINITY),
        }
    };
    let ci95 = bounds(0.95);
    let beyond = |batch: &&Distribution| batch.max_ns() > value as u64;
    let spread = batches.iter().filter(beyond).count() as f64 / batches.len().max(1) as f64;
    Some(Arm {
        value,
        ci95,
        ci90: bounds(0.90),
        degrees_of_freedom: (design.batches.max(2) - 1) as f64,
        samples: total.count(),
        tail: Some(tail),
        deff: design.measured().then_some(design.deff),
        problem: quantile_problem(&design, tail, q, samples / seconds.max(1e-9))
            .or_else(|| (spread < SPREAD).then(|| one_stretch(q)))
            .or_else(|| (!ci95.high.is_finite()).then(|| unbounded(q))),
        alike,
    })
}

fn quantile_problem(design: &DesignEffect, tail: f64, q: f64, per_s: f64) -> Option<String> {
    if !design.measured() {
        return Some(TOO_SHORT.to_owned());
    }
    // 1,000 × (1 − 0.99) is a hair below 10 in binary.
    if tail >= MIN_TAIL_SAMPLES * (1.0 - 1e-9) {
        return None;
    }
    let more = (MIN_TAIL_SAMPLES - tail) * design.deff / ((1.0 - q) * per_s);
    Some(format!(
        "{} of {MIN_TAIL_SAMPLES} effective samples beyond it, about {} more",
        few(tail),
        seconds(more),
    ))
}

fn one_stretch(q: f64) -> String {
    format!(
        "samples beyond p{} come from less than six tenths of the time",
        crate::units::significant(q * 100.0)
    )
}

fn unbounded(q: f64) -> String {
    format!("too few samples to bound p{} from above", crate::units::significant(q * 100.0))
}

fn few(number: f64) -> String {
    format!("{:.1}", (number * 10.0).floor() / 10.0).trim_end_matches(".0").to_owned()
}

/// A length of time that was worked out roughly, for people.
pub(super) fn seconds(seconds: f64) -> String {
    crate::units::format_duration((rounded_up(seconds) * 1e9).min(u64::MAX as f64 / 2.0) as u64)
}

/// Up to two significant digits.
pub(super) fn rounded_up(number: f64) -> f64 {
    let digit = 10f64.powf((number.max(1.0).log10().floor() - 1.0).max(0.0));
    (number / digit).ceil() * digit
}

/// Operations per second of a series.
pub(super) fn rate(phase: &PhaseData, series: &SeriesData) -> Option<Arm> {
    let length_s = phase.length_ns as f64 / 1e9;
    let samples = series.total.count();
    if samples == 0 || length_s <= 0.0 {
        return None;
    }
    let rates = rates(phase, series, wanted_batches(length_s));
    let moments = Moments::of(&rates)?;
    let value = samples as f64 / length_s;
    let alike = stats::lag_one(&rates);
    let widen = neighbours(alike).sqrt();
    let error = moments.deviation() / moments.n.sqrt() * widen;
    let measured = rates.len() >= MIN_BATCHES;
    let bounds = |confidence: f64| {
        let t = stats::t_quantile(f64::midpoint(1.0, confidence), (moments.n - 1.0).max(1.0));
        let low = value - t * error;
        Bounded {
            value: value.ln(),
            low: if low > 0.0 { low.ln() } else { f64::NEG_INFINITY },
            high: (value + t * error).ln(),
        }
    };
    Some(Arm {
        value,
        ci95: bounds(0.95),
        ci90: bounds(0.90),
        degrees_of_freedom: (moments.n - 1.0).max(1.0),
        samples,
        tail: None,
        deff: None,
        problem: (!measured).then(|| TOO_SHORT.to_owned()),
        alike: alike > ALIKE,
    })
}

/// Samples per second in equal stretches of a phase. A point that lies across a border counts on both sides in
/// proportion.
fn rates(phase: &PhaseData, series: &SeriesData, wanted: usize) -> Vec<f64> {
    let count = wanted.min(series.timeline.len());
    let each_ns = phase.length_ns as f64 / count.max(1) as f64;
    let mut sums = vec![0.0; count];
    for point in &series.timeline {
        let start = point.start_ns.saturating_sub(phase.start_ns) as f64;
        let length = (point.length_ns as f64).max(1.0);
        let (first, last) = (start / each_ns, (start + length) / each_ns);
        let touched = first as usize..=(last as usize).min(count.saturating_sub(1));
        for index in touched {
            let from = first.max(index as f64);
            let to = last.min(index as f64 + 1.0);
            sums[index] += point.count as f64 * (to - from).max(0.0) * each_ns / length;
        }
    }
    sums.iter().map(|sum| sum / (each_ns / 1e9)).collect()
}

/// Share of failed operations.
pub(super) fn errors(series: &SeriesData, seconds: f64) -> Option<Arm> {
    let failed: u64 = series.errors.values().sum();
    let answered = series.total.count();
    let each: Vec<(f64, f64)> = series
        .batches
        .iter()
        .zip(&series.batch_errors)
        .map(|(batch, &errors)| (errors as f64, (batch.count() + errors) as f64))
        .collect();
    share(failed, answered + failed, each, seconds)
}

/// Share of samples at or above a limit.
pub(super) fn stalls(series: &SeriesData, limit_ns: u64, seconds: f64) -> Option<Arm> {
    let at_or_above = |batch: &Distribution| batch.count_at_or_above(limit_ns);
    let each = series
        .batches
        .iter()
        .map(|batch| (at_or_above(batch) as f64, batch.count() as f64))
        .collect();
    share(at_or_above(&series.total), series.total.count(), each, seconds)
}

fn share(hits: u64, samples: u64, each: Vec<(f64, f64)>, seconds: f64) -> Option<Arm> {
    if samples == 0 {
        return None;
    }
    let add = |a: &mut (f64, f64), b: &(f64, f64)| {
        a.0 += b.0;
        a.1 += b.1;
    };
    let each = regroup(&each, wanted_batches(seconds), add);
    let (design, alike) = allow_for_neighbours(stats::design_effect(&each), &residuals(&each));
    let value = hits as f64 / samples as f64;
    let bounds = |confidence: f64| {
        let level = f64::midpoint(1.0, confidence);
        let effective = design.effective_for_interval(samples as f64, level);
        let (low, high) = stats::interval(value * effective, effective, confidence);
        Bounded { value, low, high }
    };
    Some(Arm {
        value,
        ci95: bounds(0.95),
        ci90: bounds(0.90),
        degrees_of_freedom: (each.len().max(2) - 1) as f64,
        samples,
        tail: None,
        deff: design.measured().then_some(design.deff),
        problem: None,
        alike,
    })
}

fn wanted_batches(seconds: f64) -> usize {
    ((seconds / BATCH_S) as usize).clamp(FEWEST_BATCHES, BATCHES)
}

/// Neighbouring items merged into so many groups, as even as may be.
fn regroup<T: Clone>(items: &[T], groups: usize, merge: impl Fn(&mut T, &T)) -> Vec<T> {
    let groups = groups.min(items.len());
    (0..groups)
        .map(|group| {
            let part = &items[group * items.len() / groups..(group + 1) * items.len() / groups];
            let mut sum = part[0].clone();
            part[1..].iter().for_each(|item| merge(&mut sum, item));
            sum
        })
        .collect()
}

/// What each stretch has too much or too little of.
fn residuals(shares: &[(f64, f64)]) -> Vec<f64> {
    let hits: f64 = shares.iter().map(|s| s.0).sum();
    let samples: f64 = shares.iter().map(|s| s.1).sum();
    shares.iter().map(|s| s.0 - s.1 * hits / samples.max(1.0)).collect()
}

/// Where neighbouring stretches are alike, they are fewer witnesses than they are stretches.
fn allow_for_neighbours(design: DesignEffect, residuals: &[f64]) -> (DesignEffect, bool) {
    let alike = stats::lag_one(residuals);
    let widened = DesignEffect { deff: design.deff * neighbours(alike), ..design };
    (widened, alike > ALIKE)
}

/// By how much the variance of a mean grows when neighbours are correlated so: (1 + ρ)/(1 − ρ), as of a first-order
/// autoregression.
fn neighbours(alike: f64) -> f64 {
    if alike <= ALIKE {
        return 1.0;
    }
    let alike = alike.min(MOST_ALIKE);
    (1.0 + alike) / (1.0 - alike)
}
