//! The short help: the flags that people use; `--help` has them all.

use clap::{Arg, Command, CommandFactory, FromArgMatches as _};

use super::Cli;

/// Flags of `disk` that stand in its short help.
const DISK: [&str; 22] = [
    "quick",
    "soak",
    "rate",
    "clients",
    "val-size",
    "db-size",
    "members",
    "neighbour",
    "heartbeat-interval",
    "election-timeout",
    "quota",
    "profile",
    "rule",
    "strict",
    "beside-live",
    "label",
    "format",
    "output",
    "result",
    "quiet",
    "serve",
    "help",
];

/// Flags of `load` that stand in its short help.
const LOAD: [&str; 27] = [
    "mix",
    "rate",
    "clients",
    "conns",
    "duration",
    "total",
    "warmup",
    "val-size",
    "key-space-size",
    "preload",
    "class",
    "endpoints",
    "cacert",
    "cert",
    "key",
    "user",
    "local",
    "dry-run",
    "rule",
    "strict",
    "label",
    "format",
    "output",
    "result",
    "quiet",
    "serve",
    "help",
];

/// Reads the command line.
///
/// # Errors
/// What is wrong with it, and calls for help.
pub fn parse() -> Result<Cli, clap::Error> {
    let mut command = short(Cli::command());
    let mut matches = command.try_get_matches_from_mut(std::env::args_os())?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

/// The program with a short help of each of its large commands.
fn short(program: Command) -> Command {
    let only = |often: &'static [&'static str]| {
        move |command: Command| command.mut_args(move |argument| hide_unless(argument, often))
    };
    program.mut_subcommand("disk", only(&DISK)).mut_subcommand("load", only(&LOAD))
}

fn hide_unless(argument: Arg, often: &[&str]) -> Arg {
    let shown = argument.get_long().is_none_or(|long| often.contains(&long));
    argument.hide_short_help(!shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_of_a_short_help_is_there() {
        let program = short(Cli::command());
        for (name, often) in [("disk", &DISK[..]), ("load", &LOAD[..])] {
            let command = program.find_subcommand(name).unwrap();
            let known: Vec<&str> = command.get_arguments().filter_map(Arg::get_long).collect();
            for flag in often.iter().filter(|flag| **flag != "help") {
                assert!(known.contains(flag), "{name}: --{flag}");
            }
        }
    }
}
