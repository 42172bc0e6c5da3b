//! The program as a person meets it: what it takes, what it refuses, what it says, how it ends.

use std::fs;
use std::path::Path;

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use super::files::{Fake, plan};
use super::place::{Place, pairs, short, slower};

#[test]
fn equal_runs_end_with_0() {
    let place = Place::new();
    place.write("a.jsonl", &slower(1, 1.0));
    place.write("b.jsonl", &slower(2, 1.0));
    place.compare(&["a.jsonl", "b.jsonl"]).code(0).stdout(contains("No difference"));
}

#[test]
fn a_regression_in_five_minutes_ends_with_3_and_an_improvement_with_0() {
    let place = Place::new();
    place.write("a.jsonl", &slower(1, 1.0));
    place.write("b.jsonl", &slower(2, 1.3));
    place
        .compare(&["a.jsonl", "b.jsonl"])
        .code(3)
        .stdout(contains("B is worse: WAL syncs take 1.").and(contains("✘ wal.fsync p50")));
    place
        .compare(&["b.jsonl", "a.jsonl"])
        .code(0)
        .stdout(contains("B is better: WAL syncs are 1."));
    place.compare(&["b.jsonl", "a.jsonl", "--fail-on", "change"]).code(3);
    place.compare(&["a.jsonl", "b.jsonl", "--fail-on", "never"]).code(0);
    place
        .compare(&["a.jsonl", "b.jsonl", "--min-diff", "p50=50%", "--min-diff", "p99=50%"])
        .code(0);
}

#[test]
fn what_only_indicates_ends_with_0_unless_told_otherwise() {
    let place = Place::new();
    place.write("a.jsonl", &short(1, 1.0));
    place.write("b.jsonl", &short(2, 2.0));
    place.compare(&["a.jsonl", "b.jsonl"]).code(0).stdout(
        contains("regressed? (indicative)")
            .and(contains("Indicative only: one run of 40 s a side")),
    );
    place.compare(&["a.jsonl", "b.jsonl", "--fail-on", "indicative"]).code(3);
}

#[test]
fn several_short_runs_confirm() {
    let place = Place::new();
    pairs(&place, 1.3);
    place
        .compare(&["a", "b"])
        .code(3)
        .stdout(contains("4 interleaved pairs of runs").and(contains("B is worse")));
    place.compare(&["a/", "b/*.jsonl"]).code(3);
    place.compare(&["--a", "a/0.jsonl", "--a", "a/[1-3].jsonl", "--b", "b"]).code(3);
}

#[test]
fn too_few_samples_end_with_4() {
    let place = Place::new();
    let thin = |id| Fake { seconds: 3, per_s: 2, series: &["wal.fsync"], ..short(id, 1.0) };
    place.write("a.jsonl", &thin(1));
    place.write("b.jsonl", &thin(2));
    place.compare(&["a.jsonl", "b.jsonl"]).code(4).stdout(contains("No verdict on B"));
}

#[test]
fn an_open_question_ends_with_4_where_asked_for() {
    let place = Place::new();
    place.write("a.jsonl", &short(1, 1.0));
    place.write("b.jsonl", &short(2, 1.06));
    place.compare(&["a.jsonl", "b.jsonl"]).code(0);
    place
        .compare(&["a.jsonl", "b.jsonl", "--fail-on", "inconclusive"])
        .code(4)
        .stdout(contains("needs about").or(contains("not resolvable")));
}

#[test]
fn failures_are_a_regression_and_make_latencies_invalid() {
    let place = Place::new();
    place.write("a.jsonl", &slower(1, 1.0));
    let failing = Fake { errors_per_s: 2, ..slower(2, 1.0) };
    place.write("b.jsonl", &failing);
    place
        .compare(&["a.jsonl", "b.jsonl"])
        .code(3)
        .stdout(contains("✘ put.commit errors").and(contains("invalid: B: 4.76 %")));
}

#[test]
fn apples_and_oranges_end_with_4_and_the_way_out() {
    let place = Place::new();
    place.write("a.jsonl", &slower(1, 1.0));
    let larger = Fake { plan: plan(1024), ..slower(2, 1.0) };
    place.write("b.jsonl", &larger);
    place.compare(&["a.jsonl", "b.jsonl"]).code(4).stdout(
        contains("Not comparable: val_size is 256 in A and 1024 in B.")
            .and(contains("--allow plan.workload.val_size")),
    );
    place.compare(&["a.jsonl", "b.jsonl", "--allow", "plan.workload.val_size"]).code(0);
    for format in ["json", "markdown", "csv"] {
        place.compare(&["a.jsonl", "b.jsonl", "--format", format]).code(4);
    }
}

