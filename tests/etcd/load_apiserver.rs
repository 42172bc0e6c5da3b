//! What an apiserver sends; etcd itself is the witness.

use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::support::etcd::Etcd;
use crate::support::load::{self, errors, number, steady};
use crate::support::metrics::Scrape;
use crate::support::needs::{Need, needs};
use crate::support::probe;
use etcdbench::result::Run;
use rustix::process::Signal;

/// A fresh etcd, with the directory it is in.
struct Fresh {
    etcd: Etcd,
    _scratch: tempfile::TempDir,
}

impl Fresh {
    fn start() -> Self {
        let scratch = probe::scratch();
        let plain = |program: &Path| Command::new(program);
        let etcd = Etcd::start(Path::new("etcd"), scratch.path(), plain);
        Fresh { etcd, _scratch: scratch }
    }

    /// A load of its own keys below `/t/`, which stay, and what etcd counted meanwhile.
    fn load(&self, more: &str) -> Seen {
        let kept = format!("{more} --prefix /t/ --keep-keys --warmup 0s --conns 2");
        self.load_by(&kept)
    }

    fn load_by(&self, more: &str) -> Seen {
        let before = self.etcd.scrape();
        let driven = load::run(&self.etcd.address(), more);
        let run = driven.read();
        assert!(run.halted().is_none(), "{:?}", run.halted());
        Seen { run, before, after: self.etcd.scrape() }
    }

    fn keys(&self) -> Vec<String> {
        let all = self.etcd.etcdctl(&["get", "", "--from-key", "--keys-only"]);
        let lines = all.lines().filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    }
}

/// A load, and etcd's figures around it.
struct Seen {
    run: Run,
    before: Scrape,
    after: Scrape,
}

impl Seen {
    /// Operations that were answered, none of which failed.
    fn answered(&self, series: &str) -> u64 {
        let run = &self.run;
        assert_eq!(errors(run, series), 0, "{:?}", steady(run, series).errors);
        steady(run, series).total.count()
    }

    /// How often etcd was asked for this meanwhile.
    fn calls(&self, method: &str) -> u64 {
        (self.after.calls(method) - self.before.calls(method)) as u64
    }
}

#[test]
fn objects_come_and_go_and_each_is_accounted_for() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::start();
    let seen = fresh.load(
        "--mix create=1,txn=6,delete=1,range=2 --guarded --clients 20 --total 8000 --preload 1000",
    );
    let [creates, updates, deletes] =
        ["create", "txn", "delete"].map(|name| seen.answered(&format!("{name}.service")));
    assert!(creates > 700 && deletes > 700 && updates > 4500);
    let keys = fresh.keys();
    assert_eq!(keys.len() as u64, 1000 + creates - deletes);
    // The oldest are gone and the youngest are there.
    assert_eq!(keys[0], format!("/t/{deletes:061}"));
    assert_eq!(keys[keys.len() - 1], format!("/t/{:061}", 999 + creates));
    assert_eq!(seen.calls("Put") + seen.calls("LeaseGrant"), 0);
    // Each is one transaction, two where another client was faster, and the preload is a few.
    let attempts = number(&seen.run, "txn.conflicts", "attempts");
    let conflicts = number(&seen.run, "txn.conflicts", "count");
    assert_eq!(attempts - conflicts, creates + updates + deletes);
    let txns = seen.calls("Txn");
    assert!((attempts..attempts + 20).contains(&txns), "{txns} {attempts}");
    assert!(conflicts < attempts / 20, "{conflicts} of {attempts}");
}

#[test]
fn an_object_that_exists_is_not_created_again() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::start();
    fresh.load("put --clients 4 --total 300 --key-space-size 300 --sequential-keys");
    let seen = fresh.load("create --clients 4 --total 200 --preload 0 --allow-foreign");
    assert_eq!(seen.answered("create.service"), 200);
    assert_eq!(number(&seen.run, "txn.conflicts", "count"), 300);
    let keys = fresh.keys();
    assert_eq!(keys.len(), 500);
    let json = |key: &str| fresh.etcd.etcdctl(&["get", key, "--write-out", "json"]);
    assert!(keys.iter().step_by(50).all(|key| json(key).contains("\"version\":1,")));
}

#[test]
fn a_number_is_used_again_when_its_object_is_gone() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::start();
    let seen = fresh.load(
        "--mix create=1,delete=1 --guarded --clients 4 --total 4000 --preload 300 --key-space-size 700 --verify",
    );
    let (creates, deletes) = (seen.answered("create.service"), seen.answered("delete.service"));
    assert!(creates > 1500, "it came round more than once");
    assert_eq!(fresh.keys().len() as u64, 300 + creates - deletes);
    assert_eq!(number(&seen.run, "verify", "lost"), 0);
    assert_eq!(number(&seen.run, "verify", "phantom"), 0);
}

