//! The paths between members: what a read takes that the leader and a majority have to confirm, beyond one that a member
//! answers alone. No disk is in it but the wait for a sync that is under way, and that is told apart by its length.

use super::answering::answering;
use super::cpu::{Cpu, cpu};
use super::path::{Path, beyond_ping, requests};
use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Harm, Missing};
use crate::diagnosis::measured::Measured;
use crate::diagnosis::observed::{Live, Member};

/// A round trip from which on a path is told.
pub(super) const LONG_NS: u64 = 20_000_000;
/// One that is slow by what Red Hat asks for (99th percentile of the peers' round trips below 50 ms).
pub(super) const SLOW_NS: u64 = 50_000_000;
/// A path is the cause where it takes so many times as long as the sync of either end.
const BEYOND_SYNC: u64 = 3;
/// A loop that syncs for this share of the window makes others wait for it, whatever they wait for.
const BUSY_SYNCING: f64 = 0.3;
/// A round trip of up to so many syncs may have waited for them.
const DISK_EXPLAINS: u64 = 4;
/// What a confirmed read takes longer is a path between members only where it is so many times the way from here: on a
/// long one an answer in several pieces waits for acknowledgements.
const BEYOND_WAY: u64 = 2;
/// Two ways to measure the same round trip agree within this factor.
const AGREE: f64 = 2.0;

/// The slow paths: one by one, or all of them together.
pub(super) fn slow(members: &[Member], path: &Path) -> Vec<Diagnosis> {
    let Some(leader) = path.leader else { return Vec::new() };
    let Some(lead) = members[leader].live.as_deref() else { return Vec::new() };
    let followers: Vec<(usize, &Live)> =
        answering(members).filter(|(index, live)| *index != leader && !live.learner).collect();
    let long = |index: usize| path.round_trip_ns[index].filter(|ns| *ns >= LONG_NS);
    let slow: Vec<usize> =
        followers.iter().map(|(index, _)| *index).filter(|index| long(*index).is_some()).collect();
    let quorum_ns = path.quorum_round_trip_ns.unwrap_or_default();
    if slow.is_empty() && quorum_ns < LONG_NS {
        return Vec::new();
    }
    let excluded = excludes_others(lead, quorum_ns.max(LONG_NS));
    let mut ends = followers.iter().map(|(_, live)| *live).chain([lead]);
    if quorum_ns >= LONG_NS && ends.any(|live| disk_explains(live, quorum_ns)) {
        return Vec::new();
    }
    if quorum_ns >= LONG_NS && slow.len() == followers.len() && slow.len() > 1 {
        return vec![all(members, leader, path, excluded)];
    }
    let one = |index: usize| {
        let live = members[index].live.as_deref()?;
        one(members, path, (leader, lead), (index, live))
    };
    slow.into_iter().filter_map(one).collect()
}

/// Whether at this end neither the CPU, nor the disk, nor the backend explains a round trip.
fn excludes_others(live: &Live, round_trip_ns: u64) -> bool {
    let fsync = live.fsync.clone().unwrap_or_default();
    let busy = fsync.mean_ns as f64 * fsync.count as f64 / live.window_ns.max(1) as f64;
    let disk = BEYOND_SYNC * fsync.mean_ns <= round_trip_ns && busy < BUSY_SYNCING;
    let alone = beyond_ping(live, &live.serializable).unwrap_or_default();
    disk && live.metrics
        && cpu(live, round_trip_ns) == Cpu::Free
        && BEYOND_SYNC * alone <= round_trip_ns
}

/// Whether the way from here may have lengthened what was asked of a member by as much.
fn is_of_the_way(live: &Live, round_trip_ns: u64) -> bool {
    round_trip_ns < BEYOND_WAY.saturating_mul(live.ping.min_ns)
}

/// Whether the syncs of this end explain a round trip: its loop stands still for each, whatever it is asked. Then the disk
/// is told, and the path is not known.
fn disk_explains(live: &Live, round_trip_ns: u64) -> bool {
    let fsync = live.fsync.clone().unwrap_or_default();
    let busy = fsync.mean_ns as f64 * fsync.count as f64 / live.window_ns.max(1) as f64;
    let alike = round_trip_ns <= DISK_EXPLAINS.saturating_mul(fsync.mean_ns);
    fsync.mean_ns >= LONG_NS / 2 && (busy >= BUSY_SYNCING || alike)
}

