//! HdrHistogram's interval log, format 1.3: one line per phase, series, member and interval, each with its own histogram.
//! What `HistogramLogProcessor`, HistogramLogAnalyzer and the readers of other languages take.
//!
//! Histograms are passed on as they were recorded: V2, deflated, base64, in nanoseconds. A line's tag is
//! `phase/series` or `phase/series/member`. Starts count in seconds from the run's zero, which is both `BaseTime` and
//! `StartTime`: with one of them alone Java's reader guesses. Its tools expect lines in order of time, and the largest
//! value in milliseconds beside a histogram of nanoseconds, as Java's writer has it.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::Document;
use super::figures::{member, millis, scenario, seconds, slug};
use crate::report::text::clean;
use crate::result::{Interval, Run};

const LEGEND: &str =
    r#""StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram""#;

/// The log of a run; none without intervals.
pub(super) fn documents(run: &Run, intervals: &[Interval]) -> Vec<Document> {
    let mut lines: Vec<&Interval> = intervals.iter().filter(|i| !i.histogram.is_empty()).collect();
    if lines.is_empty() {
        return Vec::new();
    }
    // A stable sort: what began together stays as it was told.
    lines.sort_by_key(|interval| interval.start_ns);
    let mut text = head(run);
    for interval in lines {
        // A String takes any amount.
        let _ = writeln!(
            text,
            "Tag={},{:.3},{:.3},{:.3},{}",
            tag(run, interval),
            seconds(interval.start_ns),
            seconds(interval.length_ns),
            millis(interval.max_ns),
            interval.histogram
        );
    }
    vec![Document { file_name: format!("{}.hlog", slug(&scenario(&run.header))), text }]
}

fn head(run: &Run) -> String {
    let header = &run.header;
    let start = header.started_at.parse::<Timestamp>().unwrap_or_default();
    let start_s = start.as_millisecond() as f64 / 1e3;
    format!(
        "#[{} {}: {} on {}, run {}]\n\
         #[Values in nanoseconds, Interval_Max in milliseconds]\n\
         #[Histogram log format version 1.3]\n\
         #[StartTime: {start_s:.3} (seconds since epoch), {start}]\n\
         #[BaseTime: {start_s:.3} (seconds since epoch)]\n\
         {LEGEND}\n",
        header.tool.name,
        header.tool.version,
        scenario(header),
        clean(&header.environment.host),
        clean(&header.run_id),
    )
}

/// Readers split a line at commas and white space.
fn tag(run: &Run, interval: &Interval) -> String {
    let mut tag = format!("{}/{}", interval.phase, interval.series);
    if let Some(member) = member(run, interval.member) {
        tag.push('/');
        tag.push_str(&member);
    }
    let splits = |c: char| c == ',' || c.is_whitespace() || c == char::REPLACEMENT_CHARACTER;
    clean(&tag).replace(splits, "_")
}
