//! How much dependence between samples widens an interval: the design effect of a share, from contiguous batches
//! of a run.
//!
//! Latencies come in good and bad seconds, so requests are not independent and formulas that take them so promise
//! far too much. The batches are the clusters of survey sampling: the variance of the share is estimated between
//! them (the ratio estimator; W. Cochran, "Sampling Techniques", 3rd ed., §3.12; R. Woodruff, "Confidence intervals
//! for medians and other position measures", JASA 47 (1952)) and compared with that of as many independent samples.

use super::student::t_quantile;

/// Fewer batches than this say nothing about the variance between them.
pub const MIN_BATCHES: usize = 5;

/// The variance of a share over that of independent samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DesignEffect {
    /// At least 1: samples never count for more than they are.
    pub deff: f64,
    /// Batches it was measured from; 0 when it could not be measured and 1 is assumed.
    pub batches: usize,
}

impl DesignEffect {
    /// What is assumed where nothing can be measured: independence.
    pub const ASSUMED: DesignEffect = DesignEffect { deff: 1.0, batches: 0 };

    /// False when too few batches, or no variation at all, leave independence a mere assumption.
    pub fn measured(&self) -> bool {
        self.batches > 0
    }

    /// As how many independent samples these count.
    pub fn effective(&self, samples: f64) -> f64 {
        samples / self.deff
    }

    /// The effective number for an interval whose ends each hold with the probability `level`: smaller by what the
    /// uncertainty of the design effect itself costs, (t(n−1)/t(B−1))² (Korn and Graubard 1998).
    pub fn effective_for_interval(&self, samples: f64, level: f64) -> f64 {
        let effective = self.effective(samples);
        if !self.measured() || samples <= 1.0 {
            return effective;
        }
        let known = t_quantile(level, samples - 1.0);
        let estimated = t_quantile(level, self.batches as f64 - 1.0);
        effective * (known / estimated).powi(2).min(1.0)
    }
}

/// The design effect of the share Σhits / Σsamples over contiguous batches of (hits, samples). Empty batches are
/// left out.
pub fn design_effect(batches: &[(f64, f64)]) -> DesignEffect {
    let batches = || batches.iter().filter(|(_, samples)| *samples > 0.0);
    let count = batches().count();
    let hits: f64 = batches().map(|b| b.0).sum();
    let samples: f64 = batches().map(|b| b.1).sum();
    if count < MIN_BATCHES || hits <= 0.0 || hits >= samples {
        return DesignEffect::ASSUMED;
    }
    let share = hits / samples;
    let squares: f64 = batches().map(|b| (b.0 - share * b.1).powi(2)).sum();
    let spread = count as f64 / (count as f64 - 1.0) * squares;
    DesignEffect { deff: (spread / (samples * share * (1.0 - share))).max(1.0), batches: count }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::{DesignEffect, design_effect};

    #[test]
    fn clumped_hits_count_once() {
        // All 40 hits in one of ten batches: as good as one independent hit.
        let mut batches = vec![(0.0, 1000.0); 10];
        batches[3].0 = 40.0;
        let design = design_effect(&batches);
        let effective_hits = design.effective(10_000.0) * 40.0 / 10_000.0;
        assert!((0.9..1.1).contains(&effective_hits), "{effective_hits}");
    }

    #[test]
    fn even_hits_never_count_for_more_than_they_are() {
        let design = design_effect(&[(10.0, 1000.0); 10]);
        assert_eq!(design.deff, 1.0);
        assert!(design.measured());
    }

    #[test]
    fn too_little_to_measure_is_said() {
        assert_eq!(
            design_effect(&[(3.0, 9.0), (0.0, 9.0), (9.0, 9.0), (1.0, 9.0), (0.0, 0.0)]),
            DesignEffect::ASSUMED
        );
        assert!(!design_effect(&[(0.0, 9.0); 10]).measured());
        assert!(!design_effect(&[(9.0, 9.0); 10]).measured());
    }

    #[test]
    fn few_batches_cost_what_student_says() {
        let design = DesignEffect { deff: 2.0, batches: 10 };
        assert_eq!(design.effective(1e6), 5e5);
        let want = 5e5 * (1.959_964f64 / 2.262_157).powi(2);
        assert!((design.effective_for_interval(1e6, 0.975) - want).abs() < 10.0);
    }

    #[test]
    fn independent_samples_average_to_one() {
        // Mean of the unclamped estimate over many draws is 1; clamped at 1 it lies a little above, never near 2.
        let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
        let draws = 400;
        let mut sum = 0.0;
        for _ in 0..draws {
            let batches: Vec<(f64, f64)> = (0..10)
                .map(|_| {
                    let hits = (0..1000)
                        .filter(|_| rand_core::Rng::next_u32(&mut random) < u32::MAX / 50)
                        .count();
                    (hits as f64, 1000.0)
                })
                .collect();
            sum += design_effect(&batches).deff;
        }
        let mean = sum / f64::from(draws);
        assert!((1.0..1.4).contains(&mean), "{mean}");
    }

    proptest! {
        #[test]
        fn scale_of_dependence(times in 1u32..50) {
            // Every sample told `times` times over: the design effect grows by exactly that factor.
            let once = [(1.0, 50.0), (9.0, 60.0), (2.0, 40.0), (7.0, 55.0), (30.0, 100.0), (3.0, 45.0)];
            let many: Vec<_> = once.iter().map(|(h, n)| (h * f64::from(times), n * f64::from(times))).collect();
            let ratio = design_effect(&many).deff / design_effect(&once).deff;
            prop_assert!((ratio - f64::from(times)).abs() < 1e-9);
        }
    }
}