#[test]
fn another_kernel_is_another_version_and_nothing_else() {
    let place = Place::new();
    place.write("a.jsonl", &slower(1, 1.0));
    let newer = Fake { kernel: Some("6.8.0"), ..slower(2, 1.0) };
    place.write("b.jsonl", &newer);
    place.compare(&["a.jsonl", "b.jsonl"]).code(0).stdout(contains("as versions (found"));
    place
        .compare(&["a.jsonl", "b.jsonl", "--intent", "regression"])
        .code(4)
        .stdout(contains("kernel is 6.1.0 in A and 6.8.0 in B"));
    let unknown = Fake { kernel: None, ..slower(3, 1.0) };
    place.write("c.jsonl", &unknown);
    place
        .compare(&["a.jsonl", "c.jsonl", "--intent", "regression"])
        .code(0)
        .stdout(contains("kernel 6.1.0 → unknown"));
}

#[test]
fn nothing_in_common_ends_with_4() {
    let place = Place::new();
    place.write("a.jsonl", &short(1, 1.0));
    let other = Fake { series: &["backend.commit"], ..short(2, 1.0) };
    place.write("b.jsonl", &other);
    place.compare(&["a.jsonl", "b.jsonl"]).code(4).stdout(
        contains("no series is measured on all sides").and(contains("etcd/backend.commit")),
    );
}

#[test]
fn machines_are_ranked_and_the_odd_one_is_named() {
    let place = Place::new();
    for (id, host, by) in [(1, "cp1", 1.0), (2, "cp2", 1.05), (3, "cp3", 9.0), (4, "cp4", 0.97)] {
        let fake = Fake { host, ..short(id, by) };
        place.write(&format!("all/{host}.jsonl"), &fake);
    }
    for words in
        [&["all"] as &[&str], &["all/cp1.jsonl", "all/cp2.jsonl", "all/cp3.jsonl", "all/cp4.jsonl"]]
    {
        place
            .compare(words)
            .stdout(contains("C (cp3): ").and(contains("times the median of the others")))
            .stdout(contains("◂ the odd one out"));
    }
}

#[test]
fn what_cannot_be_read_is_told_with_the_way_out() {
    let place = Place::new();
    place.write("a.jsonl", &short(1, 1.0));
    fs::write(place.path("notes.jsonl"), "shopping: milk\n").unwrap();
    fs::write(place.path("empty.jsonl"), "").unwrap();
    fs::write(place.path("other.jsonl"), "{\"type\":\"header\",\"schema\":\"9.0\"}\n").unwrap();
    let whole = fs::read_to_string(place.path("a.jsonl")).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let broken = [&lines[..9], &["{\"type\":\"interval\",\"phase\":"], &lines[9..]].concat();
    fs::write(place.path("broken.jsonl"), broken.join("\n")).unwrap();
    for (file, code, words) in [
        ("gone.jsonl", 1, "gone.jsonl: cannot open"),
        ("notes.jsonl", 1, "notes.jsonl:1: this is not a result of etcdbench"),
        ("empty.jsonl", 1, "empty.jsonl:1: the file is empty"),
        ("other.jsonl", 1, "written in result format 9.0"),
        ("broken.jsonl", 1, "broken.jsonl:10:"),
        ("a.jsonl", 2, "are the same run (run-1)"),
        ("./a.jsonl", 2, "are the same run"),
        ("x*.jsonl", 2, "no file matches 'x*.jsonl'"),
    ] {
        place.compare(&["a.jsonl", file]).code(code).stderr(contains(words)).stdout("");
    }
}

#[test]
fn a_run_that_was_killed_counts_with_what_it_has() {
    let place = Place::new();
    place.write("a.jsonl", &short(1, 1.0));
    let path = place.write("b.jsonl", &short(2, 1.0));
    let whole = fs::read_to_string(&path).unwrap();
    let cut = whole.len() * 2 / 3;
    fs::write(&path, &whole[..cut]).unwrap();
    place
        .compare(&["a.jsonl", "b.jsonl"])
        .code(0)
        .stdout(contains("b.jsonl is incomplete: it was killed or interrupted"));
}

#[test]
fn nothing_in_a_directory_is_skipped_in_silence() {
    let place = Place::new();
    pairs(&place, 1.0);
    fs::write(place.path("a/README.md"), "# Results").unwrap();
    fs::write(place.path("a/torn.jsonl"), "").unwrap();
    fs::create_dir(place.path("a/old")).unwrap();
    place.compare(&["a", "b"]).stdout(
        contains("a/README.md: not named *.jsonl")
            .and(contains("a/torn.jsonl: line 1: the file is empty"))
            .and(contains("a/old: a directory; name it by itself")),
    );
    fs::create_dir(place.path("none")).unwrap();
    place.compare(&["a", "none"]).code(2).stderr(contains("none holds no result"));
    place.compare(&["a/0.jsonl"]).code(2).stderr(contains("name another to compare it with"));
}

#[test]
fn json_fits_the_published_schema() {
    let place = Place::new();
    pairs(&place, 1.3);
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/comparison.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let output = place.compare(&["a", "b", "--format", "json"]).code(3).get_output().stdout.clone();
    let document: Value = serde_json::from_slice(&output).unwrap();
    let error = validator.iter_errors(&document).next();
    assert!(error.is_none(), "{}", error.unwrap());
    assert_eq!(document["outcome"], "regressed");
    assert_eq!(document["exit_code"], 3);
    assert_eq!(document["contrasts"][0]["design"]["paired"], true);
}

