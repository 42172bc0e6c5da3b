//! JUnit, checked by the schema of Jenkins' xunit plugin.

use etcdbench::cli::Export;
use etcdbench::exit::Verdict;
use etcdbench::report::export::Document;
use serde_json::Value;

use super::{kept, of_comparison, of_run, of_trend, only, samples};
use crate::support::needs::{Need, needs};
use crate::support::readers;

/// The suites of a file that keeps the schema.
fn suites(document: &Document) -> Vec<Value> {
    let (_directory, path) = kept(document);
    serde_json::from_str(&readers::read("junit.py", &path)).unwrap()
}

/// How each case of a suite ended.
fn outcomes(suite: &Value) -> Vec<(&str, &str)> {
    let cases = suite["cases"].as_array().unwrap().iter();
    cases.map(|case| (case["name"].as_str().unwrap(), case["outcome"].as_str().unwrap())).collect()
}

#[test]
fn a_run_has_a_case_per_rule_and_one_for_all_of_it() {
    needs!(Need::Readers);
    let load = samples::load();
    let suites = suites(&only(of_run(Export::Junit, &load)));
    let [suite] = suites.as_slice() else {
        panic!("{suites:?}");
    };
    assert_eq!(
        outcomes(suite),
        [
            ("put.service.p99 < 100ms", "passed"),
            ("errors < 0.1%", "passed"),
            ("range.service.p99 < 1s", "skipped"),
            ("verdict", "skipped")
        ]
    );
    assert_eq!((&suite["tests"], &suite["skipped"]), (&"4".into(), &"2".into()));
    assert_eq!(suite["hostname"], "client-1");
    assert_eq!(suite["timestamp"], "2026-11-21T20:15:00.25Z");
    let out = |index: usize| suite["cases"][index]["out"].as_str().unwrap().to_owned();
    assert!(out(1).starts_with("warning: "), "{}", out(1));
    let message = suite["cases"][2]["message"].as_str().unwrap();
    assert!(message.contains("needs about 40 s more"), "{message}");
    let class = suite["cases"][0]["classname"].as_str().unwrap();
    assert_eq!(class.matches('.').count(), 1, "{class}");
}

/// A run that was cut short must not look like one that passed, whatever its rules say.
#[test]
fn what_no_rule_says_is_said_too() {
    needs!(Need::Readers);
    let (run, mut summary, intervals) = samples::load();
    summary.rules.truncate(1);
    for (complete, verdict, expected) in [
        (false, Verdict::Inconclusive, "error"),
        (true, Verdict::Inconclusive, "skipped"),
        (true, Verdict::Fail, "failure"),
        (true, Verdict::Warn, "passed"),
    ] {
        summary.complete = complete;
        summary.verdict = verdict;
        let told = (run.clone(), summary.clone(), intervals.clone());
        let suites = suites(&only(of_run(Export::Junit, &told)));
        let outcomes = outcomes(&suites[0]);
        assert_eq!(outcomes.last(), Some(&("verdict", expected)), "{verdict:?}");
    }
}

#[test]
fn a_comparison_fails_where_the_command_does() {
    needs!(Need::Readers);
    let confirmed = suites(&of_comparison(Export::Junit, &samples::comparison(false, 3)));
    let expected = [
        ("wal.fsync p50", "passed"),
        ("wal.fsync p99", "failure"),
        ("wal.fsync p99.9", "skipped"),
        ("wal.fsync stalls", "skipped"),
        ("put.commit p50", "passed"),
        ("put.commit rate", "skipped"),
        ("wal.write p99", "passed"),
    ];
    assert_eq!(outcomes(&confirmed[0]), expected);
    assert_eq!(confirmed[0]["failures"], "1");
    // Indicated only, and the command ends with 0.
    let indicated = suites(&of_comparison(Export::Junit, &samples::comparison(true, 0)));
    assert_eq!(outcomes(&indicated[0])[1], ("wal.fsync p99", "skipped"));
    // Indicated, and --fail-on indicative.
    let asked = suites(&of_comparison(Export::Junit, &samples::comparison(true, 3)));
    assert_eq!(outcomes(&asked[0])[1], ("wal.fsync p99", "failure"));
    let not_comparable = suites(&of_comparison(Export::Junit, &samples::incomparable()));
    assert_eq!(outcomes(&not_comparable[0]), [("comparable", "error")]);
}

#[test]
fn a_trend_fails_where_the_command_does() {
    needs!(Need::Readers);
    let suites = suites(&of_trend(Export::Junit, &samples::trend()));
    assert_eq!(suites[0]["name"], "disk nightly on cp1");
    assert_eq!(
        outcomes(&suites[0]),
        [
            ("etcd/wal.fsync.p50", "passed"),
            ("etcd/wal.fsync.p99", "failure"),
            ("etcd/wal.fsync.p99.9", "passed"),
            ("etcd/put.commit.p99", "skipped"),
            ("etcd/put.commit.rate", "passed"),
            ("etcd/put.commit.errors", "skipped")
        ]
    );
    // And so does the run's own rule.
    assert_eq!(suites[1]["name"], "rules of disk nightly on cp1");
    assert_eq!(outcomes(&suites[1]), [("slow applies", "failure"), ("verdict", "failure")]);
}
