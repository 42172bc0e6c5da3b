//! What was done by plan, and what it cost.

use std::collections::BTreeMap;

use crate::result::{Finding, Severity, Verdict};
use crate::units;
use crate::verdict::finding::capitalised;

use super::super::evidence::Evidence;
use super::super::planned::{self, ELECTION_WITHIN_NS, Kill, Recovered};
use super::{Complete, finding};

/// A database that fills this part of its quota when its history is gone will be full again soon.
const FILLED: f64 = 0.5;

pub(super) fn find(evidence: &Evidence) -> Vec<Finding> {
    let kills = planned::kills(evidence);
    let only = kills.len() == 1;
    let killed = kills.iter().map(|kill| killed(evidence, kill, only));
    let full = planned::recovered(evidence.run);
    killed.chain(full.map(|full| recovered(&full))).collect()
}

fn killed(evidence: &Evidence, kill: &Kill, only: bool) -> Finding {
    let gap_ns = planned::gap_of(evidence, kill);
    let begun_ns = evidence.phases.first().map_or(0, |phase| phase.start_ns);
    let gap = gap_ns.map_or_else(
        || "Nothing was acknowledged for a time".to_owned(),
        |ns| format!("Nothing was acknowledged for {}", units::format_duration(ns)),
    );
    let message = format!(
        "{}, the leader, was killed as planned at {}, {} into the load. {gap}{}. {}{}",
        kill.name,
        units::time_of_day(&kill.event.at),
        units::format_duration(kill.event.at_ns.saturating_sub(begun_ns)),
        successor(evidence, kill),
        way_back(kill),
        if only { price(evidence) } else { String::new() },
    );
    let verdict = gap_ns.map_or(Verdict::Pass, planned::explained);
    let (severity, advice) = judged(verdict);
    finding("leader_killed", severity, message)
        .advise(advice)
        .number("gap_ns", gap_ns.unwrap_or_default() as f64)
        .number("failed", planned::failed(evidence) as f64)
        .number("back_ns", kill.took_ns.unwrap_or_default() as f64)
}

fn judged(verdict: Verdict) -> (Severity, String) {
    let within = units::format_duration(ELECTION_WITHIN_NS);
    match verdict {
        Verdict::Pass | Verdict::Inconclusive => (
            Severity::Info,
            format!("An election with the default timeout of 1 s explains up to {within}."),
        ),
        Verdict::Warn => (
            Severity::Warning,
            format!(
                "An election with the default timeout of 1 s explains up to {within}, one more after a split vote \
                 twice as much: run it again to see which it was."
            ),
        ),
        Verdict::Fail => (
            Severity::Warning,
            format!(
                "An election explains up to {within}: the rest is slow fsyncs, for a vote is synced before it is \
                 cast, or a full CPU. 'etcdbench disk' tells of the first."
            ),
        ),
    }
}

/// Who led next.
fn successor(evidence: &Evidence, kill: &Kill) -> String {
    let events = evidence.run.events.iter();
    let mut next = events.filter(|e| e.kind == "leader" && e.at_ns >= kill.event.at_ns);
    let to = next.next().and_then(|event| event.detail.get("to")?.as_str());
    to.map_or_else(String::new, |name| format!(", then {name} led"))
}

fn way_back(kill: &Kill) -> String {
    match (kill.away_ns, kill.took_ns) {
        (Some(away_ns), Some(took_ns)) => format!(
            "Started again after {}, it served clients {} later.",
            units::format_duration(away_ns),
            units::format_duration(took_ns)
        ),
        (Some(away_ns), None) => format!(
            "Started again after {}, it did not serve clients before the end.",
            units::format_duration(away_ns)
        ),
        (None, _) => "It was not started again before the end.".to_owned(),
    }
}

/// What failed meanwhile, by class where everything that failed did so meanwhile.
fn price(evidence: &Evidence) -> String {
    let price = planned::failed(evidence);
    if price == 0 {
        return " No operation failed.".to_owned();
    }
    let mut classes: BTreeMap<&str, u64> = BTreeMap::new();
    let series = evidence.phases.iter().flat_map(|phase| &phase.series);
    for series in series.filter(|s| s.member.is_none() && s.series.ends_with(".service")) {
        for (class, count) in &series.errors {
            *classes.entry(class).or_default() += count;
        }
    }
    let classes: Vec<String> = match classes.values().sum::<u64>() == price {
        true => classes
            .iter()
            .map(|(class, count)| format!("{} {class}", units::format_count(*count)))
            .collect(),
        false => Vec::new(),
    };
    let classes = match classes.is_empty() {
        true => String::new(),
        false => format!(" ({})", classes.join(", ")),
    };
    format!(" Until then {} operations failed{classes}.", units::format_count(price))
}

fn recovered(full: &Recovered) -> Finding {
    let told = capitalised(&full.told());
    let Some(disarmed) = &full.disarmed else {
        return finding("no_space", Severity::Critical, format!("{told}.")).advise(
            "Compact and defragment, then 'etcdctl alarm disarm'; or raise --quota-backend-bytes.",
        );
    };
    let mut steps: Vec<String> = Vec::new();
    steps
        .extend(full.compacted_ns.map(|ns| format!("compacted in {}", units::format_duration(ns))));
    let members = full.defragmented.iter();
    steps.extend(
        members.map(|(name, ns)| format!("{name} defragmented in {}", units::format_duration(*ns))),
    );
    let quota_bytes = full.reached.quota_bytes.unwrap_or(u64::MAX);
    let kept = match disarmed.db_bytes as f64 / quota_bytes as f64 {
        share if share >= FILLED => " That is what the keys themselves take.",
        _ => "",
    };
    let message = format!(
        "{told}: {}, the alarm disarmed in {}. The database had {} then, and {} after.{kept}",
        steps.join(", "),
        units::format_duration(disarmed.took_ns),
        units::format_bytes(full.reached.db_bytes),
        units::format_bytes(disarmed.db_bytes),
    );
    finding("quota_recovered", Severity::Warning, message)
        .advise(
            "Elsewhere writes are refused until somebody notices and does the same: compact before \
             (--auto-compaction-retention, or as Kubernetes every 5 min), and alert on the size of the database.",
        )
        .number("refused_ns", disarmed.refused_ns as f64)
        .number("after_ns", full.reached.after_ns as f64)
        .number("db_bytes", disarmed.db_bytes as f64)
}
