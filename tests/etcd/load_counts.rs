//! What is counted is what was: rates without an operation too many, reads that found nothing, members asked in time.

use etcdbench::result::Run;

use crate::support::etcd::Fresh;
use crate::support::load::{self, number};
use crate::support::needs::{Need, needs};

fn rate(run: &Run, series: &str) -> f64 {
    let summary = run.summary.as_ref().expect("the run has a summary");
    let phase = summary.phases.iter().find(|phase| phase.phase == "steady").expect("a phase");
    let found = phase.series.iter().find(|found| found.series == series);
    found.expect("the series").rate_per_s
}

fn has(run: &Run, code: &str) -> bool {
    let summary = run.summary.as_ref().expect("the run has a summary");
    summary.findings.iter().any(|finding| finding.code.to_string() == code)
}

#[test]
fn a_load_lasts_as_long_as_it_was_to() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::packaged();
    for (flags, due, per_s) in [
        ("--rate 0.4 --duration 5s", 2, 0.4),
        ("--rate 2 --duration 3s", 6, 2.0),
        ("--rate 10 --total 20", 20, 10.0),
    ] {
        let run = load::run(&etcd.address(), &format!("put {flags} --warmup 0s --conns 1")).read();
        assert_eq!(number(&run, "load.phase", "due"), due, "{flags}");
        let told = rate(&run, "put.response");
        // A load of so many puts lasts until the last is answered.
        let due_s = due as f64 / per_s;
        let longest_s = load::steady(&run, "put.response").total.max_ns() as f64 / 1e9;
        let waited_s = if flags.contains("--total") { longest_s } else { 0.0 };
        let least = due as f64 / (due_s + waited_s);
        assert!((least * 0.97..per_s * 1.03).contains(&told), "{flags}: {told}/s");
    }
}

#[test]
fn what_found_nothing_is_counted() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::packaged();
    let flags = "--mix range=1,delete=1 --preload 0 --clients 2 --total 60 --warmup 0s";
    let driven = load::run(&etcd.address(), flags);
    let run = driven.read();
    let of = |name| number(&run, "load.phase", name);
    assert_eq!((of("reads"), of("deletions")), (of("empty_reads"), of("empty_deletions")));
    assert_eq!(of("reads") + of("deletions"), 60);
    assert!(has(&run, "found_nothing"), "{}", driven.finished.stdout);
    let flags =
        "--mix range=1,put=1 --preload 100 --key-space-size 100 --clients 2 --total 60 --warmup 0s";
    let run = load::run(&etcd.address(), flags).read();
    assert_eq!(number(&run, "load.phase", "empty_reads"), 0);
    assert!(number(&run, "load.phase", "reads") > 0 && !has(&run, "found_nothing"));
}

#[test]
fn a_load_of_a_second_has_its_members_view() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::packaged();
    let run = load::run(&etcd.address(), "put --rate 50 --duration 1s --warmup 0s").read();
    assert!(!has(&run, "no_metrics"), "{:#?}", run.summary.map(|summary| summary.findings));
    let summary = run.summary.as_ref().expect("the run has a summary");
    let fsyncs = summary.members.first().and_then(|member| member.wal_fsync.as_ref());
    assert!(fsyncs.is_some_and(|fsyncs| fsyncs.count > 20), "{:#?}", summary.members);
}

#[test]
fn flags_reach_the_throwaway_etcd() {
    needs!(Need::Program("etcd"));
    let with = |flags: &str| {
        load::start_local(&format!("put --local --rate 20 --duration 1s --warmup 0s {flags}"))
            .wait()
    };
    let driven =
        with("--etcd-arg=--snapshot-count=5000 --heartbeat-interval 300 --election-timeout 3000");
    assert_eq!(driven.finished.code, Some(0), "{:#?}", driven.finished);
    assert!(
        driven.finished.stdout.contains("--etcd-arg=--snapshot-count=5000"),
        "{}",
        driven.finished.stdout
    );
    // etcd itself refuses what it does not know, and that is told.
    let refused = with("--etcd-arg=--no-such-flag=1");
    refused.refused(1, "has ended; its log ends");
}
