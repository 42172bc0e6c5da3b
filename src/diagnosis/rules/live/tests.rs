//! Every rule for members that run, and the traps that cost others days: each cause is named where the numbers exclude the
//! others, and not where they do not.

use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Evidence, Harm, Missing};
use crate::diagnosis::measured::Measured;
use crate::diagnosis::observed::{
    Live, LocalCpu, Member, MemberId, Presence, Probe, Range, Timing,
};
use crate::diagnosis::{Answer, answer, diagnose, verdict};
use crate::exit::Verdict;

const MS: u64 = 1_000_000;

/// So many equal answers of so many milliseconds.
pub(super) fn probe(n: u64, ms: f64) -> Probe {
    Probe::of(vec![(ms * 1e6) as u64; n as usize], 0)
}

/// So many answers, of which every so many-th is late by so many milliseconds.
pub(super) fn pings(n: u64, every: u64, late_ms: u64) -> Probe {
    let one = |i| if i % every == 0 { (late_ms + 1) * MS } else { MS / 2 };
    Probe::of((0..n).map(one).collect(), 0)
}

pub(super) fn timing(count: u64, ms: u64) -> Option<Timing> {
    Some(Timing { count, mean_ns: ms * MS, ..Timing::default() })
}

pub(super) fn live(leader: bool) -> Live {
    Live {
        window_ns: 60_000 * MS,
        leader,
        has_leader: true,
        metrics: true,
        fsync: timing(400, 2),
        commit: timing(300, 4),
        apply: timing(400, 0),
        ping: probe(120, 0.5),
        serializable: probe(120, 0.7),
        linearizable: probe(120, 1.4),
        write: probe(120, 5.0),
        apply_backlog: Some(0),
        uptime_s: Some(90_000),
        ..Live::default()
    }
}

pub(super) fn member(index: u64, live: Live) -> Member {
    let mut one = Member::default();
    one.name = format!("m{index}");
    one.id = Some(MemberId(index));
    one.live = Some(Box::new(live));
    one
}

/// Three healthy members, of which the first leads.
pub(super) fn three() -> Vec<Member> {
    (0..3).map(|index| member(index + 1, live(index == 0))).collect()
}

pub(super) fn at(members: &mut [Member], index: usize) -> &mut Live {
    members[index].live.as_deref_mut().unwrap()
}

/// The members whose writes take so long, wherever they are sent.
fn writes(members: &mut [Member], ms: f64) {
    for member in members {
        member.live.as_deref_mut().unwrap().write = probe(60, ms);
    }
}

pub(super) fn causes(members: &[Member]) -> Vec<(Cause, usize, Certainty, Harm)> {
    diagnose(members).iter().map(|d| (d.cause, d.member, d.certainty, d.harm)).collect()
}

pub(super) fn has(one: &Diagnosis, fits: impl Fn(&Measured) -> bool) -> bool {
    one.evidence.iter().any(|told| matches!(told, Evidence::Measured(measured) if fits(measured)))
}

#[test]
fn a_healthy_cluster_has_nothing() {
    let found = diagnose(&three());
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!((answer(&found), verdict(&found)), (Answer::Ok, Verdict::Pass));
    let single = vec![member(1, live(true))];
    assert!(diagnose(&single).is_empty());
}

#[test]
fn the_leaders_disk_is_named_where_its_cpu_is_shown_to_be_free() {
    let mut members = three();
    at(&mut members, 0).fsync = timing(200, 120);
    writes(&mut members, 124.0);
    let found = diagnose(&members);
    assert_eq!(causes(&members), [(Cause::Disk, 0, Certainty::Clear, Harm::Waits)]);
    assert!(has(&found[0], |m| matches!(m, Measured::CpuFree { pings: 120, .. })));
    assert!(has(&found[0], |m| matches!(m, Measured::FsyncElsewhere { mean_ns: 2_000_000 })));
    assert_eq!(answer(&found), Answer::Causes(vec![Cause::Disk]));
    assert_eq!(verdict(&found), Verdict::Fail);
}

