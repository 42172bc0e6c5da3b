//! Several classes of operations in one load: each at its own rate, with its own keys, series and rules; a real etcd is
//! the witness.

use std::path::Path;
use std::process::Command;

use crate::support::etcd::Etcd;
use crate::support::load::{self, number, of_class, steady};
use crate::support::needs::{Need, needs};
use crate::support::probe;
use etcdbench::exit::Verdict;

fn etcd(directory: &Path) -> Etcd {
    Etcd::start(Path::new("etcd"), directory, |program| Command::new(program))
}

const THREE: &str = "--warmup 0s --duration 10s \
    --class 'leases: txn --guarded --rate 100 --val-size 550 --key-space-size 200 --conns 3 --streams 2 \
      --watches-per-stream 1 --watch-prev-kv' \
    --class 'pods: --mix txn=3,range=1 --guarded --rate 40 --key-space-size 50 --conns 2' \
    --class 'health: range --rate 3 --unscaled --preload 0 --key-space-size 1 --conns 1'";

#[test]
fn each_class_has_its_rate_its_keys_and_its_series() {
    needs!(Need::Program("etcd"));
    let scratch = probe::scratch();
    let etcd = etcd(scratch.path());
    let before = etcd.scrape();
    let run =
        load::run(&etcd.address(), &format!("{THREE} --prefix /t/ --keep-keys --scale 0.5")).read();
    let after = etcd.scrape();

    let due = |class: &str| of_class(&run, "steady", class, "due");
    assert_eq!((due("leases"), due("pods"), due("health")), (500, 200, 30));
    assert_eq!(number(&run, "load.phase", "due"), 730);
    for name in ["leases.response", "pods.txn.response", "pods.range.response", "health.response"] {
        assert!(steady(&run, name).total.count() > 0, "{name}");
    }
    let samples = |name: &str| steady(&run, name).total.count();
    assert_eq!(samples("leases.response"), 500);
    assert_eq!(samples("pods.txn.response") + samples("pods.range.response"), 200);
    assert_eq!(samples("leases.event"), 2 * 500);
    assert_eq!(number(&run, "watch.total", "missing"), 0);

    // As etcd itself counted: the keys of the pods were written before in one more transaction.
    let grown = |method: &str| after.calls(method) - before.calls(method);
    let written = samples("leases.response") + samples("pods.txn.response");
    let conflicts = of_class(&run, "steady", "leases", "conflicts")
        + of_class(&run, "steady", "pods", "conflicts");
    assert_eq!(grown("Txn") as u64, written + conflicts + 1);
    assert_eq!((grown("Put"), grown("LeaseKeepAlive")), (0.0, 0.0));
    assert!(grown("Range") as u64 >= samples("pods.range.response") + 30);

    let keys = etcd.etcdctl(&["get", "", "--from-key", "--keys-only"]);
    let below = |prefix: &str| keys.lines().filter(|key| key.starts_with(prefix)).count();
    assert!((80..=100).contains(&below("/t/leases/")), "{}", below("/t/leases/"));
    assert_eq!(below("/t/pods/"), 25);
    assert_eq!(below("/t/health/"), 0);
}

#[test]
fn what_was_written_is_read_back_and_removed() {
    needs!(Need::Program("etcd"));
    let scratch = probe::scratch();
    let etcd = etcd(scratch.path());
    let words = "--warmup 0s --duration 2s --verify --class 'a: put --rate 50 --key-space-size 40' \
        --class 'b: txn --guarded --rate 50 --key-space-size 30' --class 'gone: put --rate 20 --lease-ttl 5'";
    let run = load::run(&etcd.address(), words).read();
    // What lives by a lease is not looked for.
    let (acked, lost) = (number(&run, "verify", "acked_keys"), number(&run, "verify", "lost"));
    assert!((55..=70).contains(&acked) && lost == 0, "{acked} {lost}");
    assert_eq!(etcd.etcdctl(&["get", "", "--from-key", "--keys-only"]).trim(), "");
}

#[test]
fn a_class_that_falls_short_is_not_lost_among_the_others() {
    needs!(Need::Program("etcd"));
    let scratch = probe::scratch();
    let etcd = Etcd::start(Path::new("etcd"), scratch.path(), |program| {
        let mut command = Command::new(program);
        command.arg("--max-request-bytes=100000");
        command
    });
    // Fewer than one in a hundred of all operations, and etcd refuses every one of them.
    let words = "--warmup 0s --duration 8s --rule 'errors < 5%' --class 'base: put --rate 400' \
        --class 'rare: put --rate 2 --val-size 200KiB --conns 1'";
    let run = load::run(&etcd.address(), words).read();
    let (due, failed) =
        (of_class(&run, "steady", "rare", "due"), of_class(&run, "steady", "rare", "failed"));
    assert_eq!((due, failed), (16, 16));
    let summary = run.summary.as_ref().expect("it was judged");
    let rate = summary.rules.iter().find(|rule| rule.label == "rate reached");
    // On a machine that is busy otherwise, it may be left open whose fault it was.
    assert_ne!(rate.expect("a rate was wanted").verdict, Verdict::Pass, "{}", summary.headline);
}
