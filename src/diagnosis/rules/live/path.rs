//! Where the time of a write goes: what the disks and the paths predict, and what was measured.
//!
//! The leader writes to its own WAL while its followers write to theirs, and a write is committed when a majority has it:
//! after the larger of the leader's sync and of the round trip and sync of the follower that completes the majority
//! (raft, 10.2.1; etcd's `raftNode.start` sends before it syncs).

use crate::diagnosis::measured::Measured;
use crate::diagnosis::observed::{Live, Member, MemberId, Presence, Probe};

use super::answering::answering;

/// Answers from which on a median says something.
pub(super) const ENOUGH: u64 = 5;
/// Syncs from which on a mean says something.
const ENOUGH_SYNCS: u64 = 3;
/// A write that takes so much longer than a ping is slow: the limit that etcd's FAQ has for a commit of the backend.
pub(super) const SLOW_NS: u64 = 25_000_000;
/// The share of requests of 100 ms or more from which on they are no accident, and how many of them.
const STALL_SHARE: f64 = 0.05;
const STALLS: u64 = 3;
/// A mean sync beyond this is slow: etcd's FAQ has it as the limit of the 99th percentile.
pub(super) const SLOW_SYNC_NS: u64 = 10_000_000;
/// A request that takes so long stands still: etcd's election timeout.
pub(super) const STANDS_NS: u64 = 1_000_000_000;
/// Moments at which this program itself was late: from this share on its figures are partly its own.
pub(super) const OWN_LATE: f64 = 0.1;

/// What is known of the way of a write.
#[derive(Debug, Default)]
pub(super) struct Path {
    /// Which member leads.
    pub leader: Option<usize>,
    /// The mean sync of each member.
    pub fsync_ns: Vec<Option<u64>>,
    /// The round trip between the leader and each follower, by reads that both confirm.
    pub round_trip_ns: Vec<Option<u64>>,
    /// The round trip of the leader to the majority, in the same way.
    pub quorum_round_trip_ns: Option<u64>,
    /// Followers that a majority needs beside the leader.
    pub needed: usize,
    /// The mean write at the leader, less the way to it.
    pub write_ns: Option<u64>,
    /// What the slowest disk that a write waits for takes.
    pub disk_ns: Option<u64>,
    /// The sync of the follower that completes the majority.
    pub follower_fsync_ns: Option<u64>,
    /// The prediction.
    pub predicted_ns: Option<u64>,
    /// From when on a write there is slow, beyond the way.
    pub slow_from_ns: u64,
    /// Whether anything that was asked was slow.
    pub slow: bool,
    /// Whether requests of our own were sent.
    pub active: bool,
}

impl Path {
    /// Of these members.
    pub fn of(members: &[Member]) -> Path {
        let live = |index: usize| members[index].live.as_deref();
        let all = 0..members.len();
        let leader = answering(members).find(|(_, live)| live.leader).map(|(index, _)| index);
        let mut path = Path {
            leader,
            fsync_ns: all.clone().map(|i| live(i).and_then(mean_fsync)).collect(),
            needed: voters(members) / 2,
            active: answering(members).any(|(_, live)| live.write.answered + live.write.failed > 0),
            slow: answering(members).any(|(_, live)| is_slow(live)),
            ..Path::default()
        };
        path.slow_from_ns = leader.and_then(live).map_or(SLOW_NS, slow_from);
        let quorum = leader.and_then(live).and_then(confirming);
        path.quorum_round_trip_ns = quorum;
        path.round_trip_ns = all.map(|i| round_trip(members, i, leader, quorum)).collect();
        path.write_ns = leader.and_then(live).and_then(|live| {
            let write = &live.write;
            (write.answered >= ENOUGH).then(|| write.mean_ns.saturating_sub(live.ping.min_ns))
        });
        path.predict(members);
        path
    }

    fn predict(&mut self, members: &[Member]) {
        let Some(leader) = self.leader else { return };
        let Some(own) = self.fsync_ns[leader] else { return };
        let followers: Vec<usize> = answering(members)
            .filter(|(i, live)| *i != leader && !live.learner)
            .map(|(i, _)| i)
            .collect();
        let Some(needed) = self.needed.checked_sub(1) else {
            (self.disk_ns, self.predicted_ns) = (Some(own), Some(own));
            return;
        };
        let mut syncs: Vec<u64> = followers.iter().filter_map(|i| self.fsync_ns[*i]).collect();
        syncs.sort_unstable();
        self.follower_fsync_ns = syncs.get(needed).copied();
        self.disk_ns = self.follower_fsync_ns.map(|follower| own.max(follower));
        let there = |i: &usize| {
            // Nobody is nearer than the nearest.
            let way = self.round_trip_ns[*i].max(self.quorum_round_trip_ns).unwrap_or_default();
            Some(way + self.fsync_ns[*i]?)
        };
        let mut ends: Vec<u64> = followers.iter().filter_map(there).collect();
        ends.sort_unstable();
        self.predicted_ns = ends.get(needed).map(|end| own.max(*end));
    }

    /// Whether writes wait for the disk of this member: the leader's, or one without which there is no majority of
    /// faster ones.
    pub fn waits_for_disk_of(&self, index: usize) -> bool {
        let (Some(own), Some(disk)) = (self.fsync_ns[index], self.disk_ns) else {
            // Of the others nothing is known: writes wait for the leader's in any case.
            return self.leader == Some(index);
        };
        if self.leader == Some(index) {
            return ALIKE * own as f64 >= disk as f64;
        }
        let completes = self.follower_fsync_ns.is_some_and(|ns| own as f64 <= ALIKE * ns as f64);
        completes && ALIKE * own as f64 >= disk as f64
    }

