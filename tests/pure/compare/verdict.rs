//! A verdict speaks for what was judged, and every output says the same.

use std::fs;

use etcdbench::compare::{MetricVerdict, Outcome};
use etcdbench::result::{Event, Run};
use etcdbench::rule::comparison::Stat;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::json;

use super::files::Fake;
use super::noise::{self, FIVE_MINUTES, INDEPENDENT, Random, S, Shape};
use super::place::{Place, pairs, short, slower};
use super::simulate::{judged, metric};

const SECONDS: u64 = 300;

/// Contains these words, whatever lines they are broken into.
fn says(words: &'static str) -> impl Predicate<str> {
    predicates::function::function(move |text: &str| {
        text.split_whitespace().collect::<Vec<_>>().join(" ").contains(words)
    })
}

/// An open loop at 200 operations a second, of which so many were due.
fn open_loop(id: u64, factor: f64, due_per_s: u64, random: &mut Random) -> Run {
    let shape = Shape { per_s: 60, median_ns: 4e6 * factor, ..FIVE_MINUTES };
    let mut run = noise::drawn(INDEPENDENT, shape, id, random);
    run.events.push(Event {
        kind: "load.phase".to_owned(),
        phase: "steady".to_owned(),
        detail: json!({
            "wanted_per_s": due_per_s,
            "length_ns": SECONDS * S,
            "due": due_per_s * SECONDS,
            "answered": 60 * SECONDS,
        }),
        ..Event::default()
    });
    run
}

#[test]
fn two_overwhelmed_sides_are_no_equal_sides() {
    let mut random = Random::new(1);
    let a = open_loop(0, 1.0, 200, &mut random);
    let b = open_loop(1, 3.0, 200, &mut random);
    let found = judged(vec![a], vec![b]);
    assert_eq!((found.outcome, found.exit_code), (Outcome::NoVerdict, 4), "{}", found.headline);
    let said = |words: &str| found.headline.matches(words).count();
    assert_eq!(said("saturated: 30 % of what was due was reached"), 1, "{}", found.headline);
    assert_eq!(said("It points to B being worse"), 1, "{}", found.headline);
    assert_eq!(said("No difference"), 0, "{}", found.headline);
    assert!(found.exit_reason.contains("too little"), "{}", found.exit_reason);
}

#[test]
fn one_overwhelmed_side_is_named() {
    let mut random = Random::new(2);
    let well = open_loop(0, 1.0, 60, &mut random);
    let mut ill = open_loop(1, 1.0, 60, &mut random);
    ill.events[0].detail["due"] = json!(200 * SECONDS);
    let found = judged(vec![well], vec![ill]);
    assert_eq!(found.outcome, Outcome::NoVerdict, "{}", found.headline);
    assert!(
        found.headline.contains("It points to B being worse: A could keep up"),
        "{}",
        found.headline
    );
}

#[test]
fn the_offered_rate_is_no_test_and_no_merit() {
    let mut random = Random::new(3);
    let runs: Vec<Run> = (0..3).map(|id| open_loop(id, 1.0, 60, &mut random)).collect();
    let found = judged(vec![runs[0].clone()], vec![runs[1].clone()]);
    let rate = metric(&found, Stat::Rate);
    assert!(rate.given && rate.verdict == MetricVerdict::Unchanged, "{rate:?}");
    assert_eq!(rate.reason.as_deref(), Some("the offered rate, kept by both"));
    let group = |run: &Run| etcdbench::compare::Group {
        name: run.header.run_id.clone(),
        runs: vec![etcdbench::compare::Input { run: run.clone(), ..Default::default() }],
    };
    let groups: Vec<_> = runs.iter().map(group).collect();
    let found = etcdbench::compare::compare(&groups, &Default::default(), Vec::new());
    assert!(!found.rankings.is_empty());
    assert!(found.rankings.iter().all(|ranking| ranking.stat != Stat::Rate));
}

