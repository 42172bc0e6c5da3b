//! What of a run is worth a chart, and what it is called.

use crate::report::text::clean;
use crate::result::{PhaseData, RuleId, RuleOutcome, Run, SeriesData, Summary};
use crate::rule::Stat;

use super::frame::{Key, Mark};
use super::palette::LIMIT;
use super::scale::Axis;

/// Series that are shown first, in this order; `.response` stands for every operation's.
const DISK: [&str; 3] = ["wal.fsync", "backend.commit", "put.commit"];

/// The phases that are judged: `etcd` of a disk; `steady`, or one for each rate, of a load. Of anything else all that
/// have samples and are no preparation.
pub(super) fn judged(run: &Run) -> Vec<&PhaseData> {
    let filled = |phase: &&PhaseData| phase.series.iter().any(|s| s.total.count() > 0);
    let usual =
        |phase: &&PhaseData| is_rate(phase) || matches!(phase.name.as_str(), "etcd" | "steady");
    let found: Vec<&PhaseData> = run.phases.iter().filter(filled).filter(usual).collect();
    if !found.is_empty() {
        return found;
    }
    let preparation = ["setup", "preload", "warmup", "idle", "verify", "cleanup"];
    let other = run.phases.iter().filter(filled);
    other.filter(|phase| !preparation.contains(&phase.name.as_str())).take(6).collect()
}

/// Whether a phase is one of several rates.
pub(super) fn is_rate(phase: &PhaseData) -> bool {
    phase.name.starts_with("rate.")
}

/// The series of a phase that matter most, at most six, all members together.
pub(super) fn main_series(phase: &PhaseData) -> Vec<&SeriesData> {
    let merged = || {
        let all = phase.series.iter();
        all.filter(|series| series.member.is_none() && series.total.count() > 0)
    };
    let mut found: Vec<&SeriesData> = Vec::new();
    found.extend(DISK.iter().filter_map(|name| merged().find(|s| s.series == *name)));
    found.extend(merged().filter(|s| s.series.ends_with(".response")));
    let timed = |operation: &str| merged().any(|s| s.series == format!("{operation}.response"));
    let alone = |series: &&SeriesData| {
        let operation = series.series.strip_suffix(".service");
        operation.is_some_and(|operation| !timed(operation)) || series.series == "watch.event"
    };
    found.extend(merged().filter(alone));
    if found.is_empty() {
        let shown = |name: &str| ![".lag", ".failed"].iter().any(|end| name.ends_with(end));
        found.extend(merged().filter(|s| shown(&s.series)));
    }
    found.truncate(6);
    found
}

/// Whose run it is, in one line: name, host, day and time.
pub(super) fn whose(run: &Run) -> String {
    let header = &run.header;
    let day = header.started_at.split('T').next().unwrap_or_default();
    let time: String = match header.started_at.split_once('T') {
        Some((_, time)) => time.chars().take(5).collect(),
        None => String::new(),
    };
    let when = format!("{day} {time}");
    let parts = [&header.name, &header.environment.host, when.trim()];
    let told: Vec<&str> =
        parts.into_iter().map(AsRef::as_ref).filter(|part: &&str| !part.is_empty()).collect();
    clean(&told.join(" · "))
}

/// A limit on a quantile of a series.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Limit {
    /// Which quantile.
    pub q: f64,
    /// The limit in nanoseconds.
    pub ns: f64,
    /// In few words: `p99 < 10 ms`.
    pub short: String,
    /// In words: `p99 < 10 ms (etcd FAQ)`.
    pub text: String,
}

/// The limits that were set on a series.
pub(super) fn limits(summary: &Summary, series: &str) -> Vec<Limit> {
    let limit = |outcome: &RuleOutcome| {
        let RuleId::Typed(rule) = &outcome.rule else {
            return None;
        };
        let Stat::Percentile(percent) = rule.stat else {
            return None;
        };
        (rule.series.as_deref() == Some(series)).then_some(())?;
        let ns = outcome.limit_value.filter(|ns| ns.is_finite() && *ns > 0.0)?;
        let source = match outcome.source.as_str() {
            "" => String::new(),
            source => format!(" ({source})"),
        };
        Some(Limit {
            q: percent / 100.0,
            ns,
            short: format!("{} {}", rule.stat, outcome.limit),
            text: format!("{} {}{source}", rule.stat, outcome.limit),
        })
    };
    summary.rules.iter().filter_map(limit).collect()
}

/// Limits as entries of a legend: each with its source.
pub(super) fn keys(limits: &[Limit]) -> impl Iterator<Item = Key> + '_ {
    limits.iter().map(|limit| Key::new(Mark::Line, LIMIT, format!("limit {}", limit.text)))
}

/// The lowest and highest value an axis tells, for a caption.
pub(super) fn span(axis: &Axis) -> String {
    let by_value = |a: &&(f64, String), b: &&(f64, String)| a.0.total_cmp(&b.0);
    let ticks = || axis.ticks.iter();
    match (ticks().min_by(by_value), ticks().max_by(by_value)) {
        (Some((_, first)), Some((_, last))) => format!("{first} to {last}"),
        _ => String::new(),
    }
}
