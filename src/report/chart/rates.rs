//! Rate against latency: what more load costs, where a rule breaks, and which rate is the answer.

use crate::result::{CapacityStep, Run, SeriesData, Summary};
use crate::units::{format_count, format_duration, significant};

use super::Chart;
use super::area::Area;
use super::canvas::{Anchor, Canvas};
use super::frame::{ALL, BELOW, Head, Key, Mark, PEN, Panel};
use super::measure::PLAIN;
use super::palette::{GOOD, Ink, series};
use super::part::Part;
use super::pick::{self, Limit};
use super::scale::{Axis, latency_axis, log_axis, rate_axis};

/// Height of the plot.
const HEIGHT: f64 = 280.0;

/// A value and its interval.
type Measured = (f64, Option<f64>, Option<f64>);

/// One rate that was tried.
struct Tried {
    rate: f64,
    kept: bool,
    /// Latency of each line with its interval, where there is one.
    values: Vec<Option<Measured>>,
}

/// A curve to draw.
struct Curve<'a> {
    name: String,
    title: String,
    whose: String,
    lines: &'a [&'a str],
    tried: Vec<Tried>,
    limits: Vec<Limit>,
    /// The answer, and whether more may be possible.
    answer: Option<(f64, bool)>,
}

impl Curve<'_> {
    /// Whether any rate has a value of this line.
    fn has(&self, line: usize) -> bool {
        self.tried.iter().filter_map(|step| step.values.get(line)).any(Option::is_some)
    }
}

/// The capacity of a disk; the steps of a load, for each of its operations.
pub(super) fn of_run(run: &Run, summary: &Summary) -> Vec<Chart> {
    let mut charts: Vec<Chart> = capacity(run, summary).into_iter().collect();
    if summary.steps.len() > 1 {
        let first = summary.steps.first().and_then(|step| run.phase(&step.phase));
        let names = first.map(pick::main_series).unwrap_or_default();
        let names = names.iter().map(|series| series.series.as_str());
        charts.extend(names.filter_map(|name| steps(run, summary, name)));
    }
    charts
}

fn answer(summary: &Summary) -> Option<(f64, bool)> {
    let capacity = summary.capacity.as_ref()?;
    Some((capacity.puts_per_s?, capacity.at_least))
}

fn capacity(run: &Run, summary: &Summary) -> Option<Chart> {
    let steps = &summary.capacity.as_ref()?.curve;
    let tried = |step: &CapacityStep| {
        let figures = [step.wal_fsync_p99_ns, step.backend_commit_p99_ns, step.put_commit_p99_ns];
        let value = |ns: u64| (ns > 0).then_some((ns as f64, None, None));
        Tried { rate: step.reached_per_s, kept: step.kept, values: figures.map(value).to_vec() }
    };
    let mut limits = pick::limits(summary, "wal.fsync");
    limits.extend(pick::limits(summary, "backend.commit"));
    for (limit, name) in limits.iter_mut().zip(["wal.fsync", "backend.commit"]) {
        limit.text = format!("{name} {}", limit.text);
    }
    draw(Curve {
        name: "capacity".to_owned(),
        title: "Latency against put rate".to_owned(),
        whose: pick::whose(run),
        lines: &["wal.fsync p99", "backend.commit p99", "put.commit p99"],
        tried: steps.iter().map(tried).collect(),
        limits,
        answer: answer(summary),
    })
}

fn steps(run: &Run, summary: &Summary, name: &str) -> Option<Chart> {
    let value = |series: &SeriesData, q: f64| {
        let found = series.quantile(q).filter(|found| found.resolvable)?;
        let bound = |ns: Option<u64>| ns.map(|ns| ns as f64);
        Some((found.value_ns as f64, bound(found.low_ns), bound(found.high_ns)))
    };
    let mut tried = Vec::new();
    for step in &summary.steps {
        let Some(series) = run.phase(&step.phase).and_then(|p| p.series(name)) else {
            continue;
        };
        tried.push(Tried {
            rate: step.reached_per_s,
            kept: step.kept,
            values: [0.5, 0.99, 0.999].map(|q| value(series, q)).to_vec(),
        });
    }
    draw(Curve {
        name: format!("rates-{name}"),
        title: format!("What a higher rate costs: {name}"),
        whose: pick::whose(run),
        lines: &["p50", "p99", "p99.9"],
        tried,
        limits: pick::limits(summary, name),
        answer: answer(summary),
    })
}

/// Linear, as a rate that is twice as high should look so; logarithmic where the rates were doubled again and again.
fn axis(tried: &[Tried]) -> Axis {
    let rates = || tried.iter().map(|step| step.rate);
    let low = rates().filter(|rate| *rate > 0.0).fold(f64::INFINITY, f64::min);
    let high = rates().fold(0.0, f64::max);
    let label = "operations per second that were answered";
    if high / low > 12.0 {
        log_axis(rates(), label, |rate| format!("{}/s", significant(rate)))
    } else {
        rate_axis(rates(), label)
    }
}

