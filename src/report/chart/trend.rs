//! A history: every night's value, the level between lasting changes, the changes with what else changed then, and
//! where tonight was to be expected.

use jiff::Timestamp;

use crate::trend::{
    ChangePoint, HistoryTrend, LatestVerdict, NightPoint, Outcome, SeriesTrend, Trend, format_value,
};
use crate::units::{format_ratio, time_of_day};

use super::area::Area;
use super::canvas::{Anchor, Canvas};
use super::frame::{ALL, BELOW, Head, Key, Mark, PEN, Panel};
use super::measure::PLAIN;
use super::palette::{BAD, EVENT, GOOD, GRID, Ink, MUTED, OPEN, SERIES};
use super::part::Part;
use super::scale::{Axis, Scale, linear_axis, log_axis, near_axis};
use super::{Chart, pick};

/// Height of the plot.
const HEIGHT: f64 = 260.0;
/// Charts of one trend; there may be hundreds of series. Those with news come first.
const MOST: usize = 24;

/// A chart for each series that has two nights at least.
pub(super) fn of_trend(trend: &Trend) -> Vec<Chart> {
    let mut all: Vec<(&HistoryTrend, &SeriesTrend)> = trend
        .histories
        .iter()
        .flat_map(|history| history.series.iter().map(move |series| (history, series)))
        .filter(|(_, series)| series.values.iter().flatten().count() > 1)
        .collect();
    let news = |series: &SeriesTrend| tonight_ink(series.tonight.verdict) != SERIES[0];
    all.sort_by_key(|(_, s)| (s.informational, !news(s), s.changes.is_empty()));
    all.truncate(MOST);
    let several = trend.histories.len() > 1;
    all.into_iter().map(|(history, series)| draw(history, series, several)).collect()
}

/// How tonight's dot is drawn.
fn tonight_ink(verdict: LatestVerdict) -> Ink {
    match verdict {
        LatestVerdict::Regressed => BAD,
        LatestVerdict::Suspected | LatestVerdict::Different => OPEN,
        LatestVerdict::Better => GOOD,
        _ => SERIES[0],
    }
}

/// Nights on the time axis: seconds since the first, or their numbers where a time cannot be read.
fn moments(nights: &[NightPoint]) -> Vec<f64> {
    let parsed: Vec<Timestamp> = nights.iter().filter_map(|n| n.at.parse().ok()).collect();
    if parsed.len() < nights.len() {
        return (0..nights.len()).map(|at| at as f64).collect();
    }
    let Some(first) = parsed.first() else {
        return Vec::new();
    };
    let since = |at: &Timestamp| at.duration_since(*first).as_secs_f64();
    parsed.iter().map(since).collect()
}

/// Days along the bottom, with room for one more night on the right.
fn days(nights: &[NightPoint], moments: &[f64]) -> Axis {
    let (first, last) =
        (moments.first().copied().unwrap_or(0.0), moments.last().copied().unwrap_or(1.0));
    let night = ((last - first) / moments.len().max(2) as f64).max(1e-3);
    let date = |night: &NightPoint| night.at.split('T').next().unwrap_or_default().to_owned();
    let one_day = nights.first().map(date) == nights.last().map(date);
    let day = |night: &NightPoint| {
        if one_day { time_of_day(&night.at).chars().take(8).collect() } else { date(night) }
    };
    let shown = super::percentiles::spread(moments.len(), 4);
    Axis {
        scale: Scale::Linear { low: first - night / 2.0, high: last + night },
        ticks: shown.into_iter().map(|at| (moments[at], day(&nights[at]))).collect(),
        label: "nights".to_owned(),
    }
}

/// Close values on a linear axis, far ones on a logarithmic one where they are judged so.
fn values(series: &SeriesTrend) -> Axis {
    let show = |value: f64| format_value(series.unit, value);
    let tonight = &series.tonight;
    let told = series.values.iter().flatten().copied();
    let all = || told.clone().chain([tonight.low, tonight.high].into_iter().flatten());
    let low = all().fold(f64::INFINITY, f64::min);
    let high = all().fold(f64::NEG_INFINITY, f64::max);
    let label = "a night's value";
    if low > 0.0 && high / low < 3.0 {
        near_axis(all(), 5, label, show)
    } else if series.logarithmic && low > 0.0 {
        log_axis(all(), label, show)
    } else {
        linear_axis(all(), 5, label, show)
    }
}

fn draw(history: &HistoryTrend, series: &SeriesTrend, several: bool) -> Chart {
    let moments = moments(&history.nights);
    let panel_x = days(&history.nights, &moments);
    let place = if history.machine.is_empty() {
        history.scenario.clone()
    } else {
        format!("{} on {}", history.scenario, history.machine)
    };
    let title = format!("{}, night by night", series.series);
    let keys = keys(history, series);
    let head = Head { title: &title, subtitle: &place, keys: &keys, ..Head::default() };
    let panel = Panel::wide(head.height(), HEIGHT, panel_x, values(series));
    let mut canvas = Canvas::new(panel.plot.bottom + BELOW);
    head.draw(&mut canvas);
    let band = Part::data(keys.len() - 1);
    canvas.part(band, |canvas| expected(canvas, &panel, series, &moments));
    panel.draw(&mut canvas, ALL);
    levels(&mut canvas, &panel, series, &moments);
    nights(&mut canvas, &panel, history, series, &moments);
    for change in &series.changes {
        mark(&mut canvas, &panel, change, &moments);
    }
    let caption = format!(
        "{title}, {place}: {} nights from {}, {}.",
        series.values.iter().flatten().count(),
        pick::span(&panel.y),
        told(series),
    );
    let name = if several {
        format!("trend-{}-{}", history.machine, series.series)
    } else {
        format!("trend-{}", series.series)
    };
    Chart::new(&name, &title, &caption, canvas)
}

