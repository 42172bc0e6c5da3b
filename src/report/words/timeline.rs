//! A figure over time, in block characters and words.

use crate::report::sketch;
use crate::report::text::clean;
use crate::result::Point;
use crate::units::{format_duration, format_millis};

/// The 99th percentile of a series over time.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// Intervals, in order.
    pub points: Vec<Point>,
    /// The series.
    pub series: String,
    /// Where it begins, in nanoseconds.
    pub start_ns: u64,
    /// How long it is, in nanoseconds.
    pub length_ns: u64,
    /// Said of the span: `, phase etcd`.
    pub place: String,
}

impl Timeline {
    /// In at most so many cells: the line, the span, and what the line shows. Nothing when nothing was measured.
    pub fn told(&self, cells: usize) -> Option<[String; 3]> {
        let timeline = sketch::timeline(&self.points, self.start_ns, self.length_ns, cells)?;
        let each = match timeline.column_ns {
            1_000_000_000 => "per second".to_owned(),
            ns => format!("per {}", format_duration(ns)),
        };
        let (low, high) = (format_millis(timeline.low_ns), format_millis(timeline.high_ns));
        let range = if low == high { high } else { format!("{low} to {high}") };
        Some([
            timeline.line,
            clean(&format!("0 … {}{}", format_duration(self.length_ns), self.place)),
            format!("{} p99 {each}, {range} ms", clean(&self.series)),
        ])
    }
}
