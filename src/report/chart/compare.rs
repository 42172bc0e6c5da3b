//! A comparison: how much each metric differs and how sure that is, where in the distribution it differs, and the
//! distributions themselves.

use crate::compare::{Comparison, Contrast, Metric, MetricVerdict, Side};
use crate::record::Distribution;
use crate::result::{Run, SeriesData};

use super::frame::{Key, Mark};
use super::palette::{BAD, GOOD, GRID, Ink, MUTED, OPEN, SERIES};
use super::percentiles::{self, Curve};
use super::rows::{self, Row};
use super::scale::ratio_axis;
use super::{Chart, multiples, pick, ratio, sweep};

/// Rows of a forest.
const MOST_ROWS: usize = 14;
/// Series that are drawn side by side.
const MOST_SERIES: usize = 4;
/// One side: its letter and name, and its runs as one.
pub(super) struct Pooled {
    /// `A prod-1`.
    pub name: String,
    /// All samples of each phase and series.
    pub series: Vec<(String, SeriesData)>,
}

/// Every chart of a comparison.
pub(super) fn of_comparison(found: &Comparison, sides: &[Vec<Run>]) -> Vec<Chart> {
    let mut charts = Vec::new();
    charts.extend(found.contrasts.iter().filter_map(|c| forest(found, c)));
    let pooled: Vec<Pooled> = sides
        .iter()
        .enumerate()
        .map(|(index, runs)| pool(index, found.sides.get(index), runs))
        .collect();
    for (phase, series) in names(sides) {
        let shown: Vec<(&str, &SeriesData)> = pooled
            .iter()
            .filter_map(|side| Some((side.name.as_str(), side.of(&phase, &series)?)))
            .collect();
        if shown.len() < 2 {
            continue;
        }
        let (name, what) = (format!("{phase}-{series}"), format!("{series}, phase {phase}"));
        charts.extend(overlay(&name, &what, &shown));
        charts.extend(ratio::draw(found, &name, &what, &phase, &series, &shown));
        if shown.len() > 2 {
            charts.extend(multiples::draw(&name, &what, &shown));
        }
    }
    if let [a, b] = sides {
        charts.extend(sweep::difference(a, b));
    }
    charts
}

impl Pooled {
    fn of(&self, phase: &str, series: &str) -> Option<&SeriesData> {
        let mut there = self.series.iter();
        let found = there.find(|(name, data)| name == phase && data.series == series);
        found.map(|(_, data)| data)
    }
}

/// The phases and series that matter, as the first run has them.
fn names(sides: &[Vec<Run>]) -> Vec<(String, String)> {
    let Some(first) = sides.first().and_then(|runs| runs.first()) else {
        return Vec::new();
    };
    let phases = pick::judged(first).into_iter();
    let all = phases.flat_map(|phase| {
        let series = pick::main_series(phase).into_iter();
        series.map(|s| (phase.name.clone(), s.series.clone()))
    });
    all.take(MOST_SERIES).collect()
}

/// The runs of a side as one. Their batches stay apart: the doubt between them is part of the interval.
fn pool(index: usize, side: Option<&Side>, runs: &[Run]) -> Pooled {
    let letter = side.map_or_else(|| (index + 1).to_string(), |side| side.letter.clone());
    let name = side.map(|side| side.name.as_str()).unwrap_or_default();
    let mut pooled =
        Pooled { name: format!("{letter} {name}").trim().to_owned(), series: Vec::new() };
    for phase in runs.iter().flat_map(pick::judged) {
        for data in pick::main_series(phase) {
            let known = |(name, kept): &&mut (String, SeriesData)| {
                *name == phase.name && kept.series == data.series
            };
            match pooled.series.iter_mut().find(known) {
                Some((_, kept)) => {
                    kept.total.merge(&data.total);
                    kept.batches.extend(batches(data));
                }
                None => {
                    let one = SeriesData {
                        series: data.series.clone(),
                        total: data.total.clone(),
                        batches: batches(data),
                        ..SeriesData::default()
                    };
                    pooled.series.push((phase.name.clone(), one));
                }
            }
        }
    }
    pooled
}

fn batches(data: &SeriesData) -> Vec<Distribution> {
    data.batches.clone()
}

/// The distributions over one another.
fn overlay(name: &str, what: &str, shown: &[(&str, &SeriesData)]) -> Option<Chart> {
    let curve = |(index, at): (usize, &usize)| {
        let (side, data) = shown[*at];
        Curve::of(data, side.to_owned(), index)
    };
    let kept = percentiles::spread(shown.len(), percentiles::MOST);
    let curves: Vec<Curve> = kept.iter().enumerate().map(curve).collect();
    let subtitle = match shown.len() - kept.len() {
        0 => format!("{} sides, all runs of each", shown.len()),
        _ => format!("{} of {} sides, all runs of each", kept.len(), shown.len()),
    };
    percentiles::draw(
        &format!("percentiles-{name}"),
        &format!("{what}, by percentile"),
        &subtitle,
        &curves,
    )
}

