//! Quantiles as a page shows them: in milliseconds, and only where enough samples stand behind them.

use crate::record::Resolution;
use crate::result::{QuantileSummary, SeriesSummary};
use crate::units::{format_count, format_millis};

/// Quantiles shown, with their names.
pub const QUANTILES: [(f64, &str); 4] =
    [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9")];

/// The quantiles of a series in words.
pub struct QuantileRow {
    /// (name, value in milliseconds): `~` before what is rough, `–` where there is none.
    pub values: Vec<(&'static str, String)>,
    /// Why one is missing.
    pub missing: Option<String>,
}

/// All of [`QUANTILES`] that the summary has.
pub fn told(figures: &SeriesSummary) -> QuantileRow {
    let mut told = QuantileRow { values: Vec::new(), missing: None };
    for (q, name) in QUANTILES {
        let Some(found) = quantile(figures, q) else {
            continue;
        };
        let value = value(found, figures.count).unwrap_or_else(|| {
            // The higher ones have fewer still.
            told.missing.get_or_insert_with(|| too_few(name, found));
            "–".to_owned()
        });
        told.values.push((name, value));
    }
    told
}

/// A quantile of so many samples in milliseconds; nothing where too few stand behind it.
pub fn value(found: &QuantileSummary, count: u64) -> Option<String> {
    match found.resolution(count) {
        Resolution::Full => Some(format_millis(found.value_ns)),
        Resolution::Rough => Some(format!("~{}", format_millis(found.value_ns))),
        Resolution::TooFew => None,
    }
}

/// The 95 % interval of a quantile in milliseconds; nothing where the samples cannot bound it.
pub fn interval(found: &QuantileSummary) -> Option<String> {
    match (found.low_ns, found.high_ns) {
        (Some(low), Some(high)) => Some(format!("{}–{}", format_millis(low), format_millis(high))),
        (Some(low), None) => Some(format!("≥ {}", format_millis(low))),
        (None, Some(high)) => Some(format!("≤ {}", format_millis(high))),
        (None, None) => None,
    }
}

/// How many samples lie beyond a quantile that is not shown: `3 beyond`.
pub fn beyond(found: &QuantileSummary) -> String {
    match found.tail_samples.floor() as u64 {
        0 => "none beyond".to_owned(),
        n => format!("{} beyond", format_count(n)),
    }
}

/// One of a series' quantiles.
pub fn quantile(series: &SeriesSummary, q: f64) -> Option<&QuantileSummary> {
    series.quantiles.iter().find(|found| (found.q - q).abs() < 1e-9)
}

/// Why a quantile is not shown.
fn too_few(name: &str, found: &QuantileSummary) -> String {
    format!("(too few samples: {} {name})", beyond(found))
}
