//! The CPU: a process that does not get it answers late even what it answers from memory.
//!
//! Every figure of etcd's is taken by the clock on the wall, that of a sync too: a starved member tells of slow syncs on
//! the fastest disk. What a starved process cannot do, and one that waits for a disk can, is to answer `GET /version` at
//! once.

use super::answering::answering;
use super::path::{OWN_LATE, Path, SLOW_SYNC_NS, beyond_ping};
use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Harm, Missing};
use crate::diagnosis::measured::Measured;
use crate::diagnosis::observed::{Live, LocalCpu, Member, Timing};

/// Pings from which on their lateness says something.
pub(super) const ENOUGH_PINGS: u64 = 8;
/// Late pings of members that are not starved, at most; a starved one has at least the other share.
const FREE_SHARE: f64 = 0.05;
const STARVED_SHARE: f64 = 0.2;
/// A process that is late by less on the average is not starved.
const STARVED_NS: u64 = 5_000_000;
/// Pings that are late by less than this part of a sync exclude that the CPU made the sync so long.
const EXCLUDES: u64 = 4;
/// Threads that waited for a CPU for this share of the window were held up by it.
const WAITED: f64 = 0.2;
/// Those that waited for less were not.
const HARDLY_WAITED: f64 = 0.03;
/// A group that was throttled for this share of the window was held up by it.
const THROTTLED: f64 = 0.01;
/// One that was throttled for this share is told even where nobody noticed yet.
const THROTTLED_MUCH: f64 = 0.05;
/// One that was throttled for this share waits for its CPU, however many of its answers from memory came between two waits.
const THROTTLED_HEAVILY: f64 = 0.2;
/// So many late answers of one member are no accident, from `FREE_SHARE` on, where of the others no more than this share is
/// late (a leader held to 3 % of a CPU: 10 to 21 %, the others none; scripts/confusion, etcd 3.5.30).
const FEW: u64 = 4;
const ALONE_SHARE: f64 = 0.01;
/// Syncs from which on their times tell of the CPU, and a mean of theirs that excludes that it was short.
const ENOUGH_SYNCS: u64 = 50;
const IN_TIME_NS: u64 = 5_000_000;
/// A figure that is so many times that of the others, measured by the same clock, is another one.
const BEYOND_OTHERS: u64 = 3;

/// Whether a member got its CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cpu {
    /// It did: what took this long was something else.
    Free,
    /// It did not.
    Starved,
    /// What was seen does not tell.
    Open,
}

/// By how much answers from memory exceed the shortest, on the average.
fn delay(live: &Live) -> u64 {
    live.ping.mean_ns.saturating_sub(live.ping.min_ns)
}

/// Whether a member got its CPU, as far as something that took so long is concerned.
///
/// Answers from memory come first: they show what the process really waited. The kernel's figures decide where those do
/// not tell.
pub fn cpu(live: &Live, took_ns: u64) -> Cpu {
    let ping = &live.ping;
    if ping.answered < ENOUGH_PINGS {
        return locally(live).unwrap_or(Cpu::Open);
    }
    let (share, delay) = (ping.late_share(), delay(live));
    if delay.saturating_mul(EXCLUDES) <= took_ns {
        return Cpu::Free;
    }
    if let Some(seen) = locally(live) {
        return seen;
    }
    // A late observer makes late pings.
    let starved = share >= STARVED_SHARE && delay >= STARVED_NS && live.own_late_share < OWN_LATE;
    if starved { Cpu::Starved } else { Cpu::Open }
}

/// What the kernel says, where the member runs on this machine.
fn locally(live: &Live) -> Option<Cpu> {
    let seen = live.local_cpu.filter(|_| live.window_ns > 0)?;
    let share = |ns: u64| ns as f64 / live.window_ns as f64;
    if share(seen.throttled_ns) >= THROTTLED || share(seen.waited_ns) >= WAITED {
        return Some(Cpu::Starved);
    }
    let free = seen.throttled_ns == 0 && share(seen.waited_ns) <= HARDLY_WAITED;
    free.then_some(Cpu::Free)
}

