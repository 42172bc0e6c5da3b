//! The flags.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::{contains, starts_with};

use super::example_path;

fn etcdbench() -> Command {
    Command::cargo_bin("etcdbench").unwrap()
}

fn slow() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("results/examples/slow-disk.jsonl")
}

fn report(args: &[&str]) -> assert_cmd::assert::Assert {
    etcdbench().arg("report").arg(example_path()).args(args).assert()
}

#[test]
fn one_document_goes_to_stdout_and_the_exit_code_is_the_verdicts() {
    report(&["--export", "junit"]).code(0).stdout(starts_with("<?xml"));
    report(&["--export", "hlog"]).code(0).stdout(contains("HISTFAAAA"));
    let mut bad = etcdbench();
    bad.arg("report").arg(slow()).args(["--export", "textfile"]);
    bad.assert().code(3).stdout(contains("verdict=\"fail\"} 1"));
}

#[test]
fn several_documents_need_a_directory_and_say_so() {
    for kind in ["hgrm", "perfdata", "github-action-benchmark"] {
        report(&["--export", kind])
            .code(2)
            .stdout("")
            .stderr(contains("name a directory for them: --output DIR/"));
    }
    let place = tempfile::tempdir().unwrap();
    let made = place.path().join("made");
    let with_slash = format!("{}/", made.display());
    let file = made.to_str().unwrap();
    report(&["--export", "perfdata", "-o", file])
        .code(2)
        .stderr(contains(format!("--output {with_slash}")));
    report(&["--export", "perfdata", "-o", &with_slash]).code(0).stdout("");
    let mut names: Vec<String> = fs::read_dir(&made)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let operations = ["backend-commit", "put-commit", "wal-fsync"];
    let expected =
        operations.map(|name| format!("EtcdAPI_benchmark_{name}_2026-11-21T23:07:09Z.json"));
    assert_eq!(names, expected);
}

#[test]
fn a_file_is_replaced_and_readable_by_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("etcdbench.prom");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    report(&["--export", "textfile", "-o", path.to_str().unwrap()]).code(0).stdout("");
    assert!(fs::read_to_string(&path).unwrap().starts_with("# TYPE etcdbench_run_info gauge"));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
}

#[test]
fn what_a_comparison_or_a_trend_has_not_is_refused_before_anything_is_done() {
    let mut compare = etcdbench();
    // Were anything measured, the directory that is not there would be what is refused.
    compare.args(["compare", "--measure", "disk /nowhere/a", "disk /nowhere/b"]);
    compare
        .args(["--export", "bmf"])
        .assert()
        .code(2)
        .stderr(contains("junit, openmetrics, textfile").and(contains("report FILE --export bmf")));
    etcdbench()
        .args(["trend", "results/none", "--export", "hlog"])
        .assert()
        .code(2)
        .stderr(contains("junit, openmetrics, textfile"));
}

#[test]
fn a_comparison_and_a_trend_are_exported() {
    let mut compare = etcdbench();
    compare.arg("compare").arg(example_path()).arg(slow());
    compare
        .args(["--export", "junit"])
        .assert()
        .stdout(contains("<skipped").and(contains("wal.fsync p99")));
    let mut trend = etcdbench();
    trend.arg("trend").arg(example_path()).args(["--export", "openmetrics"]);
    trend
        .assert()
        .code(4)
        .stdout(contains("etcdbench_trend_verdict{verdict=\"too_few_nights\"} 1"));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let path = example_path();
    let path = path.to_str().unwrap();
    report(&["--export", "junit", "--format", "json"]).code(2).stderr(contains("--format"));
    report(&["--export", "junit", "--table", "intervals"]).code(2).stderr(contains("--table"));
    report(&["--export", "junit", "-o", path]).code(2).stderr(contains("result"));
    report(&[path, "--export", "junit"]).code(2).stderr(contains("one result at a time"));
    report(&["--export", "bmf", "-o", "/nowhere/x.json"]).code(2).stderr(contains("/nowhere"));
}
