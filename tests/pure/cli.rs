//! The program as a person meets it: flags, messages, exit codes.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;

fn etcdbench() -> Command {
    let mut command = Command::cargo_bin("etcdbench").unwrap();
    command.env_remove("NO_COLOR").env_remove("COLUMNS");
    command
}

/// Nonsense, and what the message must say: the flag and the way out.
const NONSENSE: &[(&[&str], &[&str])] = &[
    (&["--rate", "0"], &["--rate 0", "above 0"]),
    (&["--rate", "-5"], &["--rate -5", "above 0"]),
    (&["--rate", "nan"], &["--rate NaN", "above 0"]),
    (&["--rate", "inf"], &["--rate inf", "at most"]),
    (&["--rate", "fast"], &["--rate"]),
    (&["--clients", "0"], &["--clients 0", "1 to"]),
    (&["--clients", "-1"], &["-1"]),
    (&["--rate", "5", "--clients", "5"], &["--rate", "--clients", "drop one"]),
    (&["--clients", "5", "--arrival", "poisson"], &["--arrival", "--clients", "drop one"]),
    (&["--arrival", "bursty"], &["--arrival", "poisson, constant"]),
    (&["--key-size", "0"], &["--key-size", "at least 1"]),
    (&["--key-size", "2MiB"], &["--key-size", "1.5 MiB"]),
    (&["--val-size", "1.5MiB"], &["--val-size", "max-request-bytes"]),
    (&["--val-size", "18EB"], &["--val-size", "2GiB"]),
    (&["--val-size", "2 bananas"], &["--val-size", "500MB"]),
    (&["--quick", "--soak", "3m"], &["--quick", "--soak", "drop one"]),
    (&["--soak", "30"], &["--soak", "30m"]),
    (&["--soak", "10ms"], &["--soak", "at least 100ms"]),
    (&["--soak", "0s"], &["--soak", "at least 100ms"]),
    (&["--phases", "wla"], &["--phases", "did you mean 'wal'"]),
    (&["--phases", "warmup"], &["--phases", "idle, durability, wal, etcd, commits, capacity"]),
    (&["--phases", "wal,wal"], &["--phases", "'wal' twice"]),
    (&["--phases", "wal=10"], &["--phases", "10ms"]),
    (&["--phases", "wal=1ms"], &["--phases", "'wal'", "at least 100ms"]),
    (&["--phases", ""], &["--phases", "no phase ''"]),
    (&["--phases", "wal", "--soak", "5m"], &["--soak", "--phases", "add etcd"]),
    (&["--phases", "etcd=1m", "--soak", "5m"], &["--soak", "--phases etcd", "drop one"]),
    (
        &["--heartbeat-interval", "300"],
        &["--election-timeout", "--heartbeat-interval 300ms", "1500ms"],
    ),
    (&["--heartbeat-interval", "0"], &["--heartbeat-interval", "above 0"]),
    (
        &["--heartbeat-interval", "1500us"],
        &["--heartbeat-interval", "whole number of milliseconds"],
    ),
    (&["--heartbeat-interval", "5parsecs"], &["--heartbeat-interval", "100ms"]),
    (&["--election-timeout", "51s"], &["--election-timeout", "at most 50s"]),
    (&["--election-timeout", "400"], &["--election-timeout", "at least 500ms"]),
    (&["--quota", "9GiB"], &["--quota 9GiB", "8GiB"]),
    (&["--quota", "0"], &["--quota 0", "8GiB"]),
    (&["--db-size", "3GiB"], &["--db-size 3GiB", "raise --quota"]),
    (&["--members", "0"], &["--members 0", "1 to 256"]),
    (&["--members", "257"], &["--members 257", "1 to 256"]),
    (&["--engine", "aio"], &["--engine", "sync, uring"]),
    (&["--profile", "opensift"], &["--profile", "did you mean 'openshift'"]),
    (
        &["--rule", "wal.fsnyc.p99 < 10ms"],
        &["--rule 'wal.fsnyc.p99 < 10ms'", "did you mean 'wal.fsync'"],
    ),
    (&["--rule", "wal.fsync.p99 < 10"], &["--rule", "unit"]),
    (&["--max-bytes", "10MB"], &["--max-bytes", "at least", "--rate"]),
    (&["--max-bytes", "0"], &["--max-bytes 0", "at least"]),
    (&["--backend-batch-interval", "0s"], &["--backend-batch-interval", "1ms to"]),
    (&["--backend-batch-limit", "0"], &["--backend-batch-limit 0", "1 to"]),
    (&["--label", "rack"], &["--label", "rack=b7"]),
    (&["--label", "a=1", "--label", "a=2"], &["--label a", "twice"]),
    (&["--format", "xml"], &["--format", "text, json, csv"]),
    (&["--fast"], &["--fast"]),
];

