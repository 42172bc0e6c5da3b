//! Latency by percentile: what share of operations took no longer than this. Each further nine takes as much room as
//! the first (as HdrHistogram's plots have it), the interval at 95 % is a ribbon, and a line ends where the samples end:
//! beyond the last quantile that ten effective samples stand behind nothing is drawn.

use crate::result::{PhaseData, Run, SeriesData, Summary};
use crate::units::{counted, format_count, format_duration};

use super::Chart;
use super::canvas::{Anchor, Canvas};
use super::frame::{ALL, BELOW, Head, Key, Mark, PEN, Panel};
use super::measure::{PLAIN, SMALL};
use super::palette::{self, Ink, LIMIT};
use super::part::Part;
use super::pick::{self, Limit};
use super::scale::{latency_axis, tail_axis};

/// Lines that can be told apart.
pub(super) const MOST: usize = 6;
/// Height of the plot.
const HEIGHT: f64 = 270.0;

/// A point of a curve.
#[derive(Debug, Clone, Copy)]
struct Step {
    q: f64,
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
}

/// One line.
pub(super) struct Curve {
    ink: Ink,
    name: String,
    steps: Vec<Step>,
    limits: Vec<Limit>,
}

impl Curve {
    /// The line of a series, as far as its samples resolve it.
    pub fn of(series: &SeriesData, name: String, index: usize) -> Self {
        Curve { ink: palette::series(index), name, steps: steps(series), limits: Vec::new() }
    }

    /// What it is of.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Quantiles and their values in nanoseconds.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.steps.iter().map(|step| (step.q, step.value))
    }
}

/// The series' quantiles, twenty to a nine, from the smallest sample to the last quantile that can be resolved.
fn steps(series: &SeriesData) -> Vec<Step> {
    const PER_NINE: i32 = 20;
    let mut steps = Vec::new();
    for index in 1..=5 * PER_NINE {
        let q = 1.0 - 10_f64.powf(-f64::from(index) / f64::from(PER_NINE));
        let Some(found) = series.quantile(q).filter(|found| found.resolvable) else {
            break;
        };
        steps.push(Step {
            q,
            value: found.value_ns as f64,
            low: found.low_ns.map(|ns| ns as f64),
            high: found.high_ns.map(|ns| ns as f64),
        });
    }
    if !steps.is_empty() {
        let smallest = series.total.min_ns() as f64;
        let first = Step { q: 0.0, value: smallest, low: None, high: None };
        steps.insert(0, first);
    }
    steps
}

/// Curves of the phases that are judged.
pub(super) fn of_run(run: &Run, summary: &Summary) -> Vec<Chart> {
    let judged = pick::judged(run);
    if let [phase] = judged.as_slice() {
        return of_phase(run, summary, phase).into_iter().collect();
    }
    let mut names: Vec<&str> = Vec::new();
    for series in judged.iter().flat_map(|phase| pick::main_series(phase)) {
        if !names.contains(&series.series.as_str()) {
            names.push(&series.series);
        }
    }
    let of_series = |name: &str| of_phases(run, summary, &judged, name);
    names.into_iter().filter_map(of_series).collect()
}

/// The main series of one phase; of a load in an open loop also what tools that wait for each answer would report.
fn of_phase(run: &Run, summary: &Summary, phase: &PhaseData) -> Option<Chart> {
    let mut shown = pick::main_series(phase);
    let services: Vec<&SeriesData> = shown
        .iter()
        .filter_map(|s| s.series.strip_suffix(".response"))
        .filter_map(|operation| phase.series(&format!("{operation}.service")))
        .filter(|service| service.total.count() > 0)
        .collect();
    shown.extend(services);
    shown.truncate(MOST);
    let curve = |(index, series): (usize, &&SeriesData)| {
        let count = format_count(series.total.count());
        let limits = pick::limits(summary, &series.series);
        // The legend tells the limit with its source; in the drawing there is room for few words.
        let told: String = limits.iter().map(|limit| format!(", {}", limit.text)).collect();
        let name = format!("{}, {count} samples{told}", series.series);
        let mut curve = Curve::of(series, name, index);
        curve.limits = limits;
        for limit in &mut curve.limits {
            limit.text.clone_from(&limit.short);
        }
        curve
    };
    let curves: Vec<Curve> = shown.iter().enumerate().map(curve).collect();
    draw(
        "percentiles",
        &format!("Latency by percentile, phase {}", phase.name),
        &pick::whose(run),
        &curves,
    )
}