fn draw(curve: Curve<'_>) -> Option<Chart> {
    let values = || curve.tried.iter().flat_map(|step| step.values.iter().flatten());
    if curve.tried.len() < 2 || values().next().is_none() {
        return None;
    }
    let mut keys = keys(&curve);
    let first_limit = keys.len();
    keys.extend(pick::keys(&curve.limits));
    let head = Head { title: &curve.title, subtitle: &curve.whose, keys: &keys, ..Head::default() };
    let all = values().flat_map(|(value, low, high)| [Some(*value), *low, *high]);
    let limits = curve.limits.iter().map(|limit| limit.ns);
    let y = latency_axis(all.flatten().chain(limits), "latency");
    let panel = Panel::wide(head.height(), HEIGHT, axis(&curve.tried), y);
    let mut canvas = Canvas::new(panel.plot.bottom + BELOW);
    head.draw(&mut canvas);
    panel.draw(&mut canvas, ALL);
    let shown = (0..curve.lines.len()).filter(|line| curve.has(*line));
    for (key, line) in shown.enumerate() {
        canvas.part(Part::data(key), |canvas| stroke(canvas, &panel, &curve, line));
    }
    for (index, limit) in curve.limits.iter().enumerate() {
        let part = Part::across(first_limit + index);
        canvas.part(part, |canvas| panel.limit(canvas, limit.ns, &limit.text));
    }
    mark_answer(&mut canvas, &panel, &curve);
    spots(&mut canvas, &panel, &curve);
    let caption = format!(
        "{}, {}: {} against operations per second ({}), latency from {} on a logarithmic axis; {}.",
        curve.title,
        curve.whose,
        curve.lines.join(", "),
        pick::span(&panel.x),
        pick::span(&panel.y),
        told(&curve),
    );
    Some(Chart::new(&curve.name, &curve.title, &caption, canvas))
}

/// What each rate that was tried came to under the pointer.
fn spots(canvas: &mut Canvas, panel: &Panel, curve: &Curve<'_>) {
    for step in &curve.tried {
        let values = curve.lines.iter().zip(&step.values);
        let told = values.filter_map(|(line, value)| {
            let (value, ..) = (*value)?;
            Some(format!("{line}: {}", format_duration(value as u64)))
        });
        let told: Vec<String> = told.collect();
        let kept = if step.kept { "every rule kept" } else { "a rule broke" };
        let told = format!("{}/s, {kept}\n{}", whole(step.rate), told.join("\n"));
        let x = panel.x(step.rate);
        canvas.spot(Area { left: x - 7.0, right: x + 7.0, ..panel.plot }, told);
    }
}

fn keys(curve: &Curve<'_>) -> Vec<Key> {
    let lines = curve.lines.iter().enumerate();
    let mut keys: Vec<Key> = lines
        .filter(|(line, _)| curve.has(*line))
        .map(|(line, name)| Key::new(Mark::Line, series(line), *name))
        .collect();
    if curve.tried.iter().any(|step| !step.kept) {
        keys.push(Key::new(Mark::Ring, series(5), "a rule broke"));
    }
    keys
}

/// The answer in words.
fn told(curve: &Curve<'_>) -> String {
    match curve.answer {
        Some((rate, true)) => format!("every rule holds at {}/s and may hold beyond", whole(rate)),
        Some((rate, false)) => format!("every rule holds up to {}/s", whole(rate)),
        None => "no rate keeps every rule".to_owned(),
    }
}

fn whole(rate: f64) -> String {
    format_count(rate.max(0.0).round() as u64)
}

fn mark_answer(canvas: &mut Canvas, panel: &Panel, curve: &Curve<'_>) {
    let Some((rate, at_least)) = curve.answer else {
        return;
    };
    let x = panel.x(rate);
    let plot = panel.plot;
    canvas.path(vec![(x, plot.top), (x, plot.bottom)], GOOD, 2.0);
    let sign = if at_least { "≥ " } else { "" };
    let text = format!("{sign}{}/s", whole(rate));
    let half = PLAIN.width(&text) / 2.0;
    let middle = x.min(plot.right - half).max(plot.left + half);
    // Above the plot, where it hides nothing.
    canvas.text(&text, (middle, plot.top - 10.0), Anchor::Middle, PLAIN, GOOD);
}

/// One line: dots where every rule held, rings where one broke, bars for intervals.
fn stroke(canvas: &mut Canvas, panel: &Panel, curve: &Curve<'_>, line: usize) {
    let ink: Ink = series(line);
    let mut path = Vec::new();
    for step in &curve.tried {
        let Some((value, low, high)) = step.values.get(line).copied().flatten() else {
            continue;
        };
        let at = panel.at(step.rate, value);
        if let (Some(low), Some(high)) = (low, high) {
            let bar = vec![(at.0, panel.y(low)), (at.0, panel.y(high))];
            canvas.faint_path(bar, ink.whole(), 6.0, 0.3);
        }
        path.push((at, step.kept));
    }
    let points: Vec<(f64, f64)> = path.iter().map(|(at, _)| *at).collect();
    canvas.path(points, ink, PEN);
    for (at, kept) in path {
        if kept {
            canvas.dot(at, 5.0, ink);
        } else {
            canvas.hollow(at, 5.0, ink);
        }
    }
}