#[test]
fn a_read_of_the_revision_brings_no_key() {
    needs!(Need::Program("etcd"));
    let fresh = Fresh::start();
    let more = "range --read revision --clients 4 --total 2000 --key-space-size 100 --val-size 2KiB --no-scrape";
    let seen = fresh.load(more);
    assert_eq!(seen.answered("range.service"), 2000);
    let calls = seen.calls("Range");
    assert!((2000..2100).contains(&calls), "{calls}");
    let sent = "etcd_network_client_grpc_sent_bytes_total";
    let each = (seen.after.value(sent) - seen.before.value(sent)) / 2000.0;
    assert!(each < 100.0, "{each} bytes");
}

/// How many keys each lease has that there is.
fn keys_of_leases(fresh: &Fresh) -> Vec<usize> {
    let list = fresh.etcd.etcdctl(&["lease", "list"]);
    let leases = list.lines().skip(1).filter(|line| !line.is_empty());
    let keys = |lease: &str| {
        let told = fresh.etcd.etcdctl(&["lease", "timetolive", lease, "--keys"]);
        told.matches("/t/").count()
    };
    leases.map(keys).collect()
}

#[test]
fn a_lease_is_shared_by_as_many_keys_as_it_should_be() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::start();
    let more = "create --clients 20 --total 1000 --lease-ttl 600 --lease-keys 75";
    let seen = fresh.load(more);
    assert_eq!(seen.answered("create.service"), 1000);
    let keys = keys_of_leases(&fresh);
    assert_eq!(keys.iter().sum::<usize>(), 1000);
    assert_eq!(*keys.iter().max().expect("leases"), 75);
    // Each of the two connections has one that is not full.
    assert!((14..=15).contains(&keys.len()), "{keys:?}");
    assert_eq!(number(&seen.run, "lease.grants", "count"), keys.len() as u64);
    assert_eq!(number(&seen.run, "lease.grants", "keys"), 1000);
    assert_eq!(seen.calls("LeaseGrant"), keys.len() as u64);
    assert_eq!(seen.calls("LeaseKeepAlive") + seen.calls("LeaseRevoke") + seen.calls("Put"), 0);
}

#[test]
fn a_lease_is_shared_for_as_long_as_it_should_be() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::start();
    let more = "txn --guarded --rate 200 --duration 5s --lease-ttl 600 --lease-reuse 1s --key-space-size 5000";
    let seen = fresh.load(more);
    assert_eq!(seen.answered("txn.response"), 1000);
    // Five seconds on two connections.
    let grants = number(&seen.run, "lease.grants", "count");
    assert!((8..=12).contains(&grants), "{grants}");
    assert_eq!(seen.calls("LeaseGrant"), grants);
}

#[test]
fn no_lease_is_left_behind() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::start();
    // Each has a lease of its own, as an apiserver's endpoint record has.
    let seen = fresh.load_by(
        "put --clients 8 --total 300 --lease-ttl 3600 --lease-keys 1 --warmup 0s --key-space-size 10",
    );
    assert_eq!(seen.calls("LeaseGrant"), 300);
    assert_eq!(number(&seen.run, "cleanup", "revoked"), 300);
    assert!(keys_of_leases(&fresh).is_empty());
    let driving = load::start(
        &fresh.etcd.address(),
        "create --rate 100 --duration 60s --warmup 0s --lease-ttl 3600 --lease-keys 10",
    );
    driving.until("steady");
    sleep(Duration::from_millis(1500));
    driving.signal(Signal::INT);
    assert_eq!(driving.wait().finished.code, Some(130));
    assert!(keys_of_leases(&fresh).is_empty() && fresh.keys().is_empty());
}

#[test]
fn a_reflector_lists_in_pages_and_then_watches() {
    needs!(Need::Program("etcd"));
    let fresh = Fresh::start();
    let more = "list-watch --clients 3 --total 60 --limit 400 --key-space-size 1000 --no-scrape";
    let seen = fresh.load(more);
    assert_eq!(seen.answered("list-watch.service"), 60);
    // Of 1,000 keys three pages, and a few reads before the load.
    let (ranges, watches) = (seen.calls("Range"), seen.calls("Watch"));
    assert!((180..200).contains(&ranges), "{ranges}");
    assert_eq!(watches, 60);
    sleep(Duration::from_millis(500));
    let left = fresh.etcd.scrape();
    assert_eq!(left.value("etcd_debugging_mvcc_watcher_total"), 0.0);
    assert_eq!(left.value("etcd_debugging_mvcc_watch_stream_total"), 0.0);
}

