//! A night by its rules and by its trend: every output has both, and what made the exit code.

use std::path::PathBuf;

use etcdbench::exit::Verdict;
use etcdbench::result::{Answer, RuleName, RuleOutcome, Summary};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use super::nights::{Results, date, nights, wobble};

/// A rule that was broken by so many events, or kept.
fn slow_applies(count: f64) -> RuleOutcome {
    RuleOutcome {
        rule: RuleName::SlowApplies.into(),
        label: "slow applies".to_owned(),
        measured: format!("{count}"),
        measured_value: Some(count),
        limit: "none".to_owned(),
        samples: Some(30_000),
        source: "etcd warns of each".to_owned(),
        verdict: if count > 0.0 { Verdict::Fail } else { Verdict::Pass },
        ..RuleOutcome::default()
    }
}

fn judged(summary: &mut Summary, rule: RuleOutcome) {
    summary.verdict = rule.verdict;
    match rule.verdict {
        Verdict::Fail => summary.answered(Answer::Failed, "slow applies: wanted none"),
        _ => summary.answered(Answer::Passed, "every rule is kept"),
    }
    summary.rules = vec![rule];
}

/// Nights that are alike; the newest breaks a rule by so many events.
fn broken(count: f64) -> Results {
    let results = Results::new();
    for (index, p99) in nights(40, 0, 1.0).into_iter().enumerate() {
        let count = if index == 39 { count } else { 0.0 };
        results.night(index, p99, |night| judged(&mut night.summary, slow_applies(count)));
    }
    results
}

/// Re-runs of the newest night, each with so many events.
fn reruns(again: &Results, counts: &[f64]) -> Vec<PathBuf> {
    let write = |(index, count): (usize, &f64)| {
        again.night(index, 10.0 * wobble(index), |night| {
            night.header.run_id = format!("again-{index}");
            night.header.started_at = date(40);
            judged(&mut night.summary, slow_applies(*count));
        })
    };
    counts.iter().enumerate().map(write).collect()
}

fn shown(results: &Results, args: &[&str]) -> String {
    let output = results.trend().args(args).env("COLUMNS", "400").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "the trend itself is steady");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_broken_rule_stands_beside_the_trend_in_every_output() {
    let results = broken(1.0);
    for format in ["text", "markdown", "html"] {
        let text = shown(&results, &["--format", format]);
        assert!(text.contains("STEADY"), "{format}: {text}");
        assert!(text.contains("FAILED"), "{format}: {text}");
        assert!(text.contains("slow applies: wanted none"), "{format}: {text}");
        assert!(text.contains("exit code 0: trend ends by the trend alone"), "{format}: {text}");
    }
    let csv = shown(&results, &["--format", "csv"]);
    assert!(csv.lines().next().unwrap().ends_with(",rules,exit_code,exit_causes"), "{csv}");
    assert!(csv.contains(",fail,0,"), "{csv}");
    let json: Value = serde_json::from_str(&shown(&results, &["--format", "json"])).unwrap();
    assert_eq!(json["runs"][0]["verdict"], "fail");
    assert_eq!(json["runs"][0]["rules"][0]["rule"], "slow applies");
    assert_eq!(json["exit"]["code"], 0);
    let junit = shown(&results, &["--export", "junit"]);
    assert!(junit.contains("rules of disk /var/lib/etcd on cp1"), "{junit}");
    let skipped = "wanted none (etcd warns of each), 30000 samples; trend ends by the trend alone";
    assert!(junit.contains("<skipped") && junit.contains(skipped), "{junit}");
    assert!(!junit.contains("<failure"), "it fails where the command does: {junit}");
    let metrics = shown(&results, &["--export", "textfile"]);
    for line in [
        "etcdbench_trend_run_verdict{scenario=\"disk /var/lib/etcd\",machine=\"cp1\",verdict=\"fail\"} 1",
        "rule=\"slow applies\",verdict=\"fail\"} 1",
        "etcdbench_trend_exit_code 0",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
}

#[test]
fn json_with_runs_keeps_the_published_schema() {
    let schema: Value = serde_json::from_value(etcdbench::trend::trend_json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let document: Value =
        serde_json::from_str(&shown(&broken(1.0), &["--format", "json"])).unwrap();
    let errors: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn a_regression_and_kept_rules_stand_side_by_side_too() {
    let results = Results::new();
    for (index, p99) in nights(40, 3, 1.5).into_iter().enumerate() {
        results.night(index, p99, |night| judged(&mut night.summary, slow_applies(0.0)));
    }
    let told = contains("exit code 3: a regression is confirmed")
        .and(contains("✔ kept"))
        .and(contains("✘ REGRESSED"));
    results.trend().env("COLUMNS", "200").assert().code(3).stdout(told);
}

#[test]
fn what_one_event_broke_is_a_warning_where_most_re_runs_do_not_show_it() {
    for (counts, verdict, words) in [
        (&[0.0, 0.0, 0.0][..], "warn", "3 re-runs: none of them broke it again, not confirmed"),
        (&[0.0, 1.0, 0.0], "warn", "3 re-runs: 1 of them broke it again, not confirmed"),
        (&[1.0, 1.0, 0.0], "fail", "3 re-runs: 2 of them broke it again, confirmed"),
        (&[0.0, 2.0], "fail", "2 re-runs: 1 of them broke it again, confirmed"),
    ] {
        let (results, again) = (broken(1.0), Results::new());
        let mut args = vec!["--confirm".to_owned()];
        args.extend(reruns(&again, counts).iter().map(|path| path.display().to_string()));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let text = shown(&results, &args);
        assert!(text.contains(words), "{text}");
        let json = shown(&results, &[&args[..], &["--format", "json"]].concat());
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["runs"][0]["verdict"], verdict, "{counts:?}");
    }
}

#[test]
fn many_events_and_lost_writes_are_no_single_event() {
    let again = Results::new();
    let again: Vec<PathBuf> = reruns(&again, &[0.0]);
    let paths: Vec<&str> = again.iter().map(|path| path.to_str().unwrap()).collect();
    let args = [&["--confirm"], &paths[..], &["--format", "json"]].concat();
    let lost = Results::new();
    for (index, p99) in nights(20, 0, 1.0).into_iter().enumerate() {
        lost.night(index, p99, |night| {
            let rule = RuleName::AcknowledgedWrites.into();
            judged(&mut night.summary, RuleOutcome { rule, ..slow_applies(1.0) });
        });
    }
    for results in [broken(50.0), lost] {
        let json: Value = serde_json::from_str(&shown(&results, &args)).unwrap();
        assert_eq!(json["runs"][0]["verdict"], "fail");
        assert_eq!(json["runs"][0]["may_be_one_event"], false);
    }
}
