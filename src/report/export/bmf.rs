//! Bencher Metric Format: per benchmark (scenario, phase, series) its measures, with the 95 % interval as
//! `lower_value` and `upper_value`. Latencies are nanoseconds and `throughput` is operations per second, as Bencher's
//! built-in measures have them; `errors` is a share.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Document;
use super::figures::{json, scenario, slug};
use crate::result::{Run, Summary};
use crate::trend::{Metric, metrics};

#[derive(Serialize)]
struct Value {
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lower_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upper_value: Option<f64>,
}

/// The figures of a run that nights are compared by.
pub(super) fn documents(run: &Run, summary: &Summary) -> Vec<Document> {
    let scenario = scenario(&run.header);
    let mut benchmarks: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for metric in metrics(&run.header, summary) {
        let Some(value) = metric.value.filter(|value| value.is_finite()) else {
            continue;
        };
        let (of, measure) = named(&metric);
        let benchmark = benchmarks.entry(format!("{scenario}: {of}")).or_default();
        benchmark.insert(
            measure,
            Value {
                value,
                lower_value: metric.low_ns.map(|ns| ns as f64),
                upper_value: metric.high_ns.map(|ns| ns as f64),
            },
        );
    }
    if benchmarks.is_empty() {
        return Vec::new();
    }
    vec![Document { file_name: format!("{}.bmf.json", slug(&scenario)), text: json(&benchmarks) }]
}

/// `etcd/wal.fsync` and `latency-p99` of `etcd/wal.fsync.p99`.
fn named(metric: &Metric) -> (&str, String) {
    let name = metric.name.as_str();
    // p99.9 has a dot of its own.
    let at = name.rfind(".p99.9").or_else(|| name.rfind('.'));
    let (of, what) = at.map_or((name, name), |at| (&name[..at], &name[at + 1..]));
    let measure = match what {
        "rate" | "puts" => "throughput".to_owned(),
        "errors" => "errors".to_owned(),
        quantile => format!("latency-{}", quantile.replace('.', "-")),
    };
    (of, measure)
}
