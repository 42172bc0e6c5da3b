//! Members of which there are metrics and logs alone: nothing was asked of them.

use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Evidence, Harm};
use crate::diagnosis::measured::Measured;
use crate::diagnosis::observed::{
    Checked, Live, Member, MemberId, Observed, Presence, Stall, Timing,
};
use crate::diagnosis::{Notice, diagnose, notices, verdict, with_notices};
use crate::exit::Verdict;
use crate::plan::{Dependent, Timeouts};

const MS: u64 = 1_000_000;
const S: i64 = 1_000_000_000;

fn syncs(mean_ms: u64, p50_above_ms: u64, p99_above_ms: u64) -> Option<Timing> {
    Some(Timing {
        count: 400,
        mean_ns: mean_ms * MS,
        p50_above_ns: p50_above_ms * MS,
        p50_at_most_ns: Some(2 * p50_above_ms.max(1) * MS),
        p99_above_ns: p99_above_ms * MS,
        ..Timing::default()
    })
}

/// Three members, of which the first leads, and which only told their metrics.
fn three() -> Vec<Member> {
    let of = |index: u64| {
        let mut one = Member::default();
        one.name = format!("m{index}");
        one.id = Some(MemberId(index));
        one.live = Some(Box::new(Live {
            leader: index == 1,
            has_leader: true,
            metrics: true,
            texts: 2,
            fsync: syncs(2, 1, 4),
            ..Live::default()
        }));
        one
    };
    (1..=3).map(of).collect()
}

fn at(members: &mut [Member], index: usize) -> &mut Live {
    members[index].live.as_deref_mut().unwrap()
}

fn causes(members: &[Member]) -> Vec<(Cause, usize, Certainty, Harm)> {
    diagnose(members).iter().map(|d| (d.cause, d.member, d.certainty, d.harm)).collect()
}

fn tells(one: &Diagnosis, fits: impl Fn(&Measured) -> bool) -> bool {
    one.evidence.iter().any(|told| matches!(told, Evidence::Measured(measured) if fits(measured)))
}

#[test]
fn how_many_syncs_are_slow_tells_the_disk_from_the_cpu() {
    let mut members = three();
    at(&mut members, 0).fsync = syncs(40, 32, 128);
    assert_eq!(causes(&members), [(Cause::Disk, 0, Certainty::Likely, Harm::Waits)]);
    at(&mut members, 0).fsync = syncs(40, 1, 128);
    assert_eq!(causes(&members), [(Cause::Disk, 0, Certainty::NotSure, Harm::Waits)]);
    // A follower's is one that the others do not wait for.
    let mut members = three();
    at(&mut members, 2).fsync = syncs(40, 32, 128);
    assert_eq!(causes(&members), [(Cause::Disk, 2, Certainty::Likely, Harm::Risk)]);
}

#[test]
fn paths_are_those_that_members_tell_where_their_syncs_are_in_time() {
    let long = |ms: u64| Timing { count: 4, mean_ns: ms * MS, ..Timing::default() };
    let mut members = three();
    assert_eq!(causes(&members), []);
    at(&mut members, 0).peer_rtt_within.insert(MemberId(2), long(80));
    assert_eq!(causes(&members), [(Cause::PeerNetwork, 0, Certainty::Likely, Harm::Waits)]);
    assert_eq!(diagnose(&members)[0].peer, Some(MemberId(2)));
    // Told by the other end alone.
    at(&mut members, 0).peer_rtt_within.clear();
    at(&mut members, 1).peer_rtt_within.insert(MemberId(1), long(30));
    assert_eq!(causes(&members), [(Cause::PeerNetwork, 0, Certainty::Likely, Harm::Risk)]);
    // Syncs that come late now and then may be those of a process that gets no CPU, and so may its round trips.
    at(&mut members, 1).fsync = syncs(4, 1, 64);
    assert_eq!(causes(&members), [(Cause::PeerNetwork, 0, Certainty::NotSure, Harm::Risk)]);
    // All paths of the leader at once are one cause.
    let mut members = three();
    for peer in [2, 3] {
        at(&mut members, 0).peer_rtt_within.insert(MemberId(peer), long(80));
    }
    assert_eq!(causes(&members), [(Cause::SlowPaths, 0, Certainty::Likely, Harm::Waits)]);
}

#[test]
fn slow_requests_of_a_log_belong_to_the_disk_that_the_metrics_of_the_member_show() {
    let with_slow_writes = |index: usize| {
        let mut members = three();
        at(&mut members, 2).fsync = syncs(40, 32, 128);
        let waits = &mut members[index].slow_writes;
        (0..40).for_each(|n| waits.add(Some(n * 60 * S), 400 * MS));
        members
    };
    let here = with_slow_writes(2);
    assert_eq!(causes(&here), [(Cause::Disk, 2, Certainty::Likely, Harm::Waits)]);
    let told = &diagnose(&here)[0].evidence;
    assert!(told.iter().any(|one| matches!(one, Evidence::SlowWrites { .. })), "{told:?}");
    let elsewhere: Vec<Cause> = causes(&with_slow_writes(1)).iter().map(|one| one.0).collect();
    assert_eq!(elsewhere, [Cause::SlowRequests, Cause::Disk]);
}

#[test]
fn late_heartbeats_stand_beside_the_cause_at_their_member() {
    let mut members = three();
    at(&mut members, 0).fsync = syncs(40, 32, 128);
    at(&mut members, 0).grew.insert("heartbeat_send_failures".to_owned(), 7.0);
    at(&mut members, 1).presence = Presence::Refused;
    let found = diagnose(&members);
    let late = |one: &Diagnosis| tells(one, |m| *m == Measured::HeartbeatsFailed { count: 7 });
    let of: Vec<(Cause, bool)> = found.iter().map(|one| (one.cause, late(one))).collect();
    assert_eq!(of, [(Cause::Down, false), (Cause::Disk, true)]);
}

#[test]
fn levels_alone_are_no_answer() {
    let mut members = three();
    members.iter_mut().for_each(|one| one.live.as_deref_mut().unwrap().metrics = false);
    members.iter_mut().for_each(|one| one.live.as_deref_mut().unwrap().fsync = None);
    assert_eq!(causes(&members), [(Cause::NothingMeasured, 0, Certainty::NotSure, Harm::Waits)]);
    assert_eq!(verdict(&diagnose(&members)), Verdict::Inconclusive);
    // A log is something.
    members[1].lines = 40;
    assert_eq!(causes(&members), []);
}

#[test]
fn a_stall_beyond_a_timeout_is_a_warning_and_names_the_last_that_gave_up() {
    let of = |ns: u64| {
        let check = Checked {
            longest_stall: Some(Stall { ns, at_least: false }),
            timeouts: Some(Timeouts::DEFAULT),
            ..Checked::default()
        };
        let observed = Observed { members: three(), check: Some(check), ..Observed::default() };
        let all = notices(&observed, 0);
        let gave_up = all.iter().find_map(|one| match one {
            Notice::GaveUp { dependent, .. } => Some(*dependent),
            _ => None,
        });
        (gave_up, with_notices(Verdict::Pass, &all))
    };
    assert_eq!(of(1_900 * MS), (None, Verdict::Pass));
    assert_eq!(of(2_000 * MS), (Some(Dependent::Readyz), Verdict::Warn));
    assert_eq!(of(16_000 * MS), (Some(Dependent::Lease), Verdict::Warn));
}
