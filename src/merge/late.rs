//! Seconds in which a machine was late by itself: what it measured then is its own slowness, not etcd's.

use std::collections::{BTreeMap, BTreeSet};

use super::shard::{PhaseSecond, Shard};

/// Sent so much too late, a machine is late. The pacing itself is good for less than 1 ms.
const LATE_NS: u64 = 5_000_000;
/// And so many times as much as the middle one of the others, it is by itself.
const MORE_THAN_OTHERS: u64 = 4;

/// Seconds in which a machine was late by itself, with which machines these were.
pub type LateSeconds = BTreeMap<PhaseSecond, BTreeSet<u32>>;

/// Finds them. A machine is late by itself where it is late several times as much as the others in the same second: where all
/// are, it is what they all talk to that makes them late, and the second is judged like any other. Of one machine alone
/// nobody can tell.
pub fn find(shards: &[Shard]) -> LateSeconds {
    let mut found = LateSeconds::new();
    if shards.len() < 2 {
        return found;
    }
    let seconds: BTreeSet<&PhaseSecond> =
        shards.iter().flat_map(|shard| shard.lag_by_second.keys()).collect();
    for second in seconds {
        let lag_ns = |shard: &Shard| shard.lag_by_second.get(second).copied().unwrap_or(0);
        let lags: Vec<u64> = shards.iter().map(lag_ns).collect();
        let late = (0..lags.len()).filter(|at| is_late(*at, &lags));
        let late: BTreeSet<u32> = late.map(|at| shards[at].part.index).collect();
        if !late.is_empty() {
            found.insert(second.clone(), late);
        }
    }
    found
}

/// Whether one of several machines was late by itself.
fn is_late(at: usize, lags: &[u64]) -> bool {
    let others = lags.iter().enumerate().filter(|(other, _)| *other != at);
    let mut others: Vec<u64> = others.map(|(_, lag_ns)| *lag_ns).collect();
    others.sort_unstable();
    let middle = others.get(others.len() / 2).copied().unwrap_or(0);
    lags[at] >= LATE_NS && lags[at] >= middle.saturating_mul(MORE_THAN_OTHERS)
}
