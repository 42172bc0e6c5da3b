//! What happened at a moment: a line from top to bottom, and its name above.

use std::collections::BTreeMap;

use crate::report::words::kind_in_words;
use crate::result::{BATCHES, COSTS, Event, PhaseData, Run};
use crate::units::format_count;

use super::canvas::Canvas;
use super::frame::{LINE, Panel};
use super::measure::PLAIN;
use super::palette::{EVENT, MUTED};
use super::part::{Named, Part};
use super::span::Span;

/// Events that say nothing about a moment of the load.
const QUIET: [&str; 16] = [
    BATCHES,
    COSTS,
    "phase",
    "durability",
    "capacity.step",
    "load.phase",
    "txn.conflicts",
    "watch.total",
    "lease.grants",
    "ack.gap",
    "note",
    "growth",
    "preload",
    "verify",
    "cleanup",
    "metrics.missing",
];

/// Rows of names of events above a plot.
const EVENT_ROWS: usize = 2;

/// Moments with a name: events of these phases, and where one phase ends and the next begins.
pub(super) fn told(run: &Run, span: Span, phases: &[&PhaseData]) -> Vec<(u64, String)> {
    let loud = |event: &&Event| {
        let known = phases.iter().any(|phase| phase.name == event.phase);
        known && span.holds(event.at_ns) && !QUIET.contains(&event.kind.as_str())
    };
    let happened = run.events.iter().filter(loud);
    let mut told: Vec<(u64, String)> = happened.map(|e| (e.at_ns, e.kind.clone())).collect();
    let borders = phases.iter().skip(1);
    told.extend(borders.map(|phase| (phase.start_ns, phase.name.clone())));
    told.sort();
    told
}

/// Events as lines from top to bottom. Of a thousand in one place one is drawn.
pub(super) fn lines(canvas: &mut Canvas, panel: &Panel, told: &[(u64, String)], span: Span) {
    let mut last = f64::NEG_INFINITY;
    for (at_ns, _) in told {
        let x = panel.x(span.since(*at_ns));
        if x - last >= 2.0 {
            let line = vec![(x, panel.plot.top), (x, panel.plot.bottom)];
            canvas.part(Part::EVENTS, |canvas| canvas.path(line, EVENT, 1.5));
            last = x;
        }
    }
}

/// Events as lines from top to bottom, named where there is room; close ones of a kind are one.
pub(super) fn draw(canvas: &mut Canvas, panel: &Panel, told: &[(u64, String)], span: Span) {
    lines(canvas, panel, told, span);
    for named in together(panel, told, span) {
        name(canvas, panel, named);
    }
}

/// Close ones of a kind.
fn together(panel: &Panel, told: &[(u64, String)], span: Span) -> Vec<Named> {
    let mut groups: Vec<Named> = Vec::new();
    for (at_ns, kind) in told {
        let x = panel.x(span.since(*at_ns));
        let close = |group: &Named| group.at.last().is_some_and(|last| x - last < 60.0);
        let same = groups.iter_mut().rev().find(|group| group.name == *kind && close(group));
        match same {
            Some(group) => group.at.push(x),
            None => groups.push(Named { name: kind.clone(), at: vec![x] }),
        }
    }
    groups
}

/// A name in the first row above the plot that has room; without any it is there for a stretch of the time alone.
fn name(canvas: &mut Canvas, panel: &Panel, named: Named) {
    let (Some(first), Some(last)) = (named.at.first(), named.at.last()) else {
        return;
    };
    let text = match named.at.len() {
        1 => named.name.clone(),
        n => format!("{} ×{}", named.name, format_count(n as u64)),
    };
    let text = PLAIN.fit(&text, panel.plot.width() / 2.0);
    let half = PLAIN.width(&text) / 2.0 + 3.0;
    let middle =
        f64::midpoint(*first, *last).min(panel.plot.right - half).max(panel.plot.left + half);
    let rows = || (0..EVENT_ROWS).map(|row| panel.plot.top - 10.0 - LINE * row as f64);
    let alone = PLAIN.fit(&named.name, panel.plot.width() / 2.0);
    let part = canvas.named(Named { name: alone, at: named.at });
    let mut put = |finer: bool, y: f64| {
        canvas.part(part.finer(finer), |canvas| canvas.tick(&text, (middle, y), PLAIN, MUTED))
    };
    if !rows().any(|y| put(false, y)) {
        put(true, panel.plot.top - 10.0);
    }
}

/// Room for the names of events above a plot, beyond the row in which the axis is named: that is enough for two.
pub(super) fn room(told: &[(u64, String)]) -> f64 {
    if told.len() > 2 { LINE * (EVENT_ROWS - 1) as f64 } else { 0.0 }
}

/// What happened, in words: `the database file grew (2 times), a new WAL file`.
pub(super) fn in_words(told: &[(u64, String)], phases: &[&PhaseData]) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let border = |kind: &str| phases.iter().any(|phase| phase.name == kind);
    for (_, kind) in told.iter().filter(|(_, kind)| !border(kind)) {
        *counts.entry(kind).or_insert(0) += 1;
    }
    let words = counts.iter().take(6);
    let times =
        |n: u64| if n == 1 { String::new() } else { format!(" ({} times)", format_count(n)) };
    let words = words.map(|(kind, n)| format!("{}{}", kind_in_words(kind), times(*n)));
    let words: Vec<String> = words.collect();
    words.join(", ")
}
