//! What is shown: the page, and the same as JSON, markdown and CSV.

use std::fs;
use std::path::{Path, PathBuf};

use etcdbench::trend::trend_json_schema;
use serde_json::Value;

use super::nights::{Results, nights, phase, wobble};

/// Twice as slow with a new kernel, and once more tonight.
fn eventful() -> Results {
    let results = Results::new();
    for (index, p99) in nights(60, 20, 1.5).into_iter().enumerate() {
        results.night(index, p99, |lines| {
            let header = &mut lines.header;
            if index >= 40 {
                header.environment.kernel = Some("6.8.0-48".to_owned());
            }
            let tonight = if index == 59 { 1.4 } else { 1.0 };
            lines.summary.phases = vec![phase(&[
                ("wal.fsync", p99 * tonight),
                ("backend.commit", 20.0 * wobble(index + 3)),
            ])];
        });
    }
    fs::write(results.path().join("notes.txt"), "").unwrap();
    results
}

/// stdout of a trend in a format, with the directory's name made the same every time.
fn shown(results: &Results, args: &[&str]) -> String {
    let output = results.trend().args(args).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.replace(results.path().to_str().unwrap(), "results")
}

#[test]
fn the_page() {
    insta::assert_snapshot!(shown(&eventful(), &[]));
}

#[test]
fn the_page_in_a_narrow_terminal() {
    let results = eventful();
    let output = results.trend().env("COLUMNS", "60").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("REGRESSED"), "{text}");
}

#[test]
fn markdown() {
    insta::assert_snapshot!(shown(&eventful(), &["--format", "markdown"]));
}

#[test]
fn csv() {
    let text = shown(&eventful(), &["--format", "csv"]);
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let head = rows.headers().unwrap().clone();
    let all: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(all.len(), 2);
    let cell = |row: usize, column: &str| {
        let place = head.iter().position(|name| name == column).unwrap();
        all[row][place].to_owned()
    };
    assert_eq!(cell(0, "series"), "etcd/wal.fsync.p99");
    assert_eq!(cell(0, "verdict"), "regressed");
    assert_eq!(cell(0, "last_change"), "2026-02-10T02:00:00Z");
    assert_eq!(cell(0, "last_change_outcome"), "worse");
    assert_eq!(cell(1, "verdict"), "steady");
    assert!(cell(1, "last_change").is_empty());
}

fn published_schema() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/trend.schema.json")
}

/// `UPDATE_SCHEMA=1 cargo test --test pure trend` writes it anew.
#[test]
fn the_published_schema_is_up_to_date() {
    let text = serde_json::to_string_pretty(&trend_json_schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(published_schema(), &text).unwrap();
    }
    let published = fs::read_to_string(published_schema()).unwrap();
    assert!(
        published == text,
        "docs/trend.schema.json is out of date: UPDATE_SCHEMA=1 cargo test --test pure trend"
    );
}

#[test]
fn json_keeps_the_published_schema() {
    let schema: Value = serde_json::from_value(trend_json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for results in [eventful(), Results::of(&[10.0, 11.0]), Results::new()] {
        let document: Value =
            serde_json::from_str(&shown(&results, &["--format", "json"])).unwrap();
        let errors: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    let document: Value = serde_json::from_str(&shown(&eventful(), &["--format", "json"])).unwrap();
    assert_eq!(document["schema"], "etcdbench.trend/v1");
    assert_eq!(document["verdict"], "regressed");
    let change = &document["histories"][0]["series"][0]["changes"][0];
    assert_eq!(change["night"], 40);
    assert_eq!(change["outcome"], "worse");
    assert_eq!(change["coincides"][0]["fact"], "kernel");
    let ratio = change["ratio"]["value"].as_f64().unwrap();
    assert!((1.45..1.6).contains(&ratio), "{ratio}");
}

#[test]
fn a_season_and_a_creep_are_told_in_words() {
    let results = Results::new();
    for index in 0..91 {
        let weekend = if (index + 3) % 7 >= 5 { 1.3 } else { 1.0 };
        results.night(index, 10.0, |night| {
            night.summary.phases = vec![phase(&[
                ("wal.fsync", 10.0 * weekend * wobble(index)),
                ("put.commit", 10.0 * 1.003_f64.powi(index as i32) * wobble(index)),
            ])];
        });
    }
    for format in ["text", "markdown", "html"] {
        let output =
            results.trend().args(["--format", format]).env("COLUMNS", "300").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        // Lines are broken where they end.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("days of the week differ (Sat 1."), "{text}");
        assert!(text.contains("% since 2026-01-01, worse ("), "{text}");
    }
}
