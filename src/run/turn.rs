//! One run of a scenario, carried out in a process of its own.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::run_directory::{RunDirectory, result_of};
use super::users::Users;
use crate::child::{self, ChildRun};
use crate::error::Result;
use crate::execution::{RunEnd, RunRecord};
use crate::plan::ScenarioPlan;
use crate::plan::scenario::Turn;
use crate::units::format_duration;

/// An execution on its way.
pub(super) struct Execution<'a> {
    pub(super) plan: &'a ScenarioPlan,
    pub(super) options: RunOptions,
    pub(super) run_directory: RunDirectory,
    pub(super) users: Users,
    pub(super) signalled: &'a AtomicBool,
    pub(super) say: &'a dyn Fn(&str),
}

impl Execution<'_> {
    pub(super) fn is_signalled(&self) -> bool {
        self.signalled.load(Ordering::SeqCst)
    }

    /// Makes what was not made before.
    pub(super) fn all(&self, turns: &[Turn<'_>]) -> Result<Vec<RunRecord>> {
        announce(self.plan, &self.run_directory, turns, self.say);
        let begun = Instant::now();
        let mut measured = 0_u32;
        let mut runs = Vec::new();
        for (index, turn) in turns.iter().enumerate() {
            let end = match self.run_directory.done(turn) {
                Some(measured) => RunEnd::Measured(Box::new(measured)),
                None if self.is_signalled() => RunEnd::Open,
                None => {
                    (self.say)(&progress(index, turns, measured, begun));
                    measured += 1;
                    self.carry_out(turn)?
                }
            };
            runs.push(RunRecord {
                cell: turn.cell.slug.clone(),
                step: turn.step.name.clone(),
                repeat: turn.repeat,
                result: result_of(turn),
                end,
            });
        }
        Ok(runs)
    }

    pub(super) fn carry_out(&self, turn: &Turn<'_>) -> Result<RunEnd> {
        let result = self.run_directory.clear(turn)?;
        let done = self.make(turn, &result, &[]);
        Ok(match (done, self.run_directory.done(turn)) {
            (Err(error), _) => RunEnd::Failed(error.to_string()),
            (Ok(()), Some(measured)) => RunEnd::Measured(Box::new(measured)),
            (Ok(()), None) if self.is_signalled() => RunEnd::Open,
            (Ok(()), None) => {
                RunEnd::Failed("it ended before its plan did; its result says why".to_owned())
            }
        })
    }

    /// One run in a process of its own.
    pub(super) fn make(
        &self,
        turn: &Turn<'_>,
        result: &Path,
        more_labels: &[(String, String)],
    ) -> Result<()> {
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
pub(super) fn name(plan: &ScenarioPlan, turn: &Turn<'_>) -> String {
    match plan.cells.len() {
        1 => format!("{}/{}", plan.name, turn.step.name),
        _ => format!("{}/{}/{}", plan.name, turn.cell.slug, turn.step.name),
    }
}

pub(super) fn labels(plan: &ScenarioPlan, turn: &Turn<'_>) -> Vec<(String, String)> {
    let own = plan.labels.iter().map(|(key, value)| (key.clone(), value.clone()));
    let ours = [
        ("scenario".to_owned(), plan.name.clone()),
        ("scenario.cell".to_owned(), turn.cell.slug.clone()),
        ("scenario.repeat".to_owned(), turn.repeat.to_string()),
    ];
    own.chain(ours).collect()
}

pub(super) fn progress(index: usize, turns: &[Turn<'_>], measured: u32, begun: Instant) -> String {
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

pub(super) fn announce(
    plan: &ScenarioPlan,
    run_directory: &RunDirectory,
    turns: &[Turn<'_>],
    say: &dyn Fn(&str),
) {
    let done = turns.iter().filter(|turn| run_directory.done(turn).is_some()).count();
    let runs = match turns.len() {
        1 => "1 run".to_owned(),
        n => format!("{n} runs"),
    };
    let so_far = if run_directory.resumed {
        format!(", of which {done} were made before (--fresh begins anew)")
    } else {
        String::new()
    };
    say(&format!(
        "{}: {runs}{so_far}, results in {}",
        plan.name,
        run_directory.directory.display()
    ));
}

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
