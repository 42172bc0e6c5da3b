//! Three members, of which some die: the run lives on, tells what happened, and what was acknowledged is there.

use std::thread::sleep;
use std::time::Duration;

use crate::support::cluster::{Cluster, packaged};
use crate::support::load::{self, Driving, detail, errors, events, number, quantile, steady};
use crate::support::needs::{Need, needs};
use etcdbench::result::Run;
use rustix::process::Signal;

const LOAD: &str = "put --rate 200 --duration 10s --warmup 1s --conns 6 --verify --key-size 64 --val-size 64 \
                    --command-timeout 2s";

/// Starts the load and lets two seconds of it pass.
fn under_way(cluster: &Cluster) -> Driving {
    let driving = load::start(&cluster.endpoints(), LOAD);
    driving.until("steady");
    sleep(Duration::from_secs(2));
    driving
}

/// The longest time without an acknowledged write, over all members, in the measured load.
fn gap(run: &Run) -> Duration {
    let all = events(run, "ack.gap");
    let gaps = all.iter().filter(|e| e.member.is_none() && e.phase == "steady");
    let longest = gaps.map(|gap| detail(gap, "length_ns")).max();
    Duration::from_nanos(longest.expect("the gap is told"))
}

/// All due operations are told, and none that was acknowledged is lost.
fn whole(run: &Run) {
    let answered = steady(run, "put.service").total.count();
    // Those that were never sent are among them.
    assert_eq!(answered + errors(run, "put.service"), 2000, "due in 10 s");
    assert_eq!(number(run, "verify", "lost"), 0);
    assert_eq!(number(run, "verify", "phantom"), 0);
    assert!(number(run, "verify", "checked") > 0);
}

#[test]
fn a_killed_leader() {
    needs!(Need::Program("etcd"));
    let cluster = Cluster::start(&packaged(), 3);
    let leader = cluster.wait_for_leader(&[]);
    let driving = under_way(&cluster);
    cluster.signal(leader, Signal::KILL);
    let driven = driving.wait();
    let run = driven.read();
    whole(&run);
    // Nobody leads for an election timeout, which is 1 s to 2 s.
    let gap = gap(&run);
    assert!(gap > Duration::from_millis(500) && gap < Duration::from_secs(5), "{gap:?}");
    assert!(!events(&run, "term").is_empty(), "the term grew");
    assert!(!events(&run, "connection.lost").is_empty());
    assert!(errors(&run, "put.service") > 0, "what the leader had not answered");
    // A quarter of the load comes after the gap and is answered.
    assert!(quantile(&run, "put.response", 0.5) < Duration::from_millis(200));
    assert_eq!(
        driven.finished.code,
        Some(3),
        "a cluster that failed does not pass: {}",
        driven.finished.stdout
    );
}

#[test]
fn a_leader_that_stands_still() {
    needs!(Need::Program("etcd"));
    let cluster = Cluster::start(&packaged(), 3);
    let leader = cluster.wait_for_leader(&[]);
    let driving = under_way(&cluster);
    cluster.signal(leader, Signal::STOP);
    sleep(Duration::from_secs(4));
    cluster.signal(leader, Signal::CONT);
    let run = driving.wait().read();
    whole(&run);
    let gap = gap(&run);
    assert!(gap > Duration::from_millis(500) && gap < Duration::from_secs(8), "{gap:?}");
    assert!(!events(&run, "term").is_empty(), "the term grew");
    assert!(errors(&run, "put.service") > 0, "what the leader did not answer in time");
}

#[test]
fn a_lost_majority_and_its_return() {
    needs!(Need::Program("etcd"));
    let cluster = Cluster::start(&packaged(), 3);
    let leader = cluster.wait_for_leader(&[]);
    let driving = under_way(&cluster);
    let follower = (leader + 1) % 3;
    for at in [leader, follower] {
        cluster.signal(at, Signal::STOP);
    }
    sleep(Duration::from_secs(4));
    for at in [leader, follower] {
        cluster.signal(at, Signal::CONT);
    }
    let run = driving.wait().read();
    whole(&run);
    assert!(gap(&run) > Duration::from_millis(3900), "{:?}", gap(&run));
    assert!(errors(&run, "put.service") > 100);
}

