//! Sketches in block characters: the shape of a distribution, and a figure over time.

use crate::record::Distribution;
use crate::result::Point;
use crate::stats;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// What is shown where there is nothing: no sample in this stretch.
const NOTHING: char = ' ';

/// The shape of a distribution from its smallest to its largest sample, on a logarithmic scale.
pub(super) fn shape(distribution: &Distribution, columns: usize) -> String {
    let low = (distribution.min_ns().max(1) as f64).ln();
    let high = (distribution.max_ns().max(1) as f64).ln();
    let mut bins = vec![0_u64; columns];
    for &(value, count) in distribution.buckets() {
        let share = ((value.max(1) as f64).ln() - low) / (high - low).max(f64::MIN_POSITIVE);
        let bin = (share.clamp(0.0, 1.0) * columns as f64) as usize;
        bins[bin.min(columns - 1)] += count;
    }
    let fullest = bins.iter().copied().max().unwrap_or(0).max(1) as f64;
    let cell = |&count: &u64| match count {
        0 => NOTHING,
        n => block(n as f64 / fullest),
    };
    bins.iter().map(cell).collect()
}

/// A figure over time: the line, and what its lowest and highest block stand for.
pub(super) struct Timeline {
    /// One character per stretch of time.
    pub line: String,
    /// How long a stretch is.
    pub column_ns: u64,
    /// The lowest 99th percentile.
    pub low_ns: u64,
    /// The highest.
    pub high_ns: u64,
}

/// The 99th percentile over a phase, one column per second or longer; of several intervals in a column the worst.
/// `None` when there is nothing to show.
pub(super) fn timeline(
    points: &[Point],
    start_ns: u64,
    length_ns: u64,
    most_columns: usize,
) -> Option<Timeline> {
    const SECOND_NS: u64 = 1_000_000_000;
    let most = most_columns.max(1) as u64;
    let column_ns = length_ns.div_ceil(most).next_multiple_of(SECOND_NS).max(SECOND_NS);
    let mut columns = vec![0_u64; length_ns.div_ceil(column_ns).max(1) as usize];
    let filled: Vec<&Point> = points.iter().filter(|point| point.count > 0).collect();
    let low_ns = filled.iter().map(|point| point.p99_ns).min()?;
    let high_ns = filled.iter().map(|point| point.p99_ns).max()?;
    for point in &filled {
        // An interval that a stall made long fills every column it covers. Intervals start a little after their
        // second, so half a column decides.
        let from = point.start_ns.saturating_sub(start_ns) + column_ns / 2;
        let to = from + point.length_ns.saturating_sub(column_ns);
        let last = columns.len() - 1;
        let (first, end) = (from / column_ns, to / column_ns);
        for column in &mut columns[(first as usize).min(last)..=(end as usize).min(last)] {
            *column = (*column).max(point.p99_ns);
        }
    }
    let line = columns.iter().map(|&ns| match ns {
        0 => NOTHING,
        ns => block(log_share(ns, low_ns, high_ns)),
    });
    Some(Timeline {
        line: line.collect::<String>().trim_end().to_owned(),
        column_ns,
        low_ns,
        high_ns,
    })
}

/// Values in order, some of them missing, in at most so many columns; where several share a column their median. On a
/// scale that takes a factor of two at least, so that a steady history looks steady.
pub(super) fn history(values: &[Option<f64>], most_columns: usize) -> String {
    let columns = values.len().min(most_columns.max(1));
    let column = |index: usize| {
        let range = index * values.len() / columns..(index + 1) * values.len() / columns;
        let present: Vec<f64> = values[range].iter().flatten().copied().collect();
        stats::median(&present)
    };
    let shown: Vec<Option<f64>> = (0..columns).map(column).collect();
    let low = shown.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let high = shown.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
    let logarithmic = low > 0.0;
    let scale = |value: f64| if logarithmic { value.ln() } else { value };
    let least = if logarithmic { 2.0_f64.ln() } else { low.abs() };
    let range = (scale(high) - scale(low)).max(least).max(f64::MIN_POSITIVE);
    let cell = |value: &Option<f64>| {
        value.map_or(NOTHING, |value| block((scale(value) - scale(low)) / range))
    };
    shown.iter().map(cell).collect()
}