#[test]
fn one_follower_with_a_slow_disk_is_a_risk_that_nobody_waits_for() {
    let mut members = three();
    at(&mut members, 2).fsync = timing(200, 120);
    let found = diagnose(&members);
    assert_eq!(causes(&members), [(Cause::Disk, 2, Certainty::Clear, Harm::Risk)]);
    assert!(has(&found[0], |m| matches!(m, Measured::NotWaitedFor)));
    assert_eq!(verdict(&found), Verdict::Warn);
    // Whoever asks it waits, and its path is not blamed for that.
    at(&mut members, 2).linearizable = probe(60, 200.0);
    at(&mut members, 2).write = probe(60, 130.0);
    assert_eq!(causes(&members), [(Cause::Disk, 2, Certainty::Clear, Harm::Waits)]);
}

#[test]
fn two_followers_with_slow_disks_are_both_named_and_waited_for() {
    let mut members = three();
    at(&mut members, 1).fsync = timing(200, 100);
    at(&mut members, 2).fsync = timing(200, 110);
    writes(&mut members, 104.0);
    let mut found = causes(&members);
    found.sort_by_key(|one| one.1);
    let of = |index| (Cause::Disk, index, Certainty::Clear, Harm::Waits);
    assert_eq!(found, [of(1), of(2)]);
}

#[test]
fn a_starved_leader_is_no_disk_though_its_syncs_are_slow_by_the_clock_on_the_wall() {
    let mut members = three();
    let leader = at(&mut members, 0);
    leader.fsync = timing(200, 60);
    leader.ping = pings(120, 2, 80);
    writes(&mut members, 70.0);
    assert_eq!(causes(&members), [(Cause::Cpu, 0, Certainty::Likely, Harm::Waits)]);
    at(&mut members, 0).local_cpu =
        Some(LocalCpu { throttled_ns: 20_000 * MS, waited_ns: 30_000 * MS, ran_ns: 3_000 * MS });
    assert_eq!(causes(&members), [(Cause::Cpu, 0, Certainty::Clear, Harm::Waits)]);
}

#[test]
fn threads_that_wait_are_no_cause_where_answers_from_memory_come_at_once() {
    let mut members = three();
    let leader = at(&mut members, 0);
    leader.fsync = timing(200, 120);
    leader.local_cpu =
        Some(LocalCpu { throttled_ns: 0, waited_ns: 20_000 * MS, ran_ns: 3_000 * MS });
    writes(&mut members, 124.0);
    assert_eq!(causes(&members), [(Cause::Disk, 0, Certainty::Clear, Harm::Waits)]);
}

#[test]
fn a_busy_machine_is_not_blamed_for_paths_that_are_slower_than_it_by_far() {
    let mut members = three();
    confirmed(&mut members, 80.0, [160.0, 160.0]);
    writes(&mut members, 165.0);
    at(&mut members, 0).write = probe(60, 84.0);
    for (index, own_late_share) in [(0, 0.0), (1, 0.0), (2, 0.3)] {
        let one = at(&mut members, index);
        one.own_late_share = own_late_share;
        one.ping = pings(120, 3, 30);
        one.local_cpu =
            Some(LocalCpu { throttled_ns: 0, waited_ns: 25_000 * MS, ran_ns: 3_000 * MS });
    }
    let found = causes(&members);
    assert_eq!(found[0], (Cause::SlowPaths, 0, Certainty::Clear, Harm::Waits), "{found:?}");
    let blamed = |one: &&(Cause, usize, Certainty, Harm)| {
        one.0 == Cause::Cpu && (one.3 > Harm::Risk || one.2 == Certainty::Clear)
    };
    assert_eq!(found.iter().find(blamed), None);
    assert!(found.iter().all(|one| one.1 != 2), "its observer is late: {found:?}");
}