/// One series in several phases: a load's rates.
fn of_phases(run: &Run, summary: &Summary, phases: &[&PhaseData], series: &str) -> Option<Chart> {
    let wanted = |phase: &PhaseData| {
        let step = summary.steps.iter().find(|step| step.phase == phase.name);
        match step {
            Some(step) => format!("{}/s", crate::units::significant(step.wanted_per_s)),
            None => phase.name.clone(),
        }
    };
    let there: Vec<(&PhaseData, &SeriesData)> =
        phases.iter().filter_map(|phase| Some((*phase, phase.series(series)?))).collect();
    let kept = spread(there.len(), MOST);
    let curve = |(index, at): (usize, &usize)| {
        let (phase, data) = there[*at];
        Curve::of(data, wanted(phase), index)
    };
    let mut curves: Vec<Curve> = kept.iter().enumerate().map(curve).collect();
    if let Some(first) = curves.first_mut() {
        first.limits = pick::limits(summary, series);
    }
    draw(
        &format!("percentiles-{series}"),
        &format!("{series} by percentile and rate"),
        &pick::whose(run),
        &curves,
    )
}

/// The same series of several runs, over one another.
pub(super) fn of_runs(runs: &[(Run, Summary)]) -> Vec<Chart> {
    let Some((first, _)) = runs.first() else {
        return Vec::new();
    };
    let names: Vec<(String, String)> = pick::judged(first)
        .iter()
        .flat_map(|phase| {
            let series = pick::main_series(phase).into_iter();
            series.map(|s| (phase.name.clone(), s.series.clone()))
        })
        .collect();
    let of_series = |(phase, series): &(String, String)| {
        let there: Vec<(&Run, &SeriesData)> = runs
            .iter()
            .filter_map(|(run, _)| Some((run, run.phase(phase)?.series(series)?)))
            .collect();
        let curve = |(index, at): (usize, &usize)| {
            let (run, data) = there[*at];
            Curve::of(data, pick::whose(run), index)
        };
        let curves: Vec<Curve> = spread(there.len(), MOST).iter().enumerate().map(curve).collect();
        draw(
            &format!("percentiles-{phase}-{series}"),
            &format!("{series} by percentile, phase {phase}"),
            &counted(there.len() as u64, "run"),
            &curves,
        )
    };
    names.iter().filter_map(of_series).collect()
}

/// At most so many of a number of things: the first, the last and evenly between.
pub(super) fn spread(count: usize, most: usize) -> Vec<usize> {
    if count <= most {
        return (0..count).collect();
    }
    let at = |index: usize| index * (count - 1) / (most - 1);
    (0..most).map(at).collect()
}

/// Draws curves over one another. `None` where not one has a line.
pub(super) fn draw(name: &str, title: &str, subtitle: &str, curves: &[Curve]) -> Option<Chart> {
    if curves.iter().all(|curve| curve.steps.is_empty()) {
        return None;
    }
    let keys: Vec<Key> = curves.iter().map(key).collect();
    let head = Head { title, subtitle, keys: &keys, ..Head::default() };
    let steps = || curves.iter().flat_map(|curve| &curve.steps);
    let limits = || curves.iter().flat_map(|curve| &curve.limits);
    let values = steps().flat_map(|s| [Some(s.value), s.low, s.high]).flatten();
    let y = latency_axis(values.chain(limits().map(|limit| limit.ns)), "latency");
    let furthest = steps().map(|s| s.q).chain(limits().map(|limit| limit.q));
    let x = tail_axis(furthest.fold(0.9, f64::max), "share of operations that took no longer");
    let top = head.height();
    let panel = Panel::wide(top, HEIGHT, x, y);
    let mut canvas = Canvas::new(panel.plot.bottom + BELOW);
    head.draw(&mut canvas);
    panel.draw(&mut canvas, ALL);
    for (key, curve) in curves.iter().enumerate() {
        canvas.part(Part::data(key), |canvas| line(canvas, &panel, curve));
    }
    let of_curve = |(key, curve): (usize, &'_ Curve)| {
        curve.limits.iter().map(move |limit| (Part::data(key), limit.clone())).collect::<Vec<_>>()
    };
    let mut goals: Vec<(Part, Limit)> = curves.iter().enumerate().flat_map(of_curve).collect();
    // The highest has the least choice of places.
    goals.sort_by(|a, b| b.1.ns.total_cmp(&a.1.ns));
    // No name is put where another limit's mark is.
    for draw in [mark, name_limit] {
        for (part, limit) in &goals {
            canvas.part(*part, |canvas| draw(canvas, &panel, limit));
        }
    }
    spots(&mut canvas, &panel, curves);
    let caption = format!(
        "{title}, {subtitle}: {}; percentiles from {} against latency from {}, both logarithmic; the ribbon is the 95 % \
         interval, and a line ends where its samples end.",
        listed(curves),
        pick::span(&panel.x),
        pick::span(&panel.y),
    );
    Some(Chart::new(name, title, &caption, canvas))
}

