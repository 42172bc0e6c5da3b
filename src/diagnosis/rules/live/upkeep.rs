//! What a member does beside what it is asked here: it defragments, or sends very much to others.

use super::cpu::is_late;
use super::path::{Path, is_slow, longest, requests};
use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Evidence, Harm, Missing};
use crate::diagnosis::measured::Measured;
use crate::diagnosis::observed::{Live, Member, STALL_NS};
use crate::diagnosis::rules::requests::SHORT_PAUSE_NS;

/// Bytes that a member sends to its clients a second from which on its reads are large, and the least that one of them
/// reads on average: what goes to watchers is many small messages.
const MUCH_PER_S: f64 = 20e6;
const LARGE: f64 = 100e3;

/// A defragmentation, which blocks reads and writes of its member from beginning to end: etcd counts them.
pub(super) fn defragmentation(index: usize, live: &Live) -> Option<Diagnosis> {
    let times = live.growth("defragmentations").unwrap_or_default() as u64;
    if times == 0 && !live.defragmenting {
        return None;
    }
    let total_ns = (live.growth("defragmentation_s").unwrap_or_default() * 1e9) as u64;
    let (probe, of) = longest(live);
    let waited = probe.saturating_sub(live.ping.min_ns) >= STALL_NS;
    if !waited && total_ns / times.max(1) < SHORT_PAUSE_NS {
        return None;
    }
    let told = Measured::Defragmented { times, total_ns, going_on: live.defragmenting };
    let stalled = waited.then_some(Measured::Stalled { count: 1, of, longest_ns: probe });
    let harm = if waited { Harm::Waits } else { Harm::None };
    let one = Diagnosis::new(Cause::Defragmentation, index, Certainty::Clear, harm);
    Some(one.lasting(total_ns.max(probe)).measured([told]).measured(stalled))
}

/// Reads of very much at once by others: told as harmless where nothing is slow beside them.
pub(super) fn large_reads(members: &[Member], index: usize, path: &Path) -> Option<Diagnosis> {
    let live = members[index].live.as_deref()?;
    let seconds = live.window_ns as f64 / 1e9;
    let sent = live.growth("client_sent_bytes").filter(|_| seconds > 0.0)?;
    let reads = live.growth("ranges").unwrap_or_default().max(1.0);
    if sent / seconds < MUCH_PER_S || sent / reads < LARGE {
        return None;
    }
    let leads = path.leader == Some(index);
    // What is asked of the others waits for the leader, too.
    let harms = is_slow(live) || is_late(live) || (leads && path.slow);
    let harm = if harms { Harm::Waits } else { Harm::None };
    let told = Measured::Sent { bytes: sent as u64, window_ns: live.window_ns };
    let used = live.cpu_cores.map(|cores| Measured::CpuUsed { cores });
    let one = Diagnosis::new(Cause::LargeReads, index, Certainty::Likely, harm);
    let one = one.lasting(if harms { live.window_ns } else { 0 }).measured([told]).measured(used);
    Some(one.measured([requests(live)]).lacking([Missing::LeaderLog]))
}

/// A process whose CPUs its own large reads take is short of CPU because of them; where its control group held it back,
/// both are told.
pub(super) fn cpu_for_reads(found: &mut Vec<Diagnosis>) {
    let reads: Vec<usize> = found
        .iter()
        .filter(|one| one.cause == Cause::LargeReads && one.is_live() && one.harm >= Harm::Waits)
        .map(|one| one.member)
        .collect();
    let is_theirs = |one: &Diagnosis| {
        let throttled =
            |told: &Evidence| matches!(told, Evidence::Measured(Measured::Throttled { .. }));
        one.cause == Cause::Cpu
            && one.is_live()
            && reads.contains(&one.member)
            && !one.evidence.iter().any(throttled)
    };
    let (theirs, rest): (Vec<Diagnosis>, Vec<Diagnosis>) =
        std::mem::take(found).into_iter().partition(is_theirs);
    *found = rest;
    for cpu in theirs {
        let reads =
            found.iter_mut().find(|one| one.cause == Cause::LargeReads && one.member == cpu.member);
        if let Some(reads) = reads {
            for told in cpu.evidence {
                if !reads.evidence.contains(&told) {
                    reads.evidence.push(told);
                }
            }
        }
    }
}
