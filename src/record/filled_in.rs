//! Requests that were not made while others were waited for.

use super::{Distribution, Samples};

/// So many values are filled in for a bucket at most; where more were not made, each stands for several.
const MOST_STEPS: u64 = 20_000;

impl Distribution {
    /// The same with what a client that asks every `pace_ns` did not ask for during each longer wait: of a wait `w` the
    /// waits `w - pace`, `w - 2 · pace` and so on, down to the pace (HdrHistogram,
    /// `copyCorrectedForCoordinatedOmission`). The largest stays as it is.
    #[must_use]
    pub fn filled_in(&self, pace_ns: u64) -> Distribution {
        let pace_ns = pace_ns.max(1);
        let mut filled = Samples::new();
        let mut added_ns = 0u64;
        for &(value, count) in self.buckets() {
            let value = value.clamp(self.min_ns(), self.max_ns());
            add(&mut filled, value, count);
            let missing = (value / pace_ns).saturating_sub(1);
            let each = missing.div_ceil(MOST_STEPS).max(1);
            for step in 1..=missing / each {
                let (shorter, many) = (value - step * each * pace_ns, count.saturating_mul(each));
                add(&mut filled, shorter, many);
                added_ns = added_ns.saturating_add(shorter.saturating_mul(many));
            }
        }
        let mut all = Distribution::from_samples(&filled);
        all.keep_exact(self, added_ns);
        all
    }
}

fn add(to: &mut Samples, value: u64, count: u64) {
    let mut left = count;
    while left > 0 {
        let some = u32::try_from(left).unwrap_or(u32::MAX);
        to.record_many(value, some);
        left -= u64::from(some);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn of(samples: &[(u64, u32)]) -> Distribution {
        let mut all = Samples::new();
        samples.iter().for_each(|(ms, count)| all.record_many(ms * MS, *count));
        Distribution::from_samples(&all)
    }

    #[test]
    fn a_wait_stands_for_the_requests_that_it_kept_away() {
        let measured = of(&[(1, 900), (1_000, 1)]);
        assert!(measured.quantile(0.99).unwrap() < 2 * MS);
        let filled = measured.filled_in(MS);
        assert_eq!(filled.count(), 900 + 1_000);
        // 1,900 samples, of which the 1,000 of the stall are spread evenly: a tenth of all are above 810 ms.
        let p90 = filled.quantile(0.9).unwrap() as f64 / MS as f64;
        assert!((805.0..815.0).contains(&p90), "{p90}");
        assert_eq!((filled.min_ns(), filled.max_ns()), (MS, 1_000 * MS));
    }

    #[test]
    fn what_is_shorter_than_twice_the_pace_stays_as_it_was() {
        let measured = of(&[(1, 10), (2, 10), (3, 10)]);
        assert_eq!(measured.filled_in(2 * MS), measured);
        assert_eq!(of(&[]).filled_in(0).count(), 0);
    }

    #[test]
    fn a_long_wait_at_a_fast_pace_takes_no_longer_and_counts_as_many() {
        let begun = std::time::Instant::now();
        let filled = of(&[(3_600_000, 3)]).filled_in(1_000);
        assert!((10_000_000_000..=10_800_000_003).contains(&filled.count()), "{}", filled.count());
        assert!(begun.elapsed().as_secs() < 5);
    }
}
