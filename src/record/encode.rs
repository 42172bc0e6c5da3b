//! Distributions back into the form in which a result holds them.

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;

use super::Distribution;
use super::samples::{HIGHEST_NS, SIGNIFICANT_DIGITS, encoded};

/// Encodes one distribution after the other in the same memory.
pub struct Encoder {
    histogram: Histogram<u64>,
    serializer: V2DeflateSerializer,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// With the bounds of every histogram of a result.
    pub fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, HIGHEST_NS, SIGNIFICANT_DIGITS)
            .expect("constant bounds are valid");
        Encoder { histogram, serializer: V2DeflateSerializer::new() }
    }

    /// HdrHistogram V2, deflated, base64: what [`Distribution::decode`] reads.
    pub fn encode(&mut self, samples: &Distribution) -> String {
        self.histogram.reset();
        for (value, count) in samples.buckets() {
            self.histogram.saturating_record_n((*value).max(1), *count);
        }
        encoded(&self.histogram, &mut self.serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Samples;
    use super::*;

    #[test]
    fn what_is_encoded_is_what_was_added_up() {
        let mut encoder = Encoder::new();
        let mut sum = Distribution::default();
        for turn in 1..=3_u64 {
            let mut samples = Samples::new();
            (1..2_000).for_each(|n| samples.record(n * n * 37 * turn));
            samples.record(2 * HIGHEST_NS);
            sum.merge(&Distribution::from_samples(&samples));
            let text = encoder.encode(&sum);
            let (count, min, max, all) = (sum.count(), sum.min_ns(), sum.max_ns(), sum.sum_ns());
            assert_eq!(Distribution::decode(&text, count, min, max, all), Ok(sum.clone()));
        }
    }
}
