//! A night of a scenario: its rules, its trend, and the exit code that follows of both.

use std::fs;
use std::process::Command;

use crate::support::needs::{Need, needs};
use crate::support::scenario::Place;

/// A rule that every sync breaks, by what may be a single one of them.
const BROKEN: &str = "
description = 'one event breaks it'
[disk.wal]
directory = '.'
phases = 'wal=1s'
rate = 20
rule = ['wal.fsync.max < 1us']
";

#[test]
fn a_night_that_a_rule_made_red_says_so_in_every_output() {
    let place = Place::with(BROKEN);
    let args = ["mine.toml", "--history", "h", "--report", "pages", "--confirm", "1"];
    let (code, stdout, stderr) = place.run(&args);
    assert_eq!(code, 3, "{stdout} {stderr}");
    let read = |name: &str| fs::read_to_string(place.path("pages").join(name)).unwrap();
    let (summary, page) = (read("summary.md"), read("page.html"));
    for text in [&stdout, &summary, &page] {
        assert!(text.contains("NOT QUALIFIED"), "{text}");
        assert!(text.contains("NO VERDICT"), "the trend is told beside it: {text}");
        assert!(text.contains("exit code 3: a rule is broken"), "{text}");
    }
    let junit = read("junit.xml");
    assert!(junit.contains("wal.fsync.max &lt; 1us") && junit.contains("<failure"), "{junit}");
    let metrics = read("metrics.prom");
    assert!(metrics.contains("etcdbench_trend_exit_code 3"), "{metrics}");
    assert!(metrics.contains("etcdbench_trend_run_verdict{"), "{metrics}");
}

/// The program with its system calls of a kind on stderr.
fn traced(place: &Place, words: &[&str]) -> String {
    let output = Command::new("strace")
        .current_dir(place.path(""))
        .args(["-f", "-e", "trace=openat", env!("CARGO_BIN_EXE_etcdbench")])
        .args(words)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_history_is_read_once() {
    needs!(Need::Program("strace"));
    let place = Place::with(BROKEN);
    place.run(&["mine.toml", "--quiet", "--output", "h"]);
    let log = traced(&place, &["trend", "h"]);
    let opened = log.lines().filter(|line| line.contains("001.jsonl")).count();
    assert_eq!(opened, 1, "{log}");
}
