//! The metrics of a trend.

use super::{Family, Labels, label};
use crate::trend::{LatestVerdict, SeriesTrend, Trend, TrendVerdict, Unit};

const VERDICTS: [(TrendVerdict, &str); 4] = [
    (TrendVerdict::TooFewNights, "too_few_nights"),
    (TrendVerdict::Steady, "steady"),
    (TrendVerdict::Suspected, "suspected"),
    (TrendVerdict::Regressed, "regressed"),
];

/// All of them.
pub(super) fn families(trend: &Trend) -> Vec<Family> {
    let verdict = VERDICTS.iter().find(|(verdict, _)| *verdict == trend.verdict);
    let all = labelled(trend);
    let each = |value: fn(&SeriesTrend) -> Option<f64>| {
        all.iter().filter_map(move |(labels, series)| Some((labels.clone(), value(series)?)))
    };
    vec![
        Family::new("etcdbench_trend_verdict", "The worst of all series that count.").one_of(
            &Vec::new(),
            "verdict",
            VERDICTS.map(|(_, word)| word),
            verdict.map_or("", |(_, word)| word),
        ),
        Family::new(
            "etcdbench_trend_suspected",
            "Whether the newest night of a series is worse and not confirmed.",
        )
        .with(each(|series| is(series, LatestVerdict::Suspected))),
        Family::new(
            "etcdbench_trend_regressed",
            "Whether the newest night of a series is worse and confirmed.",
        )
        .with(each(|series| is(series, LatestVerdict::Regressed))),
        Family::new("etcdbench_trend_bad_nights", "Bad nights in a row, the newest the last.")
            .with(each(|series| Some(f64::from(series.tonight.bad_nights)))),
        Family::new("etcdbench_trend_nights", "Nights with a value that counts.")
            .with(each(|series| Some(series.counted as f64))),
        Family::new("etcdbench_trend_ratio", "The newest night over the usual.")
            .with(each(|series| series.tonight.ratio)),
        Family::new(
            "etcdbench_trend_value_seconds",
            "The newest night of a series of durations.",
        )
        .with(each(|series| in_seconds(series, series.tonight.value))),
        Family::new(
            "etcdbench_trend_usual_seconds",
            "What nights usually show since the last change.",
        )
        .with(each(|series| in_seconds(series, series.tonight.usual))),
        Family::new(
            "etcdbench_trend_value",
            "The newest night of a series of anything else: rates per second, shares, a table's own.",
        )
        .with(each(|series| as_it_is(series, series.tonight.value))),
        Family::new(
            "etcdbench_trend_usual",
            "What nights usually show since the last change.",
        )
        .with(each(|series| as_it_is(series, series.tonight.usual))),
    ]
}

/// Every series and the labels that name it.
fn labelled(trend: &Trend) -> Vec<(Labels, &SeriesTrend)> {
    let mut all = Vec::new();
    for history in &trend.histories {
        for series in &history.series {
            let mut labels = vec![
                label("scenario", history.scenario.as_str()),
                label("machine", history.machine.as_str()),
                label("series", series.series.as_str()),
                label("informational", series.informational.to_string()),
            ];
            if !history.distinct_by.is_empty() {
                labels.push(label("distinct_by", history.distinct_by.join("; ")));
            }
            all.push((labels, series));
        }
    }
    all
}

fn is(series: &SeriesTrend, verdict: LatestVerdict) -> Option<f64> {
    Some(f64::from(u8::from(series.tonight.verdict == verdict)))
}

fn in_seconds(series: &SeriesTrend, value: Option<f64>) -> Option<f64> {
    value.filter(|_| series.unit == Unit::Nanoseconds).map(|ns| ns / 1e9)
}

fn as_it_is(series: &SeriesTrend, value: Option<f64>) -> Option<f64> {
    value.filter(|_| series.unit != Unit::Nanoseconds)
}