#[test]
fn a_compactor_forgets_what_was_before_its_last_turn() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::start();
    let more = "--mix put=40,compact=1,status=1 --clients 4 --total 2000 --key-space-size 50 --compact --no-scrape";
    let seen = fresh.load(more);
    let turns = seen.answered("compact.service");
    let (compactions, statuses) = (seen.calls("Compact"), seen.answered("status.service"));
    assert!(turns > 20 && statuses > 20, "{turns} {statuses}");
    // The first turn only remembers, one that another client has won reads; the end compacts once more.
    assert!((turns / 2..=turns).contains(&compactions), "{turns} {compactions}");
    assert_eq!(seen.calls("Txn"), turns);
    assert!(seen.calls("Status") >= statuses);
    let key = fresh.etcd.etcdctl(&["get", "/t/compact_rev_key", "--print-value-only"]);
    let revision: i64 = key.trim().parse().expect("a revision");
    assert!(revision > 1000, "{revision}");
}

/// Nothing compacts but the turns: etcd's own witness is a read at an old revision.
#[test]
fn an_old_revision_is_gone_after_a_turn() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::start();
    let driving = load::start(
        &fresh.etcd.address(),
        "--mix put=100,compact=1 --rate 200 --duration 10s --warmup 0s --prefix /t/ --keep-keys --compact",
    );
    driving.until("steady");
    sleep(Duration::from_secs(6));
    let old = Command::new("etcdctl")
        .env("ETCDCTL_API", "3")
        .args(["--endpoints", &fresh.etcd.address()])
        .args(["get", "/t/", "--prefix", "--limit", "1", "--rev", "3"])
        .output()
        .expect("etcdctl can be started");
    let told = String::from_utf8_lossy(&old.stderr);
    assert!(told.contains("compacted"), "{told}");
    driving.wait().read();
}

#[test]
fn every_watch_sees_what_is_created_changed_and_removed() {
    needs!(Need::Program("etcd"));
    let fresh = Fresh::start();
    let seen = fresh.load(
        "--mix create=2,txn=6,delete=2 --guarded --rate 200 --duration 5s --preload 500 --streams 3 \
         --watches-per-stream 2 --watch-prev-kv",
    );
    let [creates, updates, deletes] =
        ["create", "txn", "delete"].map(|name| seen.answered(&format!("{name}.response")));
    assert!(deletes > 100);
    let total = |name| number(&seen.run, "watch.total", name);
    // An update that found its object gone brings no event.
    let most = 6 * (creates + updates + deletes);
    assert!((most - 60..=most).contains(&total("expected")), "{most}");
    assert_eq!(total("received"), total("expected"));
    assert_eq!(total("deletions"), 6 * deletes);
    assert_eq!((total("missing"), total("duplicates")), (0, 0));
    assert_eq!(
        steady(&seen.run, "watch.event").total.count(),
        total("received") - total("deletions")
    );
    let sent = "etcd_debugging_mvcc_events_total";
    let told = (seen.after.value(sent) - seen.before.value(sent)) as u64;
    assert_eq!(told, total("received"));
    assert_eq!(seen.calls("Put"), 0);
}

#[test]
fn a_plain_deletion_is_awaited_only_where_there_was_a_key() {
    needs!(Need::Program("etcd"));
    let fresh = Fresh::start();
    let seen = fresh.load(
        "--mix put=1,delete=1 --rate 300 --duration 3s --preload 0 --key-space-size 50 --streams 2",
    );
    let total = |name| number(&seen.run, "watch.total", name);
    assert_eq!((total("missing"), total("duplicates")), (0, 0));
    assert_eq!(total("received"), total("expected"));
    let deletes = seen.answered("delete.response");
    assert!((1..=20 * deletes).contains(&total("deletions")));
}

#[test]
fn keys_that_vanish_with_their_lease_are_nobodys_deletions() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::start();
    let seen = fresh.load(
        "create --rate 100 --duration 8s --streams 2 --watches-per-stream 1 --lease-ttl 2 --lease-keys 20",
    );
    let creates = seen.answered("create.response");
    assert_eq!(creates, 800);
    assert!(fresh.keys().len() < 700, "some have vanished");
    let total = |name| number(&seen.run, "watch.total", name);
    assert_eq!(total("received"), 2 * creates);
    assert_eq!(total("expected"), 2 * creates);
    assert_eq!((total("duplicates"), total("deletions")), (0, 0));
}