/// A row for each metric whose effect is a ratio.
fn forest(found: &Comparison, contrast: &Contrast) -> Option<Chart> {
    let usable = |metric: &&Metric| {
        let effect = metric.effect.filter(|e| e.value.is_finite() && e.value > 0.0);
        !metric.stat.is_share() && effect.is_some()
    };
    let mut metrics: Vec<&Metric> = contrast.metrics.iter().filter(usable).collect();
    metrics.sort_by_key(|metric| !metric.primary);
    let all = metrics.len();
    metrics.truncate(MOST_ROWS);
    let rows: Vec<Row> = metrics.iter().filter_map(|metric| row(metric)).collect();
    if rows.is_empty() {
        return None;
    }
    let values = rows.iter().flat_map(Row::values);
    let x = ratio_axis(values, &format!("{} / {}", contrast.b, contrast.a));
    let title = format!("How {} differs from {}", contrast.b, contrast.a);
    let subtitle = sides(found, contrast);
    let more = match all - rows.len() {
        0 => String::new(),
        n => format!("; {n} more metrics are in the table"),
    };
    let caption = format!(
        "{title}, {subtitle}: ratio of each metric with its 95 % interval on a logarithmic axis; what lies within the \
         grey band does not matter{more}."
    );
    let keys = keys(&metrics);
    let name = match found.contrasts.len() {
        1 => "forest".to_owned(),
        _ => format!("forest-{}", contrast.b),
    };
    Some(Chart::new(
        &name,
        &title,
        &caption,
        rows::draw(&title, &subtitle, &keys, &rows, x, Some(1.0)),
    ))
}

/// `A old (6 runs) → B new (6 runs)`.
fn sides(found: &Comparison, contrast: &Contrast) -> String {
    let name = |letter: &str, runs: usize| {
        let side = found.sides.iter().find(|side| side.letter == letter);
        let name = side.map(|side| side.name.as_str()).unwrap_or_default();
        match runs {
            1 => format!("{letter} {name}"),
            n => format!("{letter} {name} ({n} runs)"),
        }
    };
    let (a, b) =
        (name(&contrast.a, contrast.design.runs_a), name(&contrast.b, contrast.design.runs_b));
    format!("{b} over {a}")
}

/// Whose verdict a colour is.
fn ink(verdict: MetricVerdict) -> Ink {
    match verdict {
        MetricVerdict::Improved => GOOD,
        MetricVerdict::Regressed => BAD,
        MetricVerdict::Unchanged => SERIES[0].whole(),
        MetricVerdict::Inconclusive => OPEN,
        MetricVerdict::NotResolvable | MetricVerdict::Invalid => MUTED,
    }
}

/// The verdicts that occur, and the band.
fn keys(metrics: &[&Metric]) -> Vec<Key> {
    let verdicts = [
        MetricVerdict::Improved,
        MetricVerdict::Regressed,
        MetricVerdict::Unchanged,
        MetricVerdict::Inconclusive,
        MetricVerdict::NotResolvable,
        MetricVerdict::Invalid,
    ];
    let occurs = |verdict: &MetricVerdict| metrics.iter().any(|m| m.verdict == *verdict);
    let mut keys: Vec<Key> = verdicts
        .into_iter()
        .filter(occurs)
        .map(|verdict| Key::new(Mark::Dot, ink(verdict), verdict.name()))
        .collect();
    keys.push(Key::new(Mark::Patch, GRID, "does not matter"));
    keys
}

fn row(metric: &Metric) -> Option<Row> {
    let effect = metric.effect?;
    let bound = |end: Option<f64>| end.filter(|v| v.is_finite() && *v > 0.0);
    let least = 1.0 + metric.min_difference.max(0.0);
    let interval = match (effect.low, effect.high) {
        (Some(low), Some(high)) => format!(" [{}, {}]", plain(low), plain(high)),
        _ => String::new(),
    };
    Some(Row {
        name: metric.label(),
        told: format!("{}×{interval}", plain(effect.value)),
        value: Some(effect.value),
        low: bound(effect.low),
        high: bound(effect.high),
        ink: ink(metric.verdict),
        band: Some((1.0 / least, least)),
    })
}

fn plain(ratio: f64) -> String {
    crate::units::significant(ratio)
}
