//! Kubernetes' PerfData, a file per operation, named and filled as `benchmark --report-perfdash` of etcd does it
//! (etcd's `pkg/report/perfdash.go`): what perf-dash draws for the job type `etcdAPIBenchmark`.
//!
//! The first item is etcd's own: milliseconds with four decimals, sent → answered, and the operation in capitals as its
//! only label. For what etcd's tool does not measure, items with one more label, `Metric`, follow: `response` (due →
//! answered, in an open loop) and `throughput` (operations per second). Of several rates each has a label `Phase`. For a
//! disk the operations are the series that decide: `wal.fsync`, `backend.commit`, `put.commit`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::Document;
use super::figures::{json, millis, resolvable, slug};
use crate::compare::{DISK_PRIMARY, NOT_COMPARED, is_usual};
use crate::result::{PhaseSummary, Run, SeriesSummary, Summary};

/// Where the numbers of an operation are: sent → answered.
const SERVICE: &str = ".service";
/// Due → answered.
const RESPONSE: &str = ".response";
/// The generator's own health is no operation, and a failure has not been one.
const NO_OPERATIONS: [&str; 2] = [".lag", ".failed"];
/// The label of what etcd's tool does not measure.
const METRIC: &str = "Metric";
/// The quantiles etcd's tool writes.
const QUANTILES: [(f64, &str); 3] = [(0.5, "Perc50"), (0.9, "Perc90"), (0.99, "Perc99")];

#[derive(Serialize)]
struct PerfData {
    version: &'static str,
    #[serde(rename = "dataItems")]
    items: Vec<Item>,
}

#[derive(Serialize)]
struct Item {
    data: BTreeMap<&'static str, f64>,
    unit: &'static str,
    labels: BTreeMap<&'static str, String>,
}

/// The operations of a run.
pub(super) fn documents(run: &Run, summary: &Summary) -> Vec<Document> {
    let mut operations: Vec<(String, Vec<Item>)> = Vec::new();
    let phases = measured(summary);
    for phase in &phases {
        for series in phase.series.iter().filter(|series| is_drawn(run, series)) {
            let operation = operation(&series.series);
            let items = items(phase, phases.len() > 1, series, &operation);
            match operations.iter_mut().find(|(known, _)| *known == operation) {
                Some((_, known)) => known.extend(items),
                None => operations.push((operation, items)),
            }
        }
    }
    operations.retain(|(_, items)| !items.is_empty());
    for (_, items) in &mut operations {
        // etcd's own first, whatever was summarised first.
        items.sort_by_key(|item| item.labels.contains_key(METRIC));
    }
    operations
        .into_iter()
        .map(|(operation, items)| Document {
            file_name: format!("EtcdAPI_benchmark_{operation}_{}.json", time(run, summary)),
            text: json(&PerfData { version: "v1", items }),
        })
        .collect()
}

/// The phase people mean, where there is one; otherwise all that measure.
fn measured(summary: &Summary) -> Vec<&PhaseSummary> {
    let all = || summary.phases.iter();
    match all().find(|phase| is_usual(&phase.phase)) {
        Some(usual) => vec![usual],
        None => all()
            .filter(|phase| !NOT_COMPARED.contains(&phase.phase.as_str()))
            .filter(|phase| !phase.series.is_empty())
            .collect(),
    }
}

/// What an operation waits for, of all members together.
fn is_drawn(run: &Run, series: &SeriesSummary) -> bool {
    let name = series.series.as_str();
    let decides = match run.header.kind.as_str() {
        "disk" => DISK_PRIMARY.contains(&name),
        _ => !NO_OPERATIONS.iter().any(|end| name.ends_with(end)),
    };
    series.member.is_none() && decides
}

/// `put.response` is of `put`; `wal.fsync` of a disk is `wal-fsync`.
fn operation(series: &str) -> String {
    let bare = series.strip_suffix(SERVICE).or(series.strip_suffix(RESPONSE));
    slug(&bare.unwrap_or(series).replace('.', "-"))
}

fn items(
    phase: &PhaseSummary,
    of_many: bool,
    series: &SeriesSummary,
    operation: &str,
) -> Vec<Item> {
    let mut labels = BTreeMap::from([("Operation", operation.to_uppercase())]);
    if of_many {
        labels.insert("Phase", phase.phase.clone());
    }
    let is_response = series.series.ends_with(RESPONSE);
    let with_metric = |metric: &str| {
        let mut labels = labels.clone();
        labels.insert(METRIC, metric.to_owned());
        labels
    };
    let mut items = Vec::new();
    let data = quantiles(series);
    if !data.is_empty() {
        items.push(Item {
            data,
            unit: "ms",
            labels: if is_response { with_metric("response") } else { labels.clone() },
        });
    }
    if !is_response && series.count > 0 && series.rate_per_s.is_finite() {
        items.push(Item {
            data: BTreeMap::from([("Average", rounded(series.rate_per_s))]),
            unit: "1/s",
            labels: with_metric("throughput"),
        });
    }
    items
}

fn quantiles(series: &SeriesSummary) -> BTreeMap<&'static str, f64> {
    let named = |q: f64| QUANTILES.iter().find(|(known, _)| (known - q).abs() < 1e-9);
    resolvable(series)
        .filter_map(|found| Some((named(found.q)?.1, rounded(millis(found.value_ns)))))
        .collect()
}

/// Four decimals, as etcd's tool rounds.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// The run's end, RFC 3339 to the second, as etcd's tool names the moment it writes.
fn time(run: &Run, summary: &Summary) -> String {
    let end = summary.ended_at.parse::<Timestamp>();
    let time = end.or_else(|_| run.header.started_at.parse::<Timestamp>());
    // A time zone's offset has no place in a name that is in UTC.
    time.unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