#[test]
fn the_published_schema_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/comparison.schema.json");
    let derived = etcdbench::compare::json_schema();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, serde_json::to_string_pretty(&derived).unwrap() + "\n").unwrap();
    }
    let published: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(published, derived, "UPDATE_SCHEMA=1 cargo test --test pure compare writes it anew");
}

#[test]
fn markdown_and_csv() {
    let place = Place::new();
    pairs(&place, 1.3);
    place.compare(&["a", "b", "--format", "markdown"]).code(3).stdout(
        predicates::str::starts_with("<!-- etcdbench compare -->\n✘ **WORSE** B is worse")
            .and(contains("| wal.fsync p50 | "))
            .and(contains("**regressed")),
    );
    let output = place.compare(&["a", "b", "--format", "csv"]).code(3).get_output().stdout.clone();
    let mut reader = csv::Reader::from_reader(output.as_slice());
    let head = reader.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|column| column == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let p50 = rows.iter().find(|row| &row[column("stat")] == "p50").unwrap();
    assert_eq!(&p50[column("verdict")], "regressed");
    let effect: f64 = p50[column("effect")].parse().unwrap();
    assert!((1.2..1.4).contains(&effect), "{effect}");
}

#[test]
fn calibrating_learns_the_noise_and_later_comparisons_use_it() {
    let place = Place::new();
    for id in 1..=5 {
        let level = [1.0, 1.2, 0.85, 1.1, 0.9][id as usize - 1];
        place.write(&format!("same/{id}.jsonl"), &slower(id, level));
    }
    place.compare(&["--calibrate", "same"]).code(0).stdout(
        contains("5 identical disk runs on cp1").and(contains("results/calibration-cp1-disk.json")),
    );
    place.write("a.jsonl", &slower(11, 1.0));
    place.write("b.jsonl", &slower(12, 1.25));
    // More than what runs of the same thing differ by themselves? Not by one run a side.
    place.compare(&["a.jsonl", "b.jsonl"]).code(0).stdout(contains("inconclusive"));
    fs::rename(place.path("results/calibration-cp1-disk.json"), place.path("noise.json")).unwrap();
    place.compare(&["a.jsonl", "b.jsonl"]).code(3);
    place.compare(&["a.jsonl", "b.jsonl", "--calibration", "noise.json"]).code(0);
    place
        .compare(&["--calibrate", "a.jsonl", "b.jsonl"])
        .code(2)
        .stderr(contains("give 4 at least"));
    let larger = Fake { plan: plan(1024), ..slower(6, 1.0) };
    place.write("same/6.jsonl", &larger);
    place.compare(&["--calibrate", "same"]).code(1).stderr(contains("val_size is"));
}

const WAL: &str = "disk . --phases wal=300ms --rate 200";

#[test]
fn measuring_makes_pairs_and_judges_them() {
    let place = Place::new();
    // What two short runs of one disk differ by is that disk's own; what is asked for here are the pairs.
    place
        .compare(&["--measure", WAL, WAL, "--pairs", "4", "--keep", "kept", "--fail-on", "never"])
        .code(predicate::in_iter([0, 4]))
        .stderr(contains("4 pairs of runs, results in kept").and(contains("pair 2 of 4: B")))
        .stdout(contains("4 interleaved pairs of runs"));
    for file in ["a/001.jsonl", "b/001.jsonl", "a/004.jsonl", "b/004.jsonl"] {
        assert!(place.path("kept").join(file).is_file(), "{file}");
    }
    place.compare(&["kept/a", "kept/b"]).stdout(contains("4 interleaved pairs of runs"));
    place
        .compare(&["--measure", WAL, WAL, "--keep", "kept"])
        .code(2)
        .stderr(contains("holds something"));
}

#[test]
fn a_run_that_fails_ends_the_measuring() {
    let place = Place::new();
    place
        .compare(&["--measure", "disk ./none --quick", WAL, "--keep", "kept"])
        .code(1)
        .stderr(contains("pair 1: etcdbench disk "))
        .stderr(contains("none --quick ended with exit code"));
}

#[test]
fn ctrl_c_keeps_and_judges_complete_pairs() {
    let place = Place::new();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_etcdbench"))
        .args(["compare", "--measure", WAL, WAL, "--pairs", "100", "--keep", "kept"])
        .current_dir(place.0.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // The third pair has begun: two are complete.
    let third = place.0.path().join("kept/a/003.jsonl");
    while !third.exists() {
        assert!(child.try_wait().unwrap().is_none(), "ended by itself");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let pid = rustix::process::Pid::from_raw(child.id() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(130), "{stdout}");
    assert!(stdout.contains("2 interleaved pairs of runs"), "{stdout}");
    let words: Vec<&str> = stdout.split_whitespace().collect();
    assert!(words.join(" ").contains("2 pairs of runs, 4 are the fewest"), "{stdout}");
    assert!(place.path("kept/b/002.jsonl").is_file());
}
