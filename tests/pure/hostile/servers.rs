//! Servers that answer so that nobody comes to an end, and say what a terminal would obey.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::null_server::{Behaviour, NullServer};
use crate::support::probe::program;

/// A load of one second on this server.
fn load(server: &NullServer, place: &Path, more: &[&str]) -> Child {
    let mut command = Command::new(program());
    command
        .args(["load", "put", "--rate", "50", "--duration", "1s", "--warmup", "0s", "--endpoints"])
        .arg(server.endpoint())
        .args(["--result", "run.jsonl", "--no-scrape"])
        .args(more)
        .current_dir(place)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().expect("the program starts")
}

/// Waits until a load should long be over but for a server that keeps it, and sends it one signal: how long it then takes,
/// and what it said.
fn ended_by_one_signal(behaviour: Behaviour, more: &[&str]) -> (Duration, String) {
    let server = NullServer::start(behaviour);
    let place = tempfile::tempdir().unwrap();
    let mut child = load(&server, place.path(), more);
    thread::sleep(Duration::from_secs(5));
    assert!(child.try_wait().unwrap().is_none(), "it is kept: {:?}", child.wait_with_output());
    let began = Instant::now();
    let pid = Pid::from_raw(child.id() as i32).expect("a process");
    kill_process(pid, Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (began.elapsed(), String::from_utf8(said).unwrap())
}

#[test]
fn one_signal_ends_a_verification_of_keys_without_end() {
    let behaviour = Behaviour { endless: true, ..Behaviour::default() };
    let (took, said) = ended_by_one_signal(behaviour, &["--verify"]);
    assert!(took < Duration::from_secs(5), "{took:?}: {said}");
    assert!(said.contains("interrupted while an answer was waited for"), "{said}");
}

#[test]
fn one_signal_ends_a_defragmentation_that_is_not_answered() {
    let behaviour = Behaviour { silent: Some("/Defragment"), ..Behaviour::default() };
    let (took, said) = ended_by_one_signal(behaviour, &["--defrag"]);
    assert!(took < Duration::from_secs(5), "{took:?}: {said}");
    assert!(said.contains("the keys of the run are removed"), "{said}");
}

#[test]
fn watches_that_are_cancelled_fail_and_tell_why_and_a_version_is_short() {
    let server = NullServer::start(Behaviour {
        version: Some("3.5.0\u{1b}[2J".to_owned() + &"9".repeat(1 << 20)),
        cancels: Some("go \u{1b}[2Jaway"),
        ..Behaviour::default()
    });
    let place = tempfile::tempdir().unwrap();
    let mut command = Command::new(program());
    command
        .args([
            "load",
            "watch",
            "--rate",
            "20",
            "--duration",
            "1s",
            "--warmup",
            "0s",
            "--endpoints",
        ])
        .arg(server.endpoint())
        .args(["--result", "watch.jsonl", "--no-scrape", "--command-timeout", "1s"])
        .current_dir(place.path());
    let output = command.output().unwrap();
    let page = String::from_utf8(output.stdout).unwrap();
    let all = page.clone() + &String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{all}");
    assert!(page.contains("away"), "the reason is told: {page}");
    assert!(page.len() < 20_000, "{} bytes", page.len());
    assert!(!all.contains('\u{1b}'), "{all:?}");
}
