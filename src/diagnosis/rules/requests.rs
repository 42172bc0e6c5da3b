//! Slow requests that nothing else explains, and what etcd does for itself: defragmentation and compaction.

use super::common::{BESIDE_NS, moments, no_slow_sync};
use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Evidence, Harm, Missing};
use crate::diagnosis::observed::{Member, Moments, Step};

/// Fewer slow requests happen anywhere.
const SEVERAL: u64 = 3;
/// So many are told however short they were; fewer only where one of them was long.
const MANY: u64 = 30;
/// Long enough for a client to notice: etcd warns of whole requests from 300 ms on.
const LONG_NS: u64 = 500_000_000;
/// A defragmentation this short is no pause that anybody has to plan for.
pub const SHORT_PAUSE_NS: u64 = 300_000_000;
/// This share of the slow requests beside compactions, which take no more than this share of the time, are theirs.
const MOSTLY: f64 = 0.8;
const SELDOM: f64 = 0.3;

/// A defragmentation blocks reads and writes of its member from beginning to end.
pub(super) fn defragmentation(index: usize, member: &Member) -> Option<Diagnosis> {
    let longest = member.defragmentations.iter().max_by_key(|one| one.took_ns)?;
    let when = moments(member.defragmentations.iter().filter_map(|one| one.span));
    let waited = [&member.slow_writes, &member.slow_reads, &member.slow_requests];
    let waited = waited.iter().any(|waits| waits.moments.events_near(&when, 0) > 0);
    if longest.took_ns < SHORT_PAUSE_NS && !waited {
        return None;
    }
    let told = Evidence::Defragmented {
        times: member.defragmentations.len() as u64,
        longest_ns: longest.took_ns,
        before_bytes: longest.before_bytes,
        after_bytes: longest.after_bytes,
    };
    let harm = if waited || longest.took_ns >= member.election_timeout_ns() {
        Harm::Waits
    } else {
        Harm::None
    };
    let one = Diagnosis::new(Cause::Defragmentation, index, Certainty::Clear, harm).when(when);
    Some(one.because([told]).because(no_slow_sync(member)))
}

/// Slow requests that come with compactions, which are rare.
pub(super) fn compaction(index: usize, member: &Member, explained: &Moments) -> Option<Diagnosis> {
    let compactions = &member.compactions;
    let slow = slow_requests(member, explained);
    let beside = slow.events_near(&compactions.moments, 0);
    let all = slow.events();
    let covered = compactions.moments.total_ns() as f64 / 3.6e12;
    let seldom = covered <= SELDOM * member.hours() && compactions.moments.len() >= 2;
    if beside < SEVERAL || (beside as f64) < MOSTLY * all as f64 || !seldom {
        return None;
    }
    let told = Evidence::Compactions {
        count: compactions.count,
        longest_ns: compactions.longest_ns,
        beside,
    };
    let one = Diagnosis::new(Cause::Compaction, index, Certainty::Likely, Harm::Waits);
    let one = one.when(compactions.moments.clone()).because([told]).because(slowest_step(member));
    Some(one.lacking([Missing::Device, Missing::Cpu]))
}

/// Slow reads and writes beside nothing that explains them.
fn slow_requests(member: &Member, explained: &Moments) -> Moments {
    let mut slow = member.slow_writes.moments.without(explained, BESIDE_NS);
    slow.extend(&member.slow_reads.moments.without(explained, BESIDE_NS));
    slow.extend(&member.read_index.without(explained, BESIDE_NS));
    slow
}

/// The step in which most traces spent their time.
pub(super) fn slowest_step(member: &Member) -> Option<Evidence> {
    let of: u64 = member.steps.values().map(|time| time.count).sum();
    let (step, time) = member.steps.iter().max_by_key(|(_, time)| (time.count, time.total_ns))?;
    (*step != Step::Other).then_some(Evidence::SlowStep {
        step: *step,
        count: time.count,
        of,
        total_ns: time.total_ns,
    })
}

