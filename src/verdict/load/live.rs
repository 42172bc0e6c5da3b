//! The members under a load as the diagnosis takes them: what they answered from memory, what their metrics grew by, and what
//! the load's own requests took.

use crate::diagnosis::{LATE_NS, Live, LocalCpu, Member, Presence, Probe, STALL_NS, Timing};
use crate::plan::Operation;
use crate::record::Buckets;
use crate::verdict::judge::RuleInput;
use crate::verdict::pooled::Pooled;

use super::evidence::Evidence;

/// Ranks below and above all others.
const FIRST: f64 = 1e-9;
const LAST: f64 = 1.0 - 1e-9;

/// All of them, in the order of the header.
pub(super) fn members(evidence: &Evidence) -> Vec<Member> {
    let facts = evidence.members().iter().enumerate();
    facts
        .map(|(index, facts)| {
            let mut member = Member::default();
            member.name.clone_from(&facts.name);
            member.live = Some(Box::new(live(evidence, index as u32)));
            member
        })
        .collect()
}

fn live(evidence: &Evidence, member: u32) -> Live {
    let Some(seconds) = evidence.counted_s(member) else {
        return Live { presence: Presence::NotAsked, ..Live::default() };
    };
    let timing = |name| evidence.buckets(member, name).as_ref().map(Timing::of);
    let shows = |name| evidence.shown(member, name).last().is_some_and(|value| value > 0.0);
    let ping = evidence.buckets(member, "ping");
    let own_late = evidence.grown(member, "ping.own_late").unwrap_or_default();
    let mut live = Live {
        window_ns: (seconds * 1e9) as u64,
        own_late_share: ping.as_ref().map_or(0.0, |ping| own_late / ping.count() as f64),
        leader: shows("is_leader"),
        has_leader: shows("has_leader"),
        metrics: true,
        fsync: timing("wal_fsync"),
        commit: timing("backend_commit"),
        apply: timing("apply"),
        cpu_cores: evidence.grown(member, "cpu_s").map(|used_s| used_s / seconds),
        local_cpu: local_cpu(evidence, member),
        ping: ping.as_ref().map(answers).unwrap_or_default(),
        ..Live::default()
    };
    if let Some(strand) = evidence.strands.first() {
        let series = format!("{}.service", strand.name);
        let by_member = evidence.judged_by_member(&series);
        let of_member = by_member.iter().find(|(of, _)| *of == member);
        let asked =
            of_member.map(|(_, pooled)| requests(pooled, live.ping.min_ns)).unwrap_or_default();
        match strand.operation {
            Operation::Range => live.linearizable = asked,
            _ => live.write = asked,
        }
    }
    live
}

/// Answers from memory from which on the shortest says something.
pub(super) const ENOUGH_PINGS: u64 = 8;

/// What the way from the client to a member takes at least: no answer from memory took less.
pub(super) fn way_ns(evidence: &Evidence, member: u32) -> Option<u64> {
    let pings = evidence.buckets(member, "ping").filter(|pings| pings.count() >= ENOUGH_PINGS)?;
    Some(pings.quantile(FIRST).above_ns)
}

fn local_cpu(evidence: &Evidence, member: u32) -> Option<LocalCpu> {
    let ns = |name| evidence.grown(member, name).map(|s| (s * 1e9) as u64);
    Some(LocalCpu {
        ran_ns: ns("own_cpu.ran_s")?,
        waited_ns: ns("own_cpu.waited_s")?,
        throttled_ns: ns("own_cpu.throttled_s")?,
    })
}

/// Of a value that is known to lie between two bounds the upper one counts, and of a distance to it the least.
fn answers(pings: &Buckets) -> Probe {
    let upper = |q| pings.quantile(q).at_most_ns.unwrap_or_else(|| pings.quantile(q).above_ns);
    let min_ns = upper(FIRST).min(pings.mean_ns());
    Probe {
        answered: pings.count(),
        failed: 0,
        min_ns,
        p50_ns: upper(0.5),
        mean_ns: pings.mean_ns(),
        max_ns: upper(LAST),
        late: pings.surely_above(min_ns.saturating_add(LATE_NS)),
        stalls: pings.surely_above(STALL_NS),
    }
}

fn requests(pooled: &Pooled, way_ns: u64) -> Probe {
    let total = &pooled.total;
    let quantile = |q| total.quantile(q).unwrap_or_default();
    Probe {
        answered: total.count(),
        failed: pooled.errors,
        min_ns: total.min_ns(),
        p50_ns: quantile(0.5),
        mean_ns: total.mean_ns().unwrap_or_default() as u64,
        max_ns: total.max_ns(),
        late: total.count_at_or_above(total.min_ns().saturating_add(LATE_NS)),
        stalls: total.count_at_or_above(way_ns.saturating_add(STALL_NS)),
    }
}
