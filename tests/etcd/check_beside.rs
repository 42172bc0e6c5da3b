//! `check` on real clusters while something else goes on: a defragmentation, and a long way to one of the members.

use std::path::Path;
use std::thread::{scope, sleep};
use std::time::Duration;

use crate::check::{Told, check, fill, of_a_busy_machine};
use crate::support::cluster::{Cluster, Special, etcdctl};
use crate::support::delay::pass_on;
use crate::support::etcd::{Fresh, free_ports};
use crate::support::needs::{Need, needs};

fn blamed(told: &Told) -> Vec<(&str, &str, &str)> {
    told.named().into_iter().filter(|one| !of_a_busy_machine(one.0)).collect()
}

#[test]
fn a_defragmentation_during_the_check_is_named_and_no_disk() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let etcd = Fresh::with_quota(1 << 30);
    fill(&etcd, 0..120, 1_000_000);
    let told = scope(|threads| {
        threads.spawn(|| {
            sleep(Duration::from_secs(2));
            etcdctl(&etcd.address(), &["defrag", "--command-timeout", "60s"]);
        });
        check(&etcd.address(), "--duration 6s --rate 30")
    });
    let named = ("defragmentation", "calibrate", "clear");
    assert!(blamed(&told).contains(&named), "{:#}", told.report["causes"]);
    let grew = &told.member("calibrate")["grew"];
    assert_eq!(grew["defragmentations"].as_f64(), Some(1.0), "{grew:#}");
}

#[test]
fn a_member_whose_log_nobody_reads_is_told_to_run_and_to_answer_nothing() {
    needs!(Need::Program("etcd"));
    let special = Special { talks: Some(1), ..Special::default() };
    let cluster = Cluster::start_with(Path::new("etcd"), 3, &special);
    cluster.stop_reading(1);
    let told = check(&cluster.endpoints(), "--duration 9s --rate 60 --command-timeout 2s");
    let causes = told.report["causes"].as_array().expect("causes");
    let of_m1 = causes.iter().find(|one| one["name"] == "m1").unwrap_or(&causes[0]);
    assert_eq!(of_m1["cause"], "silent", "{causes:#?}");
    let text = of_m1["text"].as_str().unwrap_or_default();
    assert!(text.contains("whatever reads its log"), "{text}");
    assert_eq!(told.code, 3);
    // The others were asked meanwhile.
    for name in ["m0", "m2"] {
        let answered = told.member(name)["write"]["answered"].as_u64();
        assert!(answered > Some(30), "{name}: {answered:?}");
    }
}

#[test]
fn a_long_way_to_one_member_is_told_and_blames_nobody() {
    needs!(Need::Program("etcd"));
    let cluster = Cluster::start(Path::new("etcd"), 3);
    let [port] = free_ports::<1>();
    let m1 = cluster.endpoint(1);
    let behind: u16 = m1.rsplit(':').next().expect("a port").parse().expect("a number");
    pass_on(port, behind, Duration::from_millis(30));
    let endpoints = format!("{},127.0.0.1:{port},{}", cluster.endpoint(0), cluster.endpoint(2));
    let told = check(&endpoints, "--duration 4s --rate 20");
    assert_eq!(blamed(&told), [("client", "m1", "likely")], "{:#}", told.report["causes"]);
    let text = told.report["causes"][0]["text"].as_str().unwrap_or_default();
    assert!(text.contains("the way from this machine to m1"), "{text}");
    assert_eq!(told.code, 0);
}