#[test]
fn late_pings_of_a_member_that_times_itself_as_fast_may_be_the_path_to_it() {
    let mut members = three();
    at(&mut members, 1).ping = pings(120, 2, 80);
    at(&mut members, 1).serializable = probe(60, 60.0);
    let found = diagnose(&members);
    assert_eq!(causes(&members), [(Cause::Cpu, 1, Certainty::NotSure, Harm::Waits)]);
    assert!(found[0].missing.contains(&Missing::Network));
    assert_eq!((answer(&found), verdict(&found)), (Answer::NotSure, Verdict::Inconclusive));
}

#[test]
fn a_slow_sync_beside_pings_that_do_not_tell_is_not_sure() {
    let mut members = three();
    let leader = at(&mut members, 0);
    leader.fsync = timing(200, 40);
    leader.ping = pings(120, 6, 80);
    writes(&mut members, 45.0);
    let found = diagnose(&members);
    assert_eq!(causes(&members), [(Cause::Disk, 0, Certainty::NotSure, Harm::Waits)]);
    assert!(found[0].missing.contains(&Missing::Cpu));
    // The kernel's own figures decide where the member runs on this machine.
    at(&mut members, 0).local_cpu = Some(LocalCpu { ran_ns: 3_000 * MS, ..LocalCpu::default() });
    assert_eq!(causes(&members)[0].2, Certainty::Clear);
    at(&mut members, 0).local_cpu = None;
    at(&mut members, 0).ping = Probe::default();
    assert_eq!(causes(&members)[0].2, Certainty::NotSure);
}

#[test]
fn a_busy_observer_blames_nobody_for_late_pings() {
    let mut members = three();
    for index in 0..3 {
        let one = at(&mut members, index);
        one.own_late_share = 0.4;
        one.ping = pings(120, 2, 60);
        one.serializable = probe(120, 60.0);
    }
    let found = diagnose(&members);
    assert!(found.iter().all(|one| one.certainty == Certainty::NotSure), "{found:#?}");
    assert!(found.iter().any(|one| one.cause == Cause::Client));
    assert!(found.iter().all(|one| one.cause != Cause::Cpu));
}

/// Reads that both ends confirm take so much longer at the leader and at each follower.
fn confirmed(members: &mut [Member], leader_ms: f64, followers_ms: [f64; 2]) {
    for (index, ms) in [leader_ms, followers_ms[0], followers_ms[1]].into_iter().enumerate() {
        at(members, index).linearizable = probe(120, 0.7 + ms);
    }
}

#[test]
fn slow_paths_to_all_followers_are_told_as_network_and_not_as_disk() {
    let mut members = three();
    confirmed(&mut members, 80.0, [160.0, 160.0]);
    writes(&mut members, 165.0);
    at(&mut members, 0).write = probe(60, 84.0);
    let found = diagnose(&members);
    assert_eq!(causes(&members), [(Cause::SlowPaths, 0, Certainty::Clear, Harm::Waits)]);
    assert!(has(&found[0], |m| matches!(
        m,
        Measured::RoundTrip { peer: Some(MemberId(2)), ns: 80_000_000 }
    )));
}

#[test]
fn a_slow_path_to_one_follower_names_that_follower() {
    let mut members = three();
    confirmed(&mut members, 1.0, [1.5, 101.0]);
    at(&mut members, 2).write = probe(60, 106.0);
    let found = diagnose(&members);
    assert_eq!(causes(&members), [(Cause::PeerNetwork, 0, Certainty::Clear, Harm::Waits)]);
    assert_eq!(found[0].peer, Some(MemberId(3)));
    // What etcd took down itself decides as well, where no write did.
    at(&mut members, 2).write = Probe::default();
    assert_eq!(causes(&members)[0].2, Certainty::Likely);
    at(&mut members, 0).peer_rtt.insert(MemberId(3), timing(9, 90).unwrap());
    assert_eq!(causes(&members)[0].2, Certainty::Clear);
}

