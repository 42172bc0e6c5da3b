//! The `etcdbench` program: arguments in, exit code out.

use std::io::Write as _;
use std::process::ExitCode;

use etcdbench::{cli, command, signals};

fn main() -> ExitCode {
    signals::outlive_file_limits();
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(error) => return mistyped(error),
    };
    let done = command::execute(&cli.command);
    let exit = done.unwrap_or_else(|error| {
        command::say(&format!("error: {error}"));
        if let Some(command) = command::after(&error, &typed()) {
            command::say(&format!("Type: {command}"));
        }
        error.exit()
    });
    exit.into()
}

/// Everything that was typed, without the program's name.
fn typed() -> Vec<String> {
    std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect()
}

/// Help and errors go where clap sends them; a closed stream is nobody's business.
fn mistyped(error: clap::Error) -> ExitCode {
    let exit = ExitCode::from(error.exit_code() as u8);
    let typed = typed();
    let Some(command) = command::instead(&error, &typed) else {
        let _ = error.print();
        return exit;
    };
    let told = command::without_guesses(error, &typed).render().ansi().to_string();
    // What to type comes last, in the place of where help is.
    let told = told.split("\nFor more information").next().unwrap_or(&told).trim_end();
    let _ = writeln!(anstream::stderr(), "{told}\n");
    command::say(&format!("Type: {command}"));
    exit
}
