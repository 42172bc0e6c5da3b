//! The samples of a series pooled over phases, and what a share of them says about all that were not seen.

use crate::record::Distribution;
use crate::result::{PhaseData, SeriesData};
use crate::stats;

/// Confidence of every one-sided bound that decides a rule.
pub(super) const CONFIDENCE: f64 = 0.95;

/// The samples of one or more series, pooled over phases.
#[derive(Debug, Clone, Default)]
pub(super) struct Pooled {
    /// All samples.
    pub total: Distribution,
    /// The same in contiguous stretches of time.
    pub batches: Vec<Distribution>,
    /// Failed operations.
    pub errors: u64,
    /// Length of the phases they are from.
    pub length_ns: u64,
    /// (samples, length in ns) of each interval.
    pub intervals: Vec<(u64, u64)>,
}

impl Pooled {
    /// The series a predicate takes, over phases.
    pub fn of(phases: &[&PhaseData], takes: impl Fn(&SeriesData) -> bool) -> Pooled {
        let mut pooled = Pooled::default();
        for phase in phases {
            let mut present = false;
            for series in phase.series.iter().filter(|s| takes(s)) {
                present = true;
                pooled.total.merge(&series.total);
                pooled.batches.extend(series.batches.iter().cloned());
                pooled.errors += series.errors.values().sum::<u64>();
                pooled.intervals.extend(series.timeline.iter().map(|p| (p.count, p.length_ns)));
            }
            if present {
                pooled.length_ns += phase.length_ns;
            }
        }
        pooled
    }

    /// Number of samples.
    pub fn count(&self) -> u64 {
        self.total.count()
    }

    /// How many samples lie at or above a limit, with what that says about the share of all operations.
    pub fn at_or_above(&self, limit_ns: u64) -> Share {
        let hits = hits(&self.total, limit_ns);
        let batches: Vec<(f64, f64)> = self
            .batches
            .iter()
            .map(|batch| (hits_f(batch, limit_ns), batch.count() as f64))
            .collect();
        Share::in_batches(hits, self.count(), &batches)
    }
}

/// Samples at or above a limit. The exact maximum overrules the histogram's rounding, so that the page never tells
/// of a stall of a second beside a maximum of 999.9 ms.
fn hits(distribution: &Distribution, limit_ns: u64) -> u64 {
    if distribution.max_ns() < limit_ns { 0 } else { distribution.count_at_or_above(limit_ns) }
}

fn hits_f(distribution: &Distribution, limit_ns: u64) -> f64 {
    hits(distribution, limit_ns) as f64
}

/// A share seen in samples that may depend on each other, and what it says about all that were not seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Share {
    /// Samples that had it.
    pub hits: u64,
    /// All samples.
    pub samples: u64,
    /// As how many independent samples they count.
    pub effective: f64,
}

impl Share {
    /// With the dependence measured between contiguous batches of (hits, samples). Where there are too few batches
    /// to measure it, all hits of one batch are taken for one occurrence: a short run must not conclude from one
    /// bad moment.
    pub fn in_batches(hits: u64, samples: u64, batches: &[(f64, f64)]) -> Share {
        let design = stats::design_effect(batches);
        let effective = if design.measured() || hits == 0 || hits == samples {
            design.effective_for_interval(samples as f64, CONFIDENCE)
        } else {
            let hit_batches = batches.iter().filter(|batch| batch.0 > 0.0).count().max(1);
            samples as f64 * (hit_batches as f64 / hits as f64).min(1.0)
        };
        Share { hits, samples, effective }
    }

    /// With hits that came in so many separate occurrences.
    pub fn in_occurrences(hits: u64, samples: u64, occurrences: u64) -> Share {
        let dependence =
            if hits == 0 { 1.0 } else { occurrences.clamp(1, hits) as f64 / hits as f64 };
        Share { hits, samples, effective: samples as f64 * dependence }
    }

    /// The share in the samples; 0 without samples.
    pub fn seen(&self) -> f64 {
        if self.samples == 0 { 0.0 } else { self.hits as f64 / self.samples as f64 }
    }

    /// The true share is above this, with a confidence.
    pub fn above(&self, confidence: f64) -> f64 {
        stats::lower_bound(self.seen() * self.effective, self.effective, confidence)
    }

    /// The true share is below this, with a confidence.
    pub fn below(&self, confidence: f64) -> f64 {
        stats::upper_bound(self.seen() * self.effective, self.effective, confidence)
    }

    /// How many times as many samples of the same kind would decide whether the true share is below a limit.
    /// `None` when even a hundred times as many would not.
    pub fn times_to_decide(&self, limit: f64, confidence: f64) -> Option<f64> {
        if self.hits == 0 {
            // None among n is below a limit where (1 - limit)^n is what chance is left.
            let needed = (1.0 - confidence).ln() / (1.0 - limit).ln();
            return (self.effective > 0.0).then(|| (needed / self.effective).max(1.0));
        }
        let decided = |times: f64| {
            let more = Share { effective: self.effective * times, ..*self };
            more.below(confidence) < limit || more.above(confidence) > limit
        };
        let mut times = 1.0;
        while times < 100.0 {
            if decided(times) {
                return Some(times);
            }
            times *= 1.05;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Share;

    #[test]
    fn one_bad_moment_of_a_short_run_is_one_occurrence() {
        let bad_start = Share::in_batches(30, 300, &[(30.0, 100.0), (0.0, 100.0), (0.0, 100.0)]);
        assert!(bad_start.above(0.95) < 0.01, "{bad_start:?}");
        let always = Share::in_batches(50, 50, &[(25.0, 25.0), (25.0, 25.0)]);
        assert!(always.above(0.95) > 0.9, "{always:?}");
    }

    #[test]
    fn what_is_missing_is_what_would_decide() {
        let none_of_100 = Share::in_batches(0, 100, &[(0.0, 10.0); 10]);
        let times = none_of_100.times_to_decide(0.01, 0.95).unwrap();
        assert!((2.9..3.3).contains(&times), "{times}");
        let on_the_line = Share::in_batches(100, 10_000, &[(10.0, 1000.0); 10]);
        assert_eq!(on_the_line.times_to_decide(0.01, 0.95), None);
    }
}
