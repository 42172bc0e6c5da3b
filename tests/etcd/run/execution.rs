//! Runs are made in their order, each leaves its result, and what was interrupted is gone on with.

use std::io::Read as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use etcdbench::result;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::scenario::Place;

/// Disk probes of a second, in a matrix of two, twice.
const SHORT: &str = "
description = 'two sizes, twice'
repeats = 2
[labels]
rack = 'b7'
[matrix]
val_size = [64, 256]
[disk.wal]
directory = '.'
phases = 'wal=1s'
rate = 50
val_size = '${val_size}'
";

/// Results of a scenario by the time they began: cell, repeat.
fn order(place: &Place) -> Vec<(String, String)> {
    let mut runs: Vec<(String, String, String)> = place
        .files("results", ".jsonl")
        .iter()
        .map(|path| {
            let header = result::read_ends(&place.path(path)).unwrap().0;
            let label = |key: &str| header.labels[key].clone();
            assert_eq!(label("rack"), "b7");
            (header.started_at.clone(), label("scenario.cell"), label("scenario.repeat"))
        })
        .collect();
    runs.sort();
    runs.into_iter().map(|(_, cell, repeat)| (cell, repeat)).collect()
}

fn own(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

const INTERLEAVED: [(&str, &str); 4] =
    [("val_size=64", "1"), ("val_size=256", "1"), ("val_size=256", "2"), ("val_size=64", "2")];

#[test]
fn repeats_are_interleaved_and_a_second_execution_begins_anew() {
    let place = Place::with(SHORT);
    let (code, stdout, stderr) = place.run(&["mine.toml"]);
    assert!([0, 3, 4].contains(&code), "{stderr}");
    assert_eq!(order(&place), own(&INTERLEAVED));
    assert!(stdout.contains("val_size=64\n") && stdout.contains("wal 2: "), "{stdout}");
    assert!(stdout.contains("etcdbench compare results/"), "{stdout}");
    assert!(stderr.contains("[4 of 4] val_size=64"), "{stderr}");

    // The page's own advice works.
    let advice = stdout.lines().find_map(|line| line.split_once("etcdbench compare ")).unwrap().1;
    let compared = std::process::Command::new(env!("CARGO_BIN_EXE_etcdbench"))
        .current_dir(place.path(""))
        .arg("compare")
        .args(advice.split(' '))
        .args(["--intent", "config"])
        .output()
        .unwrap();
    assert_eq!(compared.status.code(), Some(4), "another size is another scenario");

    let (_, _, stderr) = place.run(&["mine.toml", "--quiet"]);
    assert_eq!(stderr, "");
    assert_eq!(order(&place).len(), 8, "a scenario that is done is run anew");
}

#[test]
fn one_after_the_other_where_asked_for() {
    let place = Place::with(&SHORT.replacen("repeats", "order = 'sequential'\nrepeats", 1));
    place.run(&["mine.toml"]);
    let sequential =
        [("val_size=64", "1"), ("val_size=64", "2"), ("val_size=256", "1"), ("val_size=256", "2")];
    assert_eq!(order(&place), own(&sequential));
}

/// Starts the scenario and sends a signal in the middle of its third run.
fn end_in_third_run(place: &Place, signal: Signal) -> Option<i32> {
    let mut child =
        place.command(&["mine.toml"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut stderr = child.stderr.take().unwrap();
    let mut byte = [0];
    while !said.contains("[3 of 4]") {
        assert_eq!(stderr.read(&mut byte).unwrap(), 1, "{said}");
        said.push(byte[0] as char);
    }
    std::thread::sleep(Duration::from_millis(600));
    kill_process(Pid::from_raw(child.id() as i32).unwrap(), signal).unwrap();
    let status = child.wait().unwrap();
    let _ = stderr.read_to_string(&mut said);
    status.code()
}

/// Waits until nothing of a run is left in the directory.
fn left_nothing(place: &Place) {
    let begun = Instant::now();
    let scratch = || {
        let entries = std::fs::read_dir(place.path("")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "mine.toml" && name != "results").collect::<Vec<_>>()
    };
    while !scratch().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", scratch());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn an_interrupted_scenario_goes_on_where_it_was() {
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let place = Place::with(SHORT);
        let code = end_in_third_run(&place, signal);
        assert_eq!(code, (signal != Signal::KILL).then_some(130), "{signal:?}");
        left_nothing(&place);
        let before = order(&place);
        let (code, _, stderr) = place.run(&["mine.toml"]);
        assert!([0, 3, 4].contains(&code), "{stderr}");
        assert!(stderr.contains("of which 2 were made before"), "{signal:?}: {stderr}");
        assert!(!stderr.contains("[2 of 4]"), "nothing is measured twice: {stderr}");
        let kept = place.files("results", ".jsonl");
        let aside = kept.iter().filter(|path| path.contains("/interrupted/")).count();
        assert_eq!(aside, before.len() - 2, "{kept:?}");
        assert_eq!(kept.len() - aside, 4, "{kept:?}");
        let whole = kept.iter().filter(|path| !path.contains("/interrupted/"));
        for path in whole {
            let (_, summary) = result::read_ends(&place.path(path)).unwrap();
            assert!(summary.unwrap().complete, "{path}");
        }
    }
}

#[test]
fn another_plan_is_no_continuation() {
    let place = Place::with(SHORT);
    end_in_third_run(&place, Signal::INT);
    let (_, _, stderr) = place.run(&["mine.toml", "--set", "val_size=[64]"]);
    assert!(stderr.contains("[1 of 2]"), "{stderr}");
}

#[test]
fn a_run_that_cannot_measure_is_told_and_the_others_are_made() {
    let place = Place::with(
        "[load.nobody]\noperation = 'put'\nendpoints = '127.0.0.1:1'\ndial_timeout = '300ms'\n\
         [disk.wal]\ndirectory = '.'\nphases = 'wal=1s'\nrate = 50",
    );
    let (code, stdout, _) = place.run(&["mine.toml"]);
    assert_eq!(code, 1);
    assert!(stdout.contains("✘ nobody: not measured: "), "{stdout}");
    assert_eq!(place.files("results", "001.jsonl").len(), 1, "{stdout}");
}

#[test]
fn a_dry_run_touches_nothing() {
    let place = Place::with(SHORT);
    let (code, stdout, stderr) = place.run(&["mine.toml", "--dry-run"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("two sizes, twice"), "{stdout}");
    assert!(stdout.contains("--phases 'wal=1s' --rate 50 --val-size 64"), "{stdout}");
    assert!(stdout.contains("4 runs in all (2 cells × 2 repeats), at least 4 s"), "{stdout}");
    assert!(!place.path("results").exists());
}
