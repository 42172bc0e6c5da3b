//! The lines of the merged result.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::agree::began;
use super::events::{self, Clocks};
use super::figures;
use super::late::{self, LateSeconds};
use super::pile::{Pile, SECOND};
use super::request::Request;
use super::shard::{Shard, counts};
use super::tally::Counted;
use crate::error::{Error, Result};
use crate::record::{Encoder, ErrorTexts};
use crate::result::{
    Counters, Event, Header, Interval, LATE_PHASE, Line, MAX_STALL_LINES, SCHEMA_VERSION, StallLine,
};
use crate::tool::Tool;

/// A result that is not written yet.
pub struct MergedRun {
    /// Its first line.
    pub header: Header,
    /// What follows, in the order of time, but for the summary.
    pub lines: Vec<Line>,
    /// Whether any machine came to its end.
    pub complete: bool,
    /// Whether a signal ended all of them.
    pub interrupted: bool,
    /// When the last one ended.
    pub ended_at: String,
}

/// Makes them.
///
/// # Errors
/// [`Error::Refused`] where the plan cannot be written down.
pub fn of(shards: Vec<Shard>, pile: Pile, request: &Request) -> Result<MergedRun> {
    let late = late::find(&shards);
    let clocks = Clocks::of(&shards);
    let zero = zero(&shards, &clocks);
    let at = |at_ns: u64| {
        let since = SignedDuration::from_nanos(i64::try_from(at_ns).unwrap_or(i64::MAX));
        format!("{:.6}", zero.checked_add(since).unwrap_or(zero))
    };
    let counted = Counted::of(&shards, &pile, &late);
    let mut lines: Vec<(u64, Line)> = Vec::new();
    let told = events::merged(&shards, &pile, &counted, &clocks, &at);
    lines.extend(told.into_iter().map(|event| (event.at_ns, Line::Event(event))));
    let begun = clocks.phases(&shards);
    let begun_ns = |phase: &str| begun.get(phase).copied().unwrap_or(clocks.base_ns);
    let first_late = late.keys().map(|(phase, second)| begun_ns(phase) + second * SECOND).min();
    if let Some(at_ns) = first_late {
        let event = Event {
            phase: LATE_PHASE.to_owned(),
            at_ns,
            at: at(at_ns),
            kind: "phase".to_owned(),
            member: None,
            detail: json!({ "planned_ns": 0 }),
        };
        lines.push((at_ns, Line::Event(event)));
    }
    lines.extend(stalls(&shards, &late, &clocks, &at));
    lines.extend(counters(&shards, &pile, &clocks, &begun_ns));
    lines.extend(intervals(pile, &late, &begun_ns));
    // Where moments are the same, the phase is told before what is in it.
    lines.sort_by_key(|(at_ns, line)| (*at_ns, rank(line)));
    let ended = || shards.iter().filter_map(|shard| shard.ended);
    Ok(MergedRun {
        complete: ended().any(|(complete, _)| complete),
        interrupted: !shards.is_empty() && shards.iter().all(|s| s.ended.is_some_and(|e| e.1)),
        ended_at: shards.iter().map(|shard| shard.ended_at.clone()).max().unwrap_or_default(),
        header: header(&shards, &late, zero, request)?,
        lines: lines.into_iter().map(|(_, line)| line).collect(),
    })
}

/// The wall time of the common clock's zero.
fn zero(shards: &[Shard], clocks: &Clocks) -> Timestamp {
    let first = shards.first();
    let told = first
        .and_then(began)
        .and_then(|began| Timestamp::from_nanosecond(began - i128::from(clocks.base_ns)).ok());
    let alone = || first.and_then(|shard| shard.header.started_at.parse().ok());
    told.or_else(alone).unwrap_or_default()
}

fn rank(line: &Line) -> u8 {
    match line {
        Line::Event(event) if event.kind == "phase" => 0,
        Line::Event(event) if event.kind.starts_with("load.") => 3,
        Line::Event(_) => 1,
        _ => 2,
    }
}

fn header(
    shards: &[Shard],
    late: &LateSeconds,
    zero: Timestamp,
    request: &Request,
) -> Result<Header> {
    let Some(first) = shards.first() else {
        return Err(Error::Refused("there is no part".to_owned()));
    };
    let plan = serde_json::to_value(first.plan.whole())
        .map_err(|error| Error::Refused(format!("the plan cannot be written down: {error}")))?;
    Ok(Header {
        schema: SCHEMA_VERSION.to_owned(),
        tool: Tool::this(),
        run_id: format!("{}-merged", first.header.run_id),
        name: request.name.clone().unwrap_or_else(|| first.header.name.clone()),
        started_at: zero.to_string(),
        plan,
        shard: None,
        merged: Some(figures::merged(shards, late, request.allow_missing)),
        ..first.header.clone()
    })
}

