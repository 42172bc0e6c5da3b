//! Logs of every version and form, each read as somebody who knows etcd reads it.

use etcdbench::diagnosis::{Answer, Cause, Certainty, Evidence, Harm, MemberId, verdict};
use etcdbench::exit::Verdict;

use super::*;

#[test]
fn slow_disk_of_a_leader() {
    let told = told("slow-disk-leader-3.5-json.log");
    told.is(Cause::Disk, Certainty::Clear, Harm::Outage);
    let member = told.member();
    assert_eq!(member.id, Some(MemberId(0x7a22_d5c1_039e_8b6f)));
    assert_eq!((member.slow_syncs.count, member.slow_syncs.longest_ns), (2, 2_209_871_160));
    assert_eq!(
        (member.heartbeats.late.count, member.heartbeats.late.longest_ns),
        (2, 1_541_893_377)
    );
    // Both are beside the first sync, and the read is a consequence of it.
    assert_eq!(member.heartbeats.by_sync.events(), 2);
    let first = told.first();
    assert!(has(first, |told| matches!(
        told,
        Evidence::LateHeartbeats { count: 2, beside_sync: 2, .. }
    )));
    assert!(has(first, |told| *told == Evidence::Followed { slow_requests: 1 }));
    let to = Some(MemberId(0x4c1e_0b7d_9a52_f613));
    assert!(has(
        first,
        |told| matches!(told, Evidence::LeaderLost { times: 1, term: 10, to: led, .. } if *led == to)
    ));
    assert_eq!(told.causes(), [Cause::Disk]);
}

#[test]
fn slow_disk_in_text() {
    let told = told("slow-disk-3.3-text.log");
    told.is(Cause::Disk, Certainty::Likely, Harm::Outage);
    let member = told.member();
    assert_eq!(member.slow_syncs.longest_ns, 1_388_204_417);
    assert_eq!(member.heartbeats.late.longest_ns, 1_276_166_711);
    assert_eq!((member.compactions.count, member.compactions.longest_ns), (1, 267_330_118));
    assert!(has(told.first(), |told| matches!(told, Evidence::LeaderLost { term: 42, .. })));
    assert_eq!(told.causes(), [Cause::Disk]);
}

#[test]
fn a_host_without_a_network() {
    let told = told("no-network-3.4-journald.log");
    told.is(Cause::OwnNetwork, Certainty::Clear, Harm::Outage);
    assert_eq!(told.member().name, "cp-b");
    assert_eq!(told.member().candidacies, 1);
    let first = told.first();
    let peers =
        first.evidence.iter().filter(|told| matches!(told, Evidence::PeerAway { .. })).count();
    assert_eq!(peers, 2);
    assert!(has(first, |told| *told == Evidence::NoNetwork));
    assert!(has(first, |told| *told == Evidence::NoSlowSync));
    assert!(has(first, |told| matches!(told, Evidence::LeaderLost { term: 7, .. })));
}

#[test]
fn a_slow_path_to_one_peer() {
    let told = told("slow-path-cri.log");
    told.is(Cause::PeerNetwork, Certainty::Likely, Harm::Waits);
    let peer = Some(MemberId(0xc90a_7de1_2b55_f801));
    assert_eq!(told.first().peer, peer);
    assert!(has(told.first(), |told| matches!(
        told,
        Evidence::PeerAway { address: Some(at), rtt_ns: Some(212_440_000), back: true, .. } if at == "198.51.100.33"
    )));
    // The line that was split in two is one.
    let writes = &told.member().slow_writes;
    assert_eq!((writes.count, writes.longest_ns, told.member().damaged), (1, 612_409_170, 0));
}

#[test]
fn a_full_database() {
    let told = told("nospace-3.5-json.log");
    told.is(Cause::Quota, Certainty::Clear, Harm::Outage);
    let at_ns = Some(1_784_538_011_402_000_000);
    assert_eq!(told.first().evidence, [Evidence::NoSpace { at_ns, refused: 2, disarmed: false }]);
    assert_eq!(told.causes(), [Cause::Quota]);
}

#[test]
fn the_heartbeat_interval_is_read_and_not_assumed() {
    let told = told("mild-disk-console-500ms.log");
    told.is(Cause::Disk, Certainty::Likely, Harm::Waits);
    let member = told.member();
    assert_eq!(member.heartbeat_ns, Some(500_000_000));
    assert_eq!(member.heartbeats.late.longest_ns, 120_911_337);
    assert_eq!(member.heartbeats.by_sync.events(), 1);
    assert_eq!(verdict(&told.found), Verdict::Warn);
    assert_eq!(told.causes(), [Cause::Disk]);
}