#[test]
fn reads_that_wait_for_syncs_are_no_network() {
    let mut members = three();
    at(&mut members, 0).fsync = timing(400, 90);
    confirmed(&mut members, 60.0, [70.0, 70.0]);
    writes(&mut members, 95.0);
    let found = causes(&members);
    assert_eq!(found[0], (Cause::Disk, 0, Certainty::Clear, Harm::Waits));
    assert!(found.iter().all(|one| one.0 != Cause::SlowPaths || one.2 == Certainty::NotSure));
}

#[test]
fn reads_that_stand_still_at_one_member_alone_are_its_log_and_no_path() {
    let mut members = three();
    at(&mut members, 2).linearizable = probe(12, 3_000.0);
    let found = causes(&members);
    assert_eq!(found, [(Cause::LogSink, 2, Certainty::Likely, Harm::Waits)]);
}

#[test]
fn a_member_that_is_missing_is_named_by_how_it_does_not_answer() {
    for (presence, cause, certainty, judged) in [
        (Presence::Refused, Cause::Down, Certainty::Clear, Verdict::Fail),
        (Presence::Silent, Cause::Silent, Certainty::Clear, Verdict::Fail),
        (Presence::Unreachable, Cause::Unreachable, Certainty::NotSure, Verdict::Inconclusive),
    ] {
        let mut members = three();
        *at(&mut members, 1) = Live { presence, window_ns: 1, ..Live::default() };
        let found = diagnose(&members);
        assert_eq!(causes(&members), [(cause, 1, certainty, Harm::Waits)]);
        assert_eq!(verdict(&found), judged, "{presence:?}");
    }
}

#[test]
fn without_a_majority_nothing_is_blamed_but_that() {
    let mut members = three();
    for index in 1..3 {
        *at(&mut members, index) = Live { presence: Presence::Refused, ..Live::default() };
    }
    let left = at(&mut members, 0);
    left.has_leader = false;
    left.leader = false;
    left.write = Probe::of(vec![], 4);
    let found = diagnose(&members);
    assert_eq!((found[0].cause, found[0].harm), (Cause::NoQuorum, Harm::Outage));
    assert_eq!(verdict(&found), Verdict::Fail);
}

#[test]
fn a_member_that_was_not_asked_is_not_missing() {
    let mut members = three();
    *at(&mut members, 1) = Live { presence: Presence::NotAsked, ..Live::default() };
    assert!(diagnose(&members).is_empty());
}

#[test]
fn a_member_that_is_listed_under_another_address_counts_once() {
    let mut members = three();
    *at(&mut members, 1) = Live { presence: Presence::NotAsked, ..Live::default() };
    let mut named = member(9, Live { presence: Presence::Refused, ..Live::default() });
    named.id = None;
    members.push(named);
    *at(&mut members, 0) = live(true);
    at(&mut members, 0).fsync = timing(200, 120);
    writes(&mut members[..1], 124.0);
    let found = diagnose(&members);
    assert!(found.iter().all(|one| one.cause != Cause::NoQuorum), "{found:#?}");
    let disk = found.iter().find(|one| one.cause == Cause::Disk).expect("the disk is told");
    assert_eq!((disk.member, disk.harm), (0, Harm::Waits));
}

#[test]
fn what_nothing_explains_is_not_sure_and_says_what_would_decide() {
    let mut members = three();
    writes(&mut members, 90.0);
    let found = diagnose(&members);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].cause, found[0].certainty), (Cause::SlowRequests, Certainty::NotSure));
    assert!(!found[0].missing.is_empty());
    assert!(has(&found[0], |m| matches!(m, Measured::WritePath { predicted_ns: 2_700_000, .. })));
}

#[test]
fn two_slow_requests_are_an_accident() {
    let mut members = three();
    let mut all = vec![5 * MS; 118];
    all.extend([300 * MS, 400 * MS]);
    at(&mut members, 0).write = Probe::of(all, 0);
    assert!(diagnose(&members).is_empty());
}