#[test]
fn nonsense_is_refused_before_anything_is_touched() {
    let place = tempfile::tempdir().unwrap();
    for (flags, said) in NONSENSE {
        let target = place.path().join("etcd");
        let run = etcdbench().arg("disk").arg(&target).args(*flags).current_dir(&place).assert();
        let run = run.code(2).stdout("");
        let stderr = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(stderr.starts_with("error: "), "{flags:?}: {stderr}");
        for part in *said {
            assert!(stderr.contains(part), "{flags:?} should say '{part}': {stderr}");
        }
        let left = fs::read_dir(&place).unwrap().count();
        assert_eq!(left, 0, "{flags:?} left something behind");
    }
}

#[test]
fn a_load_that_cannot_be_is_refused_before_anything_is_touched() {
    let place = tempfile::tempdir().unwrap();
    for (flags, said) in [
        (&[][..], &["name an operation", "--mix"][..]),
        (&["putt"], &["'putt'", "put"]),
        (&["put", "--rate", "-5"], &["--rate -5", "above 0"]),
        (&["put", "--local=0"], &["--local 0", "1 to 7"]),
        (
            &["put", "--clients", "9", "--rule", "put.response.p99 < 5ms"],
            &["--rule 'put.response.p99 < 5ms'", "put.service", "--rate"],
        ),
        (&["put", "--endpoints", "ftp://a"], &["--endpoints", "ftp://a"]),
    ] {
        let run =
            etcdbench().arg("load").args(flags).current_dir(&place).assert().code(2).stdout("");
        let stderr = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(stderr.starts_with("error: "), "{flags:?}: {stderr}");
        for part in said {
            assert!(stderr.contains(part), "{flags:?} should say '{part}': {stderr}");
        }
        let left = fs::read_dir(&place).unwrap().count();
        assert_eq!(left, 0, "{flags:?} left something behind");
    }
}

#[test]
fn a_directory_that_a_result_cannot_name_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let name = std::ffi::OsStr::from_bytes(b"/srv/\xff");
    let run = etcdbench().arg("disk").arg(name).assert().code(2);
    run.stderr(contains("not UTF-8").and(contains("another path")));
}

