//! What another program measured, beside results of ours.

use etcdbench::record::Samples;
use etcdbench::result::{Environment, Header, Interval, Line, Summary, Writer};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json};

use super::place::*;

const S: u64 = 1_000_000_000;

/// Forty seconds of a disk of ours whose syncs take 1 ms, in the phases `wal` and `etcd`.
fn ours(place: &Place, name: &str) {
    let header = Header {
        schema: "1.0".to_owned(),
        run_id: name.to_owned(),
        kind: "disk".to_owned(),
        name: "ours".to_owned(),
        started_at: "2026-11-22T03:00:00Z".to_owned(),
        plan: json!({ "heartbeat_ns": 100_000_000 }),
        environment: Environment { host: "cp1".to_owned(), ..Environment::default() },
        ..Header::default()
    };
    let mut writer = Writer::create(&place.path(name), &header).unwrap();
    for second in 0..80 {
        let mut samples = Samples::new();
        for sample in 0..50 {
            samples.record(990_000 + (sample * 37 + second * 11) % 100 * 200);
        }
        let line = Line::Interval(Interval {
            phase: if second < 40 { "wal" } else { "etcd" }.to_owned(),
            series: "wal.fsync".to_owned(),
            start_ns: second * S,
            length_ns: S,
            count: samples.count(),
            min_ns: samples.min_ns(),
            max_ns: samples.max_ns(),
            sum_ns: samples.sum_ns(),
            histogram: samples.encode(),
            ..Interval::default()
        });
        writer.write(&line).unwrap();
    }
    let summary = Summary { complete: true, ..Summary::default() };
    writer.write(&Line::Summary(summary)).unwrap();
}

fn compared(place: &Place, words: &[&str]) -> Value {
    let all = [&["compare"], words, &["--format", "json"]].concat();
    let done = place.run(&all, "");
    serde_json::from_slice(&done.get_output().stdout).unwrap()
}

/// So many runs of fio, a minute apart, each a little longer than the last.
fn foreign(place: &Place, name: &str, runs: u64, longer: f64) -> Vec<String> {
    (0..runs)
        .map(|index| {
            let text = changed(FIO, |document| {
                syncs(document, 10, 20);
                document["timestamp_ms"] = json!(1_795_319_491_313_u64 + index * 60_000);
                let times = &mut job(document)["sync"]["lat_ns"];
                let drift = longer * (1.0 + index as f64 * 0.01);
                for (_, value) in times["percentile"].as_object_mut().unwrap() {
                    *value = ((value.as_u64().unwrap() as f64 * drift) as u64).into();
                }
            });
            let file = format!("{name}{index}");
            place.imported("fio", &file, &text);
            format!("{file}.jsonl")
        })
        .collect()
}

#[test]
fn beside_ours_the_effect_is_told_and_nothing_is_judged() {
    let place = Place::new();
    ours(&place, "ours.jsonl");
    place.imported("fio", "theirs", FIO);
    for (words, ratio) in
        [(["ours.jsonl", "theirs.jsonl"], 0.187), (["theirs.jsonl", "ours.jsonl"], 1.0 / 0.187)]
    {
        let found = compared(&place, &words);
        assert_eq!(found["outcome"], "no_verdict");
        let metrics = found["contrasts"][0]["metrics"].as_array().unwrap();
        let p50 = metrics.iter().find(|m| m["stat"] == "p50").unwrap();
        assert_eq!(p50["phase"], "wal", "fio writes a log alone, and so does that phase");
        let effect = &p50["effect"];
        let value = effect["value"].as_f64().unwrap();
        assert!((value / ratio - 1.0).abs() < 0.02, "{value}");
        assert!(effect["low"].is_null() && effect["high"].is_null());
        assert_eq!(found["differences"][0]["field"], "kind");
        assert_eq!(found["differences"][0]["class"], "noted");
    }
    place
        .run(&["compare", "ours.jsonl", "theirs.jsonl"], "")
        .code(4)
        .stdout(contains("not measured alike").and(contains("2,300 B a write")));
}

#[test]
fn within_one_side_they_are_never_added_up() {
    let place = Place::new();
    ours(&place, "ours.jsonl");
    ours(&place, "more.jsonl");
    place.imported("fio", "theirs", FIO);
    place
        .run(&["compare", "--a", "ours.jsonl", "--a", "theirs.jsonl", "--b", "more.jsonl"], "")
        .code(4)
        .stdout(contains("Not comparable").and(contains("stands on a side of its own")));
}

#[test]
fn one_foreign_run_a_side_has_no_interval_and_several_have() {
    let place = Place::new();
    let a = foreign(&place, "a", 4, 1.0);
    let b = foreign(&place, "b", 4, 2.0);
    let one = compared(&place, &[&a[0], &b[0]]);
    assert_eq!(one["outcome"], "no_verdict");
    let sides = |flag: &'static str, files: &[String]| -> Vec<String> {
        files.iter().flat_map(|file| [flag.to_owned(), file.clone()]).collect()
    };
    let words = [sides("--a", &a), sides("--b", &b)].concat();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let several = compared(&place, &words);
    assert_eq!(several["outcome"], "regressed", "{several:#}");
    let metrics = several["contrasts"][0]["metrics"].as_array().unwrap();
    let p99 = metrics.iter().find(|m| m["series"] == "wal.fsync" && m["stat"] == "p99");
    let effect = p99.unwrap()["effect"]["value"].as_f64().unwrap();
    assert!((effect - 2.0).abs() < 0.05, "{effect}");
}

#[test]
fn other_options_are_another_scenario() {
    let place = Place::new();
    place.imported("fio", "a", FIO);
    let other = changed(FIO, |document| job(document)["job options"]["bs"] = json!("8k"));
    place.imported("fio", "b", &other);
    place
        .run(&["compare", "a.jsonl", "b.jsonl"], "")
        .code(4)
        .stdout(contains("bs is 2300 in A and 8k in B"));
}

#[test]
fn the_same_output_twice_is_the_same_run() {
    let place = Place::new();
    place.imported("fio", "a", FIO);
    place.imported("fio", "b", FIO);
    place.run(&["compare", "a.jsonl", "b.jsonl"], "").code(2).stderr(contains("are the same run"));
}

#[test]
fn a_disk_and_a_report_of_benchmark_have_nothing_in_common() {
    let place = Place::new();
    ours(&place, "disk.jsonl");
    place.imported("benchmark", "b.txt", BENCHMARK);
    place
        .run(&["compare", "disk.jsonl", "b.txt.jsonl"], "")
        .code(4)
        .stdout(contains("no series is measured on all sides"));
}
