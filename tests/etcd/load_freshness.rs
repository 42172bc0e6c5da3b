//! Freshness: how long after a read of the revision a watch has shown it, asking for progress meanwhile; etcd counts the
//! requests.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::etcd::Etcd;
use crate::support::load::{self, quantile, steady};
use crate::support::metrics::Scrape;
use crate::support::needs::{Need, needs};
use crate::support::probe;

/// Messages that etcd received on streams of watches: watches that are made, and requests for progress.
fn messages(scrape: &Scrape) -> f64 {
    scrape.value(
        "grpc_server_msg_received_total{grpc_method=\"Watch\",grpc_service=\"etcdserverpb.Watch\",grpc_type=\"bidi_stream\"}",
    )
}

/// Reads of the revision while others write, so that the watches of the readers are always behind.
const PROBES: &str = "--warmup 0s --duration 5s --prefix /t/ --no-scrape \
    --class 'writes: put --rate 200 --key-space-size 100 --conns 1' \
    --class 'probes: range --read revision --key-space-size 1 --preload 0 --rate 80 --conns 2 --streams 2 \
      --watches-per-stream 1 --watch-prev-kv --freshness'";

#[test]
fn what_nobody_writes_is_fresh_by_progress_alone() {
    needs!(Need::Program("etcd"));
    let scratch = probe::scratch();
    let etcd = Etcd::start(Path::new("etcd"), scratch.path(), |program| Command::new(program));
    let before = etcd.scrape();
    let more = format!("{PROBES} --rule 'probes.freshness.max < 3s'");
    let driven = load::run(&etcd.address(), &more);
    let run = driven.read();
    let asked = messages(&etcd.scrape()) - messages(&before);
    let waits = steady(&run, "probes.freshness").total.count();
    assert_eq!(waits, 400, "each answer is waited for");
    assert_eq!(steady(&run, "probes.response").total.count(), 400);
    // No event of theirs comes: what was waited for came by progress, at once or after the tenth of a second between two
    // requests.
    assert!(quantile(&run, "probes.freshness", 0.5) > Duration::from_micros(50));
    assert!(quantile(&run, "probes.freshness", 0.9) < Duration::from_millis(400));
    // Two watches, and for each wait no more than one request for each tenth of a second it lasted, but the first.
    assert!((10.0..=2.0 + 2.0 * 50.0 + 20.0).contains(&asked), "{asked}");
    let outcomes = &run.summary.as_ref().unwrap().rules;
    let judged = outcomes.iter().find_map(|outcome| {
        let outcome = serde_json::to_value(outcome).unwrap();
        let is_it = outcome.to_string().contains("probes.freshness");
        is_it.then(|| outcome["verdict"].clone())
    });
    assert_eq!(judged, Some("pass".into()), "{outcomes:?}");
}

#[test]
fn freshness_is_refused_where_nothing_could_wait() {
    let place = probe::scratch();
    for (words, wanted) in [
        ("range --freshness --streams 1", "have range, with --read"),
        ("put --freshness --streams 1", "have range, with --read"),
        ("range --read revision --freshness", "--freshness is about watches"),
        ("range --read revision --freshness --streams 3 --conns 2", "say --streams 2"),
    ] {
        let mut command = Command::new(probe::program());
        command.current_dir(place.path()).arg("load").args(words.split(' '));
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{words}: {told}");
        assert!(told.contains(wanted), "{words}: {told}");
    }
}
