//! A case per series of each history, and per rule of each run of the newest night.

use quick_junit::TestSuite;

use super::{Case, Document, Outcome, attribute, document, suite, xml};
use crate::exit::Verdict;
use crate::report::trend::{verdicts, words};
use crate::trend::{
    ExitCause, HistoryTrend, LatestVerdict, RunOutcome, SeriesTrend, Trend, format_value,
};

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
    let all = suites.chain(trend.runs.iter().map(|run| rules(trend, run)));
    let exit = all.map(|mut suite| {
        suite.add_property(("exit_code", trend.exit.code.to_string().as_str()));
        suite
    });
    document("etcdbench-trend", exit.collect())
}

/// A run of the newest night by its own rules; they fail where the command does.
fn rules(trend: &Trend, run: &RunOutcome) -> TestSuite {
    let counts = trend.exit.causes.contains(&ExitCause::RuleBroken);
    let mut cases: Vec<Case> = run.rules.iter().map(super::rule).collect();
    let told = format!("{}  {}", run.answer, verdicts::because(run));
    let outcome = match run.verdict {
        Verdict::Pass | Verdict::Warn => Outcome::Passed,
        Verdict::Fail if counts => Outcome::Failure { kind: "verdict", why: told.clone() },
        Verdict::Fail | Verdict::Inconclusive => Outcome::Skipped(told.clone()),
    };
    let excused = match run.verdict {
        Verdict::Warn => verdicts::reruns(run),
        _ => (!counts).then(|| "trend ends by the trend alone".to_owned()),
    };
    for case in &mut cases {
        if let (Outcome::Failure { why, .. }, Some(excuse)) = (&case.outcome, &excused) {
            case.outcome = Outcome::Skipped(format!("{why}; {excuse}"));
        }
    }
    cases.push(Case { name: "verdict".to_owned(), outcome, told: vec![told] });
    let place = match run.machine.as_str() {
        "" => String::new(),
        machine => format!(" on {machine}"),
    };
    let mut suite = suite(&format!("rules of {}{place}", run.scenario), &cases);
    suite.add_property(("run_id", xml(&run.run_id).as_str()));
    suite
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
