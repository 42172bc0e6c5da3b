//! What is concluded of a load whose faults are made: no freeze passes, and nobody is blamed whom the numbers clear.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::support::cluster::Cluster;
use crate::support::etcd::Fresh;
use crate::support::load::{self, Driven};
use crate::support::needs::{Need, needs};
use crate::support::quiet::quiet;
use etcdbench::exit::Verdict;
use etcdbench::result::{Run, Summary};
use rustix::process::Signal;

/// A load of eight seconds at so many puts a second, in which etcd is stopped for so long.
fn frozen(per_s: u32, freeze: Duration) -> Driven {
    let etcd = Fresh::packaged();
    let more = format!("put --rate {per_s} --duration 8s --warmup 1s --conns 2");
    let driving = load::start(&etcd.address(), &more);
    driving.until("steady");
    sleep(Duration::from_secs(2));
    if !freeze.is_zero() {
        etcd.signal(Signal::STOP);
        sleep(freeze);
        etcd.signal(Signal::CONT);
    }
    driving.wait()
}

fn summary(run: &Run) -> &Summary {
    run.summary.as_ref().expect("the run has a summary")
}

fn verdict_of(run: &Run, label: &str) -> Verdict {
    let rules = &summary(run).rules;
    let rule = rules.iter().find(|rule| rule.label == label);
    rule.unwrap_or_else(|| panic!("no rule {label} in {rules:#?}")).verdict
}

fn has(run: &Run, code: &str) -> bool {
    summary(run).findings.iter().any(|finding| finding.code.to_string() == code)
}

#[test]
fn a_freeze_of_more_than_the_election_timeout_fails() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let driven = frozen(400, Duration::from_millis(1_300));
    let run = driven.read();
    assert_eq!(driven.finished.code, Some(3), "{}", summary(&run).headline);
    assert_eq!(verdict_of(&run, "stalls ≥ 1 s"), Verdict::Fail);
    assert_eq!(verdict_of(&run, "stalls ≥ 500 ms"), Verdict::Fail);
    assert!(!has(&run, "client_limit"), "{:#?}", summary(&run).findings);
}

#[test]
fn a_freeze_at_a_low_rate_fails_too_and_is_no_fault_of_the_client() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let driven = frozen(5, Duration::from_millis(1_600));
    let run = driven.read();
    assert_eq!(driven.finished.code, Some(3), "{}", summary(&run).headline);
    assert!(!has(&run, "client_limit"), "{:#?}", summary(&run).findings);
}

#[test]
fn a_freeze_of_some_hundred_milliseconds_is_at_least_a_warning() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let run = frozen(200, Duration::from_millis(250)).read();
    assert!(verdict_of(&run, "stalls ≥ 100 ms") >= Verdict::Warn, "{}", summary(&run).headline);
    assert_ne!(summary(&run).verdict, Verdict::Pass);
}

#[test]
fn where_little_is_due_nothing_stands_still() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let etcd = Fresh::packaged();
    for rate in ["0.5", "1"] {
        let more = format!("put --rate {rate} --duration 6s --warmup 0s --conns 1");
        let run = load::run(&etcd.address(), &more).read();
        assert!(!has(&run, "standstill"), "{:#?}", summary(&run).findings);
        assert!(!has(&run, "stall"), "{:#?}", summary(&run).findings);
        assert!(summary(&run).verdict <= Verdict::Warn, "{}", summary(&run).headline);
    }
}

#[test]
fn operations_that_run_into_their_limit_are_the_servers() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let etcd = Fresh::packaged();
    let more = "put --rate 50 --duration 6s --warmup 1s --conns 2 --command-timeout 1s";
    let driving = load::start(&etcd.address(), more);
    driving.until("steady");
    sleep(Duration::from_secs(1));
    etcd.signal(Signal::STOP);
    sleep(Duration::from_secs(4));
    etcd.signal(Signal::CONT);
    let driven = driving.wait();
    let run = driven.read();
    assert_eq!(driven.finished.code, Some(3), "{}", summary(&run).headline);
    assert!(!has(&run, "client_limit"), "{:#?}", summary(&run).findings);
}

