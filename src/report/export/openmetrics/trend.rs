//! The metrics of a trend.

use std::collections::BTreeMap;

use super::run::{VERDICTS, word};
use super::{Family, Labels, label};
use crate::exit::Verdict;
use crate::trend::{LatestVerdict, SeriesTrend, Trend, TrendVerdict, Unit};

const TREND_VERDICTS: [(TrendVerdict, &str); 4] = [
    (TrendVerdict::TooFewNights, "too_few_nights"),
    (TrendVerdict::Steady, "steady"),
    (TrendVerdict::Suspected, "suspected"),
    (TrendVerdict::Regressed, "regressed"),
];

/// All of them.
pub(super) fn families(trend: &Trend) -> Vec<Family> {
    let verdict = TREND_VERDICTS.iter().find(|(verdict, _)| *verdict == trend.verdict);
    let all = labelled(trend);
    let each = |value: fn(&SeriesTrend) -> Option<f64>| {
        all.iter().filter_map(move |(labels, series)| Some((labels.clone(), value(series)?)))
    };
    let mut families = vec![
        Family::new("etcdbench_trend_verdict", "The worst of all series that count.").one_of(
            &Vec::new(),
            "verdict",
            TREND_VERDICTS.map(|(_, word)| word),
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
    ];
    families.extend(rules(trend));
    families
}

/// The runs of the newest night by their own rules, and the exit code.
fn rules(trend: &Trend) -> [Family; 3] {
    // Repeats of a run are one: the worst of them.
    let mut worst: [BTreeMap<Labels, Verdict>; 2] = [BTreeMap::new(), BTreeMap::new()];
    let [of_runs, of_rules] = &mut worst;
    let worse = |known: &mut BTreeMap<Labels, Verdict>, labels: Labels, verdict: Verdict| {
        let known = known.entry(labels).or_insert(verdict);
        *known = verdict.max(*known);
    };
    for run in &trend.runs {
        let labels =
            vec![label("scenario", run.scenario.as_str()), label("machine", run.machine.as_str())];
        for rule in &run.rules {
            let mut labels = labels.clone();
            labels.push(label("rule", rule.rule.to_string()));
            worse(of_rules, labels, rule.verdict);
        }
        worse(of_runs, labels, run.verdict);
    }
    let family = |name, help, worst: BTreeMap<Labels, Verdict>| {
        worst.into_iter().fold(Family::new(name, help), |family, (labels, verdict)| {
            family.one_of(&labels, "verdict", VERDICTS, word(verdict))
        })
    };
    let [of_runs, of_rules] = worst;
    let runs = family(
        "etcdbench_trend_run_verdict",
        "What a run of the newest night came to by its own rules.",
        of_runs,
    );
    let rules = family(
        "etcdbench_trend_rule_verdict",
        "How a rule of a run of the newest night came out.",
        of_rules,
    );
    let exit = Family::new("etcdbench_trend_exit_code", "How the command ended.");
    [runs, rules, exit.with([(Labels::new(), f64::from(trend.exit.code))])]
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
