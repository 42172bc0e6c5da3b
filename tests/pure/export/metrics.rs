//! Metrics, read by Prometheus' own Python parsers: the strict one of OpenMetrics, and the older one.

use std::collections::BTreeSet;

use etcdbench::cli::Export;
use etcdbench::report::export::Document;
use serde_json::Value;

use super::{example, kept, of_comparison, of_run, of_trend, only, samples};
use crate::support::needs::{Need, needs};
use crate::support::readers;

const BOTH: [Export; 2] = [Export::Openmetrics, Export::Textfile];

/// The families of a text that the parser takes.
fn families(document: &Document) -> Vec<Value> {
    let (_directory, path) = kept(document);
    let families: Vec<Value> = serde_json::from_str(&readers::read("metrics.py", &path)).unwrap();
    assert!(families.len() > 3, "{}", document.text);
    for family in &families {
        for sample in family["samples"].as_array().unwrap() {
            assert_eq!(sample["timed"], false, "the collector refuses time stamps: {sample}");
            let value = &sample["value"];
            assert!(value.is_number(), "{sample}");
        }
    }
    families
}

/// The value of the only sample of this name with these labels.
fn value(families: &[Value], name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let samples = families.iter().flat_map(|family| family["samples"].as_array().unwrap());
    let matches = |sample: &&Value| {
        sample["name"] == name
            && labels.iter().all(|(label, value)| sample["labels"][label] == *value)
    };
    let found: Vec<&Value> = samples.filter(matches).collect();
    assert!(found.len() <= 1, "{name} {labels:?}: {found:?}");
    found.first().map(|sample| sample["value"].as_f64().unwrap())
}

#[test]
fn every_kind_of_text_is_read() {
    needs!(Need::Readers);
    for kind in BOTH {
        families(&only(of_run(kind, &samples::load())));
        families(&of_comparison(kind, &samples::comparison(true, 0)));
        families(&of_trend(kind, &samples::trend()));
    }
    let text = of_comparison(Export::Openmetrics, &samples::incomparable()).text;
    assert!(text.contains("etcdbench_compare_outcome{outcome=\"not_comparable\"} 1"), "{text}");
}

#[test]
fn a_run_tells_the_numbers_of_its_summary() {
    needs!(Need::Readers);
    let (run, summary, intervals) = example();
    for kind in BOTH {
        let found =
            families(&only(of_run(kind, &(run.clone(), summary.clone(), intervals.clone()))));
        for phase in &summary.phases {
            for series in &phase.series {
                let labels = [("phase", phase.phase.as_str()), ("series", series.series.as_str())];
                let told = |name| value(&found, name, &labels);
                assert_eq!(told("etcdbench_samples"), Some(series.count as f64));
                assert_eq!(told("etcdbench_rate_per_second"), Some(series.rate_per_s));
                assert_eq!(told("etcdbench_latency_max_seconds"), Some(series.max_ns as f64 / 1e9));
                for quantile in &series.quantiles {
                    let q = quantile.q.to_string();
                    let labels = [labels[0], labels[1], ("q", q.as_str())];
                    let expected = |ns: Option<u64>| {
                        ns.filter(|_| quantile.resolvable).map(|ns| ns as f64 / 1e9)
                    };
                    let told = |name| value(&found, name, &labels);
                    assert_eq!(
                        told("etcdbench_latency_seconds"),
                        expected(Some(quantile.value_ns))
                    );
                    assert_eq!(told("etcdbench_latency_low_seconds"), expected(quantile.low_ns));
                    assert_eq!(told("etcdbench_latency_high_seconds"), expected(quantile.high_ns));
                }
            }
        }
        assert_eq!(value(&found, "etcdbench_verdict", &[("verdict", "pass")]), Some(1.0));
        assert_eq!(value(&found, "etcdbench_verdict", &[("verdict", "fail")]), Some(0.0));
        let ended = value(&found, "etcdbench_run_completion_timestamp_seconds", &[]).unwrap();
        assert!((ended - 1_795_302_429.0).abs() < 1.0, "{ended}");
    }
}

#[test]
fn units_and_types_are_those_of_the_dialect() {
    needs!(Need::Readers);
    let load = samples::load();
    let open = only(of_run(Export::Openmetrics, &load));
    assert!(open.text.ends_with("# EOF\n") && open.file_name.ends_with(".txt"));
    let found = families(&open);
    let family = |name: &str| found.iter().find(|family| family["name"] == name).unwrap();
    assert_eq!(family("etcdbench_latency_seconds")["unit"], "seconds");
    assert_eq!(family("etcdbench_run")["type"], "info");
    let classic = only(of_run(Export::Textfile, &load));
    assert!(classic.file_name.ends_with(".prom"));
    assert!(!classic.text.contains("# UNIT") && !classic.text.contains("# EOF"));
    assert!(classic.text.contains("# TYPE etcdbench_run_info gauge\n"));
}

/// What a person may type must come back as it was, but for what no label can hold.
#[test]
fn odd_names_come_back() {
    needs!(Need::Readers);
    let found = families(&only(of_run(Export::Openmetrics, &samples::load())));
    let info = found.iter().find(|family| family["name"] == "etcdbench_run").unwrap();
    let labels = &info["samples"][0]["labels"];
    let cleaned = samples::ODD.replace(['\n', '\u{1b}'], "\u{fffd}");
    assert_eq!(labels["name"], cleaned);
    assert_eq!(labels["label_commit_id"], cleaned);
    assert_eq!(labels["etcd_version"], "3.5.21");
    assert_eq!(
        value(
            &found,
            "etcdbench_errors",
            &[("class", "server-timeout"), ("series", "put.service")]
        ),
        Some(7.0)
    );
    assert_eq!(value(&found, "etcdbench_samples", &[("member", "etcd, 1")]), Some(10_000.0));
}

/// docs/exports.md names every metric there is, and none that is not.
#[test]
fn every_metric_is_documented() {
    let names = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let ours = words.filter(|word| word.starts_with("etcdbench_"));
        ours.map(str::to_owned).collect()
    };
    let mut shares = samples::comparison(false, 3);
    for metric in &mut shares.contrasts[0].metrics {
        let effect = metric.effect.as_mut().unwrap();
        effect.high = Some(effect.value * 2.0);
    }
    let (run, mut summary, intervals) = samples::load();
    summary.capacity = example().1.capacity;
    summary.ladder = example().1.ladder;
    let texts = [
        only(of_run(Export::Textfile, &(run, summary, intervals))).text,
        of_comparison(Export::Textfile, &shares).text,
        of_trend(Export::Textfile, &samples::trend()).text,
    ];
    let types = texts.iter().flat_map(|text| text.lines());
    let types: Vec<&str> = types.filter(|line| line.starts_with("# TYPE")).collect();
    let documented = names(include_str!("../../../docs/exports.md"));
    assert_eq!(names(&types.join("\n")), documented);
}
