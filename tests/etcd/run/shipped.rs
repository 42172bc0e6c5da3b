//! Every scenario that comes with the program is run, small, against the real thing, and leaves valid results.

use etcdbench::plan::scenario::shipped;
use etcdbench::result;

use crate::support::needs::{Need, needs};
use crate::support::scenario::Place;

/// Settings that make each scenario small; a scenario without an entry fails the test.
fn small(name: &str) -> &'static [&'static str] {
    match name {
        "neighbours" => &["phases=etcd=500ms", "rate=100"],
        "nightly" => &["duration=2s", "rate=100", "phases=wal=1s,etcd=2s"],
        "qualify" => &["duration=2s", "rate=100", "quick=true"],
        "rw-heatmap" => &["duration=1s", "rw_ratio=[1]", "val_size=[256]", "clients=[4, 8]"],
        "soak" => &["length=5s"],
        "versions" => &["duration=1s", "rate=100"],
        "k8s-10" | "k8s-100" | "k8s-1000" | "k8s-5000" | "k8s-15000" | "sig-5000" => {
            &["duration=2s", "warmup=0s", "scale=0.01"]
        }
        "rollout" | "apiserver-restart" | "legacy-relist" | "event-storm" | "endpoints-fanout" => {
            &["before=1s", "meanwhile=2s", "after=1s", "warmup=0s", "scale=0.01"]
        }
        "training-burst" => {
            &["before=1s", "job=1s", "after=1s", "burst_s=2", "warmup=0s", "scale=0.01"]
        }
        "quota-approach" => {
            &["before=1s", "meanwhile=4s", "after=1s", "warmup=0s", "scale=0.1", "quota=64MiB"]
        }
        "recovery" => &["pause=[1]", "rate=[100]", "before=4", "limit=5", "members=3"],
        "leader-kill" => &["duration=10s", "kill_at=2s", "warmup=0s", "scale=0.01"],
        _ => panic!("say how '{name}' is made small"),
    }
}

/// One of each kind; the others differ from it by their numbers and are run by [`each_runs_and_leaves_valid_results`].
const KINDS: [&str; 7] =
    ["neighbours", "nightly", "qualify", "rw-heatmap", "k8s-100", "rollout", "quota-approach"];

#[test]
fn one_of_each_kind_runs_and_leaves_valid_results() {
    needs!(Need::Program("etcd"));
    run_and_read(&KINDS);
}

#[test]
#[ignore = "every one of them takes minutes: scripts/test --all"]
fn each_runs_and_leaves_valid_results() {
    needs!(Need::Program("etcd"));
    run_and_read(&shipped::names().collect::<Vec<_>>());
}

fn run_and_read(names: &[&str]) {
    for &name in names {
        let place = Place::new();
        let set: Vec<&str> = small(name).iter().flat_map(|one| ["--set", one]).collect();
        let (code, stdout, stderr) = place.run(&[&[name][..], &set].concat());
        assert!([0, 3, 4].contains(&code), "{name}: {stderr}");
        let results = place.files("results", ".jsonl");
        assert!(!results.is_empty(), "{name}: {stdout}");
        for path in &results {
            let (header, summary) = result::read_ends(&place.path(path)).unwrap();
            assert!(header.name.starts_with(name), "{}", header.name);
            assert!(summary.is_some_and(|summary| summary.complete), "{name}: {path}");
        }
    }
}

#[test]
fn the_list_names_each_with_what_it_stands_for() {
    let (code, stdout, _) = Place::new().run(&["--list"]);
    assert_eq!(code, 0);
    for name in shipped::names() {
        assert!(!small(name).is_empty(), "{name}");
        let line = stdout.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        assert!(line.len() > name.len() + 20, "{line}");
    }
}
