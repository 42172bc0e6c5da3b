//! Latency over time: median, 99th percentile and maximum of each second, stalls and events at their moments.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::words::kind_in_words;
use crate::result::{BATCHES, COSTS, Event, PhaseData, Point, Run, StallLine, Summary};
use crate::units::{counted, format_count, format_duration};

use super::area::Area;
use super::canvas::Canvas;
use super::frame::{ALL, BELOW, Head, Key, LINE, Mark, PEN, Panel};
use super::measure::PLAIN;
use super::palette::{BAD, EVENT, MUTED, SERIES};
use super::scale::{latency_axis, time_axis};
use super::{Chart, pick};

/// Height of the plot.
const HEIGHT: f64 = 250.0;
/// Points across; where there are more, the highest of neighbours stand for them.
const MOST_POINTS: usize = 180;
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

/// A span on the run's clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// Its beginning.
    pub start_ns: u64,
    /// Its end.
    pub end_ns: u64,
}

impl Span {
    /// All that phases cover, and the points beyond: answers may come after a phase's end.
    pub fn of(phases: &[&PhaseData]) -> Self {
        let start = phases.iter().map(|phase| phase.start_ns).min();
        let end = phases.iter().map(|phase| phase.start_ns.saturating_add(phase.length_ns)).max();
        Span { start_ns: start.unwrap_or(0), end_ns: end.unwrap_or(0) }
    }

    /// How long it is.
    pub fn length_ns(self) -> u64 {
        self.end_ns.saturating_sub(self.start_ns)
    }

    /// A moment as time since the span's beginning.
    pub fn since(self, at_ns: u64) -> f64 {
        at_ns.saturating_sub(self.start_ns) as f64
    }

    /// Whether a moment lies in it.
    pub fn holds(self, at_ns: u64) -> bool {
        (self.start_ns..=self.end_ns).contains(&at_ns)
    }
}

/// What is judged, by what goes on one time axis: each phase, or all rates together under the name `rates`.
pub(super) fn groups(run: &Run) -> Vec<(String, Vec<&PhaseData>)> {
    let judged = pick::judged(run);
    if judged.len() > 1 && judged.iter().all(|phase| pick::is_rate(phase)) {
        return vec![("rates".to_owned(), judged)];
    }
    let alone = |phase: &PhaseData| phase.name.clone();
    judged.into_iter().map(|phase| (alone(phase), vec![phase])).collect()
}

/// A chart for each main series of what is judged.
pub(super) fn of_run(run: &Run, summary: &Summary) -> Vec<Chart> {
    let mut charts = Vec::new();
    for (group, phases) in &groups(run) {
        let Some(first) = phases.first() else {
            continue;
        };
        for series in pick::main_series(first) {
            charts.extend(of_series(run, summary, group, phases, &series.series));
        }
    }
    charts
}

fn of_series(
    run: &Run,
    summary: &Summary,
    group: &str,
    phases: &[&PhaseData],
    series: &str,
) -> Option<Chart> {
    let points: Vec<Point> = phases
        .iter()
        .filter_map(|phase| phase.series(series))
        .flat_map(|data| data.timeline.iter().copied())
        .filter(|point| point.count > 0)
        .collect();
    if points.is_empty() {
        return None;
    }
    let span = Span::of(phases);
    let (points, together) = thin(points);
    let limits = pick::limits(summary, series);
    let title = match phases.len() {
        1 => format!("{series} over time, phase {group}"),
        _ => format!("{series} over time, rate by rate"),
    };
    let every = every(&points, together);
    let samples = counted(points.iter().map(|point| point.count).sum(), "sample");
    let subtitle = format!("{} · {samples}", pick::whose(run));
    let within = stalls(run, span, series);
    let stalls = columns(&within, span);
    let mut keys = keys(!stalls.is_empty(), &every);
    keys.extend(pick::keys(&limits));
    let head = Head { title: &title, subtitle: &subtitle, keys: &keys, ..Head::default() };
    let values = points.iter().flat_map(|p| [p.p50_ns, p.p99_ns, p.max_ns].map(|ns| ns as f64));
    let y = latency_axis(values.chain(limits.iter().map(|limit| limit.ns)), "latency");
    let x = time_axis(span.length_ns(), 6, since(phases));
    let told = told(run, span, phases);
    let room = event_room(&told);
    let panel = Panel::wide(head.height() + room, HEIGHT, x, y);
    let mut canvas = Canvas::new(panel.plot.bottom + BELOW);
    head.draw(&mut canvas);
    panel.draw(&mut canvas, ALL);
    lines(&mut canvas, &panel, &points, span);
    for limit in &limits {
        panel.limit(&mut canvas, limit.ns, &limit.text);
    }
    events(&mut canvas, &panel, &told, span);
    mark_stalls(&mut canvas, &panel, &stalls);
    spots(&mut canvas, &panel, &points, span);
    stall_spots(&mut canvas, &panel, &within, span);
    let caption = format!(
        "{title}, {subtitle}: median, 99th percentile and maximum of {every}, from {} on a logarithmic axis; {}{}.",
        pick::span(&panel.y),
        told_stalls(&within),
        match told_events(&told, phases) {
            none if none.is_empty() => none,
            events => format!("; {events}"),
        },
    );
    Some(Chart::new(&format!("timeline-{group}-{series}"), &title, &caption, canvas))
}

