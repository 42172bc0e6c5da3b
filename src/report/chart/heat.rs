//! Latency as a map over time: each cell is as dark as it holds many operations. What a line hides is plain here: two
//! modes, a rhythm, a tail that comes and goes.

use std::collections::BTreeMap;

use crate::record::{add_bands, band_floor};
use crate::result::{MapColumn, PhaseData, Run, Summary};
use crate::units::{counted, format_count, format_duration};

use super::area::Area;
use super::canvas::Canvas;
use super::frame::{ALL, BELOW, Head, Key, Panel, Ramp};
use super::palette::{RAMP, ramp};
use super::part::Part;
use super::scale::{latency_axis, time_axis};
use super::span::{Span, groups, since};
use super::{Chart, pick};

/// Height of the plot.
const HEIGHT: f64 = 270.0;
/// Columns across: narrower ones could not be seen.
const MOST_COLUMNS: usize = 130;

/// A map for each main series of what is judged.
pub(super) fn of_run(run: &Run, summary: &Summary) -> Vec<Chart> {
    let mut charts = Vec::new();
    for (group, phases) in groups(run) {
        let Some(first) = phases.first() else {
            continue;
        };
        for series in pick::main_series(first).into_iter().take(3) {
            charts.extend(of_series(run, summary, &group, &phases, &series.series));
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
    let columns: Vec<MapColumn> = phases
        .iter()
        .filter_map(|phase| phase.series(series))
        .flat_map(|data| data.map.iter().cloned())
        .collect();
    let columns = thin(columns);
    let counts = || columns.iter().flat_map(|c| &c.bands).map(|&(_, n)| n);
    let most = counts().max()?;
    let span = Span::of(phases);
    let title = match phases.len() {
        1 => format!("Every {series} over time, phase {group}"),
        _ => format!("Every {series} over time, rate by rate"),
    };
    let subtitle = format!("{} · {}", pick::whose(run), counted(counts().sum(), "sample"));
    let limits = pick::limits(summary, series);
    let keys: Vec<Key> = pick::keys(&limits).collect();
    let head = Head {
        title: &title,
        subtitle: &subtitle,
        keys: &keys,
        ramp: Some(Ramp {
            inks: &RAMP,
            low: "1".to_owned(),
            high: format!("{} operations in a cell", format_count(most)),
        }),
    };
    let bands = || columns.iter().flat_map(|c| &c.bands).map(|&(band, _)| band);
    let (lowest, highest) = (bands().min()?, bands().max()?);
    let values = [band_floor(lowest), band_floor(highest + 1)];
    let values = values.into_iter().chain(limits.iter().map(|limit| limit.ns));
    let y = latency_axis(values, "latency");
    let x = time_axis(span.length_ns(), 6, since(phases));
    let panel = Panel::wide(head.height(), HEIGHT, x, y);
    let mut canvas = Canvas::new(panel.plot.bottom + BELOW);
    canvas.time(span.along(&panel));
    head.draw(&mut canvas);
    panel.draw(&mut canvas, ALL);
    canvas.part(Part::DATA, |canvas| cells(canvas, &panel, &columns, span, most));
    for (index, limit) in limits.iter().enumerate() {
        let part = Part::across(index);
        canvas.part(part, |canvas| panel.limit(canvas, limit.ns, &limit.text));
    }
    canvas.part(Part::DATA, |canvas| spots(canvas, &panel, &columns, span));
    let caption = format!(
        "{title}, {subtitle}: how many of {} operations took how long, and when; latency from {} on a logarithmic axis, \
         up to {} operations in a cell.",
        format_count(counts().sum()),
        pick::span(&panel.y),
        format_count(most),
    );
    Some(Chart::new(&format!("map-{group}-{series}"), &title, &caption, canvas))
}

/// How many operations each stretch of time had under the pointer, and how long they took.
fn spots(canvas: &mut Canvas, panel: &Panel, columns: &[MapColumn], span: Span) {
    for column in columns {
        let since_ns = span.since(column.start_ns);
        let bands = || column.bands.iter().map(|&(band, _)| band);
        let (Some(lowest), Some(highest)) = (bands().min(), bands().max()) else {
            continue;
        };
        let duration = |ns: f64| format_duration(ns as u64);
        let told = format!(
            "at {}: {}, of {} to {}",
            duration(since_ns),
            counted(column.bands.iter().map(|&(_, count)| count).sum(), "operation"),
            duration(band_floor(lowest)),
            duration(band_floor(highest + 1)),
        );
        let left = panel.x(since_ns);
        let right = panel.x(since_ns + column.length_ns as f64);
        canvas.spot(Area { left, right, ..panel.plot }, told);
    }
}

/// At most [`MOST_COLUMNS`]; neighbours are added up.
fn thin(columns: Vec<MapColumn>) -> Vec<MapColumn> {
    let together = columns.len().div_ceil(MOST_COLUMNS).max(1);
    let one = |columns: &[MapColumn]| {
        let mut whole = columns[0].clone();
        for next in &columns[1..] {
            let end = next.start_ns.saturating_add(next.length_ns);
            whole.length_ns = whole.length_ns.max(end.saturating_sub(whole.start_ns));
            add_bands(&mut whole.bands, &next.bands);
        }
        whole
    };
    columns.chunks(together).map(one).collect()
}

/// Cells by their ink, so that each ink is one element.
fn cells(canvas: &mut Canvas, panel: &Panel, columns: &[MapColumn], span: Span, most: u64) {
    let mut by_ink: BTreeMap<u32, Vec<Area>> = BTreeMap::new();
    for column in columns {
        let left = panel.x(span.since(column.start_ns));
        let end_ns = column.start_ns.saturating_add(column.length_ns);
        let right = panel.x(span.since(end_ns)).max(left + 1.0);
        for &(band, count) in &column.bands {
            let share = (count as f64).ln_1p() / (most as f64).ln_1p();
            let area = Area {
                left,
                top: panel.y(band_floor(band + 1)),
                right: right.min(panel.plot.right),
                bottom: panel.y(band_floor(band)),
            };
            let ink = ramp(share);
            by_ink.entry(ink.light).or_default().push(area);
        }
    }
    for ink in RAMP {
        let areas = by_ink.remove(&ink.light).unwrap_or_default();
        areas.into_iter().for_each(|area| canvas.rect(area, ink, 1.0));
    }
}
