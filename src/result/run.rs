//! A result as the layers above see it: intervals merged per phase, series and member.

use std::collections::BTreeMap;

use crate::record::Distribution;

use super::{Counters, Event, Header, StallLine, Summary};

/// A whole result, read back. What judges and renders works on this alone, whether the run has just ended or is a
/// year old.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The first line.
    pub header: Header,
    /// Phases in the order they began.
    pub phases: Vec<PhaseData>,
    /// Stalls in the order they were told.
    pub stalls: Vec<StallLine>,
    /// Events in the order they were told.
    pub events: Vec<Event>,
    /// Counter deltas in the order they were told.
    pub counters: Vec<Counters>,
    /// The last line; absent when the run was killed.
    pub summary: Option<Summary>,
}

/// One phase.
#[derive(Debug, Clone, Default)]
pub struct PhaseData {
    /// Its name.
    pub name: String,
    /// Start, since the run's zero.
    pub start_ns: u64,
    /// Length.
    pub length_ns: u64,
    /// Its series. With several members, each member's and the merged one (`member` is `None`); with one, only the
    /// merged one.
    pub series: Vec<SeriesData>,
}

/// One series in one phase.
#[derive(Debug, Clone, Default)]
pub struct SeriesData {
    /// Its name.
    pub series: String,
    /// Which member; `None` is all of them together.
    pub member: Option<u32>,
    /// All samples.
    pub total: Distribution,
    /// Failed operations by class.
    pub errors: BTreeMap<String, u64>,
    /// The same samples cut into 10 to 20 contiguous stretches of time, for the variance between them; fewer in a
    /// phase of less than ten intervals.
    pub batches: Vec<Distribution>,
    /// One point per interval.
    pub timeline: Vec<Point>,
}

/// One interval of a series, in a few numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Point {
    /// Start, since the run's zero.
    pub start_ns: u64,
    /// Length.
    pub length_ns: u64,
    /// Samples.
    pub count: u64,
    /// Median.
    pub p50_ns: u64,
    /// 99th percentile.
    pub p99_ns: u64,
    /// Largest.
    pub max_ns: u64,
}

impl Run {
    /// The phase of this name.
    pub fn phase(&self, name: &str) -> Option<&PhaseData> {
        self.phases.iter().find(|phase| phase.name == name)
    }
}

impl PhaseData {
    /// The merged series of this name.
    pub fn series(&self, name: &str) -> Option<&SeriesData> {
        self.series
            .iter()
            .find(|s| s.series == name && s.member.is_none())
    }
}
