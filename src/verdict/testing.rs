//! Noise for the tests of verdicts, and series made of it.

use std::collections::BTreeMap;

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::record::{Distribution, Samples};
use crate::result::{Point, SeriesData};

pub(crate) const US: u64 = 1_000;
pub(crate) const MS: u64 = 1_000_000;
pub(crate) const S: u64 = 1_000_000_000;
/// As the writer has it: ten batches.
const BATCHES: u64 = 10;

/// Noise.
pub(crate) struct Noise(Xoshiro256PlusPlus);

impl Noise {
    pub(crate) fn new(seed: u64) -> Noise {
        Noise(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Uniform between 0 and 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Log-normal: a median and a spread in natural logarithms.
    pub(crate) fn lognormal(&mut self, median_ns: u64, sigma: f64) -> u64 {
        let (u, v) = (self.uniform().max(1e-300), self.uniform());
        let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
        (median_ns as f64 * (sigma * normal).exp()) as u64
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }
}

/// A series from (start, duration) samples of a phase.
pub(crate) fn series_of(
    name: &str,
    member: Option<u32>,
    start_ns: u64,
    seconds: u64,
    samples: &[(u64, u64)],
) -> SeriesData {
    // Samples come in the order of their starts.
    let within = |from: u64, to: u64| {
        let before = |end: u64| samples.partition_point(|sample| sample.0 < start_ns + end);
        samples[before(from)..before(to)].iter().map(|sample| sample.1)
    };
    let width = (seconds * S).div_ceil(BATCHES);
    let batches: Vec<Distribution> = (0..BATCHES)
        .map(|batch| distribution(within(batch * width, (batch + 1) * width)))
        .collect();
    let mut total = Distribution::default();
    for batch in &batches {
        total.merge(batch);
    }
    let timeline = (0..seconds)
        .filter_map(|second| {
            let mut values: Vec<u64> = within(second * S, (second + 1) * S).collect();
            values.sort_unstable();
            Some(Point {
                start_ns: start_ns + second * S,
                length_ns: S,
                count: values.len() as u64,
                failed: 0,
                p50_ns: *values.get(values.len() / 2)?,
                p99_ns: *values.get(values.len() * 99 / 100)?,
                max_ns: *values.last()?,
            })
        })
        .collect();
    SeriesData {
        series: name.to_owned(),
        member,
        total,
        errors: BTreeMap::new(),
        error_texts: BTreeMap::new(),
        over_top: 0,
        batches,
        batch_errors: Vec::new(),
        timeline,
        map: Vec::new(),
        told: None,
    }
}

fn distribution(values: impl Iterator<Item = u64>) -> Distribution {
    let mut samples = Samples::new();
    values.for_each(|value| samples.record(value));
    Distribution::from_samples(&samples)
}
