//! A member that is late with what it answers from memory. Its figures of the disk are taken by the clock on the wall and
//! say nothing then, so that this comes before anything is said about disks.

use crate::diagnosis::{Cause, Certainty, Cpu, Harm, Live, Member, cpu, diagnose};
use crate::result::Severity;

use super::super::evidence::Evidence;
use super::super::live::{self, ENOUGH_PINGS};
use super::{Found, HeldBy, SlowMember};

/// A member is late where this share of its pings is …
const LATE_SHARE: f64 = 0.2;
/// … and the others are not where at most this one is; whoever asked was on time where at most this one was late.
const IN_TIME_SHARE: f64 = 0.05;
const OWN_LATE_SHARE: f64 = 0.1;

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    let members = live::members(evidence);
    starved(&members).or_else(|| late(&members))
}

/// Whether the syncs of a member, that took so long, may be so for want of a CPU; nothing where that was not looked at.
pub(super) fn may_be_short(evidence: &Evidence, member: u32, took_ns: u64) -> Option<bool> {
    let members = live::members(evidence);
    let live = members.get(member as usize)?.live.as_deref()?;
    (live.ping.answered >= ENOUGH_PINGS || live.local_cpu.is_some())
        .then(|| cpu(live, took_ns) != Cpu::Free)
}

/// What the diagnosis of `check` is sure of as well.
fn starved(members: &[Member]) -> Option<Found> {
    let found = diagnose(members);
    let one =
        found.iter().find(|one| one.cause == Cause::Cpu && one.certainty >= Certainty::Likely)?;
    let live = members[one.member].live.as_deref()?;
    // A limit that nothing met is no news of this load.
    if one.harm < Harm::Waits && live.ping.late_share() < LATE_SHARE {
        return None;
    }
    let throttled_ns = live.local_cpu.map_or(0, |cpu| cpu.throttled_ns);
    let what = HeldBy::Starved {
        member: one.member as u32,
        pings: live.ping.answered,
        late: live.ping.late,
        delay_ns: delay_ns(live),
        throttled: throttled_ns as f64 / live.window_ns.max(1) as f64,
    };
    Some(numbers(Found::new(what, Severity::Warning), one.member, live))
}

/// One that is late while the others are not, for whatever reason.
fn late(members: &[Member]) -> Option<Found> {
    let lives = || {
        let lives = members.iter().enumerate();
        lives.filter_map(|(index, member)| Some((index, member.live.as_deref()?)))
    };
    let (odd, live) = lives()
        .filter(|(_, live)| live.ping.answered >= ENOUGH_PINGS)
        .max_by(|a, b| a.1.ping.late_share().total_cmp(&b.1.ping.late_share()))?;
    let others =
        lives().filter(|(index, live)| *index != odd && live.ping.answered >= ENOUGH_PINGS);
    let shares: Vec<f64> = others.map(|(_, live)| live.ping.late_share()).collect();
    let alone = !shares.is_empty() && shares.iter().all(|share| *share <= IN_TIME_SHARE);
    let sure = live.ping.late_share() >= LATE_SHARE && live.own_late_share < OWN_LATE_SHARE;
    (alone && sure).then(|| {
        let what = SlowMember::Late {
            member: odd as u32,
            pings: live.ping.answered,
            late: live.ping.late,
            delay_ns: delay_ns(live),
        };
        numbers(Found::new(what, Severity::Warning), odd, live)
    })
}

/// By how much answers from memory exceed the shortest, on the average.
fn delay_ns(live: &Live) -> u64 {
    live.ping.mean_ns.saturating_sub(live.ping.min_ns)
}

fn numbers(found: Found, member: usize, live: &Live) -> Found {
    found
        .number("member", member as f64)
        .number("pings", live.ping.answered as f64)
        .number("late", live.ping.late as f64)
        .number("delay_ns", delay_ns(live) as f64)
}
