//! The paths between members as the members themselves tell them, where no request of ours measured them.
//!
//! Each member asks each peer for its health every four seconds by a connection of its own, and takes the smoothed round
//! trip down every 30 s (rafthttp, `probing_status.go`): no disk is in it, and a process that gets no CPU answers late.

use super::answering::answering;
use super::cpu::{self, Cpu};
use super::network::{LONG_NS, SLOW_NS};
use super::path::Path;
use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Harm, Missing};
use crate::diagnosis::measured::Measured;
use crate::diagnosis::observed::Member;

/// The slow paths of the leader: one by one, or all of them together.
pub(super) fn slow(members: &[Member], path: &Path) -> Vec<Diagnosis> {
    let Some(leader) = path.leader.filter(|_| path.quorum_round_trip_ns.is_none()) else {
        return Vec::new();
    };
    let followers: Vec<usize> = answering(members)
        .filter(|(index, live)| *index != leader && !live.learner)
        .map(|(index, _)| index)
        .collect();
    let told = |index: usize| between(members, leader, index).filter(|told| told.0 >= LONG_NS);
    let slow: Vec<(usize, (u64, u64))> =
        followers.iter().filter_map(|index| Some((*index, told(*index)?))).collect();
    let free = |index: usize| {
        let live = members[index].live.as_deref();
        live.is_some_and(|live| cpu::cpu(live, LONG_NS) == Cpu::Free)
            || live.is_some_and(cpu::syncs_in_time)
    };
    if slow.len() > 1 && slow.len() == followers.len() {
        let all_free = free(leader) && followers.iter().all(|index| free(*index));
        let longest = slow.iter().map(|(_, (ns, _))| *ns).max().unwrap_or_default();
        let one = one(Cause::SlowPaths, leader, longest, all_free);
        return vec![
            one.measured(slow.iter().map(|(index, told)| evidence(members, *index, *told))),
        ];
    }
    let each = slow.into_iter().map(|(index, told)| {
        let found = one(Cause::PeerNetwork, leader, told.0, free(leader) && free(index));
        found.about(Path::id(members, index)).measured([evidence(members, index, told)])
    });
    each.collect()
}

fn one(cause: Cause, leader: usize, ns: u64, excluded: bool) -> Diagnosis {
    let (certainty, missing) = match excluded {
        true => (Certainty::Likely, vec![Missing::Network]),
        false => (Certainty::NotSure, vec![Missing::Network, Missing::Cpu]),
    };
    let harm = if ns >= SLOW_NS { Harm::Waits } else { Harm::Risk };
    Diagnosis::new(cause, leader, certainty, harm).lacking(missing)
}

fn evidence(members: &[Member], index: usize, (mean_ns, count): (u64, u64)) -> Measured {
    Measured::RoundTripWithin { peer: Path::id(members, index), mean_ns, count }
}

/// The mean round trip within the window, as the leader took it down, else the other end.
fn between(members: &[Member], leader: usize, index: usize) -> Option<(u64, u64)> {
    let of = |from: usize, to: usize| {
        let live = members[from].live.as_deref()?;
        let timing = live.peer_rtt_within.get(&Path::id(members, to)?)?;
        (timing.count > 0).then_some((timing.mean_ns, timing.count))
    };
    of(leader, index).or_else(|| of(index, leader))
}
