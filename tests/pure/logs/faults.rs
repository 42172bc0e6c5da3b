//! Faults of one member: named where the log excludes the others, left open where it does not.

use etcdbench::diagnosis::{
    Answer, Cause, Certainty, Evidence, Harm, Missing, Step, StorageFault, verdict,
};
use etcdbench::exit::Verdict;

use super::*;

/// Late heartbeats after gaps of over a second, without a sync of such a length: not the WAL.
#[test]
fn a_starved_process_is_not_told_as_a_disk() {
    let mut text = String::new();
    for n in 0..6 {
        let at = 60_000 * n;
        text += &heartbeat(at + 10_000, 1_900);
        text += &trace(at + 10_100, "range", "range keys from in-memory index tree", 700);
        text += &trace(at + 10_200, "transaction", "compare", 650);
        text += &apply(at + 10_300, 900, "read-only range ", 500);
    }
    let told = one(&text);
    told.is(Cause::Cpu, Certainty::Likely, Harm::Waits);
    assert!(has(told.first(), |told| *told == Evidence::GapsWithoutSync { count: 6 }));
    assert_eq!(told.member().steps[&Step::Index].count, 6);
}

#[test]
fn without_traces_a_blocked_loop_stays_open() {
    let text: String = (0..4).map(|n| heartbeat(60_000 * n + 9_000, 1_500)).collect();
    let told = one(&text);
    told.is(Cause::LoopBlocked, Certainty::NotSure, Harm::Waits);
    assert_eq!(told.first().missing, [Missing::Cpu, Missing::Machine, Missing::LogSink]);
    assert_eq!(verdict(&told.found), Verdict::Inconclusive);
}

#[test]
fn a_disk_is_contested_by_as_many_gaps_without_a_sync() {
    let mut text = String::new();
    for n in 0..4 {
        text += &sync(60_000 * n + 5_000, 1_500);
        text += &heartbeat(60_000 * n + 30_000, 2_500);
    }
    let told = one(&text);
    assert_eq!(told.answer(), Answer::NotSure, "{:#?}", told.found);
    assert_eq!(told.causes(), [Cause::LoopBlocked, Cause::Disk]);
    assert!(told.found.iter().all(|one| one.certainty == Certainty::NotSure));
}

#[test]
fn two_causes_of_like_length_are_told_as_two() {
    let mut text = String::new();
    for n in 0..5 {
        text += &sync(60_000 * n + 5_000, 2_000);
        let away = 60_000 * n + 30_000;
        text += &peer(
            away,
            "aaaa000000000001",
            "bbbb000000000002",
            "read tcp 10.0.0.1:1->10.0.0.2:2380: i/o timeout",
        );
        text += &active(away + 1_800, "bbbb000000000002");
    }
    let told = one(&text);
    assert_eq!(
        told.answer(),
        Answer::Causes(vec![Cause::Disk, Cause::PeerNetwork]),
        "{:#?}",
        told.found
    );
}

#[test]
fn large_reads() {
    let mut text = String::new();
    for n in 0..5 {
        text += &apply(60_000 * n + 5_000, 1_400, "read-only range ", 48_000_000);
        text += &trace(60_000 * n + 5_001, "range", "range keys from bolt db", 1_200);
    }
    let told = one(&text);
    told.is(Cause::LargeReads, Certainty::Likely, Harm::Waits);
    let wanted = Step::Database;
    assert!(has(
        told.first(),
        |told| matches!(told, Evidence::SlowStep { step, count: 5, of: 5, .. } if *step == wanted)
    ));
}

#[test]
fn reads_that_wait_for_the_leader_ask_for_its_log() {
    let mut text = String::new();
    for n in 0..5 {
        let fields = "\"sent-request-id\":1,\"retry-timeout\":\"500ms\"";
        text += &line(
            60_000 * n,
            "warn",
            "waiting for ReadIndex response took too long, retrying",
            fields,
        );
        text += &trace(60_000 * n + 100, "linearizableReadLoop", "read index received", 900);
        text += &apply(60_000 * n + 110, 910, "read-only range ", 400);
    }
    let told = one(&text);
    told.is(Cause::SlowRequests, Certainty::NotSure, Harm::Waits);
    assert_eq!(told.first().missing, [Missing::LeaderLog, Missing::Network]);
}

