//! Two files for github-action-benchmark: latencies and errors (`customSmallerIsBetter`), rates
//! (`customBiggerIsBetter`). The action takes one direction per file, and refuses an empty list, so that a file without
//! entries is left out.
//!
//! The names are what it joins nights by: scenario, phase, series and figure, the same as `etcdbench trend` has them.

use serde::Serialize;

use super::Document;
use super::figures::{json, millis, scenario};
use crate::report::text::clean;
use crate::result::{Run, Summary};
use crate::trend::{Direction, Metric, Unit, metrics};

#[derive(Serialize)]
struct Entry {
    name: String,
    unit: &'static str,
    value: f64,
    /// The 95 % interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<String>,
    /// Shown beside the point.
    extra: String,
}

/// The figures of a run that nights are compared by.
pub(super) fn documents(run: &Run, summary: &Summary) -> Vec<Document> {
    let all = metrics(&run.header, summary);
    let files = [
        (Direction::LowerIsBetter, "smaller-is-better.json"),
        (Direction::HigherIsBetter, "bigger-is-better.json"),
    ];
    let scenario = scenario(&run.header);
    files
        .into_iter()
        .filter_map(|(direction, file_name)| {
            let wanted = all.iter().filter(|metric| metric.direction == direction);
            let entries: Vec<Entry> =
                wanted.filter_map(|metric| entry(&scenario, run, metric)).collect();
            (!entries.is_empty())
                .then(|| Document { file_name: file_name.to_owned(), text: json(&entries) })
        })
        .collect()
}

fn entry(scenario: &str, run: &Run, metric: &Metric) -> Option<Entry> {
    let value = metric.value.filter(|value| value.is_finite())?;
    let (unit, value) = match metric.unit {
        Unit::Nanoseconds => ("ms", value / 1e6),
        Unit::PerSecond => ("ops/s", value),
        Unit::Share | Unit::Plain => ("share", value),
    };
    let range = metric.low_ns.zip(metric.high_ns);
    Some(Entry {
        name: format!("{scenario}: {}", metric.name),
        unit,
        value,
        range: range.map(|(low, high)| format!("{} … {}", millis(low), millis(high))),
        extra: format!("run {}", clean(&run.header.run_id)),
    })
}
