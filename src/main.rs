//! The `etcdbench` program: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use etcdbench::cli::Cli;
use etcdbench::{command, signals};

fn main() -> ExitCode {
    signals::outlive_file_limits();
    let done = command::execute(&Cli::parse().command);
    let exit = done.unwrap_or_else(|error| {
        command::say(&format!("error: {error}"));
        error.exit()
    });
    exit.into()
}
