//! Quantiles and shares with the doubt that their samples leave, allowing for their dependence.

use crate::stats::{self, DesignEffect};

use super::Distribution;

/// Effective samples that must lie beyond a quantile before it is worth trusting.
pub const MIN_TAIL_SAMPLES: f64 = 10.0;

/// Confidence of every interval; each end of it holds with (1 + 0.95) / 2.
const CONFIDENCE: f64 = 0.95;

/// A quantile with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantileEstimate {
    /// Which one: 0.5, 0.99 …
    pub q: f64,
    /// Its value.
    pub value_ns: u64,
    /// Lower end of the interval; `None` when the samples cannot bound it.
    pub low_ns: Option<u64>,
    /// Upper end of the interval; `None` when the samples cannot bound it.
    pub high_ns: Option<u64>,
    /// Effective samples beyond the quantile.
    pub tail_samples: f64,
    /// The design effect behind all of these.
    pub design: DesignEffect,
    /// Whether at least [`MIN_TAIL_SAMPLES`] effective samples lie beyond it: p99 needs 1,000 samples even where they
    /// are independent, p99.9 needs 10,000.
    pub resolvable: bool,
}

/// How well samples resolve a quantile: the one standard for headlines, rules, tables and charts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Resolution {
    /// At least [`MIN_TAIL_SAMPLES`] effective samples lie beyond it.
    #[default]
    Full,
    /// There would be enough were they independent; its value is a rough one.
    Rough,
    /// Too few lie beyond it for any value.
    TooFew,
}

impl Resolution {
    /// Of quantile `q` of `count` samples.
    pub fn of(q: f64, count: u64, resolvable: bool) -> Resolution {
        match resolvable {
            true => Resolution::Full,
            // 1,000 × (1 − 0.99) is a hair below 10 in binary.
            false if count as f64 * (1.0 - q) >= MIN_TAIL_SAMPLES * (1.0 - 1e-9) => {
                Resolution::Rough
            }
            false => Resolution::TooFew,
        }
    }
}

/// How large a share of samples is at or above a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exceedance {
    /// Samples at or above the limit.
    pub count_above: u64,
    /// All samples.
    pub samples: u64,
    /// Design effect of this share; not measured where too few batches, or no sample or every sample above the
    /// limit, leave nothing to measure it from.
    pub design: DesignEffect,
    /// As how many independent samples they count.
    pub effective_samples: f64,
    /// `count_above` / `samples`; 0 without samples.
    pub share: f64,
    /// The true share is above this with 95 % confidence.
    pub low: f64,
    /// The true share is below this with 95 % confidence.
    pub high: f64,
}

/// Estimates quantile `q` (0 < q < 1) of `total`, whose samples are also given as contiguous `batches` of time. `None` without samples.
///
/// Woodruff's interval: the doubt about the share below the quantile, widened by the design effect, is read back on
/// the value axis.
pub fn quantile(
    total: &Distribution,
    batches: &[Distribution],
    q: f64,
) -> Option<QuantileEstimate> {
    let value_ns = total.quantile(q)?;
    let samples = total.count() as f64;
    let design = stats::design_effect(&shares_below(total, batches, q));
    let (low_ns, high_ns) = quantile_interval(total, design, q, CONFIDENCE);
    let tail_samples = design.effective(samples) * (1.0 - q);
    Some(QuantileEstimate {
        q,
        value_ns,
        low_ns,
        high_ns,
        tail_samples,
        design,
        // 1,000 × (1 − 0.99) is a hair below 10 in binary.
        resolvable: tail_samples >= MIN_TAIL_SAMPLES * (1.0 - 1e-9),
    })
}

/// The interval that holds quantile `q` with this confidence, half of the doubt on each side, for samples of this
/// design effect. An end is `None` where the samples cannot bound it.
pub fn quantile_interval(
    total: &Distribution,
    design: DesignEffect,
    q: f64,
    confidence: f64,
) -> (Option<u64>, Option<u64>) {
    let samples = total.count() as f64;
    let level = f64::midpoint(1.0, confidence);
    let ranks = stats::quantile_ranks(design.effective_for_interval(samples, level), q, confidence);
    // Rounding errors of the last digits must not push a rank to its neighbour.
    let low = ranks.low.map(|share| (share * samples + 1e-6).floor() as u64);
    let high = ranks.high.map(|share| (share * samples - 1e-6).ceil() as u64);
    (
        low.and_then(|rank| total.value_at_rank(rank.max(1))),
        high.and_then(|rank| total.value_at_rank(rank)),
    )
}

/// Estimates the share of samples at or above a limit; each bound holds with 95 % on its own.
pub fn exceedance(total: &Distribution, batches: &[Distribution], limit_ns: u64) -> Exceedance {
    let hits: Vec<(f64, f64)> =
        batches.iter().map(|b| (b.count_at_or_above(limit_ns) as f64, b.count() as f64)).collect();
    let design = stats::design_effect(&hits);
    let (count_above, samples) = (total.count_at_or_above(limit_ns), total.count());
    let share = if samples == 0 { 0.0 } else { count_above as f64 / samples as f64 };
    let effective = design.effective_for_interval(samples as f64, CONFIDENCE);
    Exceedance {
        count_above,
        samples,
        design,
        effective_samples: design.effective(samples as f64),
        share,
        low: stats::lower_bound(share * effective, effective, CONFIDENCE),
        high: stats::upper_bound(share * effective, effective, CONFIDENCE),
    }
}