fn key(curve: &Curve) -> Key {
    let text = if curve.steps.is_empty() {
        format!("{} (too few samples)", curve.name)
    } else {
        curve.name.clone()
    };
    Key::new(Mark::Line, curve.ink, text)
}

fn listed(curves: &[Curve]) -> String {
    let names: Vec<&str> = curves.iter().map(|curve| curve.name.as_str()).collect();
    names.join("; ")
}

/// A limit as a short line at its quantile: the curve is to pass below.
fn mark(canvas: &mut Canvas, panel: &Panel, limit: &Limit) {
    let (x, y) = panel.at(limit.q, limit.ns);
    let left = (x - 36.0).max(panel.plot.left);
    let right = (x + 36.0).min(panel.plot.right);
    canvas.path(vec![(left, y), (right, y)], LIMIT, 2.5);
    canvas.path(vec![(x, y - 6.0), (x, y + 6.0)], LIMIT, 2.5);
}

/// The limit in words, beside its mark.
fn name_limit(canvas: &mut Canvas, panel: &Panel, limit: &Limit) {
    let (x, y) = panel.at(limit.q, limit.ns);
    let left = (x - 36.0).max(panel.plot.left);
    let right = (x + 36.0).min(panel.plot.right);
    let text = PLAIN.fit(&limit.text, panel.plot.width() - 8.0);
    let half = PLAIN.width(&text) / 2.0;
    let middle = x.min(panel.plot.right - 4.0 - half).max(panel.plot.left + 4.0 + half);
    let places = [
        ((middle, y - 12.0), Anchor::Middle),
        ((left - 8.0, y + 7.0), Anchor::End),
        ((right + 8.0, y + 7.0), Anchor::Start),
        ((middle, y + SMALL + 8.0), Anchor::Middle),
    ];
    canvas.place(&text, (x, y), &places, panel.plot, PLAIN, LIMIT);
}

/// The values of all curves at each percentile under the pointer.
fn spots(canvas: &mut Canvas, panel: &Panel, curves: &[Curve]) {
    let mut quantiles: Vec<f64> = curves.iter().flat_map(|c| &c.steps).map(|step| step.q).collect();
    quantiles.sort_by(f64::total_cmp);
    quantiles.dedup();
    let told = |q: f64| {
        let values = curves.iter().filter_map(|curve| {
            let step = curve.steps.iter().find(|step| step.q == q)?;
            let ns = |value: f64| format_duration(value as u64);
            let interval = match (step.low, step.high) {
                (Some(low), Some(high)) => format!(" [{}, {}]", ns(low), ns(high)),
                _ => String::new(),
            };
            Some(format!("{}: {}{interval}", curve.name, ns(step.value)))
        });
        values.collect::<Vec<_>>().join("\n")
    };
    for (place, told) in super::frame::strips(panel, &quantiles, told) {
        canvas.spot(place, told);
    }
}

fn line(canvas: &mut Canvas, panel: &Panel, curve: &Curve) {
    let bounded = || {
        let all = curve.steps.iter();
        all.filter_map(|step| Some((step.q, step.low?, step.high?)))
    };
    let upper = bounded().map(|(q, _, high)| panel.at(q, high));
    let lower = bounded().map(|(q, low, _)| panel.at(q, low));
    let ribbon: Vec<(f64, f64)> = upper.chain(lower.rev_vec()).collect();
    canvas.fill(ribbon, curve.ink, 0.18);
    let points: Vec<(f64, f64)> =
        curve.steps.iter().map(|step| panel.at(step.q, step.value)).collect();
    if let Some(end) = points.last() {
        canvas.dot(*end, 4.5, curve.ink);
    }
    canvas.path(points, curve.ink, PEN);
}

/// Turns round what cannot be walked backwards.
trait RevVec: Iterator + Sized {
    fn rev_vec(self) -> std::iter::Rev<std::vec::IntoIter<Self::Item>> {
        self.collect::<Vec<_>>().into_iter().rev()
    }
}

impl<I: Iterator> RevVec for I {}