#[test]
fn help_is_there_short_and_long() {
    etcdbench().arg("--help").assert().success().stdout(contains("Exit codes:"));
    for flag in ["-h", "--help"] {
        let help = etcdbench().args(["disk", flag]).assert().success();
        help.stdout(
            contains("Examples:").and(contains("--soak <DURATION>")).and(contains("Safety:")),
        );
        let help = etcdbench().args(["load", flag]).assert().success();
        help.stdout(
            contains("Examples:")
                .and(contains("--key-space-size <N>"))
                .and(contains("ETCDCTL_ENDPOINTS"))
                .and(contains("txn-mixed")),
        );
    }
    // The short one has the flags that people use, three examples, and says where the rest is.
    for (command, rare) in [("disk", "--backend-batch-limit"), ("load", "--watches-per-stream")] {
        let long = etcdbench().args([command, "--help"]).assert().success().stdout(contains(rare));
        let short = etcdbench().args([command, "-h"]).assert().success();
        let short = String::from_utf8(short.get_output().stdout.clone()).unwrap();
        let flags = short.lines().filter(|line| line.trim_start().starts_with('-')).count();
        assert!((15..=30).contains(&flags), "{command}: {flags} flags: {short}");
        assert!(!short.contains(rare), "{short}");
        assert!(short.lines().count() < 90, "{command}: {}", short.lines().count());
        let examples = short.split("Examples:").nth(1).unwrap();
        assert_eq!(examples.matches("  etcdbench ").count(), 3, "{examples}");
        assert!(short.contains(&format!("'etcdbench {command} --help'")), "{short}");
        assert!(long.get_output().stdout.len() > 2 * short.len(), "{command}");
    }
    etcdbench().assert().code(2).stderr(contains("Usage: etcdbench"));
}

#[test]
fn completions_and_the_manual_know_every_flag() {
    for shell in ["bash", "zsh", "fish"] {
        let script = etcdbench().args(["completions", shell]).assert().success();
        script.stdout(contains("election-timeout").and(contains("key-space-size")));
    }
    let page = etcdbench().arg("man").assert().success();
    page.stdout(
        contains(".TH etcdbench").and(contains("ETCDBENCH DISK")).and(contains("max\\-bytes")),
    );
}

/// `man` sends its reader from one page to the next: each has to be there.
#[test]
fn every_page_that_a_manual_page_names_is_written() {
    let place = tempfile::tempdir().unwrap();
    let pages = place.path().join("man1");
    etcdbench().arg("man").arg("--output").arg(&pages).assert().success();
    let mut named = 0;
    for page in fs::read_dir(&pages).unwrap() {
        let text = fs::read_to_string(page.unwrap().path()).unwrap();
        assert!(text.contains(concat!("etcdbench ", env!("CARGO_PKG_VERSION"))), "{text:.200}");
        for line in text.lines().filter(|line| line.ends_with("(1)")) {
            let other = line.trim_end_matches("(1)").replace("\\-", "-") + ".1";
            assert!(pages.join(&other).is_file(), "there is no {other}");
            named += 1;
        }
    }
    assert!(named > 10, "{named}");

    let page = etcdbench().args(["man", "pod", "run"]).assert().success();
    let written = fs::read_to_string(pages.join("etcdbench-pod-run.1")).unwrap();
    page.stdout(written);
    let unknown = etcdbench().args(["man", "disc"]).assert().code(2);
    unknown.stderr(contains("disc").and(contains("disk, ")));
}

#[test]
fn a_version_tells_which_build_it_is() {
    etcdbench().arg("-V").assert().success().stdout(concat!(
        "etcdbench ",
        env!("CARGO_PKG_VERSION"),
        "\n"
    ));
    let long = etcdbench().arg("--version").assert().success();
    long.stdout(contains(std::env::consts::ARCH).and(contains("linux")));
}

fn lines(path: &Path, lines: &[serde_json::Value]) -> PathBuf {
    let text: Vec<String> = lines.iter().map(|line| line.to_string() + "\n").collect();
    fs::write(path, text.concat()).unwrap();
    path.to_path_buf()
}

fn header() -> serde_json::Value {
    serde_json::json!({
        "type": "header", "schema": "1.0", "tool": {"name": "etcdbench", "version": "0.1.0"}, "run_id": "r1",
        "kind": "disk", "name": "test", "started_at": "2026-11-21T20:15:00Z",
        "plan": {
            "directory": "/srv/my etcd", "phases": [{"name": "etcd", "duration_ns": 35_000_000_000_u64}],
            "engine": "sync", "members": 1, "workload": {
                "load": {"closed": {"clients": 10}}, "key_size": 64, "val_size": 1024,
                "batch_interval_ns": 100_000_000, "batch_limit": 10_000
            },
            "db_size_bytes": 0, "quota_bytes": 2_147_483_648_u64, "heartbeat_ns": 100_000_000,
            "election_ns": 1_000_000_000, "max_bytes": 1_073_741_824, "profile": "etcd", "rules": [],
            "beside_live": false, "seed": 1
        },
        "environment": {"host": "cp1"}
    })
}

