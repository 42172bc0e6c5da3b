//! A case per series of each history.

use super::{Case, Document, Outcome, attribute, document, suite};
use crate::report::trend::words;
use crate::trend::{HistoryTrend, LatestVerdict, SeriesTrend, Trend, format_value};

/// The series of a trend.
pub(in crate::report::export) fn trend(trend: &Trend) -> Document {
    let histories = trend.histories.iter();
    let suites = histories.map(|history| {
        let series = history.series.iter();
        let cases: Vec<Case> = series.map(|series| case(history, series)).collect();
        let mut suite = suite(&title(history), &cases);
        if let Some(night) = history.nights.last() {
            attribute(&mut suite, "timestamp", &night.at);
        }
        suite
    });
    document("etcdbench-trend", suites.collect())
}

/// Scenario, machine, and what else tells it from other histories: the same every night.
fn title(history: &HistoryTrend) -> String {
    let mut parts = vec![history.scenario.clone()];
    if !history.machine.is_empty() {
        parts.push(format!("on {}", history.machine));
    }
    parts.extend(history.distinct_by.iter().cloned());
    parts.join(" ")
}

fn case(history: &HistoryTrend, series: &SeriesTrend) -> Case {
    let tonight = &series.tonight;
    let range = match (tonight.low, tonight.high) {
        (Some(low), Some(high)) => {
            format!(" ({} to {})", format_value(series.unit, low), format_value(series.unit, high))
        }
        _ => String::new(),
    };
    let reason = tonight.reason.as_ref();
    let reason = reason.map_or_else(String::new, |reason| format!("; {reason}"));
    let told = format!(
        "{}: {}, usually {}{range}, {}: {}{reason}",
        series.series,
        words::value(series, tonight.value),
        words::value(series, tonight.usual),
        words::ratio(tonight.ratio),
        words::tonight(history, series),
    );
    Case { name: series.series.clone(), outcome: outcome(series, &told), told: vec![told] }
}

fn outcome(series: &SeriesTrend, told: &str) -> Outcome {
    let why = told.to_owned();
    match series.tonight.verdict {
        LatestVerdict::Regressed if !series.informational => {
            Outcome::Failure { kind: "regression", why }
        }
        LatestVerdict::Suspected if !series.informational => Outcome::Skipped(why),
        LatestVerdict::TooFew
        | LatestVerdict::Settling
        | LatestVerdict::NoValue
        | LatestVerdict::Ended => Outcome::Skipped(why),
        LatestVerdict::Regressed
        | LatestVerdict::Suspected
        | LatestVerdict::Steady
        | LatestVerdict::Better
        | LatestVerdict::Different
        | LatestVerdict::Unconfirmed => Outcome::Passed,
    }
}
