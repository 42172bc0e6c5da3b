//! What pods of an image without a shell do by `etcdbench pod`, with programs in the place of the measurement.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::files::{at, list, pods, read, words};
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

    fn command(&self, part: &str) -> Command {
        let path = format!("{}:{}", self.at("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(env!("CARGO_BIN_EXE_etcdbench"));
        command
            .args(["pod", part])
            .env("PATH", path)
            .env("TERMINATION_MESSAGE", self.at("message"))
            .current_dir(self.directory.path());
        command
    }

    fn in_pod(&self, options: &[&str]) -> Output {
        let line = ["etcdbench", "disk", "--result", "result.jsonl"];
        self.command("run").args(options).args(line).output().unwrap()
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
    let container = Container::with("good-disk.jsonl", 0);
    let tidy = format!(
        "trap 'sleep 0.3; cp {} \"$3\"; exit 130' TERM; touch '{}'; while :; do sleep 0.05; done",
        at("results/examples/good-disk.jsonl").display(),
        container.at("started").display(),
    );
    container.program("etcdbench", &tidy);
    let line = ["etcdbench", "disk", "--result", "result.jsonl"];
    let mut child = container.command("run").args(line).stdout(Stdio::null()).spawn().unwrap();
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

/// The first pod is where the parts of a load meet, and nothing of that is left when its own part is over.
#[test]
fn the_first_pod_of_a_load_is_where_all_meet() {
    let container = Container::with("good-disk.jsonl", 0);
    let heard = container.at("heard");
    let lines = format!(
        "echo \"$@\" >>'{}'; [ \"$1\" = rendezvous ] || exit 0; exec sleep 60",
        heard.display()
    );
    container.program("etcdbench", &lines);
    let part = |index: &str| {
        fs::write(&heard, "").unwrap();
        let since = Instant::now();
        let status = container
            .command("run")
            .args(["--shards", "4", "--token-file", "token", "etcdbench", "load", "put"])
            .env("JOB_COMPLETION_INDEX", index)
            .env("RENDEZVOUS", "first.meet:2390")
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(0));
        assert!(since.elapsed() < Duration::from_secs(30), "it waited for the meeting point");
        let mut lines: Vec<String> =
            fs::read_to_string(&heard).unwrap().lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let meets = "--rendezvous-token-file token";
    assert_eq!(part("0").last().unwrap().as_str(), "rendezvous --shards 4 --token-file token",);
    assert_eq!(
        part("2"),
        [format!("load put --shard 3/4 --rendezvous http://first.meet:2390 {meets}")]
    );
}

#[test]
fn a_pod_without_an_index_has_no_part() {
    let container = Container::with("good-disk.jsonl", 0);
    let output = container
        .command("run")
        .args(["--shards", "4", "etcdbench", "load", "put"])
        .env_remove("JOB_COMPLETION_INDEX")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("completionMode"), "{words}");
    assert_eq!(container.runs(), 0);
}

#[test]
fn a_pod_without_a_turn_says_so() {
    let container = Container::with("good-disk.jsonl", 0);
    let turn = |index: &str| {
        container
            .command("turn")
            .args(["2", "1"])
            .env("JOB_COMPLETION_INDEX", index)
            .output()
            .unwrap()
    };
    // The one pod of a round has its turn at once.
    assert_eq!(turn("0").status.code(), Some(0));
    let output = turn("1");
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("completions"), "{words}");
}

/// A readiness probe asks again and again whether the answer is there, and good.
#[test]
fn a_pod_is_ready_where_its_answer_is_good() {
    let container = Container::with("good-disk.jsonl", 0);
    let ready = || container.command("good").arg("code").output().unwrap().status.code();
    assert_eq!(ready(), Some(1));
    fs::write(container.at("code"), "3\n").unwrap();
    assert_eq!(ready(), Some(3));
    fs::write(container.at("code"), "0\n").unwrap();
    assert_eq!(ready(), Some(0));
}

/// As process 1 of a container it would not die of a signal that it does not look for.
#[test]
fn a_pod_stays_until_a_signal_comes() {
    let container = Container::with("good-disk.jsonl", 0);
    let mut child = container.command("stay").spawn().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(child.try_wait().unwrap(), None);
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The image is not built here; nothing that runs in it may ask for a shell.
#[test]
fn nothing_in_the_image_needs_a_shell() {
    needs!(Need::Validators);
    let image = read("Dockerfile");
    let last = image.split("\nFROM ").last().unwrap();
    assert!(last.starts_with("base"), "{last}");
    let base = image.split("\nFROM ").find(|stage| stage.contains(" AS base")).unwrap();
    assert!(base.starts_with("scratch AS base"), "{base}");
    assert!(!base.contains("\nRUN "), "{base}");
    for (place, pod) in pods() {
        for container in list(&pod["initContainers"]).iter().chain(list(&pod["containers"])) {
            let probe = words(&container["readinessProbe"]["exec"]["command"]);
            for line in [words(&container["command"]), probe] {
                assert!(line.first().is_none_or(|word| word == "etcdbench"), "{place}: {line:?}");
            }
        }
    }
}