fn interval() -> serde_json::Value {
    let mut samples = etcdbench::record::Samples::new();
    (1..=500).for_each(|i| samples.record(i * 10_000));
    serde_json::json!({
        "type": "interval", "phase": "etcd", "series": "wal.fsync", "start_ns": 0, "length_ns": 1_000_000_000,
        "count": samples.count(), "min_ns": samples.min_ns(), "max_ns": samples.max_ns(), "sum_ns": samples.sum_ns(),
        "histogram": samples.encode()
    })
}

#[test]
fn a_killed_run_is_summarised_from_its_intervals_and_said_to_be_incomplete() {
    let place = tempfile::tempdir().unwrap();
    let file = lines(&place.path().join("killed.jsonl"), &[header(), interval()]);
    let page = etcdbench().arg("report").arg(&file).assert().code(4);
    page.stdout(
        contains("incomplete")
            .and(contains("wal.fsync"))
            .and(contains("'/srv/my etcd' --phases"))
            .and(contains("\x1b").not()),
    )
    .stderr("");
    let json = etcdbench().arg("report").arg(&file).args(["--format", "json"]).assert().code(4);
    let document: serde_json::Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
    assert_eq!(document["summary"]["complete"], false);
    assert_eq!(document["summary"]["ended_at"], "2026-11-21T20:15:01Z");
    assert_eq!(document["summary"]["phases"][0]["series"][0]["count"], 500);
    let csv = etcdbench().arg("report").arg(&file).args(["--format", "csv"]).assert().code(4);
    csv.stdout(contains("\nr1,test,etcd,wal.fsync,,500,0,500.000,2505000.0,10000,5000000,"));
}

#[test]
fn the_exit_code_is_the_verdicts() {
    let place = tempfile::tempdir().unwrap();
    for (verdict, plain, strict) in
        [("pass", 0, 0), ("warn", 0, 3), ("inconclusive", 4, 4), ("fail", 3, 3)]
    {
        let summary = serde_json::json!({
            "type": "summary", "ended_at": "2026-11-21T20:15:01Z", "complete": true, "phases": [], "rules": [],
            "findings": [], "verdict": verdict, "headline": "WORD  reason"
        });
        let file = lines(&place.path().join(verdict), &[header(), interval(), summary]);
        etcdbench()
            .arg("report")
            .arg(&file)
            .assert()
            .code(plain)
            .stdout(contains("  WORD  reason\n"));
        etcdbench().arg("report").arg(&file).arg("--strict").assert().code(strict);
    }
}

#[test]
fn what_is_no_result_is_named() {
    let place = tempfile::tempdir().unwrap();
    let missing = place.path().join("missing.jsonl");
    let said = etcdbench().arg("report").arg(&missing).assert().code(1).stdout("");
    said.stderr(
        predicates::str::starts_with("error: ")
            .and(contains("missing.jsonl"))
            .and(contains("No such file")),
    );
    let other = place.path().join("other.jsonl");
    fs::write(&other, "hello\n").unwrap();
    etcdbench().arg("report").arg(&other).assert().code(1).stderr(contains("other.jsonl:1: "));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let place = tempfile::tempdir().unwrap();
    let file = lines(&place.path().join("r.jsonl"), &[header(), interval()]);
    let program = assert_cmd::cargo::cargo_bin("etcdbench");
    let mut child = std::process::Command::new(program)
        .args(["report", file.to_str().unwrap()])
        .stdout(closed_pipe())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(4), ""));
}

/// The writing end of a pipe that nobody reads.
fn closed_pipe() -> std::io::PipeWriter {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer
}
