//! The `etcdbench` program: parse → plan → run → render → exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use etcdbench::cli::{self, Cli, Command};
use etcdbench::error::{Error, Result};
use etcdbench::exit::Exit;
use etcdbench::plan::{DiskPlan, Known};

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Disk(args) => disk(&args),
        Command::Completions(args) => print(&cli::completions(&args)),
        _ => Ok(Exit::Ok),
    };
    outcome
        .unwrap_or_else(|error| {
            eprintln!("error: {error}");
            error.exit()
        })
        .into()
}

fn disk(args: &cli::DiskArgs) -> Result<Exit> {
    let known = Known {
        profiles: &["etcd"],
        rule: &|_| Ok(()),
    };
    let plan = DiskPlan::resolve(args, &known)?;
    println!("{} {}", plan.command(), plan.max_bytes);
    Err(Error::Refused(
        "this build has no disk probe yet".to_owned(),
    ))
}

fn print(bytes: &[u8]) -> Result<Exit> {
    io::stdout()
        .write_all(bytes)
        .map_err(Error::io("write", "stdout"))?;
    Ok(Exit::Ok)
}
