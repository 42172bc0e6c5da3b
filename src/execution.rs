//! What an execution of a scenario came to: its runs, the trend they continue, and the exit code that follows.

use std::path::PathBuf;

use crate::exit::{Exit, Verdict};
use crate::result::Summary;
use crate::trend::{ExitCause, Trend, TrendExit, TrendVerdict};

/// What was carried out.
#[derive(Debug)]
pub struct Executed {
    /// Where the results are.
    pub directory: PathBuf,
    /// Every run of the plan, in its order.
    pub runs: Vec<RunRecord>,
    /// A signal ended it before its end.
    pub interrupted: bool,
    /// The nights before and this one, judged; absent where there is no history, or this night is not whole.
    pub trend: Option<Trend>,
    /// How it ends.
    pub exit: Exit,
}

impl Executed {
    /// The results of all runs that went through to their end, below the directory.
    pub fn measured(&self) -> Vec<PathBuf> {
        let whole = self.runs.iter().filter(|ran| matches!(ran.end, RunEnd::Measured(_)));
        whole.map(|ran| ran.result.clone()).collect()
    }
}

/// One run.
#[derive(Debug)]
pub struct RunRecord {
    /// Its cell's name.
    pub cell: String,
    /// Its name in the scenario.
    pub step: String,
    /// Counted from 1.
    pub repeat: u32,
    /// Its result, below the directory.
    pub result: PathBuf,
    /// What became of it.
    pub end: RunEnd,
}

/// What became of a run.
#[derive(Debug)]
pub enum RunEnd {
    /// It went through to its end; now, or when the scenario was run before.
    Measured(Box<Measured>),
    /// It could not measure.
    Failed(String),
    /// It was not begun, or interrupted.
    Open,
}

/// A run that went through to its end.
#[derive(Debug)]
pub struct Measured {
    /// Its id.
    pub run_id: String,
    /// What it amounts to.
    pub summary: Summary,
}

/// That of the worst: not measured, bad, no verdict. A history too young to be judged is no reason to fail.
pub(crate) fn exit(
    runs: &[RunRecord],
    trend: Option<&Trend>,
    interrupted: bool,
    strict: bool,
) -> Exit {
    if interrupted {
        return Exit::Interrupted;
    }
    let exits = runs.iter().map(|ran| match &ran.end {
        RunEnd::Measured(measured) => Exit::of(verdict_of(measured, trend), strict),
        RunEnd::Failed(_) | RunEnd::Open => Exit::CannotMeasure,
    });
    let rank = |exit: &Exit| match exit {
        Exit::CannotMeasure => 3,
        Exit::Bad => 2,
        Exit::NoVerdict => 1,
        _ => 0,
    };
    let worse = trend.is_some_and(|trend| trend.verdict == TrendVerdict::Regressed);
    let exits = exits.chain(worse.then_some(Exit::Bad));
    exits.max_by_key(rank).unwrap_or(Exit::Ok)
}

/// The verdict of a run by its rules, and by the re-runs of what a single event broke.
pub(crate) fn verdict_of(measured: &Measured, trend: Option<&Trend>) -> Verdict {
    let mut runs = trend.into_iter().flat_map(|trend| &trend.runs);
    let run = runs.find(|run| run.run_id == measured.run_id);
    run.map_or(measured.summary.verdict, |run| run.verdict)
}

/// How an execution that is judged by a history ended, and what made it end so.
pub(crate) fn trend_exit(exit: Exit, trend: &Trend, strict: bool) -> TrendExit {
    let has = |verdict| trend.runs.iter().any(|run| run.verdict == verdict);
    let regressed = trend.verdict == TrendVerdict::Regressed;
    let causes = match exit {
        Exit::Interrupted => vec![(true, ExitCause::Interrupted)],
        Exit::Bad => vec![
            (has(Verdict::Fail), ExitCause::RuleBroken),
            (strict && has(Verdict::Warn), ExitCause::RuleWarned),
            (regressed, ExitCause::RegressionConfirmed),
        ],
        Exit::NoVerdict => vec![(has(Verdict::Inconclusive), ExitCause::RuleUndecided)],
        Exit::Ok | Exit::CannotMeasure | Exit::Usage => Vec::new(),
    };
    let causes = causes.into_iter().filter(|(holds, _)| *holds).map(|(_, cause)| cause);
    TrendExit { code: exit.code(), causes: causes.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::history::Settings;
    use crate::trend::{Marks, judge};

    fn ran(verdict: Verdict) -> RunRecord {
        let summary = Summary { verdict, ..Summary::default() };
        let run_id = "one".to_owned();
        RunRecord {
            cell: "all".to_owned(),
            step: "put".to_owned(),
            repeat: 1,
            result: PathBuf::new(),
            end: RunEnd::Measured(Box::new(Measured { run_id, summary })),
        }
    }

    fn nights(verdict: TrendVerdict) -> Trend {
        let (marks, settings) = (Marks::default(), Settings::default());
        Trend { verdict, ..judge(&[], &[], &marks, &settings, Vec::new(), Vec::new()) }
    }

    #[test]
    fn the_worst_of_runs_and_history_decides() {
        let end = |verdicts: &[Verdict], trend: Option<TrendVerdict>| {
            let runs: Vec<RunRecord> = verdicts.iter().map(|&verdict| ran(verdict)).collect();
            exit(&runs, trend.map(nights).as_ref(), false, false)
        };
        let pass = [Verdict::Pass, Verdict::Warn];
        assert_eq!(end(&pass, None), Exit::Ok);
        assert_eq!(end(&pass, Some(TrendVerdict::TooFewNights)), Exit::Ok);
        assert_eq!(end(&pass, Some(TrendVerdict::Suspected)), Exit::Ok);
        assert_eq!(end(&pass, Some(TrendVerdict::Regressed)), Exit::Bad);
        let unsure = [Verdict::Pass, Verdict::Inconclusive];
        assert_eq!(end(&unsure, Some(TrendVerdict::Steady)), Exit::NoVerdict);
        assert_eq!(end(&unsure, Some(TrendVerdict::Regressed)), Exit::Bad);
        assert_eq!(end(&[Verdict::Inconclusive, Verdict::Fail], None), Exit::Bad);
    }

    #[test]
    fn what_was_not_measured_weighs_most() {
        let failed = RunRecord { end: RunEnd::Failed("no etcd".to_owned()), ..ran(Verdict::Pass) };
        let runs = [ran(Verdict::Fail), failed];
        assert_eq!(exit(&runs, None, false, false), Exit::CannotMeasure);
        assert_eq!(exit(&runs, None, true, false), Exit::Interrupted);
        assert_eq!(exit(&[ran(Verdict::Warn)], None, false, true), Exit::Bad);
    }
}