#[test]
fn a_defragmentation() {
    let told = told("defragmentation-3.5-json.log");
    told.is(Cause::Defragmentation, Certainty::Clear, Harm::Waits);
    assert!(has(told.first(), |told| matches!(
        told,
        Evidence::Defragmented {
            longest_ns: 8_394_120_887,
            before_bytes: Some(3_221_225_472),
            after_bytes: Some(912_785_408),
            ..
        }
    )));
    assert_eq!(told.causes(), [Cause::Defragmentation]);
}

#[test]
fn a_peer_that_was_paused() {
    let told = told("paused-peer-3.6-json.log");
    told.is(Cause::Paused, Certainty::NotSure, Harm::Waits);
    assert_eq!(told.first().peer, Some(MemberId(0x50d3_fa19_c7be_2286)));
    assert_eq!(verdict(&told.found), Verdict::Inconclusive);
}

#[test]
fn two_lines_of_2018() {
    let told = told("report-of-2018.log");
    told.is(Cause::LoopBlocked, Certainty::NotSure, Harm::Waits);
    let member = told.member();
    assert_eq!((member.heartbeats.late.count, member.heartbeats.late.longest_ns), (1, 136_935_934));
    assert_eq!((member.slow_writes.count, member.slow_writes.longest_ns), (1, 101_132_328));
    // A sync under a second is not logged: the disk is not excluded, and not named.
    assert!(has(told.first(), |told| *told == Evidence::ShortGaps { count: 1 }));
}

#[test]
fn k3s_among_its_own_lines() {
    let told = told("k3s-journal-slow-disk.log");
    told.is(Cause::Disk, Certainty::Clear, Harm::Waits);
    let member = told.member();
    assert_eq!(member.name, "srv-1-9f0a2c11");
    assert_eq!((member.lines, member.version.as_deref()), (5, Some("3.5.16")));
    assert_eq!((member.heartbeat_ns, member.election_ns), (Some(500_000_000), Some(5_000_000_000)));
    assert_eq!(verdict(&told.found), Verdict::Fail);
}

#[test]
fn a_full_database_in_a_journal() {
    let told = told("nospace-journal.export");
    told.is(Cause::Quota, Certainty::Clear, Harm::Outage);
    assert_eq!(told.member().name, "cp3");
    assert_eq!(told.member().quota_bytes, Some(2_147_483_648));
}

#[test]
fn nothing_is_wrong_with_ordinary_lines() {
    let text = [
        started(0),
        raft(1_200, "aaaa000000000001 is starting a new election at term 1"),
        raft(1_201, "aaaa000000000001 became candidate at term 2"),
        raft(1_205, "raft.node: aaaa000000000001 elected leader aaaa000000000001 at term 2"),
        peer(
            1_300,
            "aaaa000000000001",
            "bbbb000000000002",
            "dial tcp 10.0.0.2:2380: connect: connection refused",
        ),
        active(4_000, "bbbb000000000002"),
        line(
            300_000,
            "info",
            "finished scheduled compaction",
            "\"compact-revision\":884120,\"took\":\"95.1ms\"",
        ),
        apply(400_000, 120, "read-only range ", 400),
        heartbeat(500_000, 12),
        line(600_000, "info", "compact tree index", "\"revision\":884120"),
    ];
    let told = one(&text.concat());
    assert_eq!(told.answer(), Answer::Ok, "{:#?}", told.found);
    assert_eq!(verdict(&told.found), Verdict::Pass);
    assert_eq!(told.member().lines, 10);
}

#[test]
fn what_was_asked_for_is_no_fault() {
    let text = [
        line(1_000, "info", "received signal; shutting down", "\"signal\":\"terminated\""),
        line(
            1_001,
            "info",
            "leadership transfer starting",
            "\"local-member-id\":\"aaaa000000000001\"",
        ),
        raft(1_050, "raft.node: aaaa000000000001 lost leader aaaa000000000001 at term 3"),
        raft(1_060, "raft.node: aaaa000000000001 elected leader bbbb000000000002 at term 3"),
        peer(1_200, "aaaa000000000001", "bbbb000000000002", "EOF"),
        started(9_000),
        active(9_400, "bbbb000000000002"),
        peer(60_000, "aaaa000000000001", "cccc000000000003", "EOF"),
        peer(
            61_000,
            "aaaa000000000001",
            "cccc000000000003",
            "dial tcp 10.0.0.3:2380: connect: connection refused",
        ),
        active(70_000, "cccc000000000003"),
    ];
    let told = one(&text.concat());
    assert_eq!(told.answer(), Answer::Ok, "{:#?}", told.found);
    assert_eq!((told.member().transfers(), told.member().crashes()), (1, 0));
}