#[test]
fn late_heartbeats_name_the_leader_and_changes_of_the_leader_only_their_victims() {
    let mut members = three();
    at(&mut members, 0).grew.insert("heartbeat_send_failures".to_owned(), 7.0);
    at(&mut members, 2).grew.insert("leader_changes".to_owned(), 2.0);
    let found = diagnose(&members);
    assert_eq!((found[0].cause, found[0].certainty), (Cause::LeaderLost, Certainty::NotSure));
    assert!(has(&found[0], |m| matches!(m, Measured::HeartbeatsFailed { count: 7 })));
    // Beside a cause they are told with it, and are none of their own.
    at(&mut members, 0).fsync = timing(200, 300);
    writes(&mut members, 310.0);
    let found = diagnose(&members);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(has(&found[0], |m| matches!(m, Measured::LeaderChanges { count: 2 })));
}

#[test]
fn the_figures_of_a_member_that_was_started_anew_convict_nobody() {
    let mut members = three();
    let follower = at(&mut members, 1);
    follower.restarted = true;
    follower.fsync = timing(200, 120);
    assert!(diagnose(&members).is_empty());
}

#[test]
fn a_backlog_of_applies_is_told_and_refuses_from_five_thousand_on() {
    for (entries, harm) in [(1_500, Harm::Waits), (6_000, Harm::Outage)] {
        let mut members = three();
        at(&mut members, 1).apply_backlog = Some(entries);
        assert_eq!(causes(&members), [(Cause::ApplyBacklog, 1, Certainty::Likely, harm)]);
    }
}

#[test]
fn a_clock_that_is_surely_off_is_named_and_one_that_may_be_is_not() {
    let clock = |from_ms: i64, to_ms: i64| {
        Some(Range { from_ns: from_ms * MS as i64, to_ns: to_ms * MS as i64 })
    };
    let mut members = three();
    for index in 0..3 {
        at(&mut members, index).clock = clock(-20, 30);
    }
    assert!(diagnose(&members).is_empty());
    at(&mut members, 1).clock = clock(200, 1_200);
    assert!(diagnose(&members).is_empty(), "the ranges are too wide to be sure");
    at(&mut members, 1).clock = clock(1_980, 2_030);
    let found = diagnose(&members);
    assert_eq!(causes(&members), [(Cause::Clock, 1, Certainty::Clear, Harm::Risk)]);
    assert!(has(&found[0], |m| matches!(m, Measured::ClockApart { by_ns: 1_950_000_000, .. })));
}

#[test]
fn a_database_near_its_quota_warns_and_a_full_one_fails() {
    for (bytes, judged) in [(79, Verdict::Pass), (81, Verdict::Warn), (96, Verdict::Fail)] {
        let mut members = three();
        members[1].quota_bytes = Some(100);
        members[1].database_bytes = Some((bytes, Some(10)));
        assert_eq!(verdict(&diagnose(&members)), judged, "{bytes}");
    }
    let mut members = three();
    members[1].no_space = true;
    let found = diagnose(&members);
    assert_eq!(causes(&members), [(Cause::Quota, 1, Certainty::Clear, Harm::Outage)]);
    assert_eq!(verdict(&found), Verdict::Fail);
}

#[test]
fn commits_that_are_slow_beside_fast_syncs_are_the_databases_disk() {
    let mut members = three();
    at(&mut members, 0).commit = timing(100, 150);
    writes(&mut members, 80.0);
    let found = causes(&members);
    assert_eq!((found[0].0, found[0].1), (Cause::Disk, 0));
}

#[test]
fn without_requests_of_our_own_a_disk_is_told_by_what_it_predicts() {
    let mut members = three();
    for index in 0..3 {
        let one = at(&mut members, index);
        (one.serializable, one.linearizable) = (Probe::default(), Probe::default());
        one.write = Probe::default();
    }
    assert!(diagnose(&members).is_empty());
    at(&mut members, 0).fsync = timing(200, 120);
    assert_eq!(causes(&members), [(Cause::Disk, 0, Certainty::Clear, Harm::Waits)]);
}
