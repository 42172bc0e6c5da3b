//! CSV (quoted as RFC 4180 has it, lines end in a newline): one row per series, a header row. The columns are
//! told in `docs/formats.md`.

use serde::Serialize;

use crate::report::csv::written;
use crate::trend::{HistoryTrend, SeriesTrend, Trend};

const HEAD: [&str; 27] = [
    "scenario",
    "machine",
    "distinct_by",
    "series",
    "unit",
    "direction",
    "informational",
    "nights",
    "at",
    "verdict",
    "value",
    "usual",
    "low",
    "high",
    "ratio",
    "bad_nights",
    "needed_nights",
    "since",
    "changes",
    "last_change",
    "last_change_before",
    "last_change_after",
    "last_change_outcome",
    "last_change_p",
    "rules",
    "exit_code",
    "exit_causes",
];

/// A trend as CSV.
pub fn csv(trend: &Trend) -> String {
    let rows = trend
        .histories
        .iter()
        .flat_map(|history| history.series.iter().map(|series| row(trend, history, series)));
    written(HEAD, rows)
}

fn row(trend: &Trend, history: &HistoryTrend, series: &SeriesTrend) -> [String; 27] {
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let tonight = &series.tonight;
    let last = series.changes.last();
    let own = trend.runs.iter().filter(|run| {
        run.scenario == history.scenario
            && run.machine == history.machine
            && history.nights.iter().any(|night| night.run_id == run.run_id)
    });
    let rules = own.map(|run| run.verdict).max();
    let causes: Vec<String> = trend.exit.causes.iter().map(word).collect();
    [
        history.scenario.clone(),
        history.machine.clone(),
        history.distinct_by.join("; "),
        series.series.clone(),
        word(&series.unit),
        word(&series.direction),
        series.informational.to_string(),
        series.counted.to_string(),
        history.nights.last().map_or_else(String::new, |night| night.at.clone()),
        word(&tonight.verdict),
        number(tonight.value),
        number(tonight.usual),
        number(tonight.low),
        number(tonight.high),
        number(tonight.ratio),
        tonight.bad_nights.to_string(),
        tonight.needed_nights.to_string(),
        tonight.since.clone().unwrap_or_default(),
        series.changes.len().to_string(),
        last.map_or_else(String::new, |change| change.at.clone()),
        number(last.map(|change| change.before)),
        number(last.map(|change| change.after)),
        last.map_or_else(String::new, |change| word(&change.outcome)),
        last.map_or_else(String::new, |change| format!("{:.2e}", change.p)),
        rules.map_or_else(String::new, |verdict| word(&verdict)),
        trend.exit.code.to_string(),
        causes.join(" "),
    ]
}

/// An enumeration's word, as JSON has it.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
