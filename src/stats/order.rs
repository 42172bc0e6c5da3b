//! Distribution-free intervals for quantiles: which ranks of the sorted samples enclose a quantile (H. David and
//! H. Nagaraja, "Order Statistics", 3rd ed., §7.1), carried on to fractional sample counts through
//! P(Bin(n, q) ≤ k) = I_{1−q}(n − k, k + 1).

use super::beta;

/// Ranks, as shares of the number of samples, that enclose a quantile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantileRanks {
    /// The quantile lies at or above the sample of this rank; `None` when even the smallest sample may exceed it.
    pub low: Option<f64>,
    /// The quantile lies at or below the sample of this rank; `None` when even the largest sample may fall short.
    pub high: Option<f64>,
}

/// The ranks that enclose quantile `q` (0 < q < 1) of `samples` independent samples with this confidence, half of
/// the doubt on each side.
pub fn quantile_ranks(samples: f64, q: f64, confidence: f64) -> QuantileRanks {
    let doubt = (1.0 - confidence) / 2.0;
    // P(fewer than `rank` samples lie below the quantile), which rises with the rank.
    let below = |rank: f64| beta::regularised(samples - rank + 1.0, rank, 1.0 - q);
    if samples < 1.0 {
        return QuantileRanks { low: None, high: None };
    }
    let solve =
        |p: f64| (below(1.0) <= p && below(samples) >= p).then(|| bisect(below, samples, p));
    QuantileRanks {
        low: solve(doubt).map(|rank| rank / samples),
        high: solve(1.0 - doubt).map(|rank| rank / samples),
    }
}

/// Where a rising function of a rank between 1 and `samples` reaches `p`, to a thousandth of a rank at least.
fn bisect(rising: impl Fn(f64) -> f64, samples: f64, p: f64) -> f64 {
    let (mut low, mut high) = (1.0, samples);
    while high - low > 1e-4 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if rising(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::quantile_ranks;

    fn ranks(n: u32, q: f64) -> (Option<u64>, Option<u64>) {
        let n = f64::from(n);
        let ranks = quantile_ranks(n, q, 0.95);
        (ranks.low.map(|r| (r * n).floor() as u64), ranks.high.map(|r| (r * n).ceil() as u64))
    }

    #[test]
    fn exact_binomial_ranks() {
        // R: qbinom(0.025, n, q) and qbinom(0.975, n, q) + 1.
        assert_eq!(ranks(1_000, 0.5), (Some(469), Some(532)));
        assert_eq!(ranks(1_000, 0.99), (Some(983), Some(997)));
        assert_eq!(ranks(1_000, 0.999), (Some(997), None));
        assert_eq!(ranks(10_000, 0.999), (Some(9_983), Some(9_997)));
        assert_eq!(ranks(100_000, 0.999), (Some(99_880), Some(99_920)));
        assert_eq!(ranks(100_000, 0.9999), (Some(99_983), Some(99_997)));
    }

    #[test]
    fn bounded_above_from_the_known_counts_on() {
        // ⌈ln 0.025 / ln q⌉ samples are the fewest whose largest bounds the quantile.
        for (q, fewest) in [(0.5, 6), (0.9, 36), (0.95, 72), (0.99, 368), (0.999, 3_688)] {
            assert!(ranks(fewest - 1, q).1.is_none(), "{q}");
            assert!(ranks(fewest, q).1.is_some(), "{q}");
        }
    }

    #[test]
    fn next_to_nothing_bounds_nothing() {
        let none = quantile_ranks(0.4, 0.5, 0.95);
        assert_eq!((none.low, none.high), (None, None));
    }
}
