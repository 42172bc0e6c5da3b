//! What a load that was killed leaves behind is found, and removed by name; nothing else is.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::etcd::Fresh;
use crate::support::load::{self, events, number};
use crate::support::needs::{Need, needs};
use crate::support::probe;

/// `etcdbench load clean WORDS`: its exit code and what it said.
fn clean(etcd: &Fresh, words: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(probe::program())
        .args(["load", "clean", "--endpoints", &etcd.address()])
        .args(words)
        .stdin(Stdio::null())
        .output()
        .expect("etcdbench can be started");
    let told =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    (output.status.code(), told.join("\n"))
}

/// A load that was killed in the middle, and its result.
fn killed(etcd: &Fresh, more: &str) -> load::Driven {
    let driving = load::start(&etcd.address(), &format!("{more} --duration 60s --warmup 0s"));
    driving.until("steady");
    sleep(Duration::from_millis(1200));
    driving.signal(Signal::KILL);
    driving.wait()
}

#[test]
fn what_a_killed_load_left_is_offered_and_removed() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let etcd = Fresh::packaged();
    let driven =
        killed(&etcd, "put --rate 200 --key-space-size 500 --sequential-keys --lease-ttl 3600");
    let run = driven.finished.read();
    let prefix = run.header.prefix.clone().expect("the header names it");
    assert!(prefix.starts_with("/etcdbench/"), "{prefix}");
    let foreign = format!("{prefix}0000of-others");
    etcd.etcdctl(&["put", &foreign, "mine"]);
    etcd.etcdctl(&["put", "/etcdbench/mine", "mine"]);
    let left = etcd.keys().len();
    assert!(left > 50, "{left} keys are left");

    // The next load finds them, says so, and leaves them alone.
    let next = load::run(&etcd.address(), "put --rate 20 --duration 1s --warmup 0s").read();
    let notes: String = events(&next, "note").iter().map(|note| note.detail.to_string()).collect();
    assert!(notes.contains(&prefix) && notes.contains("etcdbench load clean"), "{notes}");
    assert_eq!(etcd.keys().len(), left);

    let (code, told) = clean(&etcd, &["--dry-run"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains(&format!("would remove {} keys below {prefix}", left - 2)), "{told}");
    assert_eq!(etcd.keys().len(), left);
    let (code, told) = clean(&etcd, &[]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains(&format!("{} keys and 1 lease removed", left - 2)), "{told}");
    assert!(told.contains(&foreign) && told.contains("left alone"), "{told}");
    assert_eq!(etcd.keys(), [foreign, "/etcdbench/mine".to_owned()]);
    let leases = etcd.etcdctl(&["lease", "list"]);
    assert!(leases.starts_with("found 0 leases"), "{leases}");
}

#[test]
fn a_result_names_what_its_load_wrote_and_a_prefix_is_proved_by_the_values() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let etcd = Fresh::packaged();
    let driven = killed(
        &etcd,
        "--prefix /mine/ --class 'a: put --rate 100 --val-size 100' --class 'b: put --rate 50 --val-size 8 --key-size 40'",
    );
    etcd.etcdctl(&["put", "/mine/a/0000000001", "of others, by its value"]);
    let path = driven.finished.result.to_str().expect("UTF-8").to_owned();
    // Values of 8 bytes have no stamp, and below a prefix that somebody chose nothing else proves whose they are.
    let before = etcd.keys().len();
    let (code, told) = clean(&etcd, &["/mine/"]);
    assert_eq!(code, Some(0), "{told}");
    let rest = etcd.keys();
    assert!(rest.len() < before && rest.len() > 10, "{before} keys before, then {rest:?}");
    assert!(rest.iter().skip(1).all(|key| key.starts_with("/mine/b/")), "{rest:?}");
    // That load knows what it wrote; the prefix was its own.
    let (code, told) = clean(&etcd, &[&path]);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(etcd.keys(), ["/mine/a/0000000001"]);
}

#[test]
fn a_load_that_goes_on_keeps_its_keys() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::packaged();
    let driving = load::start(
        &etcd.address(),
        "range --rate 20 --preload 50 --key-space-size 50 --duration 12s --warmup 0s",
    );
    driving.until("steady");
    let (code, told) = clean(&etcd, &[]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("goes on"), "{told}");
    assert_eq!(etcd.keys().len(), 50);
    driving.signal(Signal::INT);
    assert_eq!(driving.wait().finished.code, Some(130));
    assert!(etcd.keys().is_empty());
    assert_eq!(clean(&etcd, &[]).1.trim(), "nothing is left of earlier loads");
}

#[test]
fn a_key_of_others_among_ours_is_left_alone_and_told() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let etcd = Fresh::packaged();
    let driving =
        load::start(&etcd.address(), "put --rate 100 --prefix /x/ --duration 3s --warmup 0s");
    driving.until("steady");
    etcd.etcdctl(&["put", "/x/theirs", "mine"]);
    let driven = driving.wait();
    let run = driven.read();
    assert_eq!(etcd.keys(), ["/x/theirs"]);
    assert_eq!(number(&run, "cleanup", "foreign"), 1);
    let page = &driven.finished.stdout;
    assert!(page.contains("/x/theirs") && page.contains("left alone"), "{page}");
    assert!(page.contains("keys below /x/"), "{page}");
}
