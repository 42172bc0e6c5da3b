//! Carries out scenarios: run by run, each in a process of its own, going on where an earlier execution was
//! interrupted.

pub mod comparison;
pub mod history;
mod nightly;
mod run_directory;
mod turn;
mod users;

use std::sync::atomic::AtomicBool;
pub use turn::RunOptions;
use turn::{Execution, name};

use crate::error::Result;
use crate::execution::{Executed, exit, trend_exit};
use crate::plan::ScenarioPlan;
use run_directory::RunDirectory;
use users::Users;

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
    let run_directory = RunDirectory::find(plan, options.fresh)?;
    let execution = Execution { plan, options, run_directory, users, signalled, say };
    let runs = execution.all(&turns)?;
    let mut trend = match &plan.history {
        Some(history) => nightly::judge(&execution, history, &runs)?,
        None => None,
    };
    let interrupted = execution.is_signalled();
    let exit = exit(&runs, trend.as_ref(), interrupted, options.strict);
    if let Some(trend) = &mut trend {
        trend.exit = trend_exit(exit, trend, options.strict);
    }
    Ok(Executed { directory: execution.run_directory.directory, exit, runs, interrupted, trend })
}
