//! The evidence: how the samples are spread, and how they went over time.

use super::{GUTTER, Page};
use crate::record::MIN_TAIL_SAMPLES;
use crate::report::sketch;
use crate::report::text::{clean, entry, flow};
use crate::result::{PhaseData, QuantileSummary, SeriesSummary};
use crate::units::{format_count, format_duration, format_millis};

/// The series shown, if the phase has them.
const SHOWN: [&str; 3] = [FSYNC, "backend.commit", "put.commit"];
const FSYNC: &str = "wal.fsync";
/// The phases that carry the planned load, the best evidence first.
const PHASES: [&str; 3] = ["etcd", "wal", "capacity"];
/// Quantiles shown, with their names.
const QUANTILES: [(f64, &str); 4] = [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9")];
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
    let (Some(data), Some(figures)) = (data, figures(page, phase, name, None)) else {
        return;
    };
    let mut items = vec![sketch::shape(&data.total, SKETCH)];
    let mut reason = None;
    for (q, quantile_name) in QUANTILES {
        match quantile(figures, q) {
            Some(found) if found.resolvable => {
                items.push(format!("{quantile_name} {}", format_millis(found.value_ns)));
            }
            // Samples enough, but they depend on each other so much that the value is a rough one.
            Some(found) if enough_were_they_independent(found, figures.count) => {
                items.push(format!(
                    "{quantile_name} ~{}",
                    format_millis(found.value_ns)
                ));
            }
            Some(found) => {
                items.push(format!("{quantile_name} –"));
                // The higher ones have fewer still.
                reason.get_or_insert_with(|| too_few(quantile_name, found));
            }
            None => {}
        }
    }
    items.push(format!("max {} ms", format_millis(figures.max_ns)));
    items.extend(reason);
    entry(out, name, GUTTER, &flow(&items, "  ", page.beside_gutter()));
}

fn enough_were_they_independent(found: &QuantileSummary, count: u64) -> bool {
    count as f64 * (1.0 - found.q) >= MIN_TAIL_SAMPLES
}

/// Why a quantile is not shown.
fn too_few(name: &str, found: &QuantileSummary) -> String {
    match found.tail_samples.floor() as u64 {
        0 => format!("(too few samples: none beyond {name})"),
        n => format!("(too few samples: {} beyond {name})", format_count(n)),
    }
}

/// With several members, how far apart they are.
fn members(page: &Page<'_>, phase: &PhaseData, out: &mut String) {
    let summaries = page
        .summary
        .phases
        .iter()
        .filter(|found| found.phase == phase.name);
    let mut p99s: Vec<(u64, u32)> = summaries
        .flat_map(|found| &found.series)
        .filter(|series| series.series == FSYNC)
        .filter_map(|series| {
            let p99 = quantile(series, 0.99).filter(|found| found.resolvable)?;
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

fn figures<'a>(
    page: &'a Page<'_>,
    phase: &PhaseData,
    series: &str,
    member: Option<u32>,
) -> Option<&'a SeriesSummary> {
    let found = page
        .summary
        .phases
        .iter()
        .find(|found| found.phase == phase.name)?;
    found
        .series
        .iter()
        .find(|found| found.series == series && found.member == member)
}

fn quantile(series: &SeriesSummary, q: f64) -> Option<&QuantileSummary> {
    series
        .quantiles
        .iter()
        .find(|found| (found.q - q).abs() < 1e-9)
}