/// What is left: slow requests that no other cause explains.
pub(super) fn slow(
    index: usize,
    member: &Member,
    explained: &Moments,
    found: &[Diagnosis],
) -> Option<Diagnosis> {
    let (reads, writes, large) = (&member.slow_reads, &member.slow_writes, &member.large_reads);
    // A log without times tells no order in which one could explain the other; then a cause explains all.
    let has_cause = found.iter().any(|one| one.member == index && one.harm >= Harm::Waits);
    let outside = |moments: &Moments, count: u64| match moments.is_empty() {
        true if has_cause => 0,
        true => count,
        false => moments.without(explained, BESIDE_NS).events(),
    };
    let counts = [
        outside(&reads.moments, reads.count),
        outside(&writes.moments, writes.count),
        outside(&member.read_index, member.read_index_slow),
    ];
    let all: u64 = counts.iter().sum();
    let when = slow_requests(member, explained);
    let longest_ns = when
        .iter()
        .map(|one| one.longest_ns)
        .max()
        .unwrap_or(reads.longest_ns.max(writes.longest_ns));
    let enough = all >= SEVERAL && (longest_ns >= LONG_NS || all >= MANY || counts[2] >= SEVERAL);
    let compacts = found.iter().any(|one| one.member == index && one.cause == Cause::Compaction);
    if !enough || compacts || (all as f64) < member.hours() {
        return None;
    }
    let by_size = 2 * outside(&large.moments, large.count) >= all && counts[2] == 0;
    let (cause, certainty) = match () {
        () if by_size && counts[1] <= counts[0] => (Cause::LargeReads, Certainty::Likely),
        () if member.is_slow_in_memory() && in_memory_kinds(member) >= 2 && large.count == 0 => {
            (Cause::Cpu, Certainty::Likely)
        }
        () => (Cause::SlowRequests, Certainty::NotSure),
    };
    let one = Diagnosis::new(cause, index, certainty, Harm::Waits).when(when);
    Some(one.because(evidence(member, counts)).lacking(missing(member, cause)))
}

fn evidence(member: &Member, [reads, writes, read_index]: [u64; 3]) -> Vec<Evidence> {
    let all = [
        (writes > 0).then_some(Evidence::SlowWrites {
            count: writes,
            at_least: member.slow_writes.sampled,
            longest_ns: member.slow_writes.longest_ns,
        }),
        (reads > 0).then_some(Evidence::SlowReads {
            count: reads,
            at_least: member.slow_reads.sampled,
            longest_ns: member.slow_reads.longest_ns,
            largest_bytes: member.largest_answer_bytes,
        }),
        (read_index > 0).then_some(Evidence::ReadIndexSlow { count: read_index }),
        slowest_step(member),
        no_slow_sync(member),
    ];
    all.into_iter().flatten().collect()
}

/// How many different things in memory were slow: one may be its own lock, several are the process.
fn in_memory_kinds(member: &Member) -> usize {
    let kinds = [Step::Index, Step::Checks, Step::Response, Step::Auth];
    kinds.iter().filter(|step| member.steps.contains_key(step)).count()
}

/// What would decide depends on where the time went.
fn missing(member: &Member, cause: Cause) -> Vec<Missing> {
    if cause != Cause::SlowRequests {
        return vec![Missing::Cpu];
    }
    let step = slowest_step(member).map(|told| match told {
        Evidence::SlowStep { step, .. } => step,
        _ => Step::Other,
    });
    match step {
        Some(Step::ReadIndex) => vec![Missing::LeaderLog, Missing::Network],
        Some(Step::Consensus) => vec![Missing::LeaderLog, Missing::Device, Missing::Network],
        Some(Step::BackendLock | Step::ApplyBacklog | Step::Compaction) => {
            vec![Missing::Device, Missing::Cpu]
        }
        Some(Step::Index | Step::Checks | Step::Response | Step::Auth | Step::Database) => {
            vec![Missing::Cpu]
        }
        _ if member.read_index_slow > 0 => vec![Missing::LeaderLog, Missing::Network],
        _ => vec![Missing::Device, Missing::Cpu],
    }
}