/// A member that did not get its CPU.
pub(super) fn starved(members: &[Member], index: usize, path: &Path) -> Option<Diagnosis> {
    let live = members[index].live.as_deref()?;
    // Threads that wait, and answers from memory that come at once all the same: nobody waits for the CPU.
    let in_time = live.ping.late_share() < STARVED_SHARE && live.ping.answered >= ENOUGH_PINGS;
    let often = cpu(live, 0) == Cpu::Starved && !in_time;
    if !often && !is_late_alone(members, index) && !is_throttled_for(live, THROTTLED_MUCH) {
        return None;
    }
    let leads = path.leader == Some(index);
    let slow_ns = slowest(live).max(path.write_ns.filter(|_| leads));
    // Of what is slow a CPU that delays by a small part of it is not the cause, however short it is.
    let explains = slow_ns.is_none_or(|ns| delay(live).saturating_mul(EXCLUDES) > ns)
        || is_held_back_alone(members, index, path);
    let slow = super::path::is_slow(live) || (leads && (path.slow || path.writes_are_slow()));
    let felt = explains && slow;
    let busy_observer = live.own_late_share >= OWN_LATE;
    let throttled = is_throttled_for(live, THROTTLED);
    if !felt && busy_observer && !throttled {
        return None;
    }
    let others = elsewhere(members, index);
    let others_fine = others.is_some_and(|(pings, late)| late as f64 <= FREE_SHARE * pings as f64);
    // The path from here to one member makes its pings late, and never the times that it takes itself.
    let inflated = others_fine && is_inflated(members, index);
    let certainty = match (throttled, felt) {
        (true, true) => Certainty::Clear,
        (true, false) => Certainty::Likely,
        // Where the observer is late too, the whole machine is busy, the check on it as well.
        (false, _) if busy_observer => Certainty::NotSure,
        (false, _) if inflated || locally(live) == Some(Cpu::Starved) => Certainty::Likely,
        (false, _) => Certainty::NotSure,
    };
    let harm = if felt { Harm::Waits } else { Harm::Risk };
    let missing = match certainty {
        Certainty::Clear => vec![],
        Certainty::Likely => vec![Missing::Cpu],
        Certainty::NotSure => vec![Missing::Cpu, Missing::Network, Missing::OtherClient],
    };
    let late =
        (live.ping.late as f64 / live.ping.answered.max(1) as f64 * live.window_ns as f64) as u64;
    let one = Diagnosis::new(Cause::Cpu, index, certainty, harm).lasting(late);
    let others = others.map(|(pings, late)| Measured::PingsElsewhere { pings, late });
    Some(one.measured(evidence(live)).measured(others).measured(sync(live)).lacking(missing))
}

/// Whether the kernel held it back for much of the time, and nothing else is known that its requests waited for: neither its
/// own disk nor the leader.
fn is_held_back_alone(members: &[Member], index: usize, path: &Path) -> bool {
    let Some(live) = members[index].live.as_deref() else { return false };
    let leads = path.leader == Some(index);
    let leader = path.leader.and_then(|leader| members[leader].live.as_deref());
    let by_leader = !leads && leader.is_some_and(super::path::is_slow);
    let by_disk = live.fsync.as_ref().is_some_and(|fsync| fsync.mean_ns >= SLOW_SYNC_NS);
    is_throttled_for(live, THROTTLED_HEAVILY) && !by_leader && !by_disk
}

/// Whether it alone was late, now and then, with answers from memory, and as far beyond the others in what it timed itself:
/// a process that is held back for a moment again and again.
fn is_late_alone(members: &[Member], index: usize) -> bool {
    let Some(live) = members[index].live.as_deref() else { return false };
    let others = elsewhere(members, index);
    let others_fine = others.is_some_and(|(pings, late)| late as f64 <= ALONE_SHARE * pings as f64);
    // What its syncs take beyond that is not the CPU's.
    let of_syncs = live.fsync.as_ref().is_none_or(|fsync| fsync.mean_ns <= delay(live));
    of_syncs
        && live.ping.late >= FEW
        && live.ping.late_share() >= FREE_SHARE
        && live.own_late_share < OWN_LATE
        && others_fine
        && is_inflated(members, index)
}

/// Whether many answers from memory were late, while whoever asked was not.
pub(super) fn is_late(live: &Live) -> bool {
    live.ping.answered >= ENOUGH_PINGS
        && live.ping.late_share() >= STARVED_SHARE
        && live.own_late_share < OWN_LATE
}

