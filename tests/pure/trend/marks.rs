//! The file of marks: what it does, and what is said about slips in it.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;

use super::nights::{Results, nights};

fn with_marks(p99s: &[f64], marks: &str) -> Results {
    let results = Results::of(p99s);
    fs::write(results.path().join("trend-marks.toml"), marks).unwrap();
    results
}

#[test]
fn a_bad_night_can_be_left_out() {
    let p99s = nights(40, 2, 1.3);
    let results = with_marks(&p99s, "[[exclude]]\ndate = 2026-02-08\nnote = \"a backup ran\"\n");
    results.trend().assert().code(0).stdout(
        contains("regressed? 1 of 2 nights").and(contains("left out by a mark: a backup ran")),
    );
    let results = with_marks(&p99s, "[[exclude]]\nrun = \"run-039\"\n");
    results.trend().assert().code(4).stdout(contains("no value"));
}

#[test]
fn an_expected_change_is_no_regression() {
    let expect = "[[expect]]\ndate = 2026-02-05\nseries = \"etcd/*\"\nnote = \"slower disks\"\n";
    let results = with_marks(&nights(40, 5, 1.4), expect);
    results
        .trend()
        .assert()
        .code(0)
        .stdout(contains("learning").and(contains("expected: slower disks")));
    // Nine nights later the new level is the usual one, and judged as such.
    let results = with_marks(&nights(49, 14, 1.4), expect);
    results.trend().assert().code(0).stdout(contains("STEADY"));
    let mut p99s = nights(49, 14, 1.4);
    p99s[46] *= 1.3;
    p99s[47] *= 1.3;
    p99s[48] *= 1.3;
    with_marks(&p99s, expect).trend().assert().code(3);
}

#[test]
fn a_mark_may_be_about_one_history() {
    let other = "[[acknowledge]]\ndate = 2026-02-08\nhistory = \"* on cp2\"\n";
    with_marks(&nights(40, 2, 1.3), other)
        .trend()
        .assert()
        .code(3)
        .stdout(contains("trend-marks.toml:1: this acknowledge matches no series and night here"));
    let this = "[[acknowledge]]\ndate = 2026-02-08\nhistory = \"* on cp1\"\n";
    with_marks(&nights(40, 2, 1.3), this).trend().assert().code(0);
}

#[test]
fn slips_are_told_with_file_line_and_key() {
    let table = [
        (
            "[[exclude]]\ndate = 2026-02-08\nnoet = \"x\"\n",
            "trend-marks.toml:3: no key 'noet'; did you mean 'note'?",
        ),
        (
            "\n[[aknowledge]]\ndate = 2026-02-08\n",
            "trend-marks.toml:2: no key 'aknowledge'; did you mean 'acknowledge'?",
        ),
        (
            "[[exclude]]\nnote = \"x\"\n",
            "trend-marks.toml:1: [[exclude]] has no date; write date = 2026-11-21",
        ),
        ("[[exclude]]\ndate = \"last tuesday\"\n", "trend-marks.toml:2: 'last tuesday' is no date"),
        ("[[exclude]]\ndate = 2026-02-08\nrun = \"a\"\n", "has both a date and a run; drop one"),
        ("[[expect]]\ndate = 2026-02-08\nseries = \"[\"\n", "trend-marks.toml:3: series = \"[\""),
        ("[[exclude]\n", "trend-marks.toml:1: "),
        ("exclude = 5\n", "trend-marks.toml:1: "),
    ];
    for (marks, words) in table {
        with_marks(&nights(12, 0, 1.0), marks).trend().assert().code(2).stderr(contains(words));
    }
}
