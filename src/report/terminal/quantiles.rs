//! Quantiles as a page shows them: in milliseconds, and only where enough samples stand behind them.

use crate::record::MIN_TAIL_SAMPLES;
use crate::result::{QuantileSummary, SeriesSummary};
use crate::units::{format_count, format_millis};

/// Quantiles shown, with their names.
pub(super) const QUANTILES: [(f64, &str); 4] =
    [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9")];

/// The quantiles of a series in words.
pub(super) struct Told {
    /// (name, value in milliseconds): `~` before what is rough, `–` where there is none.
    pub values: Vec<(&'static str, String)>,
    /// Why one is missing.
    pub missing: Option<String>,
}

/// All of [`QUANTILES`] that the summary has.
pub(super) fn told(figures: &SeriesSummary) -> Told {
    let mut told = Told {
        values: Vec::new(),
        missing: None,
    };
    for (q, name) in QUANTILES {
        let Some(found) = quantile(figures, q) else {
            continue;
        };
        let value = if found.resolvable {
            format_millis(found.value_ns)
        } else if enough_were_they_independent(found, figures.count) {
            // Samples enough, but they depend on each other so much that the value is a rough one.
            format!("~{}", format_millis(found.value_ns))
        } else {
            // The higher ones have fewer still.
            told.missing.get_or_insert_with(|| too_few(name, found));
            "–".to_owned()
        };
        told.values.push((name, value));
    }
    told
}

/// One of a series' quantiles.
pub(super) fn quantile(series: &SeriesSummary, q: f64) -> Option<&QuantileSummary> {
    series
        .quantiles
        .iter()
        .find(|found| (found.q - q).abs() < 1e-9)
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
