//! What was read of foreign output, whichever program it is from.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::plan::{DeviceWrites, Layout};
use crate::record::Samples;
use crate::result::{Interval, Line, Told, ToldQuantile};

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
    pub ended_at: Option<Timestamp>,
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
    /// What the devices counted.
    pub devices: Vec<DeviceWrites>,
    /// What was measured.
    pub series: Vec<ForeignSeries>,
    /// What reading it left to be said.
    pub remarks: Vec<String>,
}

/// One series of a foreign run.
#[derive(Debug, Clone, Default)]
pub(super) struct ForeignSeries {
    /// What it is called in a result: `wal.fsync`.
    pub name: String,
    /// Samples.
    pub count: u64,
    /// Failed operations by class.
    pub errors: BTreeMap<String, u64>,
    /// Smallest.
    pub min_ns: u64,
    /// Largest.
    pub max_ns: u64,
    /// Arithmetic mean.
    pub mean_ns: f64,
    /// (value in ns, samples), ascending; empty where only quantiles are known.
    pub bins: Vec<(u64, u64)>,
    /// (share, value in ns), ascending.
    pub quantiles: Vec<(f64, u64)>,
}

impl ForeignSeries {
    /// Whether its whole distribution is known.
    pub fn has_histogram(&self) -> bool {
        !self.bins.is_empty()
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
        let mut samples = Samples::new();
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
            count: self.count,
            errors: self.errors.clone(),
            min_ns: self.min_ns,
            max_ns: self.max_ns,
            mean_ns: self.mean_ns,
            quantiles: self.quantiles.iter().map(told).collect(),
        }
    }

    /// Adds another job's samples of the same kind.
    pub fn merge(&mut self, other: &ForeignSeries) {
        let both = (self.count + other.count).max(1) as f64;
        self.mean_ns =
            (self.mean_ns * self.count as f64 + other.mean_ns * other.count as f64) / both;
        self.count += other.count;
        self.min_ns = self.min_ns.min(other.min_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
        for (class, count) in &other.errors {
            *self.errors.entry(class.clone()).or_insert(0) += count;
        }
        let mut bins: BTreeMap<u64, u64> = self.bins.iter().copied().collect();
        for &(ns, count) in &other.bins {
            *bins.entry(ns).or_insert(0) += count;
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
        let binned = self.bins.iter().try_fold(0u64, |sum, bin| {
            u32::try_from(bin.1).ok()?;
            sum.checked_add(bin.1)
        });
        match binned {
            None => Some(format!("{name}: a bin holds more samples than can be counted")),
            Some(_) if self.has_histogram() => None,
            _ if self.quantiles.is_empty() => Some(format!(
                "{name}: neither bins nor percentiles; the program was told to leave them out"
            )),
            _ if !self.quantiles.is_sorted_by_key(|told| told.1) => {
                Some(format!("{name}: its percentiles are not in order"))
            }
            _ => None,
        }
    }
}
