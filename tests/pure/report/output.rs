//! Where documents go: to a file that is there whole or not at all, or nowhere.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::{contains, starts_with};
use tempfile::TempDir;

fn etcdbench(place: &TempDir) -> Command {
    let mut command = Command::cargo_bin("etcdbench").unwrap();
    command.env_remove("NO_COLOR").env_remove("COLUMNS");
    command.current_dir(place.path());
    command
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("results/examples").join(name)
}

fn report(place: &TempDir, words: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = etcdbench(place);
    command.arg("report").arg(example("good-disk.jsonl"));
    command.args(words).assert()
}

#[test]
fn the_ending_says_which_form() {
    let place = tempfile::tempdir().unwrap();
    for (name, first) in [
        ("page.html", "<!doctype html>"),
        ("page.md", "<!-- etcdbench disk -->"),
        ("page.json", "{"),
        ("page.csv", "run_id,name,"),
        ("page.txt", "/var/lib/etcd-candidate"),
    ] {
        report(&place, &["-o", name]).code(0).stdout("").stderr(contains(name));
        let text = fs::read_to_string(place.path().join(name)).unwrap();
        assert!(text.starts_with(first), "{name}: {}", &text[..60]);
    }
    report(&place, &["-o", "page.html", "--format", "json"]).code(0);
    let text = fs::read_to_string(place.path().join("page.html")).unwrap();
    assert!(text.starts_with('{'), "what is asked for wins, and the file is replaced");
    let left = fs::read_dir(place.path()).unwrap().count();
    assert_eq!(left, 5, "nothing but the documents");
}

#[test]
fn what_cannot_be_written_to_is_refused_before_anything_is_read_or_measured() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("directory")).unwrap();
    let copy = place.path().join("result");
    fs::copy(example("good-disk.jsonl"), &copy).unwrap();
    for (output, said) in [
        ("directory", "is a directory; name a file in it"),
        ("none/page.html", "its directory is not there"),
        ("page.jsonl", "is named like a result file"),
    ] {
        for command in [
            &["disk", "new", "--quick"][..],
            &["load", "put", "--local"],
            &["report", "result"],
            &["compare", "result", "other"],
            &["trend", "."],
        ] {
            let said = contains(format!("--output {output}: {said}"));
            etcdbench(&place)
                .args(command)
                .args(["-o", output])
                .assert()
                .code(2)
                .stdout("")
                .stderr(said);
        }
    }
    assert!(!place.path().join("new").exists(), "nothing was touched");
    let before = fs::read(&copy).unwrap();
    etcdbench(&place)
        .args(["report", "result", "--output", "./result"])
        .assert()
        .code(2)
        .stderr(contains("is the result itself, which is never overwritten"));
    assert_eq!(fs::read(&copy).unwrap(), before);
}

#[test]
fn tables_are_csv() {
    let place = tempfile::tempdir().unwrap();
    report(&place, &["--table", "intervals"])
        .code(0)
        .stdout(starts_with("run_id,name,phase,series,member,start_ns,"));
    report(&place, &["--table", "intervals", "--format", "html"])
        .code(2)
        .stderr(contains("--table intervals is about --format csv"));
    report(&place, &["--table", "quantiles"])
        .code(2)
        .stderr(contains("summary, intervals, percentiles"));
}

#[test]
fn several_results_end_as_the_worst_does() {
    let place = tempfile::tempdir().unwrap();
    let all = |format: &str| {
        let mut command = etcdbench(&place);
        command.arg("report").args([example("good-disk.jsonl"), example("slow-disk.jsonl")]);
        command.args(["--format", format]).assert().code(3)
    };
    all("text").stdout(contains("  QUALIFIED ").and(contains("NOT QUALIFIED")));
    all("html").stdout(contains("1 fail, 1 pass"));
    all("markdown").stdout(starts_with("<!-- etcdbench disk -->\n"));
    let json = all("json").get_output().stdout.clone();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json[0]["summary"]["verdict"], "pass");
    assert_eq!(json[1]["summary"]["verdict"], "fail");
}

#[test]
fn a_measurement_leaves_its_page_and_says_the_answer_all_the_same() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("etcd")).unwrap();
    let run = etcdbench(&place)
        .args(["disk", "etcd", "--phases", "etcd=300ms", "-o", "page.html"])
        .assert()
        .stdout("")
        .stderr(contains("INCONCLUSIVE").and(contains("result in results/")));
    assert_eq!(run.get_output().status.code(), Some(4));
    let page = fs::read_to_string(place.path().join("page.html")).unwrap();
    assert!(page.contains("INCONCLUSIVE") && page.ends_with("</html>"), "{}", page.len());
}
