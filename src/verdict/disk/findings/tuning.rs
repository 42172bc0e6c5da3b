//! When the heartbeat and election settings cannot hold on this disk: which ones could, by etcd's own tuning rules.
//!
//! etcd's tuning guide: a heartbeat interval of 0.5 to 1.5 times the round trip, in which a slow disk counts like a
//! slow network; an election timeout of ten times the round trip, at most 50 s. etcd refuses an election timeout
//! below five heartbeats (server/embed/config.go).

use crate::result::Severity;

use super::super::evidence::{DISJOINT_SERIES, Evidence};
use super::super::stalls::share_of_stalls;
use super::{DiskFinding, Found, quantile};
use crate::verdict::pooled::CONFIDENCE;

const MS: u64 = 1_000_000;
/// etcd's largest election timeout.
const MAX_ELECTION_MS: u64 = 50_000;
/// Ten heartbeats, as the defaults have it.
const ELECTION_HEARTBEATS: u64 = 10;
/// The longest wait seen must leave this much of the election timeout, as the next may be longer: half.
const ELECTION_STALLS: u64 = 2;
/// Share of waits that may take two heartbeats (etcd#7044).
const LATE_SHARE: f64 = 0.0001;
/// Share of waits that may take one heartbeat, so that the next is late: ten times as many.
const OFTEN_LATE_SHARE: f64 = 0.001;
/// The fewest waits that a recommendation may rest on.
const MIN_WAITS: u64 = 100;

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    let plan = evidence.plan;
    let waits = &evidence.waits.total;
    let late = share_of_stalls(evidence, 2 * plan.heartbeat_ns);
    let elections = share_of_stalls(evidence, plan.election_ns);
    let often_late =
        share_of_stalls(evidence, plan.heartbeat_ns).above(CONFIDENCE) > OFTEN_LATE_SHARE;
    // A single stall that may be chance is no reason to turn knobs.
    let too_short = elections.hits > 0 || late.above(CONFIDENCE) > LATE_SHARE || often_late;
    if !too_short || waits.count() < MIN_WAITS {
        return None;
    }
    // Nor is one that a CPU explains: no setting of etcd's mends that, and the disk needs none.
    let waited = evidence.waited_for_cpu(&DISJOINT_SERIES, 2 * plan.heartbeat_ns);
    if late.hits > 0 && waited >= late.hits {
        return None;
    }
    let (heartbeat_ms, election_ms) = needed(evidence);
    if election_ms > MAX_ELECTION_MS {
        return Some(Found::new(DiskFinding::Tuning(None), Severity::Warning));
    }
    let what = DiskFinding::Tuning(Some((heartbeat_ms, election_ms)));
    Some(
        Found::new(what, Severity::Warning)
            .number("heartbeat_ms", heartbeat_ms as f64)
            .number("election_ms", election_ms as f64),
    )
}

/// The heartbeat interval and election timeout, in milliseconds, that what was seen calls for.
fn needed(evidence: &Evidence) -> (u64, u64) {
    let waits = &evidence.waits.total;
    let typical_ns = quantile(waits, 0.99);
    let heartbeat_ns = [
        // 1.5 round trips,
        typical_ns + typical_ns / 2,
        // and longer than all but 0.1 % of the waits, twice as long than all but 0.01 %.
        quantile(waits, 1.0 - OFTEN_LATE_SHARE),
        quantile(waits, 1.0 - LATE_SHARE).div_ceil(2),
        evidence.plan.heartbeat_ns,
    ]
    .into_iter()
    .fold(0, u64::max);
    let heartbeat_ms = round_up_ms(heartbeat_ns.div_ceil(MS));
    let election_ms = round_up_ms(waits.max_ns().saturating_mul(ELECTION_STALLS).div_ceil(MS))
        .max(heartbeat_ms * ELECTION_HEARTBEATS)
        .max(evidence.plan.election_ns / MS);
    (heartbeat_ms, election_ms)
}

/// The next value somebody would set.
fn round_up_ms(ms: u64) -> u64 {
    let step = match ms {
        0..=500 => 50,
        501..=2_000 => 100,
        2_001..=10_000 => 500,
        _ => 1_000,
    };
    ms.div_ceil(step) * step
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Builder, MS, Noise, S, US};
    use crate::result::Finding;

    fn tuning(share: f64, long_ns: u64) -> Option<Finding> {
        let sync = move |noise: &mut Noise, _| {
            if noise.chance(share) { long_ns } else { noise.lognormal(160 * US, 0.4) }
        };
        let summary =
            Builder::new(5).etcd(30, 200, sync, |n, _| n.lognormal(2 * MS, 0.3)).conclude();
        summary.findings.into_iter().find(|finding| finding.code == "tuning")
    }

    #[test]
    fn what_would_hold_is_told_by_etcds_rules() {
        let found = tuning(0.08, 150 * MS).unwrap();
        assert_eq!((found.numbers["heartbeat_ms"], found.numbers["election_ms"]), (250.0, 2500.0));
        let found = tuning(0.01, 900 * MS).unwrap();
        let (heartbeat, election) = (found.numbers["heartbeat_ms"], found.numbers["election_ms"]);
        assert!(
            2.0 * heartbeat >= 900.0 && election >= 5.0 * heartbeat && election > 900.0,
            "{heartbeat} {election}"
        );
        assert!(found.advice.unwrap().contains("--heartbeat-interval="), "names etcd's flags");
    }

    #[test]
    fn what_no_setting_mends_is_said() {
        let found = tuning(0.2, 40 * S).unwrap();
        assert!(found.message.contains("accepts none that would"), "{}", found.message);
    }

    #[test]
    fn defaults_that_hold_are_left_alone() {
        assert!(tuning(0.0, 0).is_none());
        assert!(tuning(0.05, 50 * MS).is_none());
        assert!(tuning(0.0001, 120 * MS).is_none(), "a late heartbeat now and then");
        let often = tuning(0.0085, 120 * MS).unwrap();
        assert_eq!(often.numbers["heartbeat_ms"], 150.0);
    }
}
