//! What was read of foreign output, whichever program it is from.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::plan::{CheckPerf, DeviceWrites, Layout};
use crate::record::Samples as Histogram;
use crate::result::{CountKnown, Interval, Line, Told, ToldQuantile};

/// A foreign run.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    /// What its program calls it.
    pub name: Option<String>,
    /// Where it ran, as far as that was told.
    pub host: Option<String>,
    /// The program's version.
    pub version: Option<String>,
    /// When it ended, as far as that was told.
    pub clock: Clock,
    /// How long it took.
    pub length_ns: u64,
    /// Its options.
    pub options: BTreeMap<String, String>,
    /// Whether these are all.
    pub options_complete: bool,
    /// How its file lay.
    pub layout: Layout,
    /// Writes it made.
    pub writes: u64,
    /// Bytes it wrote; 0 where it is not told.
    pub written_bytes: u64,
    /// The size of its file at least, where the program told of making one.
    pub laid_out_bytes: Option<u64>,
    /// Reads it made.
    pub reads: u64,
    /// It was stopped, or crashed, before its end: in which words.
    pub broke_off: Option<String>,
    /// What the devices counted.
    pub devices: Vec<DeviceWrites>,
    /// What was measured.
    pub series: Vec<ForeignSeries>,
    /// What `etcdctl check perf` told.
    pub check: Option<CheckPerf>,
    /// What reading it left to be said.
    pub remarks: Vec<String>,
    /// Where it begins in its file: tells it from others of the same file.
    pub from: usize,
    /// The line where it begins.
    pub line: usize,
}

/// When a run ended.
#[derive(Debug, Clone, Default)]
pub(super) enum Clock {
    /// It is not told.
    #[default]
    Unknown,
    /// It is told.
    Utc(Timestamp),
    /// The program told the local time of its machine and no zone; `at` takes it for UTC.
    Local { at: Timestamp, told: String },
}

/// How many samples a series has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Samples {
    /// So many.
    Told(u64),
    /// About so many: computed from other figures that were rounded.
    About(u64),
    /// At least so many.
    AtLeast(u64),
}

impl Samples {
    pub fn count(self) -> u64 {
        match self {
            Samples::Told(n) | Samples::About(n) | Samples::AtLeast(n) => n,
        }
    }

    fn known(self) -> CountKnown {
        match self {
            Samples::Told(_) => CountKnown::Exactly,
            Samples::About(_) => CountKnown::About,
            Samples::AtLeast(_) => CountKnown::AtLeast,
        }
    }
}

impl Default for Samples {
    fn default() -> Self {
        Samples::Told(0)
    }
}

/// One series of a foreign run.
#[derive(Debug, Clone, Default)]
pub(super) struct ForeignSeries {
    /// What it is called in a result: `wal.fsync`.
    pub name: String,
    /// Samples.
    pub samples: Samples,
    /// Failed operations by class.
    pub errors: BTreeMap<String, u64>,
    /// Smallest.
    pub min_ns: u64,
    /// Largest.
    pub max_ns: u64,
    /// Arithmetic mean.
    pub mean_ns: f64,
    /// Smallest and largest were cut to multiples of this; 0 where they are exact.
    pub cut_ns: u64,
    /// Quantiles were rounded up to multiples of this; 0 where they are exact.
    pub rounded_up_ns: u64,
    /// (value in ns, samples), ascending; empty where only quantiles are known.
    pub bins: Vec<(u64, u64)>,
    /// (share, value in ns), ascending.
    pub quantiles: Vec<(f64, u64)>,
}

/// More samples in one bin than this are no count.
const MOST_IN_BIN: u64 = u32::MAX as u64;
/// The bins of fio are so wide, in parts of their value: larger differences are between different bins.
const BIN_WIDTH: f64 = 1.0 / 32.0;

impl ForeignSeries {
    /// Whether its whole distribution is known.
    pub fn has_histogram(&self) -> bool {
        !self.bins.is_empty()
    }

    /// Whether there is anything in it.
    pub fn is_told(&self) -> bool {
        self.samples.count() > 0 && (self.max_ns > 0 || !self.quantiles.is_empty())
    }

    /// So many samples there are at least, for quantiles `a` and `b` are different samples only if a sample lies
    /// beyond `a`: of 2,000 samples the first whose p99.95 and p99.99 can differ.
    pub fn fewest_samples(&self) -> u64 {
        let beyond = |q: f64| (1.0 / (1.0 - q) - 1e-6).ceil() as u64;
        let pairs = self.quantiles.windows(2).filter(|pair| pair[0].1 < pair[1].1);
        let of_pairs = pairs.map(|pair| beyond(pair[0].0)).max().unwrap_or(1);
        let of_last = self.quantiles.last().filter(|(_, value)| {
            let bin_ends = *value as f64 * (1.0 + BIN_WIDTH) + self.rounded_up_ns as f64;
            self.max_ns as f64 > bin_ends
        });
        of_pairs.max(of_last.map_or(1, |&(q, _)| beyond(q)))
    }

