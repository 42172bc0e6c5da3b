//! The figures of a disk qualification.

use std::collections::BTreeMap;

use super::live::Figures;
use super::load::quantiles;
use super::notices;
use crate::record::{Distribution, Emission, IntervalSamples};
use crate::units::format_count;

/// The series whose figures are shown, and the one whose rate is.
pub(super) const FSYNC: &str = "wal.fsync";
pub(super) const PUTS: &str = "put.commit";

/// Syncs and puts of the phase that is going on.
#[derive(Default)]
pub(super) struct DiskFigures {
    fsyncs: Distribution,
    /// Of each member the syncs per second of its last interval.
    syncs_per_s: BTreeMap<Option<u32>, f64>,
    /// Of each member the puts per second of its last interval.
    puts_per_s: BTreeMap<Option<u32>, f64>,
}

impl DiskFigures {
    fn add(&mut self, interval: &IntervalSamples) {
        let rate = interval.samples.count() as f64 * 1e9 / interval.length_ns.max(1) as f64;
        if interval.series == FSYNC {
            self.fsyncs.merge(&Distribution::from_samples(&interval.samples));
            self.syncs_per_s.insert(interval.member, rate);
        } else if interval.series == PUTS {
            self.puts_per_s.insert(interval.member, rate);
        }
    }
}

impl Figures for DiskFigures {
    fn begin(&mut self, _: &str, _: u64) {
        *self = DiskFigures::default();
    }

    fn observe(&mut self, emission: &Emission) -> bool {
        let Emission::Interval(interval) = emission else {
            return false;
        };
        self.add(interval);
        true
    }

    fn beside(&self, _: u64) -> Vec<String> {
        Vec::new()
    }

    fn below(&self) -> Vec<Vec<String>> {
        let Some(fsyncs) = quantiles(FSYNC, &self.fsyncs) else {
            return Vec::new();
        };
        let mut figures = vec![fsyncs, format!("{} syncs/s", per_second(&self.syncs_per_s))];
        if !self.puts_per_s.is_empty() {
            figures.push(format!("{} puts/s", per_second(&self.puts_per_s)));
        }
        vec![figures]
    }

    fn notice(&self, emission: &Emission) -> Option<String> {
        match emission {
            Emission::Event { kind, detail, .. } => notices::of_disk(kind, detail),
            _ => None,
        }
    }

    fn moving(&self) -> bool {
        self.fsyncs.count() > 0
    }

    fn member(&self, index: u32) -> String {
        format!("member {index}")
    }
}

fn per_second(rates: &BTreeMap<Option<u32>, f64>) -> String {
    format_count(rates.values().sum::<f64>().round() as u64)
}
