//! The process and its machine: pauses, a blocked loop, starts that nobody asked for.

use super::common::{late_heartbeats, moments, no_slow_sync};
use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Evidence, Harm, Missing};
use crate::diagnosis::observed::{Member, Moments, Span};

/// Fewer moments happen once, for whatever reason.
const SEVERAL: usize = 3;
/// A single heartbeat that is late by no more than this share of its interval harms nobody.
const MINOR: f64 = 0.5;

/// A pause of the whole machine: everything took long at once, and the clocks of all peers ran ahead by as much.
pub(super) fn paused(index: usize, member: &Member) -> Option<Diagnosis> {
    let still = member.stood_still();
    if still.is_empty() {
        return None;
    }
    let apart = member.peers.iter().filter_map(|(id, peer)| {
        Some(Evidence::ClockApart { peer: *id, by_ns: peer.apart_ns?, rtt_ns: peer.quick_rtt_ns })
    });
    let apart: Vec<Evidence> = apart.collect();
    let one = Diagnosis::new(Cause::Paused, index, Certainty::NotSure, Harm::Waits).when(still);
    Some(
        one.because(apart)
            .because(late_heartbeats(member))
            .lacking([Missing::Machine, Missing::PeerLog]),
    )
}

/// Late heartbeats that no slow sync, no pause and no defragmentation explains.
pub(super) fn blocked(index: usize, member: &Member) -> Option<Diagnosis> {
    let heartbeats = &member.heartbeats;
    let mut excused = moments(member.defragmentations.iter().filter_map(|one| one.span));
    excused.extend(&member.stood_still());
    let long = heartbeats.unexplained.without(&excused, 0);
    // Beside a disk that is known to be slow, syncs just below the second that is logged are its too.
    let disk = member.slow_syncs.count > 0;
    let short = if disk { Moments::default() } else { heartbeats.short.without(&excused, 0) };
    let untimed = heartbeats.late.moments.is_empty() && heartbeats.late.count > 0;
    let untimed = untimed && (!disk || heartbeats.untimed_unexplained > 0);
    if (long.is_empty() && short.is_empty() && !untimed) || (!untimed && few(member, &long, &short))
    {
        return None;
    }
    let gaps = long.len() as u64 + heartbeats.untimed_unexplained;
    let evidence = [
        late_heartbeats(member),
        (gaps > 0).then_some(Evidence::GapsWithoutSync { count: gaps }),
        (!short.is_empty()).then_some(Evidence::ShortGaps { count: short.len() as u64 }),
        no_slow_sync(member),
        super::requests::slowest_step(member),
    ];
    let mut all = long.clone();
    all.extend(&short);
    // Work in memory alone that is slow, again and again, needs CPU; one moment may be a pause of the machine.
    let starved = member.is_slow_in_memory() && all.len() >= SEVERAL && !long.is_empty() && !disk;
    let (cause, certainty) = match starved {
        true => (Cause::Cpu, Certainty::Likely),
        false => (Cause::LoopBlocked, Certainty::NotSure),
    };
    let missing = match (starved, gaps > 0) {
        (true, _) => vec![Missing::Cpu],
        (false, true) if short.is_empty() => vec![Missing::Cpu, Missing::Machine, Missing::LogSink],
        (false, true) => {
            vec![Missing::Cpu, Missing::Machine, Missing::LogSink, Missing::Device]
        }
        (false, false) => vec![Missing::Cpu, Missing::Device, Missing::Machine],
    };
    let harm = if minor(member, &all) { Harm::None } else { Harm::Waits };
    let one = Diagnosis::new(cause, index, certainty, harm).when(all);
    Some(one.because(evidence.into_iter().flatten()).lacking(missing))
}

/// Whether these are a few among many that are explained: of the same kind, only longer than their sync.
fn few(member: &Member, long: &Moments, short: &Moments) -> bool {
    let explained = member.heartbeats.by_sync.len();
    short.is_empty() && 3 * long.len() <= explained
}

/// Whether heartbeats were late so seldom and by so little that nobody noticed.
fn minor(member: &Member, late: &Moments) -> bool {
    let heartbeats = &member.heartbeats.late;
    let interval_ns = member.heartbeat_interval_ns() as f64;
    let longest_gap_ns = heartbeats.longest_ns as f64 + 2.0 * interval_ns;
    let tiny = heartbeats.longest_ns as f64 <= MINOR * interval_ns && late.len() < SEVERAL;
    let rare = member.hours() >= late.len() as f64
        && 2.0 * longest_gap_ns <= member.election_timeout_ns() as f64;
    (tiny || rare) && !heartbeats.moments.is_empty()
}

/// Starts without a word of a shutdown before: killed, out of memory, a panic, or the machine went down.
pub(super) fn restarted(index: usize, member: &Member) -> Option<Diagnosis> {
    let times = member.crashes() as u64;
    if times == 0 {
        return None;
    }
    let starts = || {
        member.runs.windows(2).filter(|pair| !pair[0].stopped).filter_map(|pair| pair[1].started_ns)
    };
    let told = Evidence::Restarts { times, at_ns: starts().next_back() };
    let one = Diagnosis::new(Cause::Restarted, index, Certainty::NotSure, Harm::Waits);
    Some(one.when(moments(starts().map(Span::at))).because([told]).lacking([Missing::KernelLog]))
}
