//! The evidence: how the samples are spread, and how they went over time.

use super::{GUTTER, Page};
use crate::report::sketch;
use crate::report::terminal::quantiles;
use crate::report::text::{clean, entry, flow};
use crate::result::PhaseData;
use crate::units::{format_duration, format_millis};

/// The series shown, if the phase has them.
const SHOWN: [&str; 3] = [FSYNC, "backend.commit", "put.commit"];
const FSYNC: &str = "wal.fsync";
/// The phases that carry the planned load, the best evidence first.
const PHASES: [&str; 3] = ["etcd", "wal", "capacity"];
/// Cells of the sketch of a distribution.
const SKETCH: usize = 10;

pub(super) fn evidence(page: &Page<'_>, out: &mut String) {
    let measured = |phase: &&PhaseData| phase.series(FSYNC).is_some_and(|s| s.total.count() > 0);
    let find = |name: &&str| page.run.phase(name).filter(measured);
    let Some(phase) = PHASES.iter().find_map(find) else {
        return;
    };
    out.push('\n');
    for name in SHOWN {
        distribution(page, phase, name, out);
    }
    members(page, phase, out);
    over_time(page, phase, out);
}

fn distribution(page: &Page<'_>, phase: &PhaseData, name: &str, out: &mut String) {
    let data = phase.series(name).filter(|data| data.total.count() > 0);
    let (Some(data), Some(figures)) = (data, page.figures(&phase.name, name, None)) else {
        return;
    };
    let mut items = vec![sketch::shape(&data.total, SKETCH)];
    let told = quantiles::told(figures);
    items.extend(
        told.values
            .iter()
            .map(|(name, value)| format!("{name} {value}")),
    );
    items.push(format!("max {} ms", format_millis(figures.max_ns)));
    items.extend(told.missing);
    entry(out, name, GUTTER, &flow(&items, "  ", page.beside_gutter()));
}

/// With several members, how far apart they are.
fn members(page: &Page<'_>, phase: &PhaseData, out: &mut String) {
    let series = page
        .phase(&phase.name)
        .into_iter()
        .flat_map(|found| &found.series);
    let mut p99s: Vec<(u64, u32)> = series
        .filter(|series| series.series == FSYNC)
        .filter_map(|series| {
            let p99 = quantiles::quantile(series, 0.99).filter(|found| found.resolvable)?;
            Some((p99.value_ns, series.member?))
        })
        .collect();
    p99s.sort_unstable();
    let (Some(best), Some(worst)) = (p99s.first(), p99s.last()) else {
        return;
    };
    let text = format!(
        "{} of them, {FSYNC} p99 from {} (member {}) to {} (member {})",
        p99s.len(),
        format_duration(best.0),
        best.1,
        format_duration(worst.0),
        worst.1,
    );
    entry(
        out,
        "members",
        GUTTER,
        &flow(&[text], "  ", page.beside_gutter()),
    );
}

fn over_time(page: &Page<'_>, phase: &PhaseData, out: &mut String) {
    let Some(data) = phase.series(FSYNC) else {
        return;
    };
    let cells = page.beside_gutter();
    let timeline = sketch::timeline(
        &data.timeline,
        phase.start_ns,
        phase.length_ns,
        cells.min(60),
    );
    let Some(timeline) = timeline else { return };
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
    let legend = format!("{FSYNC} p99 {each}, {range} ms");
    let span = format!(
        "0 … {}, phase {}",
        format_duration(phase.length_ns),
        clean(&phase.name)
    );
    entry(
        out,
        "over time",
        GUTTER,
        &flow(&[timeline.line, span, legend], "  ", cells),
    );
}