#[test]
fn a_series_that_only_one_side_has_is_said() {
    let place = Place::new();
    place.write("a.jsonl", &slower(1, 1.0));
    let cut = Fake { series: &["wal.fsync"], ..slower(2, 1.0) };
    place.write("b.jsonl", &cut);
    place.compare(&["a.jsonl", "b.jsonl"]).stdout(says("etcd/put.commit (not on all sides)"));
}

#[test]
fn every_output_says_that_there_is_no_verdict() {
    let place = Place::new();
    let second = |id| Fake { seconds: 1, ..slower(id, 1.0) };
    place.write("a.jsonl", &second(1));
    place.write("b.jsonl", &second(2));
    let files = ["a.jsonl", "b.jsonl"];
    let with = |words: &[&str]| place.compare(&[&files[..], words].concat()).code(4);
    with(&[]).stdout(
        predicates::str::starts_with(
            "No verdict on B: 4 of 4 latencies that decide cannot be judged",
        )
        .and(says("too short to estimate uncertainty"))
        .and(says("exit code 4: too little of what decides could be judged")),
    );
    with(&["--format", "markdown"]).stdout(contains("**NO VERDICT** No verdict on B"));
    with(&["--format", "json"])
        .stdout(contains("\"outcome\": \"no_verdict\"").and(contains("\"exit_code\": 4")));
    with(&["--export", "junit"]).stdout(contains("type=\"no_verdict\""));
    with(&["--format", "csv"])
        .stdout(contains("not_resolvable").and(contains("not resolvable").not()));
}

#[test]
fn an_unconfirmed_difference_fails_nothing_anywhere() {
    let place = Place::new();
    place.write("a.jsonl", &short(1, 1.0));
    place.write("b.jsonl", &short(2, 1.6));
    let files = ["a.jsonl", "b.jsonl"];
    let with = |words: &[&str]| place.compare(&[&files[..], words].concat()).code(0);
    with(&[]).stdout(
        predicates::str::starts_with("Not confirmed: B is probably worse")
            .and(says("exit code 0: worse is only indicated")),
    );
    with(&["--format", "markdown"]).stdout(contains("**INCONCLUSIVE**"));
    with(&["--format", "json"]).stdout(contains("\"outcome\": \"inconclusive\""));
    with(&["--export", "junit"]).stdout(contains("<failure").not().and(contains("<error").not()));
}

#[test]
fn small_ratios_have_digits_and_open_questions_reasons() {
    let place = Place::new();
    place.write("a.jsonl", &Fake { median_ns: 4e8, ..slower(1, 1.0) });
    place.write("b.jsonl", &Fake { median_ns: 2.24e6, ..slower(2, 1.0) });
    place.compare(&["a.jsonl", "b.jsonl"]).code(0).stdout(contains("0.0056 [0.00"));
    for id in 0..4 {
        place.write(&format!("x/{id}.jsonl"), &short(2 * id + 11, 1.0 + 0.2 * (id % 2) as f64));
        place.write(&format!("y/{id}.jsonl"), &short(2 * id + 12, 1.1));
    }
    let output = place.compare(&["x", "y", "--format", "json"]).get_output().stdout.clone();
    let document: serde_json::Value = serde_json::from_slice(&output).unwrap();
    let metrics = document["contrasts"][0]["metrics"].as_array().unwrap();
    let open: Vec<_> = metrics.iter().filter(|m| m["verdict"] == "inconclusive").collect();
    assert!(!open.is_empty());
    assert!(open.iter().all(|metric| metric["reason"].is_string()), "{open:?}");
}

#[test]
fn words_that_promise_nothing() {
    let place = Place::new();
    pairs(&place, 1.0);
    place.compare(&["a", "b"]).stdout(
        contains("four times out of five")
            .not()
            .and(contains("shown to be equal").not())
            .and(contains("would detect (80 % power): ")),
    );
}