/// What the time axis counts from.
pub(super) fn since(phases: &[&PhaseData]) -> &'static str {
    match phases.len() {
        1 => "since the phase began",
        _ => "since the first rate began",
    }
}

/// What a point stands for, in words.
fn every(points: &[Point], together: usize) -> String {
    let mut lengths: Vec<u64> = points.iter().map(|point| point.length_ns).collect();
    lengths.sort_unstable();
    let usual = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    let rounded = (usual as f64 / 1e8).round() * 1e8;
    let each = if rounded > 0.0 { rounded as u64 } else { usual };
    if together > 1 {
        format!("{}, of each second the highest", format_duration(each))
    } else {
        format_duration(each)
    }
}

fn keys(stalls: bool, every: &str) -> Vec<Key> {
    let mut keys = vec![
        Key::new(Mark::Line, SERIES[0], "p50"),
        Key::new(Mark::Line, SERIES[1], "p99"),
        Key::new(Mark::Dot, SERIES[5], format!("max, per {every}")),
    ];
    if stalls {
        keys.push(Key::new(Mark::Patch, BAD, "stall"));
    }
    keys
}

/// At most [`MOST_POINTS`], and how many became one.
fn thin(points: Vec<Point>) -> (Vec<Point>, usize) {
    let together = points.len().div_ceil(MOST_POINTS);
    if together <= 1 {
        return (points, 1);
    }
    let highest = |points: &[Point], of: fn(&Point) -> u64| points.iter().map(of).max();
    let one = |points: &[Point]| {
        let end = highest(points, |p| p.start_ns.saturating_add(p.length_ns)).unwrap_or(0);
        Point {
            start_ns: points[0].start_ns,
            length_ns: end.saturating_sub(points[0].start_ns),
            count: points.iter().map(|p| p.count).sum(),
            failed: points.iter().map(|p| p.failed).sum(),
            p50_ns: highest(points, |p| p.p50_ns).unwrap_or(0),
            p99_ns: highest(points, |p| p.p99_ns).unwrap_or(0),
            max_ns: highest(points, |p| p.max_ns).unwrap_or(0),
        }
    };
    (points.chunks(together).map(one).collect(), together)
}

/// One of a point's figures.
type Figure = fn(&Point) -> u64;

/// Lines break where nothing was measured, and where answers to one rate came after those to the next.
fn lines(canvas: &mut Canvas, panel: &Panel, points: &[Point], span: Span) {
    let middle = |p: &Point| panel.x(span.since(p.start_ns) + p.length_ns as f64 / 2.0);
    let apart = |a: &Point, b: &Point| {
        let gap = b.start_ns.saturating_sub(a.start_ns.saturating_add(a.length_ns));
        b.start_ns > a.start_ns && gap <= a.length_ns.max(b.length_ns) / 2
    };
    for point in points {
        canvas.dot((middle(point), panel.y(point.max_ns as f64)), 2.6, SERIES[5]);
    }
    let drawn: [(Figure, _); 2] = [(|p| p.p99_ns, SERIES[1]), (|p| p.p50_ns, SERIES[0])];
    for (value, ink) in drawn {
        for stretch in points.chunk_by(apart) {
            let path: Vec<(f64, f64)> =
                stretch.iter().map(|p| (middle(p), panel.y(value(p) as f64))).collect();
            if let [alone] = path.as_slice() {
                canvas.dot(*alone, 4.0, ink);
            }
            canvas.path(path, ink, PEN);
        }
    }
}

/// The figures of each point under the pointer.
fn spots(canvas: &mut Canvas, panel: &Panel, points: &[Point], span: Span) {
    for point in points {
        let since_ns = point.start_ns.saturating_sub(span.start_ns);
        let left = panel.x(since_ns as f64);
        let right = panel.x(since_ns as f64 + point.length_ns as f64);
        let failed = match point.failed {
            0 => String::new(),
            n => format!(", {} failed", format_count(n)),
        };
        let told = format!(
            "at {}: p50 {}, p99 {}, max {}, {}{failed}",
            format_duration(since_ns),
            format_duration(point.p50_ns),
            format_duration(point.p99_ns),
            format_duration(point.max_ns),
            counted(point.count, "sample"),
        );
        canvas.spot(Area { left, right, ..panel.plot }, told);
    }
}