    /// The share of the measured write that a length explains; absent where no write was measured.
    pub fn share(&self, ns: u64) -> Option<f64> {
        let write = self.write_ns.filter(|write| *write > 0)?;
        Some(ns as f64 / write as f64)
    }

    /// Whether writes, as measured or else as predicted, are slow.
    pub fn writes_are_slow(&self) -> bool {
        let measured = self.write_ns.map(|ns| ns >= self.slow_from_ns);
        measured.or(self.predicted_ns.map(|ns| ns >= SLOW_NS)).unwrap_or_default()
    }

    /// As evidence.
    pub fn evidence(&self) -> Option<Measured> {
        Some(Measured::WritePath {
            measured_ns: self.write_ns,
            predicted_ns: self.predicted_ns?,
            leader_fsync_ns: self.leader.and_then(|leader| self.fsync_ns[leader])?,
            round_trip_ns: self.quorum_round_trip_ns.unwrap_or_default(),
            follower_fsync_ns: self.follower_fsync_ns.unwrap_or_default(),
        })
    }

    /// The id of a member.
    pub fn id(members: &[Member], index: usize) -> Option<MemberId> {
        members.get(index).and_then(|member| member.id)
    }
}

/// How many members vote. One that does not answer and was named by an address which the cluster does not list is also
/// among those that were not asked, and counts once.
pub(super) fn voters(members: &[Member]) -> usize {
    let voting = members.iter().filter_map(|member| Some((member, member.live.as_deref()?)));
    let voting: Vec<_> = voting.filter(|(_, live)| !live.learner).collect();
    let listed = voting.iter().filter(|(member, _)| member.id.is_some()).count();
    let not_asked = voting.iter().filter(|(_, live)| live.presence == Presence::NotAsked).count();
    listed + (voting.len() - listed).saturating_sub(not_asked)
}

/// Lengths within this factor are told as alike.
const ALIKE: f64 = 1.5;

fn mean_fsync(live: &Live) -> Option<u64> {
    let fsync = live.fsync.as_ref().filter(|fsync| fsync.count >= ENOUGH_SYNCS)?;
    (!live.restarted).then_some(fsync.mean_ns)
}

/// What confirming a read by a majority takes: a linearizable read less a serializable one.
fn confirming(live: &Live) -> Option<u64> {
    let (confirmed, alone) = (&live.linearizable, &live.serializable);
    let enough = confirmed.answered >= ENOUGH && alone.answered >= ENOUGH;
    enough.then(|| confirmed.p50_ns.saturating_sub(alone.p50_ns))
}

/// A follower asks the leader, which asks a majority: what is left without the latter is the way to the leader.
fn round_trip(
    members: &[Member],
    index: usize,
    leader: Option<usize>,
    quorum_ns: Option<u64>,
) -> Option<u64> {
    if leader == Some(index) {
        return None;
    }
    let live = members[index].live.as_deref()?;
    Some(confirming(live)?.saturating_sub(quorum_ns?))
}

/// By how much the median of a probe exceeds the way to the member.
pub(super) fn beyond_ping(live: &Live, probe: &Probe) -> Option<u64> {
    (probe.answered >= ENOUGH).then(|| probe.p50_ns.saturating_sub(live.ping.min_ns))
}

/// From when on a request to a member is slow, beyond the way: on a long one an answer in several pieces takes longer,
/// by waits for acknowledgements that are none of etcd's.
pub(super) fn slow_from(live: &Live) -> u64 {
    SLOW_NS.max(live.ping.min_ns)
}

/// Whether requests stall too often for an accident.
pub(super) fn stalls(probe: &Probe) -> bool {
    probe.stalls >= STALLS && probe.stall_share() >= STALL_SHARE
}

/// Whether anything that was asked of a member was slow, or not answered.
pub(super) fn is_slow(live: &Live) -> bool {
    let probes = [&live.serializable, &live.linearizable, &live.write];
    probes.iter().any(|probe| {
        let slow = beyond_ping(live, probe).is_some_and(|ns| ns >= slow_from(live));
        slow || stalls(probe) || probe.failed > 0 || stood_still(live, probe)
    })
}

/// Whether a request took so long, once, that a leader may be lost meanwhile; and not because this program stood still
/// itself.
pub(super) fn stood_still(live: &Live, probe: &Probe) -> bool {
    probe.max_ns >= STANDS_NS && live.own_longest_late_ns.saturating_mul(2) < probe.max_ns
}

/// The longest of what was asked of a member, and how much of its kind there was.
pub(super) fn longest(live: &Live) -> (u64, u64) {
    let probes = [&live.serializable, &live.linearizable, &live.write];
    let all = probes.into_iter().map(|probe| (probe.max_ns, probe.answered));
    all.max().unwrap_or_default()
}

/// What was asked of a member, as evidence.
pub(super) fn requests(live: &Live) -> Measured {
    let median = |probe: &Probe| (probe.answered > 0).then_some(probe.p50_ns);
    Measured::Requests {
        ping_ns: median(&live.ping),
        serializable_ns: median(&live.serializable),
        linearizable_ns: median(&live.linearizable),
        write_ns: median(&live.write),
    }
}
