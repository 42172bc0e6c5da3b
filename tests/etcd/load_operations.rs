//! Each operation does what it says; etcd itself is the witness. And it does no harm.

use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::support::command;
use crate::support::etcd::Fresh;
use crate::support::load::{self, detail, errors, events, number, quantile, steady};
use crate::support::needs::{Need, needs};
use crate::support::probe;
use etcdbench::result::Run;
use rustix::process::Signal;

impl Fresh {
    /// A load of its own keys below `/t/`, which stay.
    fn load(&self, more: &str) -> Run {
        self.load_by(&format!("{more} --prefix /t/ --keep-keys --warmup 0s --conns 2"))
    }

    fn load_by(&self, more: &str) -> Run {
        let run = load::run(&self.address(), more).read();
        assert!(run.halted().is_none(), "{:?}", run.halted());
        run
    }
}

/// Operations that were answered, none of which failed.
fn answered(run: &Run, series: &str) -> u64 {
    assert_eq!(errors(run, series), 0, "{:?}", steady(run, series).errors);
    steady(run, series).total.count()
}

/// Puts, as etcd and etcdctl see them.
fn puts_arrive(fresh: &Fresh) {
    let before = fresh.put_total();
    let more = "put --clients 10 --total 1000 --key-space-size 100 --sequential-keys --key-size 40 --val-size 300";
    let run = fresh.load(more);
    assert_eq!(answered(&run, "put.service"), 1000);
    assert_eq!(fresh.put_total() - before, 1000.0);
    let keys = fresh.keys();
    assert_eq!(keys.len(), 100);
    assert!(keys.iter().all(|key| key.len() == 40 && key.starts_with("/t/")), "{keys:?}");
    let json = fresh.etcdctl(&["get", &keys[7], "--write-out", "json"]);
    // 300 bytes are 400 characters of base64.
    assert!(json.contains("\"version\":10"), "{json}");
    let value = json.split("\"value\":\"").nth(1).and_then(|rest| rest.split('"').next());
    assert_eq!(value.map(str::len), Some(400), "{json}");
}

#[test]
fn puts_are_puts() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    puts_arrive(&Fresh::packaged());
}

#[test]
fn every_operation_is_carried() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::packaged();
    puts_arrive(&fresh);
    let operations =
        "put=1,range=1,txn=1,txn-range=1,stm=1,delete=1,lease-keepalive=1,lease-grant=1";
    let more = format!("--mix {operations} --clients 10 --total 4000 --warmup 0s");
    let run = fresh.load_by(&more);
    for operation in operations.split("=1").map(|name| name.trim_start_matches(',')) {
        if !operation.is_empty() {
            assert!(answered(&run, &format!("{operation}.service")) > 300, "{operation}");
        }
    }
    // The version that the run tells is that of the program.
    let told = command::run("etcd", &["--version"]);
    let version = &run.header.environment.members[0].version;
    assert!(told.contains(&format!("etcd Version: {version}\n")), "{version}: {told}");
}

#[test]
fn a_read_reads_what_it_says() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::packaged();
    let ranges = || {
        fresh
            .scrape()
            .value("etcd_debugging_mvcc_range_total")
            .max(fresh.scrape().value("etcd_mvcc_range_total"))
    };
    let sent = || fresh.scrape().value("etcd_network_client_grpc_sent_bytes_total");
    // 1,000 keys of 40 and values of 300 bytes: what comes back tells what was read.
    let base = "range --clients 4 --total 50 --key-space-size 1000 --key-size 40 --val-size 300 --no-scrape";
    fresh.load(&format!("{base} --preload 1000"));
    assert_eq!(fresh.keys().len(), 1000);
    let measured = |more: &str| {
        let (ranges_before, sent_before) = (ranges(), sent());
        let run = fresh.load(&format!("{base} --preload 0 --allow-foreign {more}"));
        assert_eq!(answered(&run, "range.service"), 50);
        ((ranges() - ranges_before) / 50.0, (sent() - sent_before) / 50.0)
    };
    // Beside the reads there are a few of the control plane.
    let near = |is: f64, should: f64| is >= should && is < should + 0.5;
    let (reads, bytes) = measured("--read single");
    assert!(near(reads, 1.0) && (340.0..1000.0).contains(&bytes), "{reads} {bytes}");
    let (reads, bytes) = measured("--read prefix");
    assert!(near(reads, 1.0) && (340_000.0..400_000.0).contains(&bytes), "{reads} {bytes}");
    let (reads, bytes) = measured("--read from --limit 100");
    assert!(near(reads, 1.0) && (15_000.0..40_000.0).contains(&bytes), "{reads} {bytes}");
    let (reads, bytes) = measured("--read paged --limit 100");
    assert!(near(reads, 10.0) && (340_000.0..400_000.0).contains(&bytes), "{reads} {bytes}");
    let (_, bytes) = measured("--read prefix --keys-only");
    assert!((40_000.0..80_000.0).contains(&bytes), "{bytes}");
    let (_, bytes) = measured("--read prefix --count-only");
    assert!(bytes < 700.0, "{bytes}");
}

