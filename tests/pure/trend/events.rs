//! Series that change in one night are one event.

use etcdbench::trend::trend_json_schema;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use super::nights::{Results, phase, wobble};

/// From night 40 on two series are slower and one is faster, with another commit; a fourth stays as it was.
fn moved() -> Results {
    let results = Results::new();
    for index in 0..60 {
        let late = index >= 40;
        let level = |slow: f64| if late { slow } else { 1.0 };
        results.night(index, 10.0, |night| {
            let commit = if late { "bbb" } else { "aaa" };
            night.header.labels.insert("commit".to_owned(), commit.to_owned());
            night.summary.phases = vec![phase(&[
                ("wal.fsync", 10.0 * level(1.5) * wobble(index)),
                ("backend.commit", 20.0 * level(1.6) * wobble(index + 3)),
                ("put.commit", 30.0 * level(0.6) * wobble(index + 5)),
                ("wal.write", 1.0 * wobble(index + 1)),
            ])];
        });
    }
    results
}

fn shown(results: &Results, format: &str) -> String {
    let mut command = results.trend();
    command.args(["--format", format]).env("COLUMNS", "400");
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[test]
fn series_that_change_in_one_night_are_one_event_with_its_labels() {
    let results = moved();
    let document: Value = serde_json::from_str(&shown(&results, "json")).unwrap();
    let events = document["histories"][0]["events"].as_array().unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["night"], 40);
    assert_eq!((&events[0]["worse"], &events[0]["better"]), (&2.into(), &1.into()));
    assert_eq!(events[0]["changes"].as_array().unwrap().len(), 3);
    assert_eq!(events[0]["coincides"][0]["fact"], "label commit");
    let schema: Value = serde_json::from_value(trend_json_schema()).unwrap();
    assert!(jsonschema::is_valid(&schema, &document));
    for format in ["text", "markdown", "html"] {
        let text = shown(&results, format);
        assert!(text.contains("3 series") && text.contains("2 worse, 1 better"), "{text}");
        assert_eq!(text.matches("aaa → bbb").count(), 1, "{text}");
    }
}

#[test]
fn an_event_is_acknowledged_by_one_command() {
    let results = moved();
    let acknowledge = contains("--acknowledge '*@2026-02-10' --note").count(1);
    let compare = contains("etcdbench compare '").count(1);
    let mut red = results.trend();
    red.env("COLUMNS", "400").assert().code(3).stdout(acknowledge.and(compare));
    let mut known = results.trend();
    known.args(["--acknowledge", "*@2026-02-10", "--note", "OPS-12"]).assert().code(0);
}

#[test]
fn the_command_for_several_steps_acknowledges_all_of_them() {
    let results = Results::new();
    for index in 0..90 {
        let steps = index / 30;
        results.night(index, 10.0 * 1.15_f64.powi(steps as i32) * wobble(index), |_| {});
    }
    let output = results.trend().env("COLUMNS", "600").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stdout).unwrap();
    let mark = text.split("--acknowledge '").nth(1).and_then(|rest| rest.split('\'').next());
    let mut known = results.trend();
    known.args(["--acknowledge", mark.unwrap(), "--note", "OPS-12"]).assert().code(0);
}