#[test]
fn a_field_that_is_not_there_cannot_be_allowed() {
    let place = Place::new();
    place.write("a.jsonl", &short(1, 1.0));
    place.write("b.jsonl", &short(2, 1.0));
    let files = ["a.jsonl", "b.jsonl"];
    for (field, hint) in
        [("kernal", "did you mean 'kernel'?"), ("workload.val_siez", "'workload.val_size'?")]
    {
        place
            .compare(&[&files[..], &["--allow", field]].concat())
            .code(2)
            .stderr(contains(format!("no field '{field}'")).and(contains(hint)));
    }
    place.compare(&[&files[..], &["--allow", "kernel"]].concat()).stderr("");
}

#[test]
fn sides_are_named_by_what_their_files_have_in_common() {
    let place = Place::new();
    for id in 1..=6 {
        place.write(&format!("all/old-{id}.jsonl"), &short(2 * id, 1.0));
        place.write(&format!("all/new-{id}.jsonl"), &short(2 * id + 1, 1.0));
    }
    place
        .compare(&["all/old-*.jsonl", "all/new-*.jsonl"])
        .stdout(contains("  A  old  (6 runs").and(contains("  B  new  (6 runs")));
    let a: Vec<String> = (1..=6).map(|id| format!("all/old-{id}.jsonl")).collect();
    let b: Vec<String> = (1..=6).map(|id| format!("all/new-{id}.jsonl")).collect();
    let mut words: Vec<&str> = Vec::new();
    for (flag, files) in [("--a", &a), ("--b", &b)] {
        files.iter().for_each(|file| words.extend([flag, file]));
    }
    place.compare(&words).stdout(contains("  A  old  (6 runs").and(contains("  B  new  (6 runs")));
}

#[test]
fn a_line_that_stands_twice_is_damage() {
    let place = Place::new();
    place.write("a.jsonl", &short(1, 1.0));
    let path = place.write("b.jsonl", &short(2, 1.0));
    let whole = fs::read_to_string(&path).unwrap();
    let doubled: String = whole
        .lines()
        .map(|line| {
            if line.contains("\"interval\"") {
                format!("{line}\n{line}\n")
            } else {
                format!("{line}\n")
            }
        })
        .collect();
    fs::write(&path, doubled).unwrap();
    place.compare(&["a.jsonl", "b.jsonl"]).code(1).stderr(contains("stands twice"));
}

#[test]
fn a_night_is_looked_into() {
    let place = Place::new();
    for id in 0..4 {
        place.write(&format!("one/default/disk/{id:03}.jsonl"), &short(2 * id + 1, 1.0));
        place.write(&format!("two/default/disk/{id:03}.jsonl"), &short(2 * id + 2, 1.0));
        place.write(&format!("one/reruns/default-disk-{id:03}.jsonl"), &short(20 + id, 9.0));
    }
    fs::write(place.path("one/scenario.json"), "{}").unwrap();
    place.compare(&["one", "two"]).stdout(contains("4 interleaved pairs of runs"));
    place.write("one/default/other/001.jsonl", &short(31, 1.0));
    place.compare(&["one", "two"]).code(2).stderr(
        contains("results lie in 2 directories below it").and(contains("one/default/other")),
    );
}

#[test]
fn more_of_what_does_not_help_is_not_promised() {
    let place = Place::new();
    // Runs of one machine that differ ninefold: no number of pairs is advice.
    for id in 0..4 {
        place.write(
            &format!("a/{id}.jsonl"),
            &short(2 * id + 1, if id % 2 == 0 { 1.0 } else { 3.0 }),
        );
        place.write(&format!("b/{id}.jsonl"), &short(2 * id + 2, if id < 2 { 3.0 } else { 1.0 }));
    }
    place.compare(&["a", "b"]).stdout(says("for more of them to help"));
    // What runs differ by is not cured by longer ones.
    place.write("c.jsonl", &slower(41, 1.0));
    place.write("d.jsonl", &slower(42, 1.04));
    place
        .compare(&["c.jsonl", "d.jsonl"])
        .code(0)
        .stdout(says("repeat them (--measure), longer ones do not help"));
}