#[test]
fn as_many_transactions_conflict_as_should() {
    needs!(Need::Program("etcd"));
    let fresh = Fresh::start();
    let seen = fresh.load(
        "--mix txn=9,delete=1 --guarded --conflicts 10% --clients 2 --total 5000 --key-space-size 20000 \
         --preload 20000 --no-scrape"
    );
    let done = seen.answered("txn.service") + seen.answered("delete.service");
    assert_eq!(done, 5000);
    let count = number(&seen.run, "txn.conflicts", "count");
    assert!((400..600).contains(&count), "{count}");
    assert_eq!(number(&seen.run, "txn.conflicts", "attempts"), 5000 + count);
    // The keys to begin with are written many at a time.
    let txns = seen.calls("Txn") - (5000 + count);
    assert!((20_000 / 128..500).contains(&txns), "{txns}");
}

/// Bytes of each value, in the order of the keys.
fn sizes(fresh: &Fresh) -> Vec<usize> {
    let get = ["get", "/t/", "--prefix", "--write-out", "json"];
    let all: serde_json::Value = serde_json::from_str(&fresh.etcd.etcdctl(&get)).expect("JSON");
    let pairs = all["kvs"].as_array().expect("pairs");
    let size = |pair: &serde_json::Value| {
        let base64 = pair["value"].as_str().expect("a value");
        base64.len() / 4 * 3 - base64.matches('=').count()
    };
    pairs.iter().map(size).collect()
}

#[test]
fn objects_have_a_long_tail_and_keep_their_sizes() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::start();
    let tail = "--clients 4 --total 2000 --val-size lognormal=2KiB,8KiB,20KiB";
    fresh.load(&format!("create {tail}"));
    let created = sizes(&fresh);
    assert_eq!(created.len(), 2000);
    let larger_than = |size| created.iter().filter(|&&one| one > size).count();
    assert!((900..1100).contains(&larger_than(2048)));
    assert!((8..40).contains(&larger_than(8192)));
    assert_eq!(larger_than(20_480), 0);
    fresh.load(&format!(
        "txn --guarded {tail} --key-space-size 2000 --sequential-keys --allow-foreign"
    ));
    assert_eq!(sizes(&fresh), created);
}

#[test]
fn classes_come_and_go_side_by_side() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::start();
    let scratch = probe::scratch();
    let result = scratch.path().join("result.jsonl");
    let output = Command::new(probe::program())
        .args([
            "load",
            "--duration",
            "5s",
            "--warmup",
            "0s",
            "--keep-keys",
            "--prefix",
            "/t/",
        ])
        .args([
            "--class",
            "pods: --mix create=1,txn=6,delete=1 --guarded --rate 80 --preload 200 --streams 2 --watches-per-stream 1",
        ])
        .args([
            "--class",
            "events: create --rate 40 --lease-ttl 600 --lease-keys 30",
        ])
        .args([
            "--class",
            "relist: list-watch --rate 2 --preload 50 --limit 20 --key-space-size 50",
        ])
        .args([
            "--class",
            "compaction: compact --rate 1",
            "--compact",
            "--quiet",
        ])
        .args(["--endpoints", &fresh.etcd.address(), "--result"])
        .arg(&result)
        .output()
        .expect("etcdbench can be started");
    let finished = probe::finished(output, &result);
    assert!(matches!(finished.code, Some(0 | 3 | 4)), "{finished:#?}");
    let run = finished.read();
    let done = |series: &str| {
        assert_eq!(errors(&run, series), 0, "{:?}", steady(&run, series).errors);
        steady(&run, series).total.count()
    };
    let (created, removed) = (done("pods.create.service"), done("pods.delete.service"));
    assert_eq!(done("events.service"), 200);
    assert_eq!((done("relist.service"), done("compaction.service")), (10, 5));
    let keys = fresh.keys();
    let below = |class: &str| keys.iter().filter(|key| key.starts_with(class)).count() as u64;
    assert_eq!(below("/t/pods/"), 200 + created - removed);
    assert_eq!((below("/t/events/"), below("/t/relist/")), (200, 50));
    assert_eq!(below("/t/compaction/"), 1);
    assert_eq!(number(&run, "lease.grants", "keys"), 200);
    assert_eq!(number(&run, "watch.total", "missing"), 0);
    assert_eq!(number(&run, "watch.total", "deletions"), 2 * removed);
}

#[test]
fn a_load_that_has_no_number_left_says_so() {
    needs!(Need::Program("etcd"));
    let fresh = Fresh::start();
    let more = "create --clients 4 --duration 30s --key-space-size 200 --warmup 0s";
    let driven = load::run(&fresh.etcd.address(), more);
    let run = driven.finished.read();
    let why = run.halted().expect("it is halted");
    assert!(why.contains("--key-space-size"), "{why}");
    assert_eq!(steady(&run, "create.service").total.count(), 200);
}
