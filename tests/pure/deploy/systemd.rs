//! The units: what systemd says of them.

use std::path::Path;
use std::process::Command;

use super::files::{at, read};
use crate::support::needs::{Need, needs};

const SERVICE: &str = "deploy/systemd/etcdbench-nightly.service";
const TIMER: &str = "deploy/systemd/etcdbench-nightly.timer";

/// What a unit starts, word by word.
pub fn commands(unit: &str) -> Vec<Vec<String>> {
    let unit = unit.replace("\\\n", " ");
    unit.lines()
        .filter_map(|line| line.strip_prefix("ExecStart="))
        .map(|line| shlex::split(line).expect("quotes that close"))
        .collect()
}

/// Both units in a directory, the program in its place.
fn installed(directory: &Path, service: &str) {
    let program = directory.join("etcdbench");
    std::fs::write(&program, "#!/bin/sh\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    let service = service.replace("/usr/local/bin/etcdbench", program.to_str().unwrap());
    std::fs::write(directory.join("etcdbench-nightly.service"), service).unwrap();
    std::fs::write(directory.join("etcdbench-nightly.timer"), read(TIMER)).unwrap();
}

fn analyzed(directory: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("systemd-analyze")
        .args(arguments)
        .args(["./etcdbench-nightly.service", "./etcdbench-nightly.timer"])
        .current_dir(directory)
        .output()
        .unwrap();
    let words = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&words).into_owned())
}

#[test]
fn systemd_takes_the_units_without_a_word() {
    needs!(Need::Program("systemd-analyze"));
    let directory = tempfile::tempdir().unwrap();
    installed(directory.path(), &read(SERVICE));
    let (good, words) = analyzed(directory.path(), &["verify", "--man=no"]);
    assert!(good, "{words}");
    let ours: Vec<&str> = words.lines().filter(|line| line.contains("etcdbench")).collect();
    assert!(ours.is_empty(), "{ours:?}");

    installed(directory.path(), &read(SERVICE).replace("ProtectHome=", "ProtectHomes="));
    let (_, words) = analyzed(directory.path(), &["verify", "--man=no"]);
    assert!(words.contains("ProtectHomes"), "{words}");
}

/// systemd's own measure of what a unit could do if it were evil: 10 is everything, 2 is what it calls "OK".
#[test]
fn the_service_has_hardly_any_right() {
    needs!(Need::Program("systemd-analyze"));
    let directory = tempfile::tempdir().unwrap();
    installed(directory.path(), &read(SERVICE));
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager", "--threshold=20"])
        .arg("./etcdbench-nightly.service")
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// What it writes to, systemd has made for it; all else is read-only.
#[test]
fn the_service_writes_only_where_it_may() {
    let unit = read(SERVICE);
    let own: Vec<&str> = unit
        .lines()
        .find_map(|line| line.strip_prefix("StateDirectory="))
        .unwrap()
        .split(' ')
        .collect();
    let scratch = unit.lines().find_map(|line| line.strip_prefix("Environment=SCRATCH=")).unwrap();
    let mut paths = 0;
    for word in &commands(&unit)[0][1..] {
        let word = word.replace("${SCRATCH}", scratch);
        let path = word.split_once('=').map_or(word.as_str(), |(_, path)| path);
        if let Some(path) = path.strip_prefix("/var/lib/") {
            assert!(own.contains(&path), "{path} is none of {own:?}");
            paths += 1;
        } else {
            assert!(!path.starts_with('/'), "{path}");
        }
    }
    assert_eq!(paths, 3);
    let slowed = ["Nice=", "IOSchedulingClass=", "IOSchedulingPriority=", "CPUQuota=", "IOWeight="];
    for line in unit.lines() {
        assert!(!slowed.iter().any(|setting| line.starts_with(setting)), "{line}");
    }
    let user = read("deploy/systemd/etcdbench.sysusers.conf");
    assert!(user.lines().any(|line| line.starts_with("u etcdbench ")), "{user}");
    assert!(unit.contains("\nUser=etcdbench\n"));
    assert!(at(TIMER).with_extension("service").is_file(), "a timer starts the unit of its name");
}