#[test]
fn defaults_can_be_changed_and_switched_off() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let etcd = Fresh::packaged();
    let of = |more: &str| {
        let more = format!("put --rate 50 --duration 2s --warmup 0s --conns 1 {more}");
        let run = load::run(&etcd.address(), &more).read();
        let rules = summary(&run).rules.iter();
        rules.map(|rule| rule.label.clone()).collect::<Vec<_>>()
    };
    let usual = of("");
    for label in ["put.response p99", "stalls ≥ 1 s", "stalls ≥ 500 ms", "stalls ≥ 100 ms"] {
        assert!(usual.iter().any(|told| told == label), "no {label} in {usual:?}");
    }
    let slower = of("--election-timeout 5s --heartbeat-interval 250ms");
    assert!(slower.contains(&"stalls ≥ 5 s".to_owned()), "{slower:?}");
    assert!(slower.contains(&"stalls ≥ 250 ms".to_owned()), "{slower:?}");
    let none = of("--no-default-rules --rule 'put.response.p99 < 3s'");
    assert!(none.iter().all(|label| !label.starts_with("stalls")), "{none:?}");
    assert_eq!(none.iter().filter(|label| *label == "put.response p99").count(), 1);
}

#[test]
fn a_member_that_is_down_is_told_as_that() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let cluster = Cluster::start(Path::new("etcd"), 3);
    let leader = cluster.wait_for_leader(&[]);
    let down = (0..3).find(|at| *at != leader).expect("a follower");
    cluster.signal(down, Signal::KILL);
    let driven =
        load::run(&cluster.endpoints(), "put --rate 50 --duration 4s --warmup 0s --conns 3");
    let run = driven.read();
    let findings = &summary(&run).findings;
    assert!(!has(&run, "no_metrics"), "{findings:#?}");
    let told = findings.iter().find(|finding| finding.code.to_string() == "member_down");
    let message = &told.expect("the member that is down is told").message;
    assert!(message.contains("is down"), "{message}");
    assert_eq!(verdict_of(&run, "members up"), Verdict::Warn);
    assert!(summary(&run).headline.contains("members up is 2"), "{}", summary(&run).headline);
}

#[test]
fn a_follower_that_stands_still_half_of_the_time_is_named() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let cluster = Cluster::start(&crate::support::cluster::packaged(), 3);
    let follower = (cluster.wait_for_leader(&[]) + 1) % 3;
    let more = "put --rate 200 --duration 8s --warmup 1s --conns 6";
    let driving = load::start(&cluster.endpoints(), more);
    driving.until("steady");
    for _ in 0..25 {
        cluster.signal(follower, Signal::STOP);
        sleep(Duration::from_millis(120));
        cluster.signal(follower, Signal::CONT);
        sleep(Duration::from_millis(120));
    }
    let run = driving.wait().read();
    let findings = &summary(&run).findings;
    let named = |code: &str| {
        let name = format!("m{follower} ");
        findings
            .iter()
            .any(|found| found.code.to_string() == code && found.message.starts_with(&name))
    };
    assert!(named("slow_member") || named("held_by_cpu"), "m{follower}: {findings:#?}");
    assert!(!has(&run, "held_by_disk") && !has(&run, "held_by_network"), "{findings:#?}");
    // By what it answered from memory, and what the kernel told of it: both were really asked.
    let grown = |member: usize, name: &str| {
        let of_member = run.counters.iter().filter(|c| c.member == Some(member as u32));
        of_member.filter_map(|c| c.values.get(name)).sum::<f64>()
    };
    for member in 0..3 {
        assert!(grown(member, "ping.count") >= 20.0, "{}", grown(member, "ping.count"));
        assert!(grown(member, "own_cpu.ran_s") > 0.0);
    }
    let late = |member| 1.0 - grown(member, "ping.le.0.033") / grown(member, "ping.count");
    assert!(late(follower) > 0.2, "{}", late(follower));
}
