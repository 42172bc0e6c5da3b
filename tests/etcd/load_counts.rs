//! What is counted is what was: rates without an operation too many, reads that found nothing, members asked in time.

use etcdbench::result::Run;

use crate::support::etcd::Fresh;
use crate::support::load::{self, number};
use crate::support::needs::{Need, needs};

fn has(run: &Run, code: &str) -> bool {
    let summary = run.summary.as_ref().expect("the run has a summary");
    summary.findings.iter().any(|finding| finding.code.to_string() == code)
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
