//! Several members at once: whose fault it is.

use std::fs;

use etcdbench::diagnosis::{Cause, Certainty, Evidence, Harm, MemberId};

use super::*;

const A: &str = "aaaa000000000001";
const B: &str = "bbbb000000000002";
const C: &str = "cccc000000000003";

fn is(who: &str, term: u64) -> String {
    raft(10, &format!("{who} became follower at term {term}"))
}

fn name(told: &Told) -> &str {
    &told.logs.members[told.first().member].name
}

#[test]
fn a_slow_leader_explains_what_the_others_saw() {
    let leader = is(A, 5)
        + &sync(30_000, 7_000)
        + &heartbeat(30_001, 6_900)
        + &raft(30_010, &format!("raft.node: {A} lost leader {A} at term 6"))
        + &sync(90_000, 2_000);
    let follower = |who: &str| {
        is(who, 5)
            + &peer(28_500, who, A, "read tcp 10.0.0.2:1->10.0.0.1:2380: i/o timeout")
            + &raft(24_100, &format!("{who} is starting a new election at term 5"))
            + &raft(24_101, &format!("raft.node: {who} lost leader {A} at term 6"))
            + &raft(24_200, &format!("raft.node: {who} elected leader {B} at term 6"))
            + &active(30_500, A)
    };
    let told = Told::of(&[("m1", &leader), ("m2", &follower(B)), ("m3", &follower(C))]);
    told.is(Cause::Disk, Certainty::Clear, Harm::Outage);
    assert_eq!(name(&told), "m1");
    assert_eq!(told.causes(), [Cause::Disk], "{:#?}", told.found);
    let to = Some(MemberId(0xbbbb_0000_0000_0002));
    assert!(has(
        told.first(),
        |told| matches!(told, Evidence::LeaderLost { times: 1, to: led, .. } if *led == to)
    ));
}

#[test]
fn a_followers_disk_is_named_and_no_outage() {
    let leader = is(A, 5);
    let follower = is(B, 5) + &sync(30_000, 1_700) + &sync(50_000, 2_700) + &sync(70_000, 1_200);
    let told = Told::of(&[("m1", &leader), ("m2", &follower)]);
    told.is(Cause::Disk, Certainty::Clear, Harm::Waits);
    assert_eq!(name(&told), "m2");
}

#[test]
fn two_that_complain_of_one_another_are_apart() {
    let text = fs::read_to_string(fixture("partition-kubectl-prefix.log")).unwrap();
    let told = Told::of(&[("stdin", &text)]);
    let names: Vec<&str> = told.logs.members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["etcd-cp1", "etcd-cp2", "etcd-cp3"]);
    told.is(Cause::PeerNetwork, Certainty::Clear, Harm::Waits);
    assert_eq!(told.causes(), [Cause::PeerNetwork]);
    assert!(has(told.first(), |told| *told == Evidence::Mutual));
}

#[test]
fn a_member_that_nobody_reaches_is_the_one() {
    let timeout =
        |at, who: &str, to: &str| peer(at, who, to, "dial tcp 10.0.0.9:2380: i/o timeout");
    let cut_off = is(C, 5)
        + &timeout(30_000, C, A)
        + &timeout(30_001, C, B)
        + &active(60_000, A)
        + &active(60_000, B);
    let sees = |who: &str, other: &str| {
        is(who, 5) + &active(20, other) + &timeout(30_100, who, C) + &active(60_000, C)
    };
    let told = Told::of(&[("m1", &sees(A, B)), ("m2", &sees(B, A)), ("m3", &cut_off)]);
    assert_eq!(told.causes(), [Cause::OwnNetwork], "{:#?}", told.found);
    assert_eq!(name(&told), "m3");
}

#[test]
fn a_restart_that_was_asked_for_is_no_fault_of_anybody() {
    let stopped = is(C, 5)
        + &line(30_000, "info", "received signal; shutting down", "\"signal\":\"terminated\"")
        + &started(40_000);
    let sees = |who: &str| {
        is(who, 5)
            + &peer(30_100, who, C, "EOF")
            + &raft(30_150, &format!("raft.node: {who} lost leader {C} at term 6"))
            + &raft(30_200, &format!("raft.node: {who} elected leader {A} at term 6"))
            + &active(41_000, C)
    };
    let told = Told::of(&[("m1", &sees(A)), ("m2", &sees(B)), ("m3", &stopped)]);
    assert_eq!(told.answer(), Answer::Ok, "{:#?}", told.found);
}

#[test]
fn a_member_that_is_down_is_told_once_whoever_sees_it() {
    let sees = |who: &str| {
        let refused = |at| peer(at, who, C, "dial tcp 10.0.0.3:2380: connect: connection refused");
        is(who, 5) + &active(20, C) + &refused(300_000) + &refused(305_000) + &refused(310_000)
    };
    let told = Told::of(&[("m1", &sees(A)), ("m2", &sees(B))]);
    told.is(Cause::PeerDown, Certainty::Clear, Harm::Waits);
    assert_eq!(told.causes(), [Cause::PeerDown]);
    assert!(has(told.first(), |told| *told == Evidence::SeenBy { member: 1 }));
}

/// As etcd 3.5 printed it while its leader was stopped for four seconds: the others tell the loss in the old term, the
/// leader in the new one.
#[test]
fn a_leader_that_was_stopped() {
    let leader = raft(100, &format!("raft.node: {A} elected leader {A} at term 2"))
        + &heartbeat(34_000, 3_930)
        + &raft(34_010, &format!("raft.node: {A} lost leader {A} at term 3"))
        + &raft(34_020, &format!("raft.node: {A} elected leader {B} at term 3"));
    let follower = |who: &str| {
        raft(101, &format!("raft.node: {who} elected leader {A} at term 2"))
            + &raft(31_500, &format!("raft.node: {who} lost leader {A} at term 2"))
            + &raft(31_600, &format!("raft.node: {who} elected leader {B} at term 3"))
    };
    let told = Told::of(&[("m1", &leader), ("m2", &follower(B)), ("m3", &follower(C))]);
    told.is(Cause::LoopBlocked, Certainty::NotSure, Harm::Outage);
    let to = Some(MemberId(0xbbbb_0000_0000_0002));
    assert!(has(told.first(), |told| matches!(
        told,
        Evidence::LeaderLost { times: 1, term: 3, to: led, .. } if *led == to
    )));
}

#[test]
fn several_members_in_one_file_are_told_of() {
    let told = one(&(is(A, 5) + &is(B, 5)));
    assert_eq!(told.member().others, [MemberId(0xbbbb_0000_0000_0002)]);
}
