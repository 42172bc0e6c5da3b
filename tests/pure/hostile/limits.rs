//! Limits of the system that are met in the midst of a run: whatever is made is removed.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::probe::{program, scratch};

/// Runs the program in a shell that was given a limit first.
fn limited(limit: &str, place: &Path, words: &str) -> Output {
    let line = format!("ulimit {limit}; exec \"$0\" {words}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).arg(program()).current_dir(place);
    shell.output().expect("a shell")
}

fn names(place: &Path) -> Vec<String> {
    let entries = fs::read_dir(place).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_probe_that_may_write_or_open_no_file_leaves_nothing() {
    for limit in ["-f 0", "-f 100", "-n 4", "-n 5", "-n 6", "-n 9"] {
        let place = scratch();
        let output = limited(limit, place.path(), "disk . --quick --result run.jsonl");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{limit}: {said}");
        let left: Vec<String> =
            names(place.path()).into_iter().filter(|name| name.starts_with('.')).collect();
        assert!(left.is_empty(), "{limit}: {left:?}: {said}");
    }
}

#[test]
fn a_result_whose_first_line_does_not_fit_is_not_left_behind() {
    let place = scratch();
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pure/import/fixtures");
    let fio = fs::read_dir(shared).unwrap().map(|entry| entry.unwrap().path());
    let fio = fio.filter(|path| path.extension().is_some_and(|end| end == "json")).min().unwrap();
    fs::copy(fio, place.path().join("fio.json")).unwrap();
    let output = limited("-f 0", place.path(), "import fio fio.json --result run.jsonl");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("run.jsonl: cannot write"), "{said}");
    assert_eq!(names(place.path()), ["fio.json"]);
}