/// The path to one follower.
fn one(
    members: &[Member],
    path: &Path,
    (leader, lead): (usize, &Live),
    (index, live): (usize, &Live),
) -> Option<Diagnosis> {
    let ns = path.round_trip_ns[index]?;
    if disk_explains(live, ns) || disk_explains(lead, ns) {
        return None;
    }
    if live.apply_backlog.is_some_and(|entries| entries >= super::stuck::BACKLOG) {
        return None;
    }
    // A write by way of the follower takes the path too; a reader of logs that stands still holds up reads alone.
    let writes = || {
        let here = beyond_ping(live, &live.write)?;
        let there = beyond_ping(lead, &lead.write)?;
        Some(here.saturating_sub(there))
    };
    let agrees = |other: u64| {
        let ratio = other as f64 / ns as f64;
        (1.0 / AGREE..=AGREE).contains(&ratio)
    };
    let by_writes = writes().map(agrees);
    if by_writes == Some(false) && writes().is_some_and(|ns| ns < LONG_NS / 2) {
        return None;
    }
    let own = own(members, leader, index);
    let by_own = own.as_ref().is_some_and(|(mean_ns, _)| agrees(*mean_ns));
    let excluded = excludes_others(live, ns)
        && excludes_others(lead, ns)
        && !is_of_the_way(live, ns)
        && !is_of_the_way(lead, ns);
    let certainty = match (excluded, by_writes == Some(true) || by_own) {
        (true, true) => Certainty::Clear,
        (true, false) => Certainty::Likely,
        (false, _) => Certainty::NotSure,
    };
    let harm = if ns >= SLOW_NS { Harm::Waits } else { Harm::Risk };
    let peer = Path::id(members, index);
    let told = Measured::RoundTrip { peer, ns };
    let own = own.map(|(mean_ns, count)| Measured::OwnRoundTrip { peer, mean_ns, count });
    let found = Diagnosis::new(Cause::PeerNetwork, leader, certainty, harm).about(peer);
    Some(
        found
            .lasting(lasted(ns, live))
            .measured([told])
            .measured(own)
            .measured([requests(live)])
            .measured(super::cpu::sync(live))
            .lacking(missing(certainty)),
    )
}

/// All paths between the leader and its followers.
fn all(members: &[Member], leader: usize, path: &Path, excluded: bool) -> Diagnosis {
    let followers: Vec<usize> =
        (0..members.len()).filter(|index| path.round_trip_ns[*index].is_some()).collect();
    let quorum_ns = path.quorum_round_trip_ns.unwrap_or_default();
    let ends = followers.iter().filter_map(|index| members[*index].live.as_deref());
    let lead = members[leader].live.as_deref();
    let excluded = excluded
        && ends.clone().all(|live| excludes_others(live, quorum_ns))
        && !lead.is_some_and(|lead| is_of_the_way(lead, quorum_ns));
    // Writes take one round trip and the slower of the syncs; where that is what was measured, nothing else is in it.
    let fits = path.predicted_ns.zip(path.write_ns).map(|(predicted, measured)| {
        let ratio = measured as f64 / predicted.max(1) as f64;
        (1.0 / AGREE..=AGREE).contains(&ratio)
    });
    let certainty = match (excluded, fits) {
        (true, Some(true)) => Certainty::Clear,
        (true, _) => Certainty::Likely,
        (false, _) => Certainty::NotSure,
    };
    let harm = if quorum_ns >= SLOW_NS { Harm::Waits } else { Harm::Risk };
    let told = followers.iter().filter_map(|index| {
        let ns = path.round_trip_ns[*index]?;
        Some(Measured::RoundTrip { peer: Path::id(members, *index), ns })
    });
    let own = followers.iter().filter_map(|index| {
        let (mean_ns, count) = own(members, leader, *index)?;
        Some(Measured::OwnRoundTrip { peer: Path::id(members, *index), mean_ns, count })
    });
    let window = members[leader].live.as_deref().map_or(0, |live| lasted(quorum_ns, live));
    Diagnosis::new(Cause::SlowPaths, leader, certainty, harm)
        .lasting(window)
        .measured(told)
        .measured(own)
        .measured(path.evidence())
        .lacking(missing(certainty))
}

/// The mean round trip that either end took down itself, since its start: smoothed, every 30 s.
fn own(members: &[Member], a: usize, b: usize) -> Option<(u64, u64)> {
    let of = |from: usize, to: usize| {
        let timing = members[from].live.as_deref()?.peer_rtt.get(&Path::id(members, to)?)?;
        (timing.count > 0).then_some((timing.mean_ns, timing.count))
    };
    of(a, b).or_else(|| of(b, a))
}

fn lasted(ns: u64, live: &Live) -> u64 {
    ns.saturating_mul(live.write.answered + live.linearizable.answered).min(live.window_ns)
}

fn missing(certainty: Certainty) -> Vec<Missing> {
    match certainty {
        Certainty::Clear => vec![],
        Certainty::Likely => vec![Missing::Network],
        Certainty::NotSure => vec![Missing::Network, Missing::Cpu],
    }
}
