//! A disk that fails, and a probe that is not let run: each is told as what it is.

use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use etcdbench::exit::Verdict;
use etcdbench::result::Run;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::needs::{Need, needs};
use crate::support::probe;

/// A qualification in which strace has a system call fail from the 200th on.
fn failing(directory: &Path, call: &str, error: &str) -> probe::Finished {
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e"])
        .arg(format!("trace={call}"))
        .arg("-e")
        .arg(format!("inject={call}:error={error}:when=200+"))
        .arg(probe::program());
    let result = directory.join("result.jsonl");
    probe::finish(probe::disk(strace, directory, &result, "--phases wal=1s,etcd=2s"), &result)
}

fn verdict(run: &Run) -> Verdict {
    run.summary.as_ref().expect("the run has a summary").verdict
}

#[test]
fn a_sync_that_fails_is_the_disks_end() {
    needs!(Need::Program("strace"), Need::Trace);
    for (error, told) in [("EIO", "I/O error"), ("EROFS", "turned read-only")] {
        let scratch = probe::scratch();
        let finished = failing(scratch.path(), "fdatasync", error);
        assert_eq!(finished.code, Some(3), "{finished:#?}");
        let run = finished.read();
        assert_eq!(verdict(&run), Verdict::Fail);
        let page = &finished.stdout;
        assert!(page.contains("NOT QUALIFIED") && page.contains(told), "{page}");
    }
}

#[test]
fn a_full_file_system_is_no_bad_disk() {
    needs!(Need::Program("strace"), Need::Trace);
    let scratch = probe::scratch();
    let finished = failing(scratch.path(), "pwrite64", "ENOSPC");
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    assert!(finished.stderr.contains("No space left"), "{}", finished.stderr);
    let place = scratch.path().to_str().expect("UTF-8");
    assert!(finished.stderr.contains(&format!("error: {place}/")), "{}", finished.stderr);
    let run = finished.read();
    let headline = &run.summary.as_ref().expect("a summary").headline;
    assert!(!headline.contains("the disk failed"), "{headline}");
}

#[test]
fn a_probe_that_was_stopped_says_so_and_blames_no_disk() {
    let scratch = probe::scratch();
    let result = scratch.path().join("result.jsonl");
    let mut command =
        probe::disk(Command::new(probe::program()), scratch.path(), &result, "--phases etcd=5s");
    let child = command.spawn().expect("etcdbench can be started");
    sleep(Duration::from_millis(2500));
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::STOP).expect("it is there");
    sleep(Duration::from_secs(2));
    kill_process(pid, Signal::CONT).expect("it is there");
    let finished = probe::finished(child.wait_with_output().expect("it ends"), &result);
    let run = finished.read();
    let summary = run.summary.as_ref().expect("a summary");
    // Whatever else is asked of this disk, beside other tests: the stop is none of its doing.
    let stalls = summary.rules.iter().filter(|rule| rule.label.starts_with("stalls"));
    for rule in stalls {
        assert_ne!(rule.verdict, Verdict::Fail, "{}: {}", rule.label, finished.stdout);
    }
    let paused = summary.findings.iter().find(|f| f.code.to_string() == "probe_paused");
    let paused = paused.unwrap_or_else(|| panic!("no word about it: {}", finished.stdout));
    let longest_s = paused.numbers["longest_ns"] / 1e9;
    assert!((1.9..2.6).contains(&longest_s), "{longest_s}");
}