/// Stalls under the pointer, at their wedges; of many in one place the longest.
fn stall_spots(canvas: &mut Canvas, panel: &Panel, stalls: &[&StallLine], span: Span) {
    let mut places: BTreeMap<u32, (u64, &StallLine)> = BTreeMap::new();
    for stall in stalls {
        for column in columns(&[stall], span) {
            let place = places.entry(column).or_insert((0, stall));
            place.0 += 1;
            if stall.duration_ns > place.1.duration_ns {
                place.1 = stall;
            }
        }
    }
    for (column, (count, longest)) in places {
        let x = panel.plot.left + f64::from(column) / 250.0 * panel.plot.width();
        let top = panel.plot.top;
        let others = match count {
            1 => String::new(),
            n => format!(", the longest of {} here", format_count(n)),
        };
        let told = format!(
            "stall at {}: {} took {}{others}",
            format_duration(longest.start_ns.saturating_sub(span.start_ns)),
            longest.series,
            format_duration(longest.duration_ns),
        );
        canvas
            .spot(Area { left: x - 6.0, top: top - 4.0, right: x + 6.0, bottom: top + 12.0 }, told);
    }
}

/// The stalls that are shown with a series: its own, of several operations that know nothing of one another; on a disk
/// those of everything that waits for it.
fn stalls<'a>(run: &'a Run, span: Span, series: &str) -> Vec<&'a StallLine> {
    let apart = run.header.kind == "load";
    run.stalls
        .iter()
        .filter(|stall| span.holds(stall.start_ns) && (!apart || stall.series == series))
        .collect()
}

/// Stalls by the unit of width they fall in.
fn columns(stalls: &[&StallLine], span: Span) -> BTreeSet<u32> {
    let length = (span.length_ns() as f64).max(1.0);
    let column = |stall: &&StallLine| (span.since(stall.start_ns) / length * 250.0) as u32;
    stalls.iter().map(column).collect()
}

fn told_stalls(stalls: &[&StallLine]) -> String {
    match stalls.iter().map(|stall| stall.duration_ns).max() {
        None => "no stall".to_owned(),
        Some(longest_ns) => format!(
            "{}, the longest of {}",
            counted(stalls.len() as u64, "stall"),
            format_duration(longest_ns)
        ),
    }
}

/// Wedges along the top edge.
fn mark_stalls(canvas: &mut Canvas, panel: &Panel, stalls: &BTreeSet<u32>) {
    for column in stalls {
        let x = panel.plot.left + f64::from(*column) / 250.0 * panel.plot.width();
        let top = panel.plot.top;
        canvas.fill(vec![(x - 4.0, top - 2.0), (x + 4.0, top - 2.0), (x, top + 10.0)], BAD, 1.0);
    }
}

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
pub(super) fn event_lines(canvas: &mut Canvas, panel: &Panel, told: &[(u64, String)], span: Span) {
    let mut last = f64::NEG_INFINITY;
    for (at_ns, _) in told {
        let x = panel.x(span.since(*at_ns));
        if x - last >= 2.0 {
            let line = vec![(x, panel.plot.top), (x, panel.plot.bottom)];
            canvas.path(line, EVENT, 1.5);
            last = x;
        }
    }
}

/// Events as lines from top to bottom, named where there is room; close ones of a kind are one.
pub(super) fn events(canvas: &mut Canvas, panel: &Panel, told: &[(u64, String)], span: Span) {
    event_lines(canvas, panel, told, span);
    let mut groups: Vec<(f64, f64, &str, usize)> = Vec::new();
    for (at_ns, kind) in told {
        let x = panel.x(span.since(*at_ns));
        let same =
            groups.iter_mut().rev().find(|(_, last, name, _)| name == kind && x - *last < 60.0);
        match same {
            Some((_, last, _, count)) => {
                *last = x;
                *count += 1;
            }
            None => groups.push((x, x, kind, 1)),
        }
    }
    for (first, last, name, count) in groups {
        let text = match count {
            1 => name.to_owned(),
            n => format!("{name} ×{}", format_count(n as u64)),
        };
        let text = PLAIN.fit(&text, panel.plot.width() / 2.0);
        let half = PLAIN.width(&text) / 2.0 + 3.0;
        let middle =
            f64::midpoint(first, last).min(panel.plot.right - half).max(panel.plot.left + half);
        let rows = (0..EVENT_ROWS).map(|row| panel.plot.top - 10.0 - LINE * row as f64);
        for y in rows {
            if canvas.tick(&text, (middle, y), PLAIN, MUTED) {
                break;
            }
        }
    }
}

/// Room for the names of events above a plot, beyond the row in which the axis is named: that is enough for two.
pub(super) fn event_room(told: &[(u64, String)]) -> f64 {
    if told.len() > 2 { LINE * (EVENT_ROWS - 1) as f64 } else { 0.0 }
}

/// What happened, in words: `the database file grew (2 times), a new WAL file`.
fn told_events(told: &[(u64, String)], phases: &[&PhaseData]) -> String {
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