#[test]
fn requests_that_wait_for_compactions() {
    let mut text = String::new();
    for n in 0..6 {
        let at = 300_000 * n + 20_000;
        text += &apply(at + 500, 900, "", 5);
        text += &line(
            at + 1_000,
            "info",
            "finished scheduled compaction",
            "\"compact-revision\":9,\"took\":\"1.6s\"",
        );
    }
    one(&text).is(Cause::Compaction, Certainty::Likely, Harm::Waits);
}

#[test]
fn a_leader_that_is_lost_without_a_sign_stays_open() {
    let text = [
        raft(5_000, "bbbb000000000002 is starting a new election at term 6"),
        raft(5_001, "raft.node: bbbb000000000002 lost leader aaaa000000000001 at term 7"),
        raft(5_020, "raft.node: bbbb000000000002 elected leader bbbb000000000002 at term 7"),
    ];
    let told = one(&text.concat());
    told.is(Cause::LeaderLost, Certainty::NotSure, Harm::Outage);
    assert_eq!(told.first().missing, [Missing::LeaderLog]);
}

#[test]
fn a_member_that_does_not_run() {
    let mut text = active(1_000, "bbbb000000000002");
    for n in 0..10 {
        text += &peer(
            5_000 * n + 60_000,
            "aaaa000000000001",
            "bbbb000000000002",
            "dial tcp 10.0.0.2:2380: connect: connection refused",
        );
    }
    one(&text).is(Cause::PeerDown, Certainty::Clear, Harm::Waits);
}

#[test]
fn a_peer_that_is_silent_may_be_gone() {
    let mut text = active(1_000, "bbbb000000000002") + &active(1_000, "cccc000000000003");
    for n in 0..10 {
        text += &peer(
            5_000 * n + 60_000,
            "aaaa000000000001",
            "bbbb000000000002",
            "dial tcp 10.0.0.2:2380: i/o timeout",
        );
    }
    one(&text).is(Cause::PeerNetwork, Certainty::NotSure, Harm::Waits);
}

#[test]
fn peers_lost_beside_a_slow_sync_are_its_consequence() {
    let text = [
        sync(10_000, 6_500),
        peer(10_001, "aaaa000000000001", "bbbb000000000002", "i/o timeout"),
        peer(10_002, "aaaa000000000001", "cccc000000000003", "i/o timeout"),
        active(11_000, "bbbb000000000002"),
        active(11_000, "cccc000000000003"),
        sync(90_000, 4_500),
    ];
    let told = one(&text.concat());
    assert_eq!(told.causes(), [Cause::Disk], "{:#?}", told.found);
}

#[test]
fn clocks() {
    let text =
        drift(30_000, "bbbb000000000002", "2.1s") + &drift(60_000, "bbbb000000000002", "2.1s");
    one(&text).is(Cause::Clock, Certainty::Clear, Harm::Risk);
    // Apart from everybody by the same, it is its own.
    let text =
        drift(30_000, "bbbb000000000002", "-2.1s") + &drift(60_000, "cccc000000000003", "-2.2s");
    let told = one(&text);
    told.is(Cause::Clock, Certainty::Likely, Harm::Risk);
    assert_eq!(told.first().peer, None);
}

#[test]
fn a_pause_of_ones_own_machine_is_no_slow_disk() {
    let text = [
        sync(60_000, 21_000),
        heartbeat(60_001, 20_800),
        drift(70_000, "bbbb000000000002", "20.9s"),
        drift(70_001, "cccc000000000003", "20.9s"),
    ];
    let told = one(&text.concat());
    told.is(Cause::Paused, Certainty::NotSure, Harm::Waits);
    assert_eq!(told.causes(), [Cause::Paused], "{:#?}", told.found);
}

