//! What a run of the disk probe tells of its batches, and of the etcd that it reckons with.

use std::fs;
use std::process::Command;

use etcdbench::result::{BATCHES, COSTS, Run};

use crate::support::{needs, probe};

fn detail(run: &Run, kind: &str, phase: &str) -> serde_json::Value {
    let events: Vec<_> =
        run.events.iter().filter(|event| event.kind == kind && event.phase == phase).collect();
    assert_eq!(events.len(), 1, "{kind} in {phase}: {:?}", run.events);
    events[0].detail.clone()
}

#[test]
fn every_engine_tells_its_batches_and_no_chart_draws_them() {
    let forbidden = fs::read_to_string("/proc/sys/kernel/io_uring_disabled")
        .is_ok_and(|disabled| disabled.trim() != "0");
    if forbidden {
        needs::skipped("this kernel forbids io_uring: the other engine is tried alone");
    }
    for engine in if forbidden { &["sync"][..] } else { &["sync", "uring"] } {
        let scratch = probe::scratch();
        let result = scratch.path().join("result.jsonl");
        let more =
            format!("--quiet --phases etcd=1s,capacity=1500ms --clients 60 --engine {engine}");
        let run = probe::run(scratch.path(), &result, &more).read();
        let costs = detail(&run, COSTS, "setup");
        assert_eq!((&costs["etcd"], &costs["disk_alone"]), (&"3.5.30".into(), &false.into()));
        assert!(costs["most_per_s"].as_f64().unwrap() > 100.0, "{costs}");
        let batches = detail(&run, BATCHES, "etcd");
        // The search for the capacity asks the disk alone.
        assert!(run.events.iter().any(|event| event.kind == "capacity.step"));
        assert!(run.events.iter().all(|event| event.kind != BATCHES || event.phase == "etcd"));
        let count = |name: &str| probe::series(&run, "etcd", name).total.count();
        assert_eq!(batches["puts"], count("put.commit"), "{engine}");
        // Sixty clients on one etcd share its syncs, and its CPUs.
        let (writes, puts) =
            (batches["writes"].as_u64().unwrap(), batches["puts"].as_u64().unwrap());
        assert!(puts > 2 * writes && batches["waited_ns"].as_u64().unwrap() > 0, "{batches}");
        let page = scratch.path().join("page.html");
        let report = Command::new(probe::program())
            .args(["report"])
            .arg(&result)
            .arg("-o")
            .arg(&page)
            .output()
            .unwrap();
        let html = fs::read_to_string(&page).unwrap_or_else(|e| panic!("{e}: {report:?}"));
        assert!(!html.contains("wal.batches") && !html.contains("etcd.costs"));
    }
}

#[test]
fn a_rate_beyond_an_etcd_on_these_cpus_is_asked_of_the_disk_alone() {
    let scratch = probe::scratch();
    let result = scratch.path().join("result.jsonl");
    let finished =
        probe::run(scratch.path(), &result, "--phases etcd=300ms --rate 100000 --val-size 64");
    let run = finished.read();
    assert_eq!(detail(&run, COSTS, "setup")["disk_alone"], true);
    assert!(run.events.iter().all(|event| event.kind != BATCHES));
    assert!(finished.stdout.contains("so only the disk was tested"), "{}", finished.stdout);
}
