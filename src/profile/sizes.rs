//! How large values are, by samples of them.

use serde::Serialize;

/// A sampled value: its bytes, and for how many keys it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Its bytes.
    pub bytes: u64,
    /// The number of keys that it stands for.
    pub weight: f64,
}

/// How large values are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Sizes {
    /// Half of them are no larger.
    pub p50: u64,
    /// One in a hundred is larger.
    pub p99: u64,
    /// The largest that was met.
    pub max: u64,
    /// On average.
    pub mean: f64,
    /// Values that were looked at.
    pub samples: u64,
}

impl Sizes {
    /// Those of samples.
    pub fn of(mut samples: Vec<Sample>) -> Sizes {
        samples.retain(|sample| sample.weight > 0.0);
        samples.sort_by_key(|sample| sample.bytes);
        let all: f64 = samples.iter().map(|sample| sample.weight).sum();
        let at = |share: f64| {
            let mut below = 0.0;
            let reaches = samples.iter().find(|sample| {
                below += sample.weight;
                below >= share * all
            });
            reaches.or(samples.last()).map_or(0, |sample| sample.bytes)
        };
        let sum: f64 = samples.iter().map(|sample| sample.bytes as f64 * sample.weight).sum();
        Sizes {
            p50: at(0.5),
            p99: at(0.99),
            max: samples.last().map_or(0, |sample| sample.bytes),
            mean: if all > 0.0 { sum / all } else { 0.0 },
            samples: samples.len() as u64,
        }
    }

    /// Those of two sets together: of quantiles the larger, for which keys they are is not known any more.
    pub fn with(self, keys: u64, other: Sizes, others: u64) -> Sizes {
        let all = (keys + others).max(1) as f64;
        let larger =
            if keys as f64 * self.mean >= others as f64 * other.mean { self } else { other };
        Sizes {
            p50: larger.p50,
            p99: self.p99.max(other.p99),
            max: self.max.max(other.max),
            mean: (keys as f64 * self.mean + others as f64 * other.mean) / all,
            samples: self.samples + other.samples,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_counts_for_the_keys_it_stands_for() {
        let sample = |bytes, weight| Sample { bytes, weight };
        let sizes = Sizes::of(vec![sample(1000, 1.0), sample(10, 60.0), sample(20, 39.0)]);
        assert_eq!((sizes.p50, sizes.p99, sizes.max, sizes.samples), (10, 20, 1000, 3));
        assert!((sizes.mean - 23.8).abs() < 1e-9, "{}", sizes.mean);
        assert_eq!(Sizes::of(Vec::new()), Sizes::default());
    }
}
