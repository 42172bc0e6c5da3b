//! From a command's arguments to its exit code: plan → run → render.

mod check;
mod compared;
mod logs;
mod manual;
mod measure;
mod merge;
mod mistakes;
mod output;
mod pod;
mod profile;
mod quota;
mod redacted;
mod rendezvous;
mod scenario;
mod stored;

use crate::cli::{self, Command};
use crate::delivery::print;
use crate::error::Result;
use crate::exit::Exit;

pub use mistakes::{after, instead, without_guesses};
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
        Command::Merge(args) => merge::merge(args),
        Command::Rendezvous(args) => rendezvous::rendezvous(args),
        Command::Report(args) => stored::report(args),
        Command::Compare(args) => compared::compare(args),
        Command::Trend(args) => compared::trend(args),
        Command::Check(args) => check::check(args),
        Command::Profile(args) => profile::profile(args),
        Command::Logs(args) => logs::logs(args),
        Command::Run(args) => scenario::run(args),
        Command::Pod(args) => pod::pod(args),
        Command::Completions(args) => print(&cli::completions(args)).map(|()| Exit::Ok),
        Command::Man(args) => manual::man(args),
        Command::Planned => measure::planned(),
        Command::Neighbour(args) => measure::neighbour(args),
    }
}
