//! How long it took: a row per series, and the most telling one over time.

use super::{phases, shown};
use crate::plan::{LoadPlan, OperationSeries};
use crate::report::sketch;
use crate::report::subject::RunAndPlan;
use crate::report::words::quantiles::{QUANTILES, told};
use crate::report::words::{Table, Timeline};
use crate::result::PhaseData;
use crate::units::{format_count, format_millis};

/// Cells of the sketch of a distribution.
const SKETCH: usize = 10;

/// A row per series of the phase that is shown, and why a quantile is missing.
pub fn latency(page: &RunAndPlan<'_>, plan: &LoadPlan) -> Option<(Table, Option<String>)> {
    let phase = shown(page)?;
    let names = series(plan);
    let mut missing = Vec::new();
    let rows = names.iter().filter_map(|name| row(page, phase, name, &mut missing)).collect();
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
    let events = |series: &String| series.ends_with(".event");
    let events = plan.series().into_iter().filter(events);
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
