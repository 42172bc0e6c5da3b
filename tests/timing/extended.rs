//! A load that goes on while rules are open.

use etcdbench::result::Run;

use crate::support::probe;

#[test]
fn a_load_goes_on_while_rules_are_open_and_no_longer() {
    let scratch = probe::scratch();
    let result = |name: &str| scratch.path().join(name);
    // A limit that no single slow wait of a busy disk is near, so that samples are all that is wanted.
    let asked = "--rate 100 --phases etcd=2s,commits=500ms --rule wal.fsync.p99<500ms --extend";
    // None among fewer than 375 shows that fewer than one in a hundred is over the limit.
    let syncs = |run: &Run| probe::series(run, "etcd", "wal.fsync").total.count();
    let never = probe::run(scratch.path(), &result("never.jsonl"), &format!("{asked} 0s")).read();
    assert!(syncs(&never) < 375 && never.events.iter().all(|event| event.kind != "extended"));

    let finished = probe::run(scratch.path(), &result("longer.jsonl"), &format!("{asked} 30s"));
    let run = finished.read();
    let longer: Vec<u64> = run
        .events
        .iter()
        .filter(|event| event.kind == "extended")
        .map(|event| event.detail["by_ns"].as_u64().expect("a length"))
        .collect();
    assert!((1..=2).contains(&longer.len()), "{longer:?} {finished:#?}");
    assert!(longer.iter().sum::<u64>() <= 30_000_000_000, "{longer:?}");
    assert!(syncs(&run) >= 375, "{finished:#?}");
    assert!(finished.stderr.contains("up to 30 s more"), "{}", finished.stderr);
}