fn keys(history: &HistoryTrend, series: &SeriesTrend) -> Vec<Key> {
    let mut keys = vec![Key::new(Mark::Dot, SERIES[0], "night")];
    if history.nights.iter().any(|night| night.excluded.is_some()) {
        keys.push(Key::new(Mark::Ring, MUTED, "left out"));
    }
    if series.tonight.low.is_some() && series.tonight.high.is_some() {
        keys.push(Key::new(Mark::Patch, GRID, "expected tonight"));
    }
    keys
}

/// The changes and tonight in words.
fn told(series: &SeriesTrend) -> String {
    let changes = match series.changes.len() {
        0 => "no lasting change".to_owned(),
        1 => "one lasting change".to_owned(),
        n => format!("{n} lasting changes"),
    };
    let tonight = &series.tonight;
    match (tonight.value, tonight.usual) {
        (Some(value), Some(usual)) => format!(
            "{changes}; tonight {}, usually {}",
            format_value(series.unit, value),
            format_value(series.unit, usual)
        ),
        _ => changes,
    }
}

/// Where tonight was to be expected.
fn expected(canvas: &mut Canvas, panel: &Panel, series: &SeriesTrend, moments: &[f64]) {
    let (Some(low), Some(high)) = (series.tonight.low, series.tonight.high) else {
        return;
    };
    let from = match moments {
        [.., before, last] => f64::midpoint(*before, *last),
        _ => return,
    };
    let area = Area {
        left: panel.x(from).min(panel.plot.right - 14.0),
        top: panel.y(high),
        right: panel.plot.right,
        bottom: panel.y(low),
    };
    canvas.rect(area, GRID, 0.9);
}

/// The level of each stretch between changes; without a change what is usual.
fn levels(canvas: &mut Canvas, panel: &Panel, series: &SeriesTrend, moments: &[f64]) {
    let at = |night: usize| moments.get(night.min(moments.len().saturating_sub(1)));
    let mut stretches: Vec<(usize, usize, f64)> = Vec::new();
    let mut from = 0;
    for change in &series.changes {
        stretches.push((from, change.night.saturating_sub(1), change.before));
        from = change.night;
    }
    let level = match series.changes.last() {
        Some(change) => Some(change.after),
        None => series.tonight.usual,
    };
    stretches.extend(level.map(|level| (from, moments.len(), level)));
    for (from, to, level) in stretches {
        if let (Some(from), Some(to)) = (at(from), at(to)) {
            let y = panel.y(level);
            canvas.path(vec![(panel.x(*from) - 4.0, y), (panel.x(*to) + 4.0, y)], SERIES[0], PEN);
        }
    }
}

fn nights(
    canvas: &mut Canvas,
    panel: &Panel,
    history: &HistoryTrend,
    series: &SeriesTrend,
    moments: &[f64],
) {
    let radius = if moments.len() > 120 { 2.6 } else { 3.6 };
    let newest = moments.len().saturating_sub(1);
    let all = series.values.iter().zip(&history.nights).zip(moments);
    for (index, ((value, night), x)) in all.enumerate() {
        let Some(value) = value else {
            continue;
        };
        let at = panel.at(*x, *value);
        let told = match &night.excluded {
            Some(_) => ", left out",
            None => "",
        };
        let told = format!("{}: {}{told}", night.at, format_value(series.unit, *value));
        canvas.part(Part::data(usize::from(night.excluded.is_some())), |canvas| {
            canvas.spot(Area { left: at.0 - 5.0, right: at.0 + 5.0, ..panel.plot }, told);
            if night.excluded.is_some() {
                canvas.hollow(at, radius + 1.0, MUTED);
            } else if index == newest {
                canvas.dot(at, 7.0, tonight_ink(series.tonight.verdict));
            } else {
                canvas.dot(at, radius, SERIES[0]);
            }
        });
    }
}

/// A change as a line, with how much it was and what else changed then; one that people know is grey.
fn mark(canvas: &mut Canvas, panel: &Panel, change: &ChangePoint, moments: &[f64]) {
    let Some(at) = moments.get(change.night) else {
        return;
    };
    let before = change.night.checked_sub(1).and_then(|night| moments.get(night));
    let x = panel.x(before.map_or(*at, |before| f64::midpoint(*before, *at)));
    let known = change.mark.is_some();
    let ink = match change.outcome {
        _ if known => EVENT,
        Outcome::Worse => BAD,
        Outcome::Better => GOOD,
        Outcome::Different => OPEN,
    };
    canvas.path(vec![(x, panel.plot.top), (x, panel.plot.bottom)], ink, 2.0);
    let mut text = size(change);
    if known {
        text.push_str(" (known)");
    }
    if let Some(fact) = change.coincides.first() {
        text.push_str(", ");
        text.push_str(&fact.fact);
    }
    let text = PLAIN.fit(&text, panel.plot.width() / 2.0);
    let half = PLAIN.width(&text) / 2.0;
    let middle = x.min(panel.plot.right - half).max(panel.plot.left + half);
    let ink = if known { MUTED } else { ink };
    for row in 0..4 {
        let y = panel.plot.top + 20.0 + f64::from(row) * 26.0;
        if canvas.label(&text, (middle, y), Anchor::Middle, PLAIN, ink) {
            return;
        }
    }
}

/// `+31 %`, `2.4×`, or from where to where.
fn size(change: &ChangePoint) -> String {
    match change.ratio {
        Some(ratio) if ratio.value >= 2.0 || ratio.value <= 0.5 => format_ratio(ratio.value),
        Some(ratio) => format!("{:+.0} %", (ratio.value - 1.0) * 100.0),
        None => "changed".to_owned(),
    }
}
