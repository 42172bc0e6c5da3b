//! The `etcdbench` program: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use etcdbench::cli::Cli;
use etcdbench::{command, signals};

fn main() -> ExitCode {
    signals::outlive_file_limits();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let typed = std::env::args().skip(1).collect::<Vec<_>>();
            // Help and errors go where clap sends them; a closed stream is nobody's business.
            let _ = error.print();
            if let Some(command) = command::instead(&error, &typed) {
                command::say(&format!("Type: {command}"));
            }
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    let done = command::execute(&cli.command);
    let exit = done.unwrap_or_else(|error| {
        command::say(&format!("error: {error}"));
        error.exit()
    });
    exit.into()
}