/// Whether the kernel tells that it did not get its CPU.
pub(super) fn is_held_back(live: &Live) -> bool {
    locally(live) == Some(Cpu::Starved)
}

fn evidence(live: &Live) -> Vec<Measured> {
    let ping = &live.ping;
    let late = Measured::PingsLate { pings: ping.answered, late: ping.late, delay_ns: delay(live) };
    let used = live.cpu_cores.map(|cores| Measured::CpuUsed { cores });
    let mut all: Vec<Measured> = [late].into_iter().chain(kernel(live)).collect();
    // A limit that was met says more than a few answers that were late.
    if is_throttled_for(live, THROTTLED) && live.ping.late_share() < STARVED_SHARE {
        all.reverse();
    }
    all.extend(used);
    all
}

/// By how much the slowest of what was asked of a member exceeds the way to it, at the median.
fn slowest(live: &Live) -> Option<u64> {
    let probes = [&live.serializable, &live.linearizable, &live.write];
    probes.into_iter().filter_map(|probe| beyond_ping(live, probe)).max()
}

/// Whether its control group was held back for this share of the window.
fn is_throttled_for(live: &Live, least: f64) -> bool {
    let share = |seen: LocalCpu| seen.throttled_ns as f64 / live.window_ns.max(1) as f64;
    live.local_cpu.is_some_and(|seen| share(seen) >= least)
}

/// What the kernel says, as evidence.
pub(super) fn kernel(live: &Live) -> Option<Measured> {
    let (seen, window_ns) = (live.local_cpu?, live.window_ns);
    Some(match seen.throttled_ns {
        0 => Measured::WaitedForCpu { waited_ns: seen.waited_ns, window_ns },
        throttled_ns => Measured::Throttled { throttled_ns, window_ns },
    })
}

/// That a member got its CPU, as evidence.
pub(super) fn free(live: &Live) -> Measured {
    Measured::CpuFree { pings: live.ping.answered, delay_ns: delay(live) }
}

/// The syncs of a member, as evidence.
pub(super) fn sync(live: &Live) -> Option<Measured> {
    let fsync: &Timing = live.fsync.as_ref().filter(|fsync| fsync.count > 0)?;
    Some(Measured::Fsync {
        count: fsync.count,
        mean_ns: fsync.mean_ns,
        p99_above_ns: fsync.p99_above_ns,
        p99_at_most_ns: fsync.p99_at_most_ns,
        stalls: fsync.stalls,
    })
}

/// Pings of the other members, and how many of them were late.
fn elsewhere(members: &[Member], index: usize) -> Option<(u64, u64)> {
    let others = answering(members).filter(|(other, _)| *other != index);
    let sum = others.fold((0, 0), |(pings, late), (_, live)| {
        (pings + live.ping.answered, late + live.ping.late)
    });
    (sum.0 >= ENOUGH_PINGS).then_some(sum)
}

/// Whether nothing was asked that would tell of the CPU.
pub(super) fn is_unasked(live: &Live) -> bool {
    live.ping.answered < ENOUGH_PINGS && locally(live).is_none()
}

/// Whether syncs were so fast that the process got its CPU: whoever is held back wakes up late from some of them.
pub(super) fn syncs_in_time(live: &Live) -> bool {
    let in_time = |fsync: &Timing| {
        fsync.count >= ENOUGH_SYNCS
            && fsync.mean_ns < IN_TIME_NS
            && fsync.p99_above_ns < STARVED_NS * 4
    };
    live.fsync.as_ref().is_some_and(in_time)
}

/// Whether what the member timed itself is far beyond what the others did.
fn is_inflated(members: &[Member], index: usize) -> bool {
    type Of = fn(&Live) -> Option<&Timing>;
    let kinds: [Of; 3] =
        [|live| live.fsync.as_ref(), |live| live.commit.as_ref(), |live| live.apply.as_ref()];
    kinds.iter().any(|of| {
        let mean = |live: &Live| of(live).filter(|timing| timing.count > 2).map(|t| t.mean_ns);
        let own = members[index].live.as_deref().and_then(mean);
        let others = answering(members).filter(|(other, _)| *other != index);
        let slowest = others.filter_map(|(_, live)| mean(live)).max();
        own.zip(slowest).is_some_and(|(own, other)| {
            own >= STARVED_NS && own >= BEYOND_OTHERS.saturating_mul(other)
        })
    })
}
