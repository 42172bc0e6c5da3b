//! A figure over time, in block characters and words.

use crate::report::sketch;
use crate::report::text::clean;
use crate::result::Point;
use crate::units::{format_duration, format_millis};

/// The 99th percentile over time in at most so many cells: the line, the span, and what the line shows. `place` is said
/// of the span: `, phase etcd`. Nothing when nothing was measured.
pub fn timeline(
    points: &[Point],
    series: &str,
    (start_ns, length_ns): (u64, u64),
    place: &str,
    cells: usize,
) -> Option<[String; 3]> {
    let timeline = sketch::timeline(points, start_ns, length_ns, cells)?;
    let each = match timeline.column_ns {
        1_000_000_000 => "per second".to_owned(),
        ns => format!("per {}", format_duration(ns)),
    };
    let (low, high) = (format_millis(timeline.low_ns), format_millis(timeline.high_ns));
    let range = if low == high { high } else { format!("{low} to {high}") };
    Some([
        timeline.line,
        format!("0 … {}{place}", format_duration(length_ns)),
        format!("{} p99 {each}, {range} ms", clean(series)),
    ])
}
