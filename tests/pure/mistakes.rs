//! The usual slips: each is refused before anything is touched, and answered with what to type.

use std::fs;

use assert_cmd::Command;
use tempfile::TempDir;

/// A directory with a file of each kind that is taken for another.
fn place() -> TempDir {
    let place = TempDir::new().unwrap();
    let files = [
        ("fio.json", "{ \"fio version\": \"fio-3.36\", \"jobs\": [] }\n"),
        ("result.jsonl", "{\"type\":\"header\",\"schema\":\"1.0\",\"run_id\":\"x\"}\n"),
        ("mine.toml", "description = 'x'\n"),
        ("etcd.log", "{}\n"),
    ];
    for (name, text) in files {
        fs::write(place.path().join(name), text).unwrap();
    }
    fs::create_dir(place.path().join("data")).unwrap();
    place
}

/// What was typed, the exit code, and the command that is named instead.
const MISTAKES: [(&str, i32, &str); 34] = [
    ("/var/lib", 2, "Type: etcdbench disk /var/lib"),
    ("data", 2, "Type: etcdbench disk data"),
    ("./not-there", 2, "Type: etcdbench disk ./not-there"),
    ("http://10.0.0.1:2379", 2, "Type: etcdbench load put --endpoints http://10.0.0.1:2379"),
    ("result.jsonl", 2, "Type: etcdbench report result.jsonl"),
    ("mine.toml", 2, "Type: etcdbench run mine.toml"),
    ("etcd.log", 2, "Type: etcdbench logs etcd.log"),
    ("fio.json", 2, "Type: etcdbench import fio fio.json"),
    ("fio", 2, "etcdbench import fio fio.json"),
    ("put", 2, "Type: etcdbench load put"),
    ("get", 2, "Type: etcdbench load range"),
    ("nightly", 2, "Type: etcdbench run nightly --history DIR"),
    ("lode put", 2, "a similar subcommand exists: 'load'"),
    ("disk", 2, "Type: etcdbench disk /var/lib/etcd"),
    ("report", 2, "Type: etcdbench report results/*.jsonl"),
    ("logs", 2, "Type: etcdbench logs"),
    ("import", 2, "Type: etcdbench import fio fio.json"),
    ("run", 2, "Type: etcdbench run --list"),
    ("disk data --duration 5", 2, "Type: etcdbench disk DIR --soak 5m"),
    ("disk data --endpoints a:1", 2, "Type: etcdbench load put --endpoints"),
    ("disk data --profile x", 2, "there are etcd, etcd-heavy, openshift"),
    ("load put --local=2x", 2, "'2x' is not a number of members; type: --local=3"),
    ("load put --local 3", 2, "Type: etcdbench load put --local=3"),
    ("load put --qps 5", 2, "Type: etcdbench load put --rate 1000"),
    ("load get", 2, "Type: etcdbench load range"),
    ("run result.jsonl", 2, "type: etcdbench report result.jsonl"),
    ("report fio.json", 1, "type: etcdbench import fio fio.json"),
    ("report mine.toml", 1, "type: etcdbench run mine.toml"),
    ("report result.jsonl -o x.pdf", 2, "no document ends in .pdf; name it .html, .md"),
    ("compare a b -o x.png", 2, "charts are written with --charts DIR"),
    ("trend", 1, "etcdbench run nightly --history DIR"),
    ("load put --total 1 --endpoints http://127.0.0.1:1", 1, "etcdbench start one with --local"),
    ("check --endpoints http://127.0.0.1:1", 1, "name another with --endpoints"),
    ("check quota --endpoints http://127.0.0.1:1", 1, "name another with --endpoints"),
];

#[test]
fn a_check_is_offered_nothing_that_it_has_not() {
    let mut check = Command::cargo_bin("etcdbench").unwrap();
    let asked = check.args(["check", "--endpoints", "http://127.0.0.1:1"]).assert().code(1);
    let told = String::from_utf8_lossy(&asked.get_output().stderr).into_owned();
    assert!(told.contains("refuses the connection") && !told.contains("--local"), "{told}");
}

#[test]
fn every_usual_slip_is_answered_with_what_to_type() {
    let place = place();
    let before = fs::read_dir(place.path()).unwrap().count();
    for (typed, code, expected) in MISTAKES {
        let output = Command::cargo_bin("etcdbench")
            .unwrap()
            .current_dir(place.path())
            .args(typed.split(' '))
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{typed}: {told}");
        assert!(told.contains(expected), "{typed}: {told}");
        assert!(output.stdout.is_empty(), "{typed}: {:?}", output.stdout);
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), before, "nothing was touched");
}

#[test]
fn a_program_that_is_no_etcd_is_named_with_what_it_said() {
    let place = place();
    let mut load = Command::cargo_bin("etcdbench").unwrap();
    load.current_dir(place.path());
    load.args(["load", "put", "--local", "--total", "1", "--etcd", "/bin/ls"]);
    let told = String::from_utf8(load.output().unwrap().stderr).unwrap();
    let line = told.lines().find(|line| line.starts_with("error: ")).unwrap();
    assert!(line.contains("/bin/ls --version prints no etcd version, but 'ls "), "{told}");
    assert!(line.ends_with("Name one with --etcd"), "{told}");
}