/// Per batch, how many samples are below quantile `q` of the whole, and how many there are. The bucket that holds the
/// quantile is split in proportion, so that the parts add up to exactly q.
pub fn shares_below(total: &Distribution, batches: &[Distribution], q: f64) -> Vec<(f64, f64)> {
    let rank = total.rank(q);
    let mut below = 0;
    let mut edge = None;
    for &(value, count) in total.buckets() {
        if below + count >= rank {
            edge = Some((value, count));
            break;
        }
        below += count;
    }
    let Some((value, inside)) = edge else {
        return Vec::new();
    };
    let part = ((q * total.count() as f64 - below as f64) / inside as f64).clamp(0.0, 1.0);
    batches
        .iter()
        .map(|batch| {
            let (under, within) = batch.count_below_and_in(value);
            (under as f64 + part * within as f64, batch.count() as f64)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{exceedance, quantile};
    use crate::record::{Distribution, Samples};

    fn of(values: impl IntoIterator<Item = u64>) -> Distribution {
        let mut samples = Samples::new();
        values.into_iter().for_each(|v| samples.record(v));
        Distribution::from_samples(&samples)
    }

    fn whole(batches: &[Distribution]) -> Distribution {
        batches.iter().fold(Distribution::default(), |mut sum, b| {
            sum.merge(b);
            sum
        })
    }

    /// Ten batches of 100 samples, 1 to 100 in each: as even as can be.
    fn even() -> Vec<Distribution> {
        (0..10).map(|_| of(1..=100)).collect()
    }

    #[test]
    fn even_batches_need_no_allowance() {
        let batches = even();
        let p99 = quantile(&whole(&batches), &batches, 0.99).unwrap();
        assert_eq!(p99.value_ns, 99);
        assert_eq!(p99.design.deff, 1.0);
        assert!((p99.tail_samples - 10.0).abs() < 1e-9);
        assert!(p99.resolvable);
        assert_eq!((p99.low_ns, p99.high_ns), (Some(99), Some(100)));
        let median = quantile(&whole(&batches), &batches, 0.5).unwrap();
        // 1,000 samples whose ten batches count for 750: ranks 464 to 537, ten samples to a value.
        assert_eq!((median.low_ns, median.high_ns), (Some(47), Some(54)));
    }

    #[test]
    fn too_few_samples_are_not_resolvable() {
        let batches: Vec<_> = (0..9).map(|_| of(1..=100)).collect();
        let total = whole(&batches);
        assert!(!quantile(&total, &batches, 0.99).unwrap().resolvable);
        let p999 = quantile(&total, &batches, 0.999).unwrap();
        assert_eq!(p999.high_ns, None, "900 samples cannot bound p99.9");
        assert!(quantile(&Distribution::default(), &[], 0.5).is_none());
    }

    #[test]
    fn a_bad_stretch_widens_the_interval_and_costs_samples() {
        // One batch of ten is slow throughout: its 1,000 slow samples are one event, not a thousand.
        let mut batches: Vec<_> = (0..9).map(|_| of((0..1_000).map(|i| 1_000 + i))).collect();
        batches.push(of((0..1_000).map(|i| 50_000 + i)));
        let total = whole(&batches);
        let p99 = quantile(&total, &batches, 0.99).unwrap();
        assert!(p99.design.deff > 50.0, "{}", p99.design.deff);
        assert!(!p99.resolvable, "{} tail samples", p99.tail_samples);
        let shuffled = quantile(&total, &[], 0.99).unwrap();
        assert!(shuffled.resolvable && !shuffled.design.measured());
        let over = exceedance(&total, &batches, 10_000);
        assert_eq!((over.count_above, over.samples), (1_000, 10_000));
        assert!(over.effective_samples < 20.0, "{}", over.effective_samples);
        assert!(over.low < 0.02 && over.high > 0.25, "{over:?}");
    }

    #[test]
    fn nothing_above_gives_the_rule_of_three() {
        let batches = even();
        let none = exceedance(&whole(&batches), &batches, 101);
        assert_eq!((none.count_above, none.low), (0, 0.0));
        assert!((none.high * 1_000.0 - 2.99).abs() < 0.01, "{}", none.high);
        let empty = exceedance(&Distribution::default(), &[], 1);
        assert_eq!((empty.share, empty.low, empty.high), (0.0, 0.0, 1.0));
    }

    #[test]
    fn shares_agree_with_counts() {
        let batches = even();
        let half = exceedance(&whole(&batches), &batches, 51);
        assert_eq!((half.count_above, half.share), (500, 0.5));
        assert!(half.low > 0.46 && half.low < 0.5 && half.high > 0.5 && half.high < 0.54);
    }
}
