//! The JSON of tools that follow results from commit to commit.

use std::collections::BTreeMap;

use etcdbench::cli::Export;
use serde::Deserialize;
use serde_json::Value;

use super::{example, of_run, only, samples};

/// As perf-dash has it (`perftype.PerfData` of Kubernetes).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PerfData {
    version: String,
    #[serde(rename = "dataItems")]
    data_items: Vec<DataItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DataItem {
    data: BTreeMap<String, f64>,
    unit: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[test]
fn perf_data_is_what_etcds_benchmark_writes() {
    let load = samples::load();
    let documents = of_run(Export::Perfdata, &load);
    let names: Vec<&str> = documents.iter().map(|found| found.file_name.as_str()).collect();
    assert_eq!(
        names,
        [
            "EtcdAPI_benchmark_put_2026-11-21T20:15:11Z.json",
            "EtcdAPI_benchmark_range_2026-11-21T20:15:11Z.json"
        ]
    );
    let put: PerfData = serde_json::from_str(&documents[0].text).unwrap();
    assert_eq!(put.version, "v1");
    let [service, response, throughput] = put.data_items.as_slice() else {
        panic!("{}", documents[0].text);
    };
    // etcd's own item has no other label, so that both tools draw one curve.
    assert_eq!(service.labels, BTreeMap::from([("Operation".into(), "PUT".into())]));
    assert_eq!(service.unit, "ms");
    let names: Vec<&str> = service.data.keys().map(String::as_str).collect();
    assert_eq!(names, ["Perc50", "Perc90", "Perc99"]);
    for (item, series) in [(service, "put.service"), (response, "put.response")] {
        for (name, q) in [("Perc50", 0.5), ("Perc90", 0.9), ("Perc99", 0.99)] {
            let ns = samples::quantile(&load.1, "steady", series, q).unwrap().value_ns;
            let millis = item.data[name];
            assert!((millis - ns as f64 / 1e6).abs() <= 0.000_05, "{series} {name}");
            assert_eq!((millis * 1e4).round() / 1e4, millis, "four decimals");
        }
    }
    assert_eq!(response.labels["Metric"], "response");
    assert_eq!((throughput.unit.as_str(), throughput.data["Average"]), ("1/s", 2000.0));
    // perf-dash deletes labels of these names.
    let labels = put.data_items.iter().flat_map(|item| item.labels.keys());
    assert!(labels.into_iter().all(|name| name != "Count" && name != "SlowCount"));
}

#[test]
fn a_quantile_without_enough_samples_is_nowhere() {
    let load = samples::load();
    assert!(samples::quantile(&load.1, "steady", "range.service", 0.99).is_none());
    let range: PerfData = serde_json::from_str(&of_run(Export::Perfdata, &load)[1].text).unwrap();
    assert!(range.data_items[0].data.contains_key("Perc50"));
    assert!(!range.data_items[0].data.contains_key("Perc99"));
    let metrics = only(of_run(Export::Openmetrics, &load)).text;
    let told = |q: &str| {
        let lines = metrics.lines().filter(|line| line.starts_with("etcdbench_latency"));
        lines.filter(|line| line.contains("range.service") && line.contains(q)).count()
    };
    assert_eq!((told("q=\"0.5\""), told("q=\"0.99\"")), (3, 0));
    let github = of_run(Export::GithubActionBenchmark, &load);
    let told = |q: &str| github[0].text.matches(&format!("range.service.{q}\"")).count();
    assert_eq!((told("p50"), told("p99")), (1, 0));
    let bmf: Value = serde_json::from_str(&only(of_run(Export::Bmf, &load)).text).unwrap();
    let benchmarks = bmf.as_object().unwrap();
    let range = benchmarks.iter().find(|(name, _)| name.ends_with("range.service"));
    let measures: Vec<&String> = range.unwrap().1.as_object().unwrap().keys().collect();
    assert_eq!(measures, ["errors", "latency-p50", "throughput"]);
    // What prepares is followed by nobody.
    for kind in [Export::Perfdata, Export::GithubActionBenchmark, Export::Bmf] {
        let documents = of_run(kind, &load);
        assert!(documents.iter().all(|found| !found.text.contains("warmup")), "{kind:?}");
    }
}

#[test]
fn github_action_benchmark_gets_a_file_per_direction() {
    let example = example();
    let documents = of_run(Export::GithubActionBenchmark, &example);
    let names: Vec<&str> = documents.iter().map(|found| found.file_name.as_str()).collect();
    assert_eq!(names, ["smaller-is-better.json", "bigger-is-better.json"]);
    let mut seen = std::collections::BTreeSet::new();
    for document in &documents {
        let entries: Vec<Value> = serde_json::from_str(&document.text).unwrap();
        assert!(!entries.is_empty());
        for entry in entries {
            let name = entry["name"].as_str().unwrap().to_owned();
            assert!(entry["value"].is_number() && entry["unit"].is_string(), "{entry}");
            let rate = entry["unit"] == "ops/s";
            assert_eq!(rate, document.file_name == "bigger-is-better.json", "{entry}");
            assert!(seen.insert(name), "names join nights: {entry}");
        }
    }
    let p99 = samples::quantile(&example.1, "etcd", "wal.fsync", 0.99).unwrap();
    let entries: Vec<Value> = serde_json::from_str(&documents[0].text).unwrap();
    let name = "disk /var/lib/etcd-candidate: etcd/wal.fsync.p99";
    let found = entries.iter().find(|entry| entry["name"] == name).unwrap();
    assert_eq!(found["value"], p99.value_ns as f64 / 1e6);
}

#[test]
fn bencher_gets_its_measures() {
    let example = example();
    let text = only(of_run(Export::Bmf, &example)).text;
    let found: BTreeMap<String, BTreeMap<String, BTreeMap<String, f64>>> =
        serde_json::from_str(&text).unwrap();
    let measures = &found["disk /var/lib/etcd-candidate: etcd/wal.fsync"];
    let names: Vec<&str> = measures.keys().map(String::as_str).collect();
    assert_eq!(names, ["latency-p50", "latency-p99"]);
    for (measure, q) in [("latency-p50", 0.5), ("latency-p99", 0.99)] {
        let quantile = samples::quantile(&example.1, "etcd", "wal.fsync", q).unwrap();
        let value = &measures[measure];
        assert_eq!(value["value"], quantile.value_ns as f64);
        assert_eq!(value.get("lower_value").copied(), quantile.low_ns.map(|ns| ns as f64));
        assert_eq!(value.get("upper_value").copied(), quantile.high_ns.map(|ns| ns as f64));
    }
    let puts = example.1.capacity.unwrap().puts_per_s.unwrap();
    let capacity = &found["disk /var/lib/etcd-candidate: capacity"];
    assert_eq!(capacity["throughput"]["value"], puts);
}
