//! What troubleshoot.sh kept before it called fio: its own measurement of a write and its sync together, in nanoseconds,
//! and not of how many.

use serde_json::Value;

use crate::import::foreign::{Clock, ForeignSeries, Samples};

use super::Output;
use super::job::Job;

/// The names of its percentiles, with the shares they stand for.
const PERCENTILES: [(&str, f64); 17] = [
    ("P1", 0.01),
    ("P5", 0.05),
    ("P10", 0.1),
    ("P20", 0.2),
    ("P30", 0.3),
    ("P40", 0.4),
    ("P50", 0.5),
    ("P60", 0.6),
    ("P70", 0.7),
    ("P80", 0.8),
    ("P90", 0.9),
    ("P95", 0.95),
    ("P99", 0.99),
    ("P995", 0.995),
    ("P999", 0.999),
    ("P9995", 0.9995),
    ("P9999", 0.9999),
];

/// Whether a value is one of its results.
pub(super) fn is_collector(value: &Value) -> bool {
    ["Min", "Max", "P50", "P99"].iter().all(|key| value.get(key).is_some_and(Value::is_number))
}

/// What it tells.
pub(super) fn output(value: &Value, from: usize, line: usize) -> Output {
    let ns = |key: &str| value.get(key).and_then(Value::as_f64).unwrap_or(0.0).max(0.0) as u64;
    let told = |&(key, q): &(&str, f64)| value.get(key).map(|_| (q, ns(key)));
    let mut sync = ForeignSeries {
        name: "wal.sync".to_owned(),
        min_ns: ns("Min"),
        max_ns: ns("Max"),
        mean_ns: ns("Average") as f64,
        quantiles: PERCENTILES.iter().filter_map(told).collect(),
        ..ForeignSeries::default()
    };
    sync.samples = Samples::AtLeast(sync.fewest_samples());
    Output {
        version: Some("troubleshoot.sh before it used fio".to_owned()),
        clock: Clock::Unknown,
        jobs: vec![Job {
            name: "filesystemPerformance".to_owned(),
            sync: Some(sync),
            line,
            ..Job::default()
        }],
        remarks: vec![
            "this is the older collector of troubleshoot.sh, which timed a write and its sync together, and kept \
             neither their number nor its options"
                .to_owned(),
        ],
        from,
        line,
        ..Output::default()
    }
}
