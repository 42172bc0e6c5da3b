//! The disk: what it refused, what it damaged, and how long it took.

use super::common::{late_heartbeats, moments};
use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Evidence, Harm, Missing};
use crate::diagnosis::observed::{Filling, Member, Span, StorageFault};

/// Syncs of so many separate moments are a disk that is slow, not one bad moment of the machine.
const SEVERAL: usize = 2;
/// A database beyond this share of its quota is warned of (etcd's alerts have 95 %, its maintainers' sanity check 80 %).
const NEAR_QUOTA: f64 = 0.8;
/// Causes that are told as two where the smaller is at least this share of the larger.
const COMPARABLE: f64 = 1.5;

/// Writes that were refused for want of space; or a database that comes near its quota.
pub(super) fn quota(index: usize, member: &Member) -> Option<Diagnosis> {
    let database = member.database_bytes.map(|(bytes, in_use_bytes)| Evidence::Database {
        bytes,
        in_use_bytes,
        quota_bytes: member.quota_bytes,
    });
    if member.no_space {
        let since = member
            .no_space_at_ns
            .zip(member.span)
            .map(|(at, span)| Span { from_ns: at, to_ns: span.to_ns });
        let told = Evidence::NoSpace {
            at_ns: member.no_space_at_ns,
            refused: member.refused,
            disarmed: member.alarm_off,
        };
        let one = Diagnosis::new(Cause::Quota, index, Certainty::Clear, Harm::Outage);
        return Some(one.when(moments(since)).because([told]).because(database));
    }
    let (bytes, _) = member.database_bytes?;
    let quota = member.quota_bytes.filter(|quota| *quota > 0)?;
    let near = bytes as f64 >= NEAR_QUOTA * quota as f64;
    let soon = full_soon(member, quota);
    (near || soon.is_some()).then(|| {
        let one = Diagnosis::new(Cause::QuotaNear, index, Certainty::Clear, Harm::Risk);
        one.because(soon).because(database)
    })
}

/// Growth that fills the database in fewer days than asked for; of a time too short to tell, nothing follows.
fn full_soon(member: &Member, quota_bytes: u64) -> Option<Evidence> {
    let filling = member.filling.filter(Filling::is_long_enough)?;
    let (bytes, in_use) = member.database_bytes?;
    let days_left = filling.days_left(in_use.unwrap_or(bytes), quota_bytes)?;
    (days_left < f64::from(filling.least_days)).then_some(Evidence::FullSoon {
        grew_bytes: filling.grew_bytes,
        window_s: filling.window_s,
        days_left,
    })
}

/// What the system reported of the storage.
pub(super) fn faults(index: usize, member: &Member) -> Vec<Diagnosis> {
    let told = |fault: &StorageFault| {
        let (count, at_ns) = *member.faults.get(fault)?;
        Some(Evidence::StorageFault { fault: *fault, count, at_ns })
    };
    let of = |cause, faults: &[StorageFault]| {
        let evidence: Vec<Evidence> = faults.iter().filter_map(told).collect();
        (!evidence.is_empty()).then(|| {
            let one = Diagnosis::new(cause, index, Certainty::Clear, Harm::Outage);
            one.because(evidence).lacking([Missing::KernelLog])
        })
    };
    let disk =
        of(Cause::Disk, &[StorageFault::Full, StorageFault::InputOutput, StorageFault::ReadOnly]);
    let data = of(Cause::Corruption, &[StorageFault::Checksum, StorageFault::Corrupt]);
    disk.into_iter().chain(data).collect()
}

/// Slow syncs of the WAL.
///
/// A sync is timed by the clock on the wall: a starved or paused process makes it long too. What tells the two apart is
/// whether other things of that process stood still without a sync: late heartbeats after gaps that no sync filled.
pub(super) fn disk(index: usize, member: &Member) -> Option<Diagnosis> {
    let syncs = &member.slow_syncs;
    let stood_still = member.stood_still();
    let rest = syncs.moments.without(&stood_still, 0);
    if syncs.count == 0 || (rest.is_empty() && !syncs.moments.is_empty()) {
        return None;
    }
    let untimed = syncs.moments.is_empty();
    let stalls = if untimed { syncs.count as usize } else { rest.len() };
    let heartbeats = &member.heartbeats;
    let elsewhere = heartbeats.unexplained.without(&stood_still, 0).len() as u64
        + heartbeats.untimed_unexplained;
    let contested = COMPARABLE * elsewhere as f64 >= stalls as f64 && elsewhere > 0;
    // Many late heartbeats beside few logged syncs may be of shorter syncs, or of something else.
    let mostly = heartbeats.short.len() <= stalls + heartbeats.by_sync.len();
    let certainty = match (contested, stalls >= SEVERAL && mostly) {
        (true, _) => Certainty::NotSure,
        (false, true) if !member.is_slow_in_memory() => Certainty::Clear,
        (false, _) => Certainty::Likely,
    };
    let told = Evidence::SlowSyncs {
        count: syncs.count,
        at_least: syncs.sampled,
        longest_ns: syncs.longest_ns,
        total_ns: syncs.total_ns,
    };
    let against = contested.then_some(Evidence::GapsWithoutSync { count: elsewhere });
    let missing = match certainty {
        Certainty::Clear => vec![Missing::Cpu],
        _ => vec![Missing::Cpu, Missing::Machine, Missing::Device],
    };
    let one = Diagnosis::new(Cause::Disk, index, certainty, Harm::Waits).when(rest);
    Some(one.because([told]).because(late_heartbeats(member)).because(against).lacking(missing))
}
