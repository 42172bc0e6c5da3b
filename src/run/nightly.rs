//! One night of many: is it worse than those before? What is suspected is run again, in turn, before it is said.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::run_directory;
use super::{Execution, name};
use crate::error::Result;
use crate::execution::{RunEnd, RunRecord};
use crate::plan::scenario::{HistoryPlan, Turn};
use crate::plan::{TrendPlan, TrendSource};
use crate::report;
use crate::rule::history::{MARKS, Settings};
use crate::run::history;
use crate::trend::{LatestVerdict, SeriesTrend, Trend};

/// Judges the night, confirms what is suspected, and removes nights that are too old. `None` where not all of the
/// night was measured.
pub(super) fn judge(
    execution: &Execution<'_>,
    history: &HistoryPlan,
    runs: &[RunRecord],
) -> Result<Option<Trend>> {
    let plan = execution.plan;
    let ids: Option<Vec<String>> = runs.iter().map(run_id).collect();
    let Some(tonight) = ids else {
        return Ok(None);
    };
    let first = history::run(&question(history, &tonight, Vec::new()), report::conclude)?;
    let (suspected, broken) = (suspected(&first), broken_once(&first));
    let why = |id: &String| match suspected.contains(id.as_str()) {
        true => Some(Why::Suspected),
        false => broken.contains(id.as_str()).then_some(Why::BrokenOnce),
    };
    let turns: Vec<(Turn<'_>, Why)> = plan
        .turns()
        .into_iter()
        .zip(&tonight)
        .filter_map(|(turn, id)| Some((turn, why(id)?)))
        .collect();
    let reruns = again(execution, history, &turns)?;
    let judged = match reruns.is_empty() {
        true => first,
        false => history::run(&question(history, &tonight, reruns), report::conclude)?,
    };
    if let Some(keep_ns) = history.keep_ns {
        let removed = run_directory::tidy(plan, keep_ns)?;
        if removed > 0 {
            (execution.say)(&format!("{removed} nights older than --keep were removed"));
        }
    }
    Ok(Some(judged))
}

fn question(history: &HistoryPlan, tonight: &[String], confirm: Vec<PathBuf>) -> TrendPlan {
    TrendPlan {
        source: TrendSource::Results {
            names: vec![history.directory.clone()],
            confirm,
            one_machine: false,
            only: tonight.to_vec(),
        },
        marks: history.directory.join(MARKS),
        marks_named: false,
        acknowledge: None,
        settings: Settings::default(),
    }
}

fn run_id(ran: &RunRecord) -> Option<String> {
    match &ran.end {
        RunEnd::Measured(measured) => Some(measured.run_id.clone()),
        _ => None,
    }
}

/// Ids of all nights of histories whose newest night looks worse than usual, and whose series count.
fn suspected(trend: &Trend) -> BTreeSet<&str> {
    let is_suspected = |series: &SeriesTrend| {
        !series.informational && series.tonight.verdict == LatestVerdict::Suspected
    };
    let histories = trend.histories.iter();
    histories
        .filter(|history| history.series.iter().any(is_suspected))
        .flat_map(|history| &history.nights)
        .map(|night| night.run_id.as_str())
        .collect()
}

/// Ids of the runs of which all that is broken may be a single event.
fn broken_once(trend: &Trend) -> BTreeSet<&str> {
    let runs = trend.runs.iter().filter(|run| run.may_be_one_event);
    runs.map(|run| run.run_id.as_str()).collect()
}

/// Why a run is made again.
#[derive(Debug, Clone, Copy)]
enum Why {
    /// It looks worse than the nights before.
    Suspected,
    /// A single event broke a rule.
    BrokenOnce,
}

impl Why {
    fn words(self) -> &'static str {
        match self {
            Why::Suspected => "looks worse than usual",
            Why::BrokenOnce => "broke a rule by what may be a single event",
        }
    }
}

/// Runs what is suspected again, in turn: results of those that went through to their end.
fn again(
    execution: &Execution<'_>,
    history: &HistoryPlan,
    turns: &[(Turn<'_>, Why)],
) -> Result<Vec<PathBuf>> {
    let mut results = Vec::new();
    for round in 1..=history.confirm {
        for (turn, why) in turns {
            if execution.is_signalled() {
                return Ok(results);
            }
            (execution.say)(&format!(
                "{} {}: re-run {round} of {}",
                name(execution.plan, turn),
                why.words(),
                history.confirm
            ));
            let result = execution.run_directory.rerun(turn)?;
            let label = [("scenario.rerun".to_owned(), round.to_string())];
            // A re-run that cannot measure confirms nothing.
            let made = execution.make(turn, &result, &label);
            if made.is_ok() && run_directory::complete(&result).is_some() {
                results.push(result);
            }
        }
    }
    Ok(results)
}
