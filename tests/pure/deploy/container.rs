//! The two scripts of the image, with programs in the place of etcdbench and of the clock.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::files::{at, read};
use crate::support::needs::{Need, needs};

/// Writes a program of a few lines of shell.
pub fn program(directory: &Path, name: &str, lines: &str) {
    fs::create_dir_all(directory).unwrap();
    let path = directory.join(name);
    fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A container: programs of its own, and the file that Kubernetes reads the message from.
struct Container {
    directory: TempDir,
}

impl Container {
    /// One whose etcdbench says a line, leaves this result and ends so.
    fn with(result: &str, code: u8) -> Container {
        let container = Container { directory: tempfile::tempdir().unwrap() };
        let result = at("results/examples").join(result);
        // As etcdbench does, it refuses to write over a result.
        let lines = format!(
            "echo ran >>'{}'; echo a page; [ -e \"$3\" ] && exit 9; cp '{}' \"$3\"; exit {code}",
            container.at("runs").display(),
            result.display()
        );
        container.program("etcdbench", &lines);
        fs::write(container.at("message"), "").unwrap();
        container
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn program(&self, name: &str, lines: &str) {
        program(&self.at("bin"), name, lines);
    }

    fn command(&self, script: &str) -> Command {
        let path = format!("{}:{}", self.at("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(at("deploy/container").join(script));
        command
            .env("PATH", path)
            .env("TERMINATION_MESSAGE", self.at("message"))
            .current_dir(self.directory.path());
        command
    }

    fn in_pod(&self, options: &[&str]) -> Output {
        let line = ["etcdbench", "disk", "--result", "result.jsonl"];
        self.command("in-pod").args(options).args(line).output().unwrap()
    }

    fn message(&self) -> String {
        fs::read_to_string(self.at("message")).unwrap()
    }

    fn runs(&self) -> usize {
        fs::read_to_string(self.at("runs")).map_or(0, |runs| runs.lines().count())
    }
}

#[test]
fn the_answer_is_the_message_and_the_result_is_in_the_log() {
    needs!(Need::Program("jq"));
    let container = Container::with("slow-disk.jsonl", 3);
    let output = container.in_pod(&[]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(
        container.message(),
        "NOT QUALIFIED wal.fsync p99 is 72.5 ms, seven times the limit\n"
    );
    let log = String::from_utf8(output.stdout).unwrap();
    assert!(log.starts_with("a page\n"), "{log:.80}");
    let result: String =
        log.lines().filter(|line| line.starts_with('{')).map(|line| format!("{line}\n")).collect();
    assert_eq!(result, fs::read_to_string(at("results/examples/slow-disk.jsonl")).unwrap());
}

/// Kubernetes then fills in the end of the log.
#[test]
fn without_an_answer_there_is_no_message() {
    needs!(Need::Program("jq"));
    let container = Container::with("slow-disk.jsonl", 1);
    container.program("etcdbench", "echo 'error: /scratch: no space' >&2; exit 1");
    let output = container.in_pod(&["--accept", "3", "--once", "code"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(container.message(), "");
    assert!(!container.at("code").exists());
    // Killed before it could write a summary.
    let lines = r#"printf '{"type":"header"}\n{"type":"interval"}\n' >"$3"; exit 130"#;
    container.program("etcdbench", lines);
    assert_eq!(container.in_pod(&[]).status.code(), Some(130));
    assert_eq!(container.message(), "");
}

#[test]
fn a_container_that_is_started_again_tells_the_same_and_measures_nothing() {
    needs!(Need::Program("jq"));
    let container = Container::with("slow-disk.jsonl", 3);
    let options = ["--accept", "3", "--accept", "4", "--once", "code"];
    let first = container.in_pod(&options);
    assert_eq!(first.status.code(), Some(0));
    assert_eq!(fs::read_to_string(container.at("code")).unwrap(), "3\n");
    fs::write(container.at("message"), "").unwrap();
    let second = container.in_pod(&options);
    assert_eq!(second.status.code(), Some(0));
    assert!(container.message().starts_with("NOT QUALIFIED"));
    assert_eq!(container.runs(), 1);
}

/// The first attempt could not measure, and left a piece of a result.
#[test]
fn what_a_failed_attempt_left_is_not_in_the_way() {
    needs!(Need::Program("jq"));
    let container = Container::with("good-disk.jsonl", 0);
    fs::write(container.at("result.jsonl"), "a piece").unwrap();
    let output = container.in_pod(&["--once", "code"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(container.message().starts_with("QUALIFIED for etcd"), "{}", container.message());
    assert_eq!(fs::read_to_string(container.at("code")).unwrap(), "0\n");
}

/// As process 1 of a container a shell would neither die of a signal nor hand it on.
#[test]
fn a_signal_reaches_etcdbench_and_its_end_is_waited_for() {
    needs!(Need::Program("jq"));
    let container = Container::with("good-disk.jsonl", 0);
    let tidy = format!(
        "trap 'sleep 0.3; cp {} \"$3\"; exit 130' TERM; touch '{}'; while :; do sleep 0.05; done",
        at("results/examples/good-disk.jsonl").display(),
        container.at("started").display(),
    );
    container.program("etcdbench", &tidy);
    let line = ["etcdbench", "disk", "--result", "result.jsonl"];
    let mut child = container.command("in-pod").args(line).stdout(Stdio::null()).spawn().unwrap();
    let since = Instant::now();
    while !container.at("started").exists() {
        assert!(since.elapsed() < Duration::from_secs(20), "it never started");
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(container.message().starts_with("QUALIFIED"), "{}", container.message());
}

/// Seconds since the epoch at which `my-turn` lets the pod of this index begin, in turns of 20 s, asked at a time.
fn turn(index: u32, now: u32) -> u32 {
    let container = Container::with("good-disk.jsonl", 0);
    fs::write(container.at("now"), now.to_string()).unwrap();
    // A clock that goes on by a second with every sleep.
    container.program("date", "cat now");
    container.program("sleep", "echo $(($(cat now) + $1)) >next; mv next now");
    let status = container
        .command("my-turn")
        .args(["20", "3"])
        .env("JOB_COMPLETION_INDEX", index.to_string())
        .status()
        .unwrap();
    assert!(status.success());
    fs::read_to_string(container.at("now")).unwrap().trim().parse().unwrap()
}

#[test]
fn each_pod_begins_in_its_own_turn() {
    let round = 60 * 1000;
    assert_eq!(turn(0, round), round);
    assert_eq!(turn(1, round + 14), round + 20);
    // Near its beginning is early enough, later is not.
    assert_eq!(turn(1, round + 29), round + 29);
    assert_eq!(turn(2, round + 50), round + 60 + 40);
}

#[test]
fn a_pod_without_a_turn_says_so() {
    let container = Container::with("good-disk.jsonl", 0);
    let output = container
        .command("my-turn")
        .args(["120", "3"])
        .env("JOB_COMPLETION_INDEX", "3")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("completions"), "{words}");
}

/// The image is not built here; what it takes from the repository is there, and may be executed.
#[test]
fn the_image_is_made_of_what_is_there() {
    let mut copied = 0;
    for line in read("Dockerfile").lines() {
        let Some(words) = line.strip_prefix("COPY deploy/") else {
            continue;
        };
        let mut words: Vec<&str> = words.split(' ').collect();
        assert_eq!(words.pop(), Some("/usr/local/bin/"), "{line}");
        for word in words {
            let path = at("deploy").join(word.trim_start_matches("deploy/"));
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o111, 0o111, "{}", path.display());
            copied += 1;
        }
    }
    assert_eq!(copied, 2);
}
