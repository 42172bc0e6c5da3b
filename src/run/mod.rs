//! Carries out scenarios: run by run, each in a process of its own, going on where an earlier execution was
//! interrupted.

mod nightly;
mod place;
mod users;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::child::{self, ChildRun};
use crate::compare::trend::{Trend, TrendVerdict};
use crate::error::Result;
use crate::exit::Exit;
use crate::plan::ScenarioPlan;
use crate::plan::scenario::Turn;
use crate::result::Summary;
use crate::units::format_duration;
pub use place::{INTERRUPTED, MANIFEST, RERUNS};
use place::{Place, result_of};
use users::Users;

/// How an execution is to be.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// Begin anew, whatever was interrupted.
    pub fresh: bool,
    /// A warning is bad.
    pub strict: bool,
    /// Say nothing on stderr.
    pub quiet: bool,
}

/// What was carried out.
#[derive(Debug)]
pub struct Executed {
    /// Where the results are.
    pub directory: PathBuf,
    /// Every run of the plan, in its order.
    pub runs: Vec<Ran>,
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
pub struct Ran {
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

/// An execution on its way.
struct Execution<'a> {
    plan: &'a ScenarioPlan,
    options: RunOptions,
    place: Place,
    users: Users,
    signalled: &'a AtomicBool,
    say: &'a dyn Fn(&str),
}

/// Carries out a scenario.
///
/// # Errors
/// When there is no place for its results, or no password for a user. A run that cannot measure is told in [`Executed`];
/// the others are made all the same.
pub fn run(
    plan: &ScenarioPlan,
    options: RunOptions,
    signalled: &AtomicBool,
    say: &dyn Fn(&str),
) -> Result<Executed> {
    let turns = plan.turns();
    let users = Users::ask(turns.iter().map(|turn| &turn.step.run))?;
    let place = Place::find(plan, options.fresh)?;
    let execution = Execution { plan, options, place, users, signalled, say };
    let runs = execution.all(&turns)?;
    let trend = match &plan.history {
        Some(history) => nightly::judge(&execution, history, &runs)?,
        None => None,
    };
    let interrupted = execution.is_signalled();
    Ok(Executed {
        directory: execution.place.directory,
        exit: exit(&runs, trend.as_ref(), interrupted, options.strict),
        runs,
        interrupted,
        trend,
    })
}

impl Execution<'_> {
    fn is_signalled(&self) -> bool {
        self.signalled.load(Ordering::SeqCst)
    }

