//! What each machine measured, beside what all of them did.

use std::collections::BTreeSet;

use super::agree;
use super::late::LateSeconds;
use super::shard::{Shard, counts};
use super::tally::{phases, rate_in};
use crate::plan::LoadPlan;
use crate::record::Distribution;
use crate::result::{Merged, ShardFigures};

/// What the header says of where a result comes from.
pub fn merged(shards: &[Shard], late: &LateSeconds, allow_missing: bool) -> Merged {
    let of = shards.first().map_or(1, |shard| shard.part.of);
    let there =
        |index: &u32| shards.iter().any(|shard| shard.part.index == *index && shard.is_complete());
    let missing: Vec<u32> = (1..=of).filter(|index| !there(index)).collect();
    let seconds: BTreeSet<_> = shards.iter().flat_map(|s| s.lag_by_second.keys()).collect();
    let first = shards.first();
    Merged {
        of,
        plan_hash: first.map_or_else(String::new, |shard| shard.part.plan_hash.clone()),
        start: first.and_then(|shard| shard.start.clone()).map_or_else(String::new, |(_, at)| at),
        seconds: seconds.len() as u64,
        late_seconds: late.len() as u64,
        offered: offered(shards),
        allow_missing,
        missing,
        clocks_apart_ns: agree::apart_ns(shards),
        shards: shards.iter().map(|shard| figures(shard, shards, late)).collect(),
    }
}

/// The part of the whole rate, or of all clients, that the machines which are there were to send.
fn offered(shards: &[Shard]) -> f64 {
    let Some(first) = shards.first() else {
        return 0.0;
    };
    let last = phases(shards).into_iter().rfind(|phase| counts(phase));
    let last = last.unwrap_or_else(|| "steady".to_owned());
    let amount = |plan: &LoadPlan| match rate_in(plan.steps(), &last) {
        Some(rate) if rate > 0.0 => rate,
        _ => f64::from(plan.connections),
    };
    let whole = amount(&first.plan.whole());
    let there = shards.iter().filter(|shard| shard.is_complete());
    let there: f64 = there.map(|shard| amount(&shard.plan.own())).sum();
    if whole > 0.0 { (there / whole).min(1.0) } else { 0.0 }
}

fn figures(shard: &Shard, all: &[Shard], late: &LateSeconds) -> ShardFigures {
    let index = shard.part.index;
    let mut others = Distribution::default();
    let beside = all.iter().filter(|other| other.part.index != index);
    beside.for_each(|other| others.merge(&other.waits));
    let cpu = |name: &str| shard.cpu.get(name).copied().unwrap_or(0.0);
    let share = |part: &str, of: &str| (cpu(of) > 0.0).then(|| cpu(part) / cpu(of));
    let measured = shard.counts.iter().filter(|((phase, _), _)| counts(phase));
    let (answered, failed) =
        measured.fold((0, 0), |(ok, bad), (_, (more, worse))| (ok + more, bad + worse));
    ShardFigures {
        index,
        run_id: shard.header.run_id.clone(),
        host: shard.header.environment.host.clone(),
        complete: shard.is_complete(),
        answered,
        failed,
        p50_ns: shard.waits.quantile(0.5).unwrap_or(0),
        p99_ns: shard.waits.quantile(0.99).unwrap_or(0),
        others_p99_ns: others.quantile(0.99).unwrap_or(0),
        lag_p99_ns: shard.lag.quantile(0.99),
        thread_use: share("used", "had"),
        busy: share("busy", "all"),
        stolen: share("stolen", "all"),
        late_seconds: late.values().filter(|machines| machines.contains(&index)).count() as u64,
        clock: shard.part.clock,
    }
}
