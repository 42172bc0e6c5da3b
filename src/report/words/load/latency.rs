//! How long it took: a row per series, and the most telling one over time.

use super::{phases, shown};
use crate::plan::{LoadPlan, OperationSeries};
use crate::report::sketch;
use crate::report::subject::RunAndPlan;
use crate::report::words::quantiles::{QUANTILES, told};
use crate::report::words::{Table, Timeline};
use crate::result::PhaseData;
use crate::units::{format_count, format_millis};
use crate::verdict::MODELLED;

/// Cells of the sketch of a distribution.
const SKETCH: usize = 10;

/// A row per series of the phase that is shown, and why a quantile is missing.
pub fn latency(page: &RunAndPlan<'_>, plan: &LoadPlan) -> Option<(Table, Option<String>)> {
    let phase = shown(page)?;
    let names = series(plan);
    let mut missing = Vec::new();
    let measured = names.iter().filter_map(|name| row(page, phase, name, &mut missing));
    let mut rows: Vec<Vec<String>> = measured.collect();
    rows.extend(plan.strands().iter().filter_map(|series| modelled(page, phase, &series.name)));
    let at = if page.summary.steps.is_empty() {
        String::new()
    } else {
        format!(", phase {}", phase.name)
    };
    let mut head = vec![format!("ms{at}"), String::new()];
    head.extend(QUANTILES.map(|(_, name)| name.to_owned()));
    head.extend(["max".to_owned(), "samples".to_owned()]);
    let table = Table { head, rows, names: 2 };
    let why = missing.into_iter().next();
    Some((table, why.map(|why| format!("– {why}"))))
}

/// What is timed, the most telling first. Of several classes only what somebody waited for: the rest is in the result.
fn series(plan: &LoadPlan) -> Vec<String> {
    if plan.classes.is_empty() {
        return plan.series();
    }
    let waits: Vec<String> = plan.strands().iter().map(OperationSeries::wait).collect();
    let watched = |series: &String| series.ends_with(".event") || series.ends_with(".freshness");
    let events = plan.series().into_iter().filter(watched);
    waits.into_iter().chain(events).collect()
}

fn row(
    page: &RunAndPlan<'_>,
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

/// What a closed loop did not ask for while it waited, filled in, where that makes a difference.
fn modelled(page: &RunAndPlan<'_>, phase: &PhaseData, name: &str) -> Option<Vec<String>> {
    let series = format!("{name}{MODELLED}");
    let figures = page.figures(&phase.name, &series, None)?;
    let measured = page.figures(&phase.name, &format!("{name}.service"), None)?;
    if figures.count == measured.count {
        return None;
    }
    let mut row = vec![series, String::new()];
    row.extend(told(figures).values.into_iter().map(|(_, value)| value));
    row.resize(2 + QUANTILES.len(), "–".to_owned());
    row.extend([format_millis(figures.max_ns), format_count(figures.count)]);
    Some(row)
}

/// The wait of the first operation over all that counts.
pub fn over_time(page: &RunAndPlan<'_>, plan: &LoadPlan) -> Option<Timeline> {
    let series = plan.strands().first().map(OperationSeries::wait)?;
    let all: Vec<&PhaseData> = phases(page.run).collect();
    let (first, last) = (all.first()?, all.last()?);
    let of_series = all.iter().filter_map(|phase| phase.series(&series));
    Some(Timeline {
        points: of_series.flat_map(|found| found.timeline.iter().copied()).collect(),
        series,
        start_ns: first.start_ns,
        length_ns: (last.start_ns + last.length_ns).saturating_sub(first.start_ns),
        place: String::new(),
    })
}