#[test]
fn a_deletion_removes_each_key_once() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::packaged();
    let deletes = || {
        fresh
            .scrape()
            .value("etcd_mvcc_delete_total")
            .max(fresh.scrape().value("etcd_debugging_mvcc_delete_total"))
    };
    let before = deletes();
    let run = fresh.load(
        "delete --clients 4 --total 500 --key-space-size 500 --sequential-keys --preload 500",
    );
    assert_eq!(answered(&run, "delete.service"), 500);
    assert_eq!(deletes() - before, 500.0);
    assert_eq!(fresh.keys().len(), 0);
}

#[test]
fn a_transaction_writes_all_its_keys() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::packaged();
    let before = fresh.put_total();
    let run = fresh
        .load("txn --txn-ops 5 --clients 4 --total 200 --key-space-size 1000 --sequential-keys");
    assert_eq!(answered(&run, "txn.service"), 200);
    assert_eq!(fresh.put_total() - before, 1000.0);
    assert_eq!(fresh.keys().len(), 1000);
}

#[test]
fn guarded_transactions_lose_no_update() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::packaged();
    // Ten clients on two keys: most find them changed.
    let before = fresh.put_total();
    let run = fresh.load("txn --guarded --clients 10 --total 1000 --key-space-size 2 --preload 2");
    assert_eq!(answered(&run, "txn.service"), 1000);
    let conflicts = number(&run, "txn.conflicts", "count");
    assert!(conflicts > 0, "nobody ever met another");
    // Who finds the key changed reads it and tries again: each of them is applied once.
    assert_eq!(fresh.put_total() - before - 2.0, 1000.0);
}

#[test]
fn software_transactions_end_although_they_meet() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::packaged();
    for isolation in ["read-committed", "repeatable-reads", "serializable", "serializable-snapshot"]
    {
        let before = fresh.put_total();
        let more = format!(
            "stm --isolation {isolation} --stm-keys 4 --stm-writes 50% --clients 8 --total 400 \
             --key-space-size 10 --allow-foreign --preload 10"
        );
        let run = fresh.load(&more);
        assert_eq!(answered(&run, "stm.service"), 400, "{isolation}");
        // Two of the four keys are written, once, however many attempts that took.
        let puts = fresh.put_total() - before - 10.0;
        assert_eq!(puts, 800.0, "{isolation}");
        let all = events(&run, "txn.conflicts");
        let conflicts: u64 = all.iter().map(|event| detail(event, "count")).sum();
        assert_eq!(conflicts > 0, isolation != "read-committed", "{isolation}: {conflicts}");
    }
}

#[test]
fn every_watch_sees_every_event() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::packaged();
    let run = fresh.load("watch --streams 3 --watches-per-stream 4 --rate 100 --duration 5s");
    assert_eq!(number(&run, "watch.total", "streams"), 3);
    assert_eq!(number(&run, "watch.total", "watches"), 12);
    assert_eq!(number(&run, "watch.total", "missing"), 0);
    assert_eq!(number(&run, "watch.total", "duplicates"), 0);
    let puts = answered(&run, "put.response");
    assert_eq!(puts, 500);
    assert_eq!(steady(&run, "watch.event").total.count(), 12 * puts);
    // An event comes after its put has been applied: not much before the answer, and not much later.
    let (event, put) = (quantile(&run, "watch.event", 0.5), quantile(&run, "put.response", 0.5));
    assert!(event > put / 2 && event < put + Duration::from_millis(20), "{event:?} {put:?}");
}

