//! What was done by plan, and what it cost.

use std::collections::BTreeMap;

use crate::exit::Verdict;
use crate::result::Severity;

use super::super::evidence::Evidence;
use super::super::planned::{self, Kill, Recovered};
use super::super::way_back::{self, WayBack};
use super::{DatabaseFinding, Found, LeaderKilled, LoadFinding};

/// A database that fills this part of its quota when its history is gone will be full again soon.
const FILLED: f64 = 0.5;

pub(super) fn find(evidence: &Evidence) -> Vec<Found> {
    let kills = planned::kills(evidence);
    let only = kills.len() == 1;
    let killed = kills.iter().map(|kill| killed(evidence, kill, only));
    let full = planned::recovered(evidence.run);
    killed.chain(full.map(|full| recovered(&full))).collect()
}

fn killed(evidence: &Evidence, kill: &Kill, only: bool) -> Found {
    let gap_ns = planned::gap_of(evidence, kill);
    let begun_ns = evidence.phases.first().map_or(0, |phase| phase.start_ns);
    let failed = planned::failed(evidence);
    let verdict = gap_ns.map_or(Verdict::Pass, planned::explained);
    let way_back = way_back::of(evidence, kill);
    let severity = match verdict {
        _ if way_back.is_some_and(|way| way.back_ns.is_none()) => Severity::Critical,
        Verdict::Pass | Verdict::Inconclusive => Severity::Info,
        Verdict::Warn | Verdict::Fail => Severity::Warning,
    };
    let what = LeaderKilled {
        name: kill.name.to_owned(),
        paused: kill.paused,
        at: kill.event.at.clone(),
        into_ns: kill.event.at_ns.saturating_sub(begun_ns),
        gap_ns,
        next: successor(evidence, kill),
        away_ns: kill.away_ns,
        took_ns: kill.took_ns,
        price: only.then(|| (failed, classes(evidence, failed))),
        way_back,
        verdict,
    };
    let found = Found::new(LoadFinding::LeaderKilled(Box::new(what)), severity)
        .number("gap_ns", gap_ns.unwrap_or_default() as f64)
        .number("failed", failed as f64)
        .number("back_ns", kill.took_ns.unwrap_or_default() as f64);
    match way_back {
        Some(way) => with_way_back(found, way),
        None => found,
    }
}

fn with_way_back(found: Found, way: WayBack) -> Found {
    let found = found
        .number("away_ns", way.away_ns as f64)
        .number("level_ns", way.level_ns as f64)
        .number("watched_ns", way.watched_ns as f64);
    let found = match way.rate {
        Some(rate) => found.number("rate_per_s", rate),
        None => found,
    };
    match way.back_ns {
        Some(back_ns) => found.number("level_back_ns", back_ns as f64),
        None => found,
    }
}

/// Who led next.
fn successor(evidence: &Evidence, kill: &Kill) -> Option<String> {
    let events = evidence.run.events.iter();
    let mut next = events.filter(|e| e.kind == "leader" && e.at_ns >= kill.event.at_ns);
    Some(next.next()?.detail.get("to")?.as_str()?.to_owned())
}

/// What failed meanwhile by class, where everything that failed did so meanwhile.
fn classes(evidence: &Evidence, price: u64) -> Vec<(String, u64)> {
    let mut classes: BTreeMap<&str, u64> = BTreeMap::new();
    let series = evidence.phases.iter().flat_map(|phase| &phase.series);
    for series in series.filter(|s| s.member.is_none() && s.series.ends_with(".service")) {
        for (class, count) in &series.errors {
            *classes.entry(class).or_default() += count;
        }
    }
    match classes.values().sum::<u64>() == price {
        true => classes.into_iter().map(|(class, count)| (class.to_owned(), count)).collect(),
        false => Vec::new(),
    }
}

fn recovered(full: &Recovered) -> Found {
    let Some(disarmed) = &full.disarmed else {
        return Found::new(DatabaseFinding::NotRecovered(full.quota()), Severity::Critical);
    };
    let members = full.defragmented.iter();
    let quota_bytes = full.reached.quota_bytes.unwrap_or(u64::MAX);
    let what = DatabaseFinding::QuotaRecovered {
        full: full.quota(),
        compacted_ns: full.compacted_ns,
        defragmented: members.map(|(name, ns)| ((*name).to_owned(), *ns)).collect(),
        disarmed_ns: disarmed.took_ns,
        db_bytes: (full.reached.db_bytes, disarmed.db_bytes),
        filled: disarmed.db_bytes as f64 / quota_bytes as f64 >= FILLED,
    };
    Found::new(what, Severity::Warning)
        .number("refused_ns", disarmed.refused_ns as f64)
        .number("after_ns", full.reached.after_ns as f64)
        .number("db_bytes", disarmed.db_bytes as f64)
}
