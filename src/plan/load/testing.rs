//! Plans as they are typed, for tests.

use clap::Parser;

use super::LoadPlan;
use crate::cli::LoadArgs;
use crate::error::Error;

#[derive(Debug, Parser)]
#[command(name = "etcdbench")]
enum Typed {
    Load(Box<LoadArgs>),
}

/// The arguments of a command line.
pub(super) fn args(line: &str) -> LoadArgs {
    let words = shlex::split(line).unwrap_or_else(|| panic!("{line}: quotes do not match"));
    let Typed::Load(args) =
        Typed::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
    *args
}

/// The plan that a command line asks for.
pub(super) fn plan(line: &str) -> LoadPlan {
    LoadPlan::resolve(&args(line)).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// What a command line is refused with.
pub(super) fn refusal(line: &str) -> String {
    match LoadPlan::resolve(&args(line)) {
        Err(Error::Usage(message)) => message,
        other => panic!("{line}: {other:?}"),
    }
}
