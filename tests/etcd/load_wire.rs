//! Both HTTP/2 clients do the same work on the same servers: what they count and what they call it is the same.

use std::sync::atomic::Ordering;

use etcdbench::result::Run;

use crate::support::etcd::Fresh;
use crate::support::load::{self, number, steady};
use crate::support::needs::{Need, needs};
use crate::support::null_server::{Behaviour, Fault, NullServer};

/// A load by our own client, and one by the h2 crate's.
fn both(endpoint: &str, flags: &str) -> [Run; 2] {
    ["own", "h2"].map(|wire| {
        let driven = load::run(endpoint, &format!("{flags} --warmup 0s --wire {wire}"));
        let run = driven.read();
        assert!(run.halted().is_none(), "{flags} by {wire}: {:?}", run.halted());
        let went_through = !load::events(&run, "load.phase").is_empty();
        assert!(went_through, "{flags} by {wire}: {:#?}", driven.finished);
        run
    })
}

/// What a load amounted to.
fn amounts(run: &Run) -> [u64; 5] {
    ["sent", "answered", "failed", "reads", "deletions"].map(|name| number(run, "load.phase", name))
}

#[test]
fn every_operation_amounts_to_the_same() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::packaged();
    for flags in [
        "put --clients 40 --conns 3 --total 3000 --val-size 1..2000",
        // Beyond the windows and frames that etcd begins with.
        "put --clients 8 --conns 2 --total 40 --val-size 400KiB..900KiB --key-space-size 20",
        "range --clients 20 --conns 2 --total 1000 --val-size 300",
        "range --read prefix --clients 4 --conns 2 --total 100 --key-space-size 2000 --val-size 1000",
        "--mix put=2,range=3,delete=1,txn=1 --clients 20 --conns 2 --total 1000",
        "txn --guarded --clients 1 --total 200 --key-space-size 50",
        "lease --clients 4 --conns 2 --total 100",
        "stm --clients 1 --total 100",
    ] {
        let [own, h2] = both(&etcd.address(), flags);
        let [of_own, of_h2] = [amounts(&own), amounts(&h2)];
        assert_eq!((of_own[2], of_h2[2]), (0, 0), "{flags}");
        assert_eq!(of_own, of_h2, "{flags}");
    }
}

#[test]
fn watches_see_every_event() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::packaged();
    let flags = "put --rate 300 --total 600 --conns 2 --streams 20 --watch-prev-kv";
    for run in both(&etcd.address(), flags) {
        let of = |name| number(&run, "watch.total", name);
        assert_eq!((of("missing"), of("lost"), of("duplicates")), (0, 0, 0));
        // Ten watches on each of twenty streams see every put.
        assert_eq!((of("expected"), of("received")), (120_000, 120_000));
    }
}

/// Both clients against a server of this kind, one request after the other.
fn of_fault(fault: &Fault, wire: &str) -> (u64, String, String) {
    let behaviour =
        Behaviour { fault: Some(fault.clone()), after: 10, times: 3, ..Behaviour::default() };
    let server = NullServer::start(behaviour);
    let flags = format!("put --clients 1 --conns 1 --total 40 --warmup 0s --wire {wire}");
    let flags = flags + " --command-timeout 400ms --no-scrape --no-default-rules";
    let run = load::run(&server.endpoint(), &flags).read();
    let series = steady(&run, "put.service");
    let texts = format!("{:?}", series.error_texts);
    (number(&run, "load.phase", "answered"), format!("{:?}", series.errors), texts)
}

#[test]
fn failures_are_counted_and_called_the_same() {
    for fault in [
        Fault::Status(14, "etcdserver: no leader"),
        Fault::Never,
        Fault::NotGrpc,
        Fault::BadMessage,
        Fault::Reset,
        Fault::CutOff,
    ] {
        let [own, h2] = ["own", "h2"].map(|wire| of_fault(&fault, wire));
        assert_eq!(own.0, 37, "{fault:?}: {own:?}");
        assert_eq!(own, h2, "{fault:?}");
    }
}

#[test]
fn a_goaway_in_the_midst_of_a_load_loses_nothing_and_invents_nothing() {
    let behaviour = Behaviour {
        fault: Some(Fault::GoAway),
        after: 300,
        times: 8,
        max_concurrent_streams: Some(20),
        ..Behaviour::default()
    };
    let server = NullServer::start(behaviour);
    let flags = "put --clients 60 --conns 2 --total 4000 --warmup 0s --wire own --no-scrape";
    let run = load::run(&server.endpoint(), flags).read();
    let [sent, answered, failed, ..] = amounts(&run);
    assert_eq!((sent, answered + failed), (4000, 4000));
    // What was refused was never looked at, and says so; everything else was done once.
    let refused = steady(&run, "put.service").errors.get("not-sent").copied().unwrap_or(0);
    assert_eq!(failed, refused, "{:?}", steady(&run, "put.service").errors);
    assert_eq!(server.seen().writes.load(Ordering::Relaxed), answered);
    assert!(server.seen().connections.load(Ordering::Relaxed) > 2, "it made others");
}
