//! How large values are.

use super::{SizeDistribution, Values};
use crate::plan::resolve::VAL_SIZE;
use crate::units::{exact_bytes, parse_bytes};

/// How many standard deviations above the median a hundredth of a normal distribution lies.
const P99: f64 = 2.326_347_874_040_841;
/// Standard deviations to either side over which a mean is taken, and steps of them.
const REACH: f64 = 8.0;
const STEPS: u32 = 1600;
/// What values of a long tail are no smaller than: there is room for a stamp.
const LEAST: u64 = 32;

/// Sizes as they are typed: one, a range, or a long tail by its median, 99th percentile and end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) min: u64,
    pub(super) max: u64,
    /// Median and 99th percentile.
    tail: Option<(u64, u64)>,
}

impl Sizes {
    /// What is there when nothing is typed, or what is.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, String> {
        let Some(text) = text else {
            return Ok(Sizes::range(VAL_SIZE.into(), VAL_SIZE.into()));
        };
        if let Some((kind, sizes)) = text.split_once('=') {
            return match kind {
                "lognormal" => Sizes::parse_tail(sizes),
                _ => Err(format!(
                    "'{kind}' is no distribution of sizes; write lognormal=4KiB,10KiB,30KiB"
                )),
            };
        }
        let Some((min, max)) = text.split_once("..") else {
            return parse_bytes(text).map(|size| Sizes::range(size, size));
        };
        let (min, max) = (parse_bytes(min)?, parse_bytes(max)?);
        if min > max {
            return Err("the smallest size is above the largest; turn them round".to_owned());
        }
        Ok(Sizes::range(min, max))
    }

    fn range(min: u64, max: u64) -> Self {
        Sizes { min, max, tail: None }
    }

    fn parse_tail(text: &str) -> Result<Self, String> {
        let sizes: Vec<&str> = text.split(',').collect();
        let [median, p99, max] = sizes[..] else {
            return Err(
                "a long tail has a median, a 99th percentile and an end; write lognormal=4KiB,10KiB,30KiB".to_owned(),
            );
        };
        let (median, p99, max) = (parse_bytes(median)?, parse_bytes(p99)?, parse_bytes(max)?);
        if !(1..=p99).contains(&median) || p99 > max {
            return Err(
                "the median must be above 0, the 99th percentile not below it, and the end not below that".to_owned(),
            );
        }
        Ok(Sizes { min: median.min(LEAST), max, tail: Some((median, p99)) })
    }

    /// Sizes none of which is too large for 32 bits.
    pub(super) fn distribution(self) -> SizeDistribution {
        match self.tail {
            None => SizeDistribution::Even,
            Some((median, p99)) => {
                SizeDistribution::LogNormal { median: median as u32, p99: p99 as u32 }
            }
        }
    }
}

/// Writes sizes as they are typed.
pub(super) fn text(values: &Values) -> String {
    let bytes = |size: u32| exact_bytes(u64::from(size));
    let (min, max) = (bytes(values.min_size), bytes(values.max_size));
    match values.distribution {
        SizeDistribution::LogNormal { median, p99 } => {
            format!("lognormal={},{},{max}", bytes(median), bytes(p99))
        }
        SizeDistribution::Even if values.min_size == values.max_size => max,
        SizeDistribution::Even => format!("{min}..{max}"),
    }
}

impl Values {
    /// Bytes of a value so many standard deviations above the median of its logarithm. Sizes that are equally likely
    /// have none; theirs is the middle.
    pub fn size_at(&self, deviations: f64) -> u32 {
        let SizeDistribution::LogNormal { median, p99 } = self.distribution else {
            return self.min_size + (self.max_size - self.min_size).div_ceil(2);
        };
        let (median, p99) = (f64::from(median), f64::from(p99));
        let size = median * (p99 / median).powf(deviations / P99);
        // Saturates, which is what a bound wants.
        (size.round() as u32).clamp(self.min_size, self.max_size)
    }

    /// Bytes of a value on average.
    pub fn mean_size(&self) -> u32 {
        // The weighted mean over the normal distribution, by the trapezoidal rule; both ends weigh nothing.
        let (mut sum, mut weights) = (0.0, 0.0);
        for step in 0..=STEPS {
            let deviations = REACH * (2.0 * f64::from(step) / f64::from(STEPS) - 1.0);
            let weight = (-deviations * deviations / 2.0).exp();
            sum += weight * f64::from(self.size_at(deviations));
            weights += weight;
        }
        (sum / weights).round() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Values {
        let sizes = Sizes::parse(Some(text)).expect("sizes");
        Values {
            min_size: sizes.min as u32,
            max_size: sizes.max as u32,
            compressible: 0.0,
            changing: 1.0,
            distribution: sizes.distribution(),
        }
    }

    #[test]
    fn a_long_tail_has_its_median_and_its_99th_percentile() {
        let tail = values("lognormal=4KiB,10KiB,30KiB");
        assert_eq!(tail.size_at(0.0), 4096);
        assert_eq!(tail.size_at(P99), 10_240);
        assert_eq!(tail.size_at(40.0), 30_720);
        assert_eq!(tail.size_at(-40.0), 32);
    }

    #[test]
    fn the_mean_of_a_long_tail_is_that_of_the_formula() {
        // Without bounds the mean is median × exp(σ²/2).
        let tail = values("lognormal=10000,30000,1GiB");
        let sigma = 3.0f64.ln() / P99;
        let exact = 10_000.0 * (sigma * sigma / 2.0).exp();
        assert_eq!(tail.mean_size(), exact.round() as u32);
        // What is cut off is an excess of 56 bytes on average.
        let cut = values("lognormal=10000,30000,30000").mean_size();
        assert!((54..58).contains(&(tail.mean_size() - cut)), "{cut}");
        assert_eq!(values("100..201").mean_size(), 151);
        assert_eq!(values("lognormal=500,500,500").mean_size(), 500);
    }

    #[test]
    fn sizes_are_written_as_they_are_typed() {
        for text_of in ["300", "1..4KiB", "lognormal=4KiB,10KiB,30KiB"] {
            assert_eq!(text(&values(text_of)), text_of);
        }
    }
}
