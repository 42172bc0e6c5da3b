//! The program: files, forms, exit codes, errors.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use super::fixture;

fn logs(args: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("etcdbench").unwrap();
    command.env("NO_COLOR", "1").env("COLUMNS", "100").arg("logs").args(args).assert()
}

fn path(name: &str) -> String {
    fixture(name).display().to_string()
}

#[test]
fn the_page_tells_cause_evidence_and_way_out() {
    logs(&[&path("slow-disk-leader-3.5-json.log")]).code(3).stdout(
        contains("DISK  WAL syncs of slow-disk-leader-3.5-json (7a22d5c1039e8b6f) stall")
            .and(contains("2 late heartbeats, by up to 1.54 s beyond 2 × 100 ms"))
            .and(contains("all within 2 s of a slow WAL"))
            .and(contains("etcdctl move-leader"))
            .and(contains("2026-03-14 02:11:00.775  WAL sync of 1.74 s")),
    );
    logs(&[&path("mild-disk-console-500ms.log")]).code(0);
    logs(&[&path("mild-disk-console-500ms.log"), "--strict"]).code(3);
    logs(&[&path("paused-peer-3.6-json.log")]).code(4).stdout(contains("NOT SURE"));
}

#[test]
fn stdin_markdown_and_a_page_for_a_browser() {
    let text = fs::read(fixture("nospace-3.5-json.log")).unwrap();
    let mut command = Command::cargo_bin("etcdbench").unwrap();
    command
        .args(["logs", "-", "--format", "markdown"])
        .write_stdin(text)
        .assert()
        .code(3)
        .stdout(contains("QUOTA").and(contains("etcdctl alarm disarm")));
    let place = tempfile::tempdir().unwrap();
    let page = place.path().join("page.html");
    logs(&[&path("slow-path-cri.log"), "-o", page.to_str().unwrap()]).code(0).stdout("");
    let page = fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!") && page.contains("c90a7de12b55f801"));
}

#[test]
fn a_log_that_tells_too_little_is_not_ok() {
    let place = tempfile::tempdir().unwrap();
    let of = |lines: &[(&str, &str, &str)]| {
        let line = |(level, at, msg): &(&str, &str, &str)| {
            format!(
                "{{\"level\":\"{level}\",\"ts\":\"2026-03-14T{at}Z\",\"caller\":\"x.go:1\",\"msg\":\"{msg}\"}}\n"
            )
        };
        let path = place.path().join("m1.log");
        fs::write(&path, lines.iter().map(line).collect::<String>()).unwrap();
        logs(&[path.to_str().unwrap()])
    };
    let quiet = "compact tree index";
    of(&[("info", "02:10:31.004", quiet), ("info", "03:10:31.004", quiet)]).code(0);
    of(&[("error", "02:10:31.004", "x"), ("error", "03:10:31.004", "x")])
        .code(4)
        .stdout(contains("NOT SURE").and(contains("2 errors and nothing below")));
    of(&[("info", "02:10:31.004", quiet), ("info", "02:10:32.004", quiet)])
        .code(4)
        .stdout(contains("what there is covers 1 s"));
}

#[test]
fn what_is_no_log_is_refused_with_the_way_out() {
    let place = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = place.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let none = file("notes.txt", b"hello\nyou\n");
    logs(&[&none])
        .code(1)
        .stderr(contains("none of 2 lines is etcd's").and(contains("journalctl -u etcd")));
    let zstd = file("m1.zst", b"\x28\xb5\x2f\xfd....");
    logs(&[&zstd]).code(1).stderr(contains("m1.zst").and(contains("zstd -dc")));
    logs(&[&place.path().display().to_string()]).code(1).stderr(contains("is a directory"));
    logs(&["/dev/zero"]).code(1).stderr(contains("is no file"));
    logs(&["/nowhere/m1.log"]).code(1).stderr(contains("/nowhere/m1.log"));
    logs(&[]).code(2);
}

fn published() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/logs.schema.json")
}

/// `UPDATE_SCHEMA=1 cargo test --test pure logs` writes it anew.
#[test]
fn the_published_schema_is_that_of_the_types() {
    let text = serde_json::to_string_pretty(&etcdbench::report::logs_json_schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(published(), &text).unwrap();
    }
    let published = fs::read_to_string(published()).unwrap_or_default();
    assert!(
        published == text,
        "docs/logs.schema.json is out of date: UPDATE_SCHEMA=1 cargo test --test pure logs"
    );
}

#[test]
fn json_fits_the_schema() {
    let validator = jsonschema::validator_for(&etcdbench::report::logs_json_schema()).unwrap();
    for entry in fs::read_dir(fixture("")).unwrap() {
        let file = entry.unwrap().path().display().to_string();
        let output = logs(&[&file, "--format", "json"]).get_output().stdout.clone();
        let document: Value = serde_json::from_slice(&output).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{file}: {errors:?}");
        assert_eq!(document["schema"], "etcdbench.logs/v1");
    }
    let output = logs(&[&path("slow-disk-leader-3.5-json.log"), "--format", "json"])
        .get_output()
        .stdout
        .clone();
    let document: Value = serde_json::from_slice(&output).unwrap();
    assert_eq!((&document["word"], &document["verdict"]), (&"DISK".into(), &"fail".into()));
    assert_eq!(document["causes"][0]["cause"], "disk");
    assert_eq!(document["causes"][0]["certainty"], "clear");
    assert_eq!(document["members"][0]["slow_syncs"]["max_ns"], 2_209_871_160_u64);
    assert_eq!(document["timeline"][1]["what"], "slow_syncs");
}