    /// Its line in a result: a histogram where there is one, else the quantiles and nothing more.
    pub fn line(&self, phase: &str, length_ns: u64) -> Line {
        if self.has_histogram() {
            Line::Interval(self.interval(phase, length_ns))
        } else {
            Line::Told(self.told(phase, length_ns))
        }
    }

    fn interval(&self, phase: &str, length_ns: u64) -> Interval {
        let mut samples = Histogram::new();
        for &(ns, count) in &self.bins {
            samples.record_many(ns, u32::try_from(count).unwrap_or(u32::MAX));
        }
        let count = samples.count();
        let within = |ns: u64| u128::from(ns) * u128::from(count);
        // As exact as the mean was printed.
        let sum = (self.mean_ns * count as f64).round() as u128;
        let sum = sum.clamp(within(self.min_ns), within(self.max_ns));
        Interval {
            phase: phase.to_owned(),
            series: self.name.clone(),
            length_ns,
            count,
            errors: self.errors.clone(),
            min_ns: self.min_ns,
            max_ns: self.max_ns,
            sum_ns: u64::try_from(sum).unwrap_or(u64::MAX),
            over_top: samples.over_top(),
            histogram: samples.encode(),
            ..Interval::default()
        }
    }

    fn told(&self, phase: &str, length_ns: u64) -> Told {
        let told = |&(q, value_ns): &(f64, u64)| ToldQuantile { q, value_ns };
        Told {
            phase: phase.to_owned(),
            series: self.name.clone(),
            start_ns: 0,
            length_ns,
            count: self.samples.count(),
            count_known: self.samples.known(),
            errors: self.errors.clone(),
            min_ns: self.min_ns,
            max_ns: self.max_ns,
            mean_ns: self.mean_ns,
            cut_ns: self.cut_ns,
            rounded_up_ns: self.rounded_up_ns,
            quantiles: self.quantiles.iter().map(told).collect(),
        }
    }

    /// Adds another job's samples of the same kind.
    pub fn merge(&mut self, other: &ForeignSeries) {
        let (ours, theirs) = (self.samples.count(), other.samples.count());
        let both = ours.saturating_add(theirs).max(1) as f64;
        self.mean_ns = (self.mean_ns * ours as f64 + other.mean_ns * theirs as f64) / both;
        self.samples = Samples::Told(ours.saturating_add(theirs));
        self.min_ns = self.min_ns.min(other.min_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
        for (class, count) in &other.errors {
            let sum = self.errors.entry(class.clone()).or_insert(0);
            *sum = sum.saturating_add(*count);
        }
        let mut bins: BTreeMap<u64, u64> = self.bins.iter().copied().collect();
        for &(ns, count) in &other.bins {
            let sum = bins.entry(ns).or_insert(0);
            *sum = sum.saturating_add(count);
        }
        self.bins = bins.into_iter().collect();
    }

    /// What is wrong with its figures, if anything: they are somebody else's and may be anything.
    pub fn problem(&self) -> Option<String> {
        let name = &self.name;
        if self.min_ns > self.max_ns {
            return Some(format!("{name}: its smallest time is larger than its largest"));
        }
        if !self.mean_ns.is_finite() || self.mean_ns < 0.0 {
            return Some(format!("{name}: its mean is no time"));
        }
        if self.bins.iter().any(|bin| bin.1 > MOST_IN_BIN) {
            return Some(format!("{name}: a bin holds more samples than can be counted"));
        }
        let ordered = self.quantiles.is_sorted_by_key(|told| told.1);
        (!self.has_histogram() && !ordered)
            .then(|| format!("{name}: its percentiles are not in order"))
    }
}

#[cfg(test)]
mod tests {
    use super::ForeignSeries;

    #[test]
    fn different_percentiles_need_so_many_samples() {
        let of = |quantiles: &[(f64, u64)], max_ns: u64| {
            let quantiles = quantiles.to_vec();
            ForeignSeries { quantiles, max_ns, ..ForeignSeries::default() }.fewest_samples()
        };
        assert_eq!(of(&[(0.5, 600), (0.99, 600)], 600), 1);
        assert_eq!(of(&[(0.9995, 9_020), (0.9999, 14_091)], 14_102), 2_000);
        assert_eq!(of(&[(0.9995, 5_010), (0.9999, 7_640)], 8_120), 10_000);
        assert_eq!(of(&[(0.99, 5_000)], 9_000), 100);
        assert_eq!(of(&[], 9_000), 1);
    }
}