#[test]
fn leases_are_granted_kept_and_bound() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::packaged();
    let scraped = |name: &str| fresh.scrape().value(name);
    let run = fresh.load("lease --rate 200 --duration 3s --lease-ttl 60");
    assert_eq!(answered(&run, "lease-keepalive.response"), 600);
    assert!(scraped("etcd_debugging_lease_renewed_total") >= 600.0);
    let granted = scraped("etcd_debugging_lease_granted_total");
    let revoked = scraped("etcd_debugging_lease_revoked_total");
    let run = fresh.load_by("--mix lease-grant=1 --clients 2 --total 100 --warmup 0s");
    assert_eq!(answered(&run, "lease-grant.service"), 100);
    assert!(scraped("etcd_debugging_lease_granted_total") - granted >= 100.0);
    assert!(scraped("etcd_debugging_lease_revoked_total") - revoked >= 100.0);
    fresh.load("put --lease-ttl 90 --clients 2 --total 100 --key-space-size 10 --sequential-keys");
    let json = fresh.etcdctl(&["get", &fresh.keys()[0], "--write-out", "json"]);
    assert!(json.contains("\"lease\":"), "{json}");
}

#[test]
fn own_keys_are_removed_and_others_are_not() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::packaged();
    fresh.etcdctl(&["put", "/mine", "stays"]);
    fresh.etcdctl(&["put", "/etcdbenches", "stays"]);
    fresh.load_by("put --clients 4 --total 500 --warmup 0s");
    assert_eq!(fresh.keys(), ["/etcdbenches", "/mine"]);
}

#[test]
fn an_interrupted_run_removes_its_keys_and_keeps_what_it_measured() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::packaged();
    fresh.etcdctl(&["put", "/mine", "stays"]);
    for signal in [Signal::INT, Signal::TERM] {
        let driving = load::start(&fresh.address(), "put --rate 200 --duration 60s --warmup 0s");
        driving.until("steady");
        sleep(Duration::from_millis(1500));
        driving.signal(signal);
        let driven = driving.wait();
        assert_eq!(driven.finished.code, Some(130), "{:#?}", driven.finished);
        assert_eq!(fresh.keys(), ["/mine"]);
        let run = driven.finished.read();
        assert!(steady(&run, "put.response").total.count() > 200);
        assert!(run.summary.as_ref().is_some_and(|s| s.interrupted && !s.complete));
    }
}

#[test]
fn keys_of_others_are_not_written_among() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let fresh = Fresh::packaged();
    fresh.etcdctl(&["put", "/app/1", "theirs"]);
    let before = fresh.put_total();
    let driven = load::run(&fresh.address(), "put --prefix /app/ --total 10");
    driven.refused(1, "/app/");
    fresh.etcdctl(&["put", "/registry/pods/default/web", "theirs"]);
    let driven = load::run(&fresh.address(), "put --total 10");
    driven.refused(1, "/registry");
    assert_eq!(fresh.put_total() - before, 1.0, "it wrote all the same");
    // With leave it goes on, and takes away nothing but its own.
    fresh.load_by("put --total 10 --clients 1 --warmup 0s --allow-foreign");
    assert_eq!(fresh.keys(), ["/app/1", "/registry/pods/default/web"]);
}

#[test]
fn a_load_beyond_the_quota_is_refused() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::with_quota(64 << 20);
    let driven = load::run(&etcd.address(), "put --rate 1000 --val-size 10000 --duration 60s");
    driven.refused(1, "quota");
    assert!(driven.finished.stderr.contains("--allow-quota"));
}