/// The longest of all, and how many there were beside them.
fn stalls(
    shards: &[Shard],
    late: &LateSeconds,
    clocks: &Clocks,
    at: &dyn Fn(u64) -> String,
) -> Vec<(u64, Line)> {
    let mut all: Vec<StallLine> = Vec::new();
    let (mut dropped, mut longest_ns) = (0, 0);
    for shard in shards {
        for stall in &shard.stalls {
            let start_ns = clocks.common(shard, stall.start_ns);
            let begun_ns = shard.phases.get(&stall.phase).copied().unwrap_or(stall.start_ns);
            let since_ns = stall.start_ns.saturating_sub(begun_ns);
            let second = |ns: u64| (stall.phase.clone(), ns / SECOND);
            // Whether it began then or ended then: what waited meanwhile is told of both.
            let is_late = late.contains_key(&second(since_ns))
                || late.contains_key(&second(since_ns.saturating_add(stall.duration_ns)));
            let phase = if is_late { LATE_PHASE.to_owned() } else { stall.phase.clone() };
            all.push(StallLine { phase, start_ns, at: at(start_ns), ..stall.clone() });
        }
        for event in shard.events.iter().filter(|event| event.kind == "stalls.dropped") {
            dropped += event.detail["count"].as_u64().unwrap_or(0);
            longest_ns = longest_ns.max(event.detail["longest_ns"].as_u64().unwrap_or(0));
        }
    }
    all.sort_by_key(|stall| std::cmp::Reverse(stall.duration_ns));
    if let Some(cut) = all.get(MAX_STALL_LINES as usize..) {
        dropped += cut.len() as u64;
        longest_ns = longest_ns.max(cut.first().map_or(0, |stall| stall.duration_ns));
    }
    all.truncate(MAX_STALL_LINES as usize);
    let last_ns = all.iter().map(|stall| stall.start_ns).max().unwrap_or(clocks.base_ns);
    let mut lines: Vec<(u64, Line)> =
        all.into_iter().map(|stall| (stall.start_ns, Line::Stall(stall))).collect();
    if dropped > 0 {
        let event = Event {
            phase: "steady".to_owned(),
            at_ns: last_ns,
            at: at(last_ns),
            kind: "stalls.dropped".to_owned(),
            member: None,
            detail: json!({ "count": dropped, "longest_ns": longest_ns }),
        };
        lines.push((last_ns, Line::Event(event)));
    }
    lines
}

/// What the first machine read of the server, and what all say of themselves.
fn counters(
    shards: &[Shard],
    pile: &Pile,
    clocks: &Clocks,
    begun_ns: &dyn Fn(&str) -> u64,
) -> Vec<(u64, Line)> {
    let mut lines = Vec::new();
    for shard in shards {
        for counters in &shard.server {
            let start_ns = clocks.common(shard, counters.start_ns);
            lines.push((start_ns, Line::Counters(Counters { start_ns, ..counters.clone() })));
        }
    }
    for ((phase, source), seconds) in &pile.sums {
        for (second, values) in seconds {
            let start_ns = begun_ns(phase) + second * SECOND;
            let counters = Counters {
                phase: phase.clone(),
                start_ns,
                length_ns: SECOND,
                source: source.clone(),
                member: None,
                values: values.clone(),
            };
            lines.push((start_ns, Line::Counters(counters)));
        }
    }
    lines
}

fn intervals(pile: Pile, late: &LateSeconds, begun_ns: &dyn Fn(&str) -> u64) -> Vec<(u64, Line)> {
    let mut encoder = Encoder::new();
    let mut lines = Vec::new();
    for ((phase, series, member), seconds) in pile.cells {
        for (second, cell) in seconds {
            let is_late = counts(&phase) && late.contains_key(&(phase.clone(), second));
            let start_ns = begun_ns(&phase) + second * SECOND;
            let samples = &cell.samples;
            let interval = Interval {
                phase: if is_late { LATE_PHASE.to_owned() } else { phase.clone() },
                series: series.clone(),
                member,
                start_ns,
                length_ns: cell.end_ns.saturating_sub(second * SECOND).max(1),
                count: samples.count(),
                histogram: encoder.encode(samples),
                min_ns: samples.min_ns(),
                max_ns: samples.max_ns(),
                sum_ns: samples.sum_ns(),
                over_top: cell.over_top,
                errors: cell.errors,
                error_texts: ErrorTexts::clone(&cell.error_texts),
            };
            lines.push((start_ns, Line::Interval(interval)));
        }
    }
    lines
}
