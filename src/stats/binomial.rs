//! Exact bounds for a share: Clopper–Pearson, "The use of confidence or fiducial limits illustrated in the case of
//! the binomial", Biometrika 26 (1934). Counts may be fractional, as effective counts of dependent samples are
//! (E. Korn and B. Graubard, "Confidence intervals for proportions with small expected number of positive counts
//! estimated from survey data", Survey Methodology 24 (1998)).

use super::beta;

/// Which end of a share is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The share is at least this.
    Lower,
    /// The share is at most this.
    Upper,
}

/// The share that is exceeded with this confidence (0 to 1) when `hits` of `samples` were seen. 0 without hits or
/// without samples.
pub fn lower_bound(hits: f64, samples: f64, confidence: f64) -> f64 {
    if hits <= 0.0 || samples <= 0.0 {
        return 0.0;
    }
    let hits = hits.min(samples);
    beta::inverse(hits, samples - hits + 1.0, 1.0 - confidence)
}

/// The share that is not exceeded with this confidence (0 to 1) when `hits` of `samples` were seen. 1 when all were
/// hits or there were no samples.
pub fn upper_bound(hits: f64, samples: f64, confidence: f64) -> f64 {
    let hits = hits.max(0.0);
    if samples <= 0.0 || hits >= samples {
        return 1.0;
    }
    // From the other side, so that a small bound keeps its relative accuracy: 1 − I(1−α; k+1, n−k).
    beta::inverse(hits + 1.0, samples - hits, confidence)
}

/// Lower and upper bound that hold together with this confidence.
pub fn interval(hits: f64, samples: f64, confidence: f64) -> (f64, f64) {
    let each = f64::midpoint(1.0, confidence);
    (lower_bound(hits, samples, each), upper_bound(hits, samples, each))
}

/// How common something may be, at 95 %, that was not seen in so many samples: about three in `samples`.
pub fn rule_of_three(samples: f64) -> f64 {
    upper_bound(0.0, samples, 0.95)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{interval, lower_bound, rule_of_three, upper_bound};

    fn close(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-8, "got {got}, want {want}");
    }

    #[test]
    fn published_intervals() {
        // R: binom.test(k, n)$conf.int
        let (low, high) = interval(5.0, 10.0, 0.95);
        close(low, 0.187_086_028_447_9);
        close(high, 0.812_913_971_552_1);
        let (low, high) = interval(0.0, 10.0, 0.95);
        close(low, 0.0);
        close(high, 1.0 - 0.025f64.powf(0.1));
        let (low, high) = interval(10.0, 10.0, 0.95);
        close(low, 0.025f64.powf(0.1));
        close(high, 1.0);
    }

    #[test]
    fn rule_of_three_is_closed_form() {
        for n in [1.0, 10.0, 33_410.0, 1e8] {
            let want = -((0.05f64).ln() / n).exp_m1();
            let got = rule_of_three(n);
            assert!((got / want - 1.0).abs() < 1e-9, "n {n}: {got} {want}");
        }
        assert_eq!(rule_of_three(0.0), 1.0);
    }

    #[test]
    fn one_hit_from_below_is_closed_form() {
        close(lower_bound(1.0, 1000.0, 0.95), 1.0 - 0.95f64.powf(1.0 / 1000.0));
    }

    #[test]
    fn nothing_measured_bounds_nothing() {
        assert_eq!(interval(0.0, 0.0, 0.95), (0.0, 1.0));
    }

    proptest! {
        #[test]
        fn contains_the_share_and_narrows(n in 1.0f64..1e6, share in 0.0f64..=1.0) {
            let (low, high) = interval(share * n, n, 0.95);
            prop_assert!(low <= share && share <= high);
            let (low4, high4) = interval(share * n * 4.0, n * 4.0, 0.95);
            prop_assert!(high4 - low4 <= (high - low) * (1.0 + 1e-9));
        }

        #[test]
        fn more_hits_raise_both_ends(n in 2.0f64..1e5, share in 0.0f64..0.9) {
            let k = share * n;
            prop_assert!(lower_bound(k + 0.1, n, 0.95) >= lower_bound(k, n, 0.95));
            prop_assert!(upper_bound(k + 0.1, n, 0.95) >= upper_bound(k, n, 0.95));
        }
    }
}