#[test]
fn a_load_stops_before_the_database_is_full() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::with_quota(64 << 20);
    // 5 MB a second: nine tenths of the quota after about twelve seconds, all of it after thirteen.
    let driven = load::run(
        &etcd.address(),
        "put --rate 100 --val-size 50000 --duration 60s --warmup 0s --key-space-size 10 --allow-quota",
    );
    let run = driven.finished.read();
    let stop = events(&run, "quota.stop");
    assert_eq!(stop.len(), 1, "{:#?}", driven.finished);
    let (db, quota) = (detail(stop[0], "db_bytes"), detail(stop[0], "quota_bytes"));
    assert_eq!(quota, 64 << 20);
    let most = db + detail(stop[0], "unconfirmed_bytes");
    assert!((0.85..0.91).contains(&(most as f64 / quota as f64)), "{db} {most}");
    assert!(run.halted().is_some_and(|why| why.contains("quota")));
    assert!(!steady(&run, "put.service").errors.contains_key("no-space"));
}

/// Sizes, paces and operations that fill a small quota within seconds, some within one.
const FILLING: [(u64, &str); 6] = [
    (64, "put --clients 20 --val-size 65536"),
    (64, "put --clients 4 --val-size 1000000"),
    (16, "put --rate 1500 --val-size 3000"),
    (16, "put --clients 50 --val-size 10..6000"),
    (32, "txn --txn-ops 16 --clients 20 --val-size 4000"),
    (
        16,
        "mixed --mix put=3,range=1,txn=1,delete=1 --clients 30 --val-size 8000 --key-space-size 200",
    ),
];

#[test]
fn no_rate_and_no_size_reaches_the_quota() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    for (mebibytes, words) in FILLING {
        let quota = mebibytes << 20;
        let etcd = Fresh::with_quota(quota);
        let more = format!("{words} --duration 60s --warmup 0s --allow-quota");
        let driven = load::run(&etcd.address(), &more);
        let run = driven.finished.read();
        assert_eq!(events(&run, "quota.stop").len(), 1, "{words}: {:#?}", driven.finished);
        assert!(events(&run, "alarm").is_empty(), "{words}");
        assert_eq!(etcd.etcdctl(&["alarm", "list"]).trim(), "", "{words}");
        let lines = run.phases.iter().flat_map(|phase| &phase.series);
        for series in lines {
            assert!(!series.errors.contains_key("no-space"), "{words}: {}", series.series);
        }
        // What removing the keys added is among it.
        let size = etcd.scrape().value("etcd_mvcc_db_total_size_in_bytes");
        let share = size / quota as f64;
        assert!((0.3..=0.9).contains(&share), "{words}: {share}");
    }
}

#[test]
fn keys_written_beforehand_do_not_reach_the_quota_either() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let etcd = Fresh::with_quota(32 << 20);
    let more =
        "range --preload 40000 --key-space-size 40000 --val-size 4000 --clients 4 --allow-quota";
    let driven = load::run(&etcd.address(), more);
    driven.refused(1, "quota");
    assert_eq!(etcd.etcdctl(&["alarm", "list"]).trim(), "");
}

#[test]
fn a_throwaway_cluster_leaves_nothing() {
    needs!(Need::Program("etcd"));
    let scratch = probe::scratch();
    let result = scratch.path().join("result.jsonl");
    let directory: PathBuf = scratch.path().join("local");
    std::fs::create_dir(&directory).expect("a directory");
    let output = Command::new(probe::program())
        .args(
            "load put --local=3 --rate 100 --duration 2s --warmup 0s --quiet --local-dir"
                .split(' '),
        )
        .arg(&directory)
        .arg("--result")
        .arg(&result)
        .output();
    let finished = probe::finished(output.expect("etcdbench can be started"), &result);
    assert!(matches!(finished.code, Some(0 | 3 | 4)), "{finished:#?}");
    let run = finished.read();
    assert_eq!(run.header.environment.members.len(), 3);
    assert_eq!(answered(&run, "put.response"), 200);
    let left = std::fs::read_dir(&directory).expect("it is there").count();
    assert_eq!(left, 0, "something is left in {}", directory.display());
}
