//! Histograms of somebody else: fixed upper bounds with cumulative counts, as Prometheus keeps them. Of a quantile they
//! tell between which two bounds it lies and no more, so no more is said: nothing is interpolated.

/// Counts below fixed bounds, over a span of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Buckets {
    /// (upper bound in ns, samples at or below it), ascending.
    bounds: Vec<(u64, f64)>,
    count: f64,
    sum_s: f64,
}

/// The two bounds between which a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bracket {
    /// It is longer than this; 0 below the lowest bound.
    pub above_ns: u64,
    /// And not longer than this; `None` above the highest bound.
    pub at_most_ns: Option<u64>,
}

impl Buckets {
    /// From (upper bound in seconds, samples at or below it) in any order, the number of all samples and their sum.
    /// `None` without samples.
    pub fn new(
        bounds: impl IntoIterator<Item = (f64, f64)>,
        count: f64,
        sum_s: f64,
    ) -> Option<Self> {
        if count.is_nan() || count < 1.0 {
            return None;
        }
        let mut bounds: Vec<(u64, f64)> = bounds
            .into_iter()
            .filter(|(bound_s, _)| bound_s.is_finite() && *bound_s >= 0.0)
            .map(|(bound_s, below)| ((bound_s * 1e9).round() as u64, below))
            .collect();
        bounds.sort_unstable_by_key(|&(bound_ns, _)| bound_ns);
        Some(Buckets { bounds, count, sum_s })
    }

    /// Number of samples.
    pub fn count(&self) -> u64 {
        self.count as u64
    }

    /// The sum of all samples in seconds.
    pub fn sum_s(&self) -> f64 {
        self.sum_s
    }

    /// The arithmetic mean, exact.
    pub fn mean_ns(&self) -> u64 {
        (self.sum_s / self.count * 1e9) as u64
    }

    /// Where quantile `q` (0 < q < 1) lies: rank ⌈q·n⌉, as for our own distributions.
    pub fn quantile(&self, q: f64) -> Bracket {
        let rank = (q * self.count).next_down().ceil().max(1.0);
        let at = self.bounds.partition_point(|&(_, below)| below < rank);
        Bracket {
            above_ns: at.checked_sub(1).map_or(0, |before| self.bounds[before].0),
            at_most_ns: self.bounds.get(at).map(|&(bound_ns, _)| bound_ns),
        }
    }

    /// Samples that are certainly longer than a limit: those above the first bound at or above it. 0 where no bound
    /// is that high.
    pub fn surely_above(&self, limit_ns: u64) -> u64 {
        let at = self.bounds.partition_point(|&(bound_ns, _)| bound_ns < limit_ns);
        let below = self.bounds.get(at).map_or(self.count, |&(_, below)| below);
        (self.count - below).max(0.0) as u64
    }

    /// Samples that may be as long as a limit or longer: those above the last bound below it.
    pub fn perhaps_above(&self, limit_ns: u64) -> u64 {
        let at = self.bounds.partition_point(|&(bound_ns, _)| bound_ns < limit_ns);
        let below = at.checked_sub(1).map_or(0.0, |before| self.bounds[before].1);
        (self.count - below).max(0.0) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::{Bracket, Buckets};

    const MS: u64 = 1_000_000;

    /// etcd's bounds of an fsync around the FAQ's 10 ms.
    fn fsyncs(below_8: f64, below_16: f64) -> Buckets {
        Buckets::new([(0.016, below_16), (0.008, below_8), (0.004, 500.0)], 1000.0, 5.0).unwrap()
    }

    #[test]
    fn a_quantile_lies_between_two_bounds() {
        let between = |above_ns, at_most_ns| Bracket { above_ns, at_most_ns };
        assert_eq!(fsyncs(989.0, 1000.0).quantile(0.99), between(8 * MS, Some(16 * MS)));
        assert_eq!(fsyncs(990.0, 1000.0).quantile(0.99), between(4 * MS, Some(8 * MS)));
        assert_eq!(fsyncs(900.0, 989.0).quantile(0.99), between(16 * MS, None));
        assert_eq!(fsyncs(900.0, 989.0).quantile(0.5), between(0, Some(4 * MS)));
    }

    #[test]
    fn a_limit_between_two_bounds_leaves_a_doubt() {
        let buckets = fsyncs(980.0, 995.0);
        assert_eq!((buckets.surely_above(10 * MS), buckets.perhaps_above(10 * MS)), (5, 20));
        assert_eq!((buckets.surely_above(8 * MS), buckets.perhaps_above(8 * MS)), (20, 500));
        assert_eq!((buckets.surely_above(100 * MS), buckets.perhaps_above(100 * MS)), (0, 5));
    }

    #[test]
    fn nothing_measured_is_no_histogram() {
        assert_eq!(Buckets::new([(0.001, 0.0)], 0.0, 0.0), None);
        assert_eq!(Buckets::new([], f64::NAN, 0.0), None);
        let mean = Buckets::new([], 4.0, 0.002).unwrap();
        assert_eq!((mean.mean_ns(), mean.count()), (500_000, 4));
    }
}
