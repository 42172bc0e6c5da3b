//! Plans as they are typed, for tests.

use clap::Parser;

use super::LoadPlan;
use crate::cli::{Cli, Command};
use crate::error::{Error, Result};

/// What becomes of a command line that the parser takes.
fn resolved(line: &str) -> std::result::Result<Result<LoadPlan>, clap::Error> {
    let words = shlex::split(line).unwrap_or_else(|| panic!("{line}: quotes do not match"));
    match Cli::try_parse_from(words)?.command {
        Command::Load(args) => Ok(LoadPlan::resolve(&args.spec)),
        other => panic!("{line}: {other:?}"),
    }
}

/// The plan that a command line asks for.
pub(crate) fn plan(line: &str) -> LoadPlan {
    let parsed = resolved(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    parsed.unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// What a command line is refused with.
pub(super) fn refusal(line: &str) -> String {
    match resolved(line).unwrap_or_else(|error| panic!("{line}: {error}")) {
        Err(error @ Error::Usage(_)) => error.to_string(),
        other => panic!("{line}: {other:?}"),
    }
}

/// The plan that a command line asks for, if it asks for one.
pub(super) fn tried(line: &str) -> Option<LoadPlan> {
    resolved(line).ok()?.ok()
}
