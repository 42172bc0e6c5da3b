//! Latency over time: median, 99th percentile and maximum of each second, stalls and events at their moments.

use crate::result::{PhaseData, Point, Run, Summary};
use crate::units::{counted, format_count, format_duration};

use super::area::Area;
use super::canvas::Canvas;
use super::frame::{ALL, BELOW, Head, Key, Mark, PEN, Panel};
use super::palette::{BAD, SERIES};
use super::part::Part;
use super::scale::{latency_axis, time_axis};
use super::span::{Span, groups, moment, since};
use super::{Chart, events, pick, stalls};

/// Height of the plot.
const HEIGHT: f64 = 250.0;
/// Points across; where there are more, the highest of neighbours stand for them.
const MOST_POINTS: usize = 180;
/// The same for a stretch of the time.
const MOST_FINER: usize = 900;

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
    let finer = thin(&points, MOST_FINER);
    let (points, together) = thin(&points, MOST_POINTS);
    let limits = pick::limits(summary, series);
    let title = match phases.len() {
        1 => format!("{series} over time, phase {group}"),
        _ => format!("{series} over time, rate by rate"),
    };
    let every = every(&points, together);
    let samples = counted(points.iter().map(|point| point.count).sum(), "sample");
    let subtitle = format!("{} · {samples}", pick::whose(run));
    let shown_stalls = stalls::Shown::new(run, span, series);
    let within = shown_stalls.of(run);
    let mut keys = keys(!within.is_empty(), &every);
    let first_limit = keys.len();
    keys.extend(pick::keys(&limits));
    let head = Head { title: &title, subtitle: &subtitle, keys: &keys, ..Head::default() };
    // The highest of a stretch may be above what the axis of all would begin with.
    let shown = points.iter().chain(&finer.0);
    let values = shown.flat_map(|p| [p.p50_ns, p.p99_ns, p.max_ns].map(|ns| ns as f64));
    let y = latency_axis(values.chain(limits.iter().map(|limit| limit.ns)), "latency");
    let x = time_axis(span.length_ns(), 6, since(phases));
    let told = events::told(run, span, phases);
    let panel = Panel::wide(head.height() + events::room(&told), HEIGHT, x, y);
    let mut canvas = Canvas::new(panel.plot.bottom + BELOW);
    canvas.time(span.along(&panel));
    head.draw(&mut canvas);
    panel.draw(&mut canvas, ALL);
    lines(&mut canvas, &panel, &points, span, false);
    let finer = (finer.0.len() > points.len()).then_some(finer);
    if let Some((finer, together)) = &finer {
        lines(&mut canvas, &panel, finer, span, true);
        canvas.rename(MAX, max(&self::every(finer, *together)));
    }
    draw_limits(&mut canvas, &panel, &limits, first_limit);
    events::draw(&mut canvas, &panel, &told, span);
    stalls::mark(&mut canvas, &panel, &within, span, STALL);
    spots(&mut canvas, &panel, &points, span, false);
    if let Some((finer, _)) = &finer {
        spots(&mut canvas, &panel, finer, span, true);
    }
    stalls::spots(&mut canvas, &panel, &within, span, STALL);
    let events = match events::in_words(&told, phases) {
        none if none.is_empty() => none,
        events => format!("; {events}"),
    };
    let caption = format!(
        "{title}, {subtitle}: median, 99th percentile and maximum of {every}, from {} on a logarithmic axis; {}{events}.",
        pick::span(&panel.y),
        stalls::told(&within),
    );
    let chart = Chart::new(&format!("timeline-{group}-{series}"), &title, &caption, canvas);
    Some(chart.with_stalls(shown_stalls))
}

/// The limits, as the entries of the legend from this one on.
fn draw_limits(canvas: &mut Canvas, panel: &Panel, limits: &[pick::Limit], first: usize) {
    for (index, limit) in limits.iter().enumerate() {
        let part = Part::across(first + index);
        canvas.part(part, |canvas| panel.limit(canvas, limit.ns, &limit.text));
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

/// Entries of the legend.
const P50: usize = 0;
const P99: usize = 1;
const MAX: usize = 2;
const STALL: usize = 3;

fn keys(stalls: bool, every: &str) -> Vec<Key> {
    let mut keys = vec![
        Key::new(Mark::Line, SERIES[0], "p50"),
        Key::new(Mark::Line, SERIES[1], "p99"),
        Key::new(Mark::Dot, SERIES[5], max(every)),
    ];
    if stalls {
        keys.push(Key::new(Mark::Patch, BAD, "stall"));
    }
    keys
}

fn max(every: &str) -> String {
    format!("max, per {every}")
}

/// At most so many, and how many became one.
fn thin(points: &[Point], most: usize) -> (Vec<Point>, usize) {
    let together = points.len().div_ceil(most);
    if together <= 1 {
        return (points.to_vec(), 1);
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
fn lines(canvas: &mut Canvas, panel: &Panel, points: &[Point], span: Span, finer: bool) {
    let middle = |p: &Point| panel.x(span.since(p.start_ns) + p.length_ns as f64 / 2.0);
    let apart = |a: &Point, b: &Point| {
        let gap = b.start_ns.saturating_sub(a.start_ns.saturating_add(a.length_ns));
        b.start_ns > a.start_ns && gap <= a.length_ns.max(b.length_ns) / 2
    };
    canvas.part(Part::data(MAX).finer(finer), |canvas| {
        for point in points {
            canvas.dot((middle(point), panel.y(point.max_ns as f64)), 2.6, SERIES[5]);
        }
    });
    let drawn: [(Figure, _, _); 2] =
        [(|p| p.p99_ns, SERIES[1], P99), (|p| p.p50_ns, SERIES[0], P50)];
    for (value, ink, key) in drawn {
        canvas.part(Part::data(key).finer(finer), |canvas| {
            for stretch in points.chunk_by(apart) {
                let path: Vec<(f64, f64)> =
                    stretch.iter().map(|p| (middle(p), panel.y(value(p) as f64))).collect();
                if let [alone] = path.as_slice() {
                    canvas.dot(*alone, 4.0, ink);
                }
                canvas.path(path, ink, PEN);
            }
        });
    }
}

/// The figures of each point under the pointer.
fn spots(canvas: &mut Canvas, panel: &Panel, points: &[Point], span: Span, finer: bool) {
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
            if finer { moment(since_ns) } else { format_duration(since_ns) },
            format_duration(point.p50_ns),
            format_duration(point.p99_ns),
            format_duration(point.max_ns),
            counted(point.count, "sample"),
        );
        let area = Area { left, right, ..panel.plot };
        canvas.part(Part::DATA.finer(finer), |canvas| canvas.spot(area, told));
    }
}
