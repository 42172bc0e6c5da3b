//! How long it took: a row per series, and the most telling one over time.

use super::super::quantiles::{QUANTILES, told};
use super::super::table::Table;
use super::super::{GUTTER, Page};
use super::{operations, phases, shown, wait_series};
use crate::plan::LoadPlan;
use crate::report::sketch;
use crate::report::text::{clean, entry, flow};
use crate::result::{PhaseData, Point};
use crate::units::{format_count, format_duration, format_millis};

/// Cells of the sketch of a distribution.
const SKETCH: usize = 10;
/// Cells of a timeline at most.
const TIMELINE: usize = 60;

pub(super) fn latency(page: &Page<'_>, plan: &LoadPlan, out: &mut String) {
    let Some(phase) = shown(page) else { return };
    let names = series(plan);
    let mut missing = Vec::new();
    let rows = names
        .iter()
        .filter_map(|name| row(page, phase, name, &mut missing))
        .collect();
    let at = if page.summary.steps.is_empty() {
        String::new()
    } else {
        format!(", phase {}", phase.name)
    };
    let mut head = vec![format!("ms{at}"), String::new()];
    head.extend(QUANTILES.map(|(_, name)| name.to_owned()));
    head.extend(["max".to_owned(), "samples".to_owned()]);
    out.push('\n');
    Table {
        head,
        rows,
        names: 2,
    }
    .write(page, out);
    if let Some(why) = missing.into_iter().next() {
        entry(
            out,
            "",
            GUTTER,
            &flow(&[format!("– {why}")], " ", page.beside_gutter()),
        );
    }
    over_time(page, plan, out);
}

/// What is timed, the most telling first.
fn series(plan: &LoadPlan) -> Vec<String> {
    let kinds: &[&str] = if plan.is_open() {
        &["response", "service", "lag"]
    } else {
        &["service"]
    };
    let mut names: Vec<String> = operations(plan)
        .flat_map(|operation| {
            kinds
                .iter()
                .map(move |kind| format!("{}.{kind}", operation.name()))
        })
        .collect();
    names.extend(plan.watch.map(|_| "watch.event".to_owned()));
    names
}

fn row(
    page: &Page<'_>,
    phase: &PhaseData,
    name: &str,
    missing: &mut Vec<String>,
) -> Option<Vec<String>> {
    let data = phase.series(name).filter(|data| data.total.count() > 0)?;
    let figures = page.figures(&phase.name, name, None)?;
    let told = told(figures);
    let mut row = vec![name.to_owned(), sketch::shape(&data.total, SKETCH)];
    row.extend(told.values.into_iter().map(|(_, value)| value));
    row.resize(2 + QUANTILES.len(), "–".to_owned());
    row.push(format_millis(figures.max_ns));
    row.push(format_count(figures.count));
    missing.extend(told.missing);
    Some(row)
}

/// The wait of the first operation over all that counts.
fn over_time(page: &Page<'_>, plan: &LoadPlan, out: &mut String) {
    let Some(name) = operations(plan)
        .next()
        .map(|operation| wait_series(plan, operation))
    else {
        return;
    };
    let all: Vec<&PhaseData> = phases(page.run).collect();
    let (Some(first), Some(last)) = (all.first(), all.last()) else {
        return;
    };
    let points: Vec<Point> = all
        .iter()
        .filter_map(|phase| phase.series(&name))
        .flat_map(|s| s.timeline.iter().copied())
        .collect();
    let length_ns = (last.start_ns + last.length_ns).saturating_sub(first.start_ns);
    let cells = page.beside_gutter();
    let Some(timeline) = sketch::timeline(&points, first.start_ns, length_ns, cells.min(TIMELINE))
    else {
        return;
    };
    let each = match timeline.column_ns {
        1_000_000_000 => "per second".to_owned(),
        ns => format!("per {}", format_duration(ns)),
    };
    let (low, high) = (
        format_millis(timeline.low_ns),
        format_millis(timeline.high_ns),
    );
    let range = if low == high {
        high
    } else {
        format!("{low} to {high}")
    };
    let items = [
        timeline.line,
        format!("0 … {}", format_duration(length_ns)),
        format!("{} p99 {each}, {range} ms", clean(&name)),
    ];
    entry(out, "over time", GUTTER, &flow(&items, "  ", cells));
}