    /// Makes what was not made before.
    fn all(&self, turns: &[Turn<'_>]) -> Result<Vec<Ran>> {
        announce(self.plan, &self.place, turns, self.say);
        let begun = Instant::now();
        let mut measured = 0_u32;
        let mut runs = Vec::new();
        for (index, turn) in turns.iter().enumerate() {
            let end = match self.place.done(turn) {
                Some(measured) => RunEnd::Measured(Box::new(measured)),
                None if self.is_signalled() => RunEnd::Open,
                None => {
                    (self.say)(&progress(index, turns, measured, begun));
                    measured += 1;
                    self.carry_out(turn)?
                }
            };
            runs.push(Ran {
                cell: turn.cell.slug.clone(),
                step: turn.step.name.clone(),
                repeat: turn.repeat,
                result: result_of(turn),
                end,
            });
        }
        Ok(runs)
    }

    fn carry_out(&self, turn: &Turn<'_>) -> Result<RunEnd> {
        let result = self.place.clear(turn)?;
        let done = self.make(turn, &result, &[]);
        Ok(match (done, self.place.done(turn)) {
            (Err(error), _) => RunEnd::Failed(error.to_string()),
            (Ok(()), Some(measured)) => RunEnd::Measured(Box::new(measured)),
            (Ok(()), None) if self.is_signalled() => RunEnd::Open,
            (Ok(()), None) => {
                RunEnd::Failed("it ended before its plan did; its result says why".to_owned())
            }
        })
    }

    /// One run in a process of its own.
    fn make(&self, turn: &Turn<'_>, result: &Path, more_labels: &[(String, String)]) -> Result<()> {
        let run = ChildRun {
            run: &turn.step.run,
            credentials: self.users.of(&turn.step.run),
            name: Some(&name(self.plan, turn)),
            result,
            labels: &[&labels(self.plan, turn)[..], more_labels].concat(),
            quiet: self.options.quiet,
        };
        child::run(run, self.signalled)
    }
}

/// The name by which nights find one another: scenario, run, and the cell where there are several.
fn name(plan: &ScenarioPlan, turn: &Turn<'_>) -> String {
    match plan.cells.len() {
        1 => format!("{}/{}", plan.name, turn.step.name),
        _ => format!("{}/{}/{}", plan.name, turn.cell.slug, turn.step.name),
    }
}

fn labels(plan: &ScenarioPlan, turn: &Turn<'_>) -> Vec<(String, String)> {
    let own = plan.labels.iter().map(|(key, value)| (key.clone(), value.clone()));
    let ours = [
        ("scenario".to_owned(), plan.name.clone()),
        ("scenario.cell".to_owned(), turn.cell.slug.clone()),
        ("scenario.repeat".to_owned(), turn.repeat.to_string()),
    ];
    own.chain(ours).collect()
}

fn announce(plan: &ScenarioPlan, place: &Place, turns: &[Turn<'_>], say: &dyn Fn(&str)) {
    let done = turns.iter().filter(|turn| place.done(turn).is_some()).count();
    let runs = match turns.len() {
        1 => "1 run".to_owned(),
        n => format!("{n} runs"),
    };
    let so_far = if place.resumed {
        format!(", of which {done} were made before (--fresh begins anew)")
    } else {
        String::new()
    };
    say(&format!("{}: {runs}{so_far}, results in {}", plan.name, place.directory.display()));
}

fn progress(index: usize, turns: &[Turn<'_>], measured: u32, begun: Instant) -> String {
    let turn = &turns[index];
    let left = turns.len() - index;
    let about = match measured {
        0 => String::new(),
        n => {
            let each_s = begun.elapsed().as_secs_f64() / f64::from(n);
            format!(", about {} left", format_duration((each_s * left as f64 * 1e9) as u64))
        }
    };
    let cell = match turn.cell.settings.is_empty() {
        true => String::new(),
        false => format!("{} · ", turn.cell.slug),
    };
    let repeat = format!("repeat {}", turn.repeat);
    format!("[{} of {}] {cell}{} · {repeat}{about}", index + 1, turns.len(), turn.step.name)
}

/// That of the worst: not measured, bad, no verdict. A history too young to be judged is no reason to fail.
fn exit(runs: &[Ran], trend: Option<&Trend>, interrupted: bool, strict: bool) -> Exit {
    if interrupted {
        return Exit::Interrupted;
    }
    let exits = runs.iter().map(|ran| match &ran.end {
        RunEnd::Measured(measured) => Exit::of(measured.summary.verdict, strict),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::trend::{Marks, Settings, judge};
    use crate::result::Verdict;

    fn ran(verdict: Verdict) -> Ran {
        let summary = Summary { verdict, ..Summary::default() };
        let run_id = "one".to_owned();
        Ran {
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
            let runs: Vec<Ran> = verdicts.iter().map(|&verdict| ran(verdict)).collect();
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
        let failed = Ran { end: RunEnd::Failed("no etcd".to_owned()), ..ran(Verdict::Pass) };
        let runs = [ran(Verdict::Fail), failed];
        assert_eq!(exit(&runs, None, false, false), Exit::CannotMeasure);
        assert_eq!(exit(&runs, None, true, false), Exit::Interrupted);
        assert_eq!(exit(&[ran(Verdict::Warn)], None, false, true), Exit::Bad);
    }
}
