//! One interval's samples of one series, cheap to record into.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};

/// The highest duration the histogram resolves: one hour. Longer ones are counted, never silently clamped.
pub const HIGHEST_NS: u64 = 3_600_000_000_000;
/// Significant decimal digits of every histogram: a value is off by at most 0.1 %.
pub const SIGNIFICANT_DIGITS: u8 = 3;

/// A histogram with exact count, minimum, maximum and sum beside it, because the histogram rounds them.
#[derive(Debug, Clone)]
pub struct Samples {
    histogram: Histogram<u32>,
    count: u64,
    min_ns: u64,
    max_ns: u64,
    sum_ns: u64,
    over_top: u64,
    errors: BTreeMap<String, u64>,
}

impl Default for Samples {
    fn default() -> Self {
        Self::new()
    }
}

impl Samples {
    /// An empty histogram with fixed bounds, 1 ns to [`HIGHEST_NS`]; it never resizes while recording.
    pub fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, HIGHEST_NS, SIGNIFICANT_DIGITS)
            .expect("constant bounds are valid");
        Samples {
            histogram,
            count: 0,
            min_ns: u64::MAX,
            max_ns: 0,
            sum_ns: 0,
            over_top: 0,
            errors: BTreeMap::new(),
        }
    }

    /// Records one duration. A value above [`HIGHEST_NS`] is counted in [`Samples::over_top`] and at the top.
    pub fn record(&mut self, ns: u64) {
        self.count += 1;
        self.min_ns = self.min_ns.min(ns);
        self.max_ns = self.max_ns.max(ns);
        self.sum_ns = self.sum_ns.saturating_add(ns);
        if ns > HIGHEST_NS {
            self.over_top += 1;
        }
        self.histogram.saturating_record(ns.max(1));
    }

    /// Records a duration as often as somebody else's histogram has counted it.
    pub fn record_many(&mut self, ns: u64, count: u32) {
        if count == 0 {
            return;
        }
        let many = u64::from(count);
        self.count += many;
        self.min_ns = self.min_ns.min(ns);
        self.max_ns = self.max_ns.max(ns);
        self.sum_ns = self.sum_ns.saturating_add(ns.saturating_mul(many));
        if ns > HIGHEST_NS {
            self.over_top += many;
        }
        self.histogram.saturating_record_n(ns.max(1), count);
    }

    /// Counts an operation that failed, by class.
    pub fn error(&mut self, class: &str) {
        match self.errors.get_mut(class) {
            Some(count) => *count += 1,
            None => {
                self.errors.insert(class.to_owned(), 1);
            }
        }
    }

    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.histogram.reset();
        self.count = 0;
        self.min_ns = u64::MAX;
        self.max_ns = 0;
        self.sum_ns = 0;
        self.over_top = 0;
        self.errors.clear();
    }

    /// Number of recorded durations, errors not among them.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The smallest recorded duration, exact; 0 when empty.
    pub fn min_ns(&self) -> u64 {
        if self.count == 0 { 0 } else { self.min_ns }
    }

    /// The largest recorded duration, exact; 0 when empty.
    pub fn max_ns(&self) -> u64 {
        self.max_ns
    }

    /// The sum of all recorded durations, exact.
    pub fn sum_ns(&self) -> u64 {
        self.sum_ns
    }

    /// How many values were above [`HIGHEST_NS`].
    pub fn over_top(&self) -> u64 {
        self.over_top
    }

    /// Failed operations by class.
    pub fn errors(&self) -> &BTreeMap<String, u64> {
        &self.errors
    }

    /// True when neither a duration nor an error was recorded.
    pub fn is_empty(&self) -> bool {
        self.count == 0 && self.errors.is_empty()
    }

    /// The buckets that hold something, as (highest value of the bucket in ns, count), ascending.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.histogram
            .iter_recorded()
            .map(|v| (v.value_iterated_to(), v.count_since_last_iteration()))
    }

    /// HdrHistogram V2, deflated, base64: what Java's and every other reader of `.hlog` understands.
    pub fn encode(&self) -> String {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.histogram, &mut bytes)
            .expect("writing to memory cannot fail");
        BASE64.encode(bytes)
    }
}