#[test]
fn a_short_pause_of_a_peer_is_noticed_late() {
    let text = [
        active(1_000, "bbbb000000000002"),
        peer(65_000, "aaaa000000000001", "bbbb000000000002", "i/o timeout"),
        active(68_200, "bbbb000000000002"),
        drift(70_000, "bbbb000000000002", "8.1s"),
    ];
    one(&text.concat()).is(Cause::Paused, Certainty::NotSure, Harm::Waits);
}

#[test]
fn a_defragmentation_in_text() {
    let text = "2026-05-05 03:00:00.012 N | etcdserver/api/v3rpc: starting to defragment the storage backend...\n\
                2026-05-05 03:00:06.512 N | etcdserver/api/v3rpc: finished defragmenting the storage backend\n";
    let told = one(text);
    told.is(Cause::Defragmentation, Certainty::Clear, Harm::Waits);
    assert_eq!(told.member().defragmentations[0].took_ns, 6_500_000_000);
}

#[test]
fn storage_that_fails() {
    let full = line(
        1_000,
        "fatal",
        "failed to save Raft hard state and entries",
        "\"error\":\"write /var/lib/etcd/member/wal/0.tmp: no space left on device\"",
    );
    let told = one(&full);
    told.is(Cause::Disk, Certainty::Clear, Harm::Outage);
    assert!(has(told.first(), |told| matches!(
        told,
        Evidence::StorageFault { fault: StorageFault::Full, count: 1, .. }
    )));
    let corrupt =
        line(1_000, "warn", "alarm raised", "\"alarm\":\"CORRUPT\",\"from\":\"aaaa000000000001\"");
    one(&corrupt).is(Cause::Corruption, Certainty::Clear, Harm::Outage);
}

#[test]
fn a_database_near_its_quota() {
    let sizes = "\"took\":\"1s\",\"current-db-size-bytes\":1932735283,\"current-db-size-in-use-bytes\":1900000000";
    let text = started(0) + &line(60_000, "info", "finished scheduled compaction", sizes);
    one(&text).is(Cause::QuotaNear, Certainty::Clear, Harm::Risk);
}

#[test]
fn starts_that_nobody_asked_for() {
    let told = one(&(started(0) + &started(600_000) + &started(900_000)));
    told.is(Cause::Restarted, Certainty::NotSure, Harm::Waits);
    assert_eq!(told.member().crashes(), 2);
}

#[test]
fn certificates() {
    let error = "remote error: tls: bad certificate";
    let told = one(&peer(1_000, "aaaa000000000001", "bbbb000000000002", error));
    told.is(Cause::Certificates, Certainty::Likely, Harm::Waits);
    // Probes that hang up are none.
    let probe = |at| {
        let error = "\"remote-addr\":\"10.0.0.9:1\",\"error\":\"EOF\"";
        line(at, "warn", "rejected connection", error)
    };
    assert_eq!(one(&[probe(1_000), probe(61_000)].concat()).answer(), Answer::Ok);
}

#[test]
fn a_storm_is_told_as_a_lower_bound() {
    let text: String = (0..150).map(|n| apply(10_000 + n % 900, 600, "", 5)).collect();
    let told = one(&text);
    assert!(told.member().slow_writes.sampled);
    assert!(has(told.first(), |told| matches!(
        told,
        Evidence::SlowWrites { at_least: true, count: 150, .. }
    )));
}

#[test]
fn requests_at_debug_level_are_not_slow() {
    let stats =
        "\"start time\":\"x\",\"time spent\":\"900ms\",\"response type\":\"/etcdserverpb.KV/Put\"";
    let told = one(&(line(1_000, "debug", "request stats", stats)
        + &line(1_000, "warn", "request stats", stats)));
    assert_eq!(told.member().slow_requests.count, 1);
}

/// Four logged syncs do not account for forty late heartbeats; nothing speaks against the disk either.
#[test]
fn a_disk_whose_syncs_are_mostly_too_short_to_be_logged() {
    let mut text = String::new();
    for n in 0..40 {
        text += &heartbeat(60_000 * n + 1_000, 300);
        if n % 10 == 0 {
            text += &sync(60_000 * n + 30_000, 1_200);
        }
    }
    one(&text).is(Cause::Disk, Certainty::Likely, Harm::Waits);
}