/// Where a value lies between low and high on a logarithmic scale of at least a factor of ten, so that a steady disk
/// looks steady.
fn log_share(ns: u64, low_ns: u64, high_ns: u64) -> f64 {
    let low = (low_ns.max(1) as f64).ln();
    let high = (high_ns.max(1) as f64).ln().max(low + 10_f64.ln());
    ((ns.max(1) as f64).ln() - low) / (high - low)
}

fn block(share: f64) -> char {
    let top = BLOCKS.len() - 1;
    BLOCKS[((share.clamp(0.0, 1.0) * top as f64).round() as usize).min(top)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Samples;

    const MS: u64 = 1_000_000;
    const S: u64 = 1_000 * MS;

    fn distribution(values: &[u64]) -> Distribution {
        let mut samples = Samples::new();
        values.iter().for_each(|&value| samples.record(value));
        Distribution::from_samples(&samples)
    }

    fn point(second: u64, length_ns: u64, p99_ns: u64) -> Point {
        Point { start_ns: second * S + 3 * MS, length_ns, count: 10, p99_ns, ..Point::default() }
    }

    #[test]
    fn two_modes_show_as_two_hills() {
        let mut values = vec![MS; 100];
        values.extend([100 * MS; 50]);
        assert_eq!(shape(&distribution(&values), 6), "█    ▅");
    }

    #[test]
    fn a_single_value_and_no_value_are_drawn_too() {
        assert_eq!(shape(&distribution(&[MS]), 4).trim(), "█");
        assert_eq!(shape(&Distribution::default(), 4), "    ");
    }

    #[test]
    fn a_steady_disk_looks_steady_and_a_bad_second_stands_out() {
        let steady: Vec<Point> = (0..5).map(|s| point(s, S, MS + s * 1000)).collect();
        assert_eq!(timeline(&steady, 0, 5 * S, 30).unwrap().line, "▁▁▁▁▁");
        let mut spiky = steady;
        spiky[3].p99_ns = 100 * MS;
        assert_eq!(timeline(&spiky, 0, 5 * S, 30).unwrap().line, "▁▁▁█▁");
    }

    #[test]
    fn a_long_stall_fills_its_seconds_and_silence_is_blank() {
        let points = [point(0, S, MS), point(1, 3 * S, 2900 * MS), point(5, S, MS)];
        assert_eq!(timeline(&points, 0, 6 * S, 30).unwrap().line, "▁███ ▁");
    }

    #[test]
    fn long_runs_keep_the_worst_of_each_column() {
        let mut points: Vec<Point> = (0..100).map(|s| point(s, S, MS)).collect();
        points[57].p99_ns = 500 * MS;
        let timeline = timeline(&points, 0, 100 * S, 20).unwrap();
        assert_eq!(timeline.column_ns, 5 * S);
        assert_eq!(timeline.line.chars().count(), 20);
        assert_eq!(timeline.line.chars().position(|c| c == '█'), Some(11));
    }

    #[test]
    fn a_history_shows_its_steps_and_its_gaps() {
        let nights = |values: &[f64]| values.iter().map(|v| Some(*v)).collect::<Vec<_>>();
        assert_eq!(history(&nights(&[10.0, 10.6, 9.9, 10.1]), 9), "▁▂▁▁");
        assert_eq!(history(&nights(&[10.0, 10.0, 20.0, 20.0]), 2), "▁█");
        assert_eq!(history(&[Some(10.0), None, Some(20.0)], 9), "▁ █");
        assert_eq!(history(&nights(&[0.0, 0.0, 5.0]), 9), "▁▁█");
        assert_eq!(history(&nights(&[0.0, 0.0]), 9), "▁▁");
        assert_eq!(history(&[None, None], 9), "  ");
        assert_eq!(history(&[], 9), "");
    }

    #[test]
    fn nothing_measured_is_no_timeline() {
        assert!(timeline(&[], 0, 5 * S, 30).is_none());
    }
}
