//! The disk: syncs that are long while the process gets its CPU.

use super::answering::answering;
use super::cpu::{self, Cpu};
use super::path::{Path, SLOW_SYNC_NS};
use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Harm, Missing};
use crate::diagnosis::measured::Measured;
use crate::diagnosis::observed::{Live, Member, Timing};

/// A mean commit beyond this is slow: several times the FAQ's 25 ms for the 99th percentile.
const SLOW_COMMIT_NS: u64 = 75_000_000;
/// Syncs or commits from which on a mean convicts.
const ENOUGH: u64 = 10;
/// Of such that take this long, fewer do.
const VERY_SLOW_NS: u64 = 200_000_000;
const FEW: u64 = 3;
/// Syncs beyond 128 ms, from this share on and this many, are a disk that stalls.
const STALL_SHARE: f64 = 0.01;
const STALLS: u64 = 3;
/// Half of the syncs beyond this bound of etcd's histogram are a disk that is slow, and no CPU that is short: a process
/// that is held back by a quota issues its syncs while it runs, and of those only the ones within which its quota ends
/// come back late. Of clusters held to 3 % of a CPU 14 to 25 % of the syncs were late and half took 2 ms at most; of
/// those with a disk held to 30 writes a second 70 % were (scripts/confusion --files --keep, etcd 3.5.30).
const MOST_SLOW_NS: u64 = 8_000_000;
/// Of a write that is slow, a disk explains at least this; else most of it is something else.
const EXPLAINS: f64 = 0.5;

/// A member whose disk is slow, with what tells it from a slow CPU.
pub(super) fn slow(members: &[Member], index: usize, path: &Path) -> Option<Diagnosis> {
    let live = members[index].live.as_deref().filter(|live| !live.restarted)?;
    let fsync = live.fsync.clone().unwrap_or_default();
    let commit = live.commit.clone().unwrap_or_default();
    let syncs_slowly = enough(&fsync) && fsync.mean_ns >= SLOW_SYNC_NS;
    let stalls = fsync.stalls >= STALLS && fsync.stalls as f64 >= STALL_SHARE * fsync.count as f64;
    let commits_slowly = enough(&commit) && commit.mean_ns >= SLOW_COMMIT_NS;
    if !syncs_slowly && !stalls && !commits_slowly {
        return None;
    }
    let took_ns = if syncs_slowly { fsync.mean_ns } else { fsync.mean_ns.max(commit.mean_ns) };
    let cpu = cpu::cpu(live, took_ns);
    if cpu == Cpu::Starved {
        // Then its clock on the wall says nothing of the disk, and the CPU is told.
        return None;
    }
    let waited_for = path.waits_for_disk_of(index) || !syncs_slowly;
    let explained = path.share(took_ns).is_none_or(|share| share >= EXPLAINS);
    let slow_here = super::path::is_slow(live);
    let felt = path.writes_are_slow() || slow_here;
    // Where nothing was asked meanwhile, how many of the syncs were slow tells whether the CPU was short.
    let unasked = cpu == Cpu::Open && syncs_slowly && cpu::is_unasked(live);
    let most_slow = fsync.p50_above_ns >= MOST_SLOW_NS;
    let certainty = match (cpu, felt && waited_for && !explained) {
        (Cpu::Open, _) if unasked && most_slow => Certainty::Likely,
        // Rare stalls may be those of the whole machine, and long commits those of large transactions.
        (Cpu::Free, false) if syncs_slowly => Certainty::Clear,
        (Cpu::Free, _) => Certainty::Likely,
        (Cpu::Open | Cpu::Starved, _) => Certainty::NotSure,
    };
    // Whoever asks a follower waits for its disk, whether or not the others do.
    let harm = if felt && waited_for || slow_here { Harm::Waits } else { Harm::Risk };
    let missing = match certainty {
        Certainty::Clear => vec![],
        _ => vec![Missing::Cpu, Missing::Device],
    };
    let lasted = fsync.mean_ns.saturating_mul(fsync.count).min(live.window_ns);
    let one = Diagnosis::new(Cause::Disk, index, certainty, harm).lasting(lasted);
    let free = match cpu {
        Cpu::Free => Some(cpu::free(live)),
        _ if unasked && most_slow => Some(Measured::MostSyncsSlow { above_ns: fsync.p50_above_ns }),
        _ if unasked => {
            fsync.p50_at_most_ns.map(|at_most_ns| Measured::MostSyncsFast { at_most_ns })
        }
        _ => None,
    };
    let slow_commit = (commits_slowly || (stalls && commit.count > 0))
        .then_some(Measured::Commit { count: commit.count, mean_ns: commit.mean_ns });
    Some(
        one.measured(cpu::sync(live))
            .measured(slow_commit)
            .measured(elsewhere(members, index))
            .measured(free)
            .measured((!waited_for).then_some(Measured::NotWaitedFor))
            .measured(path.evidence().filter(|_| waited_for))
            .lacking(missing),
    )
}

/// The fastest disk of the others: a control, taken in the same way at the same time.
fn elsewhere(members: &[Member], index: usize) -> Option<Measured> {
    let mean = |live: &Live| live.fsync.as_ref().filter(|f| f.count > 2).map(|f| f.mean_ns);
    let others = answering(members).filter(|(other, _)| *other != index);
    let mean_ns = others.filter_map(|(_, live)| mean(live)).min()?;
    Some(Measured::FsyncElsewhere { mean_ns })
}

/// Whether there are enough of them: fewer do where each took so long that the window has no room for more.
fn enough(timing: &Timing) -> bool {
    timing.count >= if timing.mean_ns >= VERY_SLOW_NS { FEW } else { ENOUGH }
}
