//! What a run is told about its user reaches it by a pipe: nobody else on the machine can read it.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::scenario::Place;

/// Arguments and environment of the processes that this one has started.
fn seen_of_children(parent: &Child) -> Vec<String> {
    let is_child = |pid: &str| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        after_name.split_whitespace().nth(1) == Some(&parent.id().to_string())
    };
    let all = fs::read_dir("/proc").unwrap().flatten();
    all.map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|pid| is_child(pid))
        .map(|pid| {
            let read = |what: &str| fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
            String::from_utf8_lossy(&[read("cmdline"), read("environ")].concat()).into_owned()
        })
        .collect()
}

/// What a child looks like from outside as soon as it is itself, and no longer a copy of its parent.
fn seen(mut command: Command) -> String {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut parent = command.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let found = loop {
        let children = seen_of_children(&parent);
        if let Some(found) = children.into_iter().find(|text| text.contains("etcdbench\0planned")) {
            break found;
        }
        assert!(Instant::now() < deadline, "no run was begun");
        assert!(parent.try_wait().unwrap().is_none(), "it ended without a run");
        sleep(Duration::from_millis(2));
    };
    parent.kill().unwrap();
    parent.wait().unwrap();
    found
}

#[test]
fn no_secret_is_seen_in_arguments_or_environment_of_a_run() {
    // Takes connections and says nothing, so that the run lasts until it is looked at.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = silent.local_addr().unwrap().to_string();
    let place = Place::with(&format!(
        "[load.put]\noperation = 'put'\nendpoints = '{endpoint}'\ndial_timeout = '20s'\n"
    ));
    let mut run = place.command(&["mine.toml"]);
    run.env("ETCDCTL_USER", "root:hunter2");
    let mut separate = place.command(&["mine.toml"]);
    separate.env("ETCDCTL_USER", "root").env("ETCDCTL_PASSWORD", "hunter2");
    let mut compare = Command::new(env!("CARGO_BIN_EXE_etcdbench"));
    let side = format!("load put --endpoints {endpoint} --dial-timeout 20s --user root:hunter2");
    compare.current_dir(place.path("")).args(["compare", "--measure", &side, &side]);
    for command in [run, separate, compare] {
        let shown = format!("{command:?}");
        let seen = seen(command);
        assert!(!seen.contains("hunter2"), "{shown}: {seen}");
    }
}
