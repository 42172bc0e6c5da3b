//! CSV (quoted as RFC 4180 has it, lines end in a newline): one row per contrast and metric, a header row, durations in
//! nanoseconds, shares as numbers from 0 to 1. The columns are told in `docs/formats.md`.

use crate::compare::{Comparison, Contrast, Metric, Value};
use crate::report::csv::written;

const HEAD: [&str; 21] = [
    "a",
    "b",
    "phase",
    "series",
    "stat",
    "primary",
    "a_value",
    "a_low",
    "a_high",
    "a_samples",
    "b_value",
    "b_low",
    "b_high",
    "b_samples",
    "effect",
    "effect_low",
    "effect_high",
    "p_adjusted",
    "min_difference",
    "verdict",
    "reason",
];

/// The comparison as CSV.
pub(super) fn csv(found: &Comparison) -> String {
    let rows = found
        .contrasts
        .iter()
        .flat_map(|contrast| contrast.metrics.iter().map(|metric| row(found, contrast, metric)));
    written(HEAD, rows)
}

fn row(found: &Comparison, contrast: &Contrast, metric: &Metric) -> Vec<String> {
    let name = |letter: &str| {
        let side = found.sides.iter().find(|side| side.letter == letter);
        side.map_or_else(String::new, |side| side.name.clone())
    };
    let number = |x: Option<f64>| x.map_or_else(String::new, |x| x.to_string());
    let effect = metric.effect.as_ref();
    let mut row = vec![
        name(&contrast.a),
        name(&contrast.b),
        metric.phase.clone(),
        metric.series.clone(),
        metric.stat.name().to_owned(),
        metric.primary.to_string(),
    ];
    row.extend(value(&metric.a));
    row.extend(value(&metric.b));
    row.extend([
        number(effect.map(|e| e.value)),
        number(effect.and_then(|e| e.low)),
        number(effect.and_then(|e| e.high)),
        number(effect.map(|e| e.p_adjusted)),
        metric.min_difference.to_string(),
        verdict(metric),
        metric.reason.clone().unwrap_or_default(),
    ]);
    row
}

fn verdict(metric: &Metric) -> String {
    let indicative = if metric.indicative { " (indicative)" } else { "" };
    format!("{}{indicative}", metric.verdict.key())
}

fn value(value: &Value) -> [String; 4] {
    let number = |x: Option<f64>| x.map_or_else(String::new, |x| x.to_string());
    [number(value.value), number(value.low), number(value.high), value.samples.to_string()]
}