#[test]
fn a_majority_lost_for_good() {
    needs!(Need::Program("etcd"));
    let cluster = Cluster::start(&packaged(), 3);
    let leader = cluster.wait_for_leader(&[]);
    let more = "put --rate 200 --duration 6s --warmup 0s --conns 6 --command-timeout 1s";
    let driving = load::start(&cluster.endpoints(), more);
    driving.until("steady");
    sleep(Duration::from_secs(1));
    for at in [leader, (leader + 1) % 3] {
        cluster.signal(at, Signal::KILL);
    }
    // It waits for the cluster to come back, to remove its keys; who knows better ends that.
    driving.until("cleanup");
    driving.signal(Signal::INT);
    let driven = driving.wait();
    assert_eq!(driven.finished.code, Some(130), "{:#?}", driven.finished);
    let told = &driven.finished.stderr;
    assert!(told.contains("etcdbench load clean /etcdbench/"), "{told}");
    // What it measured is there all the same.
    let run = driven.finished.read();
    assert!(gap(&run) > Duration::from_secs(3), "{:?}", gap(&run));
    assert!(errors(&run, "put.service") > 500);
}

#[test]
fn a_write_that_somebody_took_away_is_missed() {
    needs!(Need::Program("etcd"));
    let cluster = Cluster::start(&packaged(), 1);
    let more = "put --prefix /lost/ --sequential-keys --key-space-size 2000 --rate 200 --duration 5s --warmup 0s --verify";
    let driving = load::start(&cluster.endpoints(), more);
    driving.until("steady");
    sleep(Duration::from_secs(2));
    // Each key is written once; what is taken now does not come back.
    let keys = cluster.etcdctl(0, &["get", "/lost/", "--prefix", "--keys-only", "--limit", "1"]);
    let key = keys.lines().next().expect("a key was written").to_owned();
    assert_eq!(cluster.etcdctl(0, &["del", &key]).trim(), "1");
    let driven = driving.wait();
    assert_eq!(driven.finished.code, Some(3), "{:#?}", driven.finished);
    assert!(driven.finished.stdout.contains("lost"), "{}", driven.finished.stdout);
    let run = driven.read();
    assert_eq!(number(&run, "verify", "lost"), 1);
    let told = events(&run, "verify")[0].detail["examples"].to_string();
    assert!(told.contains(&key), "{told}");
}

#[test]
fn series_are_told_per_member_and_placed_as_asked() {
    needs!(Need::Program("etcd"));
    let cluster = Cluster::start(&packaged(), 3);
    let leader = cluster.wait_for_leader(&[]);
    let members = |more: &str| {
        let more = format!("put --rate 300 --duration 2s --warmup 0s --conns 6 {more}");
        let run = load::run(&cluster.endpoints(), &more).read();
        let names: Vec<_> = run.header.environment.members.iter().map(|m| m.name.clone()).collect();
        let series = run.phase("steady").expect("it ran").series.iter();
        let mut told: Vec<_> = series
            .filter(|s| s.series == "put.service" && s.total.count() > 0)
            .filter_map(|s| Some((names[s.member? as usize].clone(), s.total.count())))
            .collect();
        told.sort();
        told
    };
    let spread = members("--connect spread");
    assert_eq!(spread.len(), 3, "{spread:?}");
    assert!(spread.iter().all(|&(_, puts)| (190..=210).contains(&puts)), "{spread:?}");
    let led = members("--connect leader");
    assert_eq!(led, [(format!("m{leader}"), 600)]);
    let followed = members("--connect followers");
    assert_eq!(followed.len(), 2, "{followed:?}");
    assert!(followed.iter().all(|(name, _)| *name != format!("m{leader}")), "{followed:?}");
    let chosen = members(&format!("--connect {}", cluster.endpoint((leader + 1) % 3)));
    assert_eq!(chosen, [(format!("m{}", (leader + 1) % 3), 600)]);
}
