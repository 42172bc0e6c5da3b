//! From a command's arguments to its exit code: plan → run → render.

mod check;
mod compared;
mod logs;
mod measure;
mod mistakes;
mod output;
mod scenario;
mod stored;

use crate::cli::{self, Command};
use crate::delivery::print;
use crate::error::Result;
use crate::exit::Exit;

pub use mistakes::instead;
pub use output::say;

/// Carries out a command.
///
/// # Errors
/// What kept it from giving an answer, in words for the user.
pub fn execute(command: &Command) -> Result<Exit> {
    match command {
        Command::Disk(args) => measure::disk(args),
        Command::Load(args) => measure::load(args),
        Command::Import(args) => measure::import(args),
        Command::Report(args) => stored::report(args),
        Command::Compare(args) => compared::compare(args),
        Command::Trend(args) => compared::trend(args),
        Command::Check(args) => check::check(args),
        Command::Logs(args) => logs::logs(args),
        Command::Run(args) => scenario::run(args),
        Command::Completions(args) => print(&cli::completions(args)).map(|()| Exit::Ok),
        Command::Man => print(&cli::man()).map(|()| Exit::Ok),
        Command::Planned => measure::planned(),
        Command::Neighbour(args) => measure::neighbour(args),
    }
}
