//! One row per phase, series and member. The columns are told in `docs/formats.md`.

use super::{KEY, key};
use crate::result::{Header, PhaseSummary, QuantileSummary, Run, SeriesSummary, Summary};

/// Quantiles that have columns, with the columns' names.
const QUANTILES: [(f64, &str); 5] =
    [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (0.9999, "p99.99")];

/// A row per phase, series and member of each run.
pub(super) fn rows<'a>(
    run: &'a Run,
    summary: &'a Summary,
) -> impl Iterator<Item = Vec<String>> + 'a {
    summary.phases.iter().flat_map(move |phase| {
        phase.series.iter().map(move |series| row(&run.header, phase, series))
    })
}

/// The columns.
pub(super) fn head() -> Vec<String> {
    let fixed = ["count", "errors", "rate_per_s", "mean_ns", "min_ns", "max_ns"];
    let mut head: Vec<String> = KEY.into_iter().chain(fixed).map(str::to_owned).collect();
    for (_, name) in QUANTILES {
        head.extend([format!("{name}_ns"), format!("{name}_low_ns"), format!("{name}_high_ns")]);
    }
    head
}

fn row(header: &Header, phase: &PhaseSummary, series: &SeriesSummary) -> Vec<String> {
    let mut row = key(header, &phase.phase, &series.series, series.member).to_vec();
    row.extend([
        series.count.to_string(),
        series.errors.values().sum::<u64>().to_string(),
        format!("{:.3}", series.rate_per_s),
        format!("{:.1}", series.mean_ns),
        series.min_ns.to_string(),
        series.max_ns.to_string(),
    ]);
    for (q, _) in QUANTILES {
        row.extend(quantile(series, q));
    }
    row
}

/// Value, low and high; all empty where the quantile is not resolvable.
fn quantile(series: &SeriesSummary, q: f64) -> [String; 3] {
    let matches = |found: &&QuantileSummary| (found.q - q).abs() < 1e-9 && found.resolvable;
    let text = |ns: Option<u64>| ns.map_or_else(String::new, |ns| ns.to_string());
    match series.quantiles.iter().find(matches) {
        Some(found) => [found.value_ns.to_string(), text(found.low_ns), text(found.high_ns)],
        None => Default::default(),
    }
}
