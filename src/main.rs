//! The `etcdbench` program: parse → plan → run → render → exit code.

use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::Parser;
use etcdbench::cli::{
    self, Cli, Command, CompareArgs, DiskArgs, Format, ImportArgs, LoadArgs, OutputArgs,
    ReportArgs, TrendArgs,
};
use etcdbench::clock::Clock;
use etcdbench::disk as probe;
use etcdbench::error::{Error, Result};
use etcdbench::exit::Exit;
use etcdbench::plan::{self, ComparePlan, DiskPlan, ImportRequest, LoadPlan, Target, TrendPlan};
use etcdbench::report::{self, Style};
use etcdbench::result::{self, Run, Summary};
use etcdbench::session::{Finished, Request};
use etcdbench::{compare, import, load, progress, signals, verdict};

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Disk(args) => disk(&args),
        Command::Load(args) => load(&args),
        Command::Compare(args) => compared(&args),
        Command::Report(args) => stored(&args),
        Command::Import(args) => imported(&args),
        Command::Trend(args) => trend(&args),
        Command::Completions(args) => print(&cli::completions(&args)).map(|()| Exit::Ok),
        Command::Man => print(&cli::man()).map(|()| Exit::Ok),
    };
    let exit = done.unwrap_or_else(|error| {
        say(&format!("error: {error}"));
        error.exit()
    });
    exit.into()
}

fn disk(args: &DiskArgs) -> Result<Exit> {
    let plan = DiskPlan::resolve(args)?;
    let labels = plan::labels(&args.labels)?;
    probe::check(&plan)?;
    if !args.output.quiet {
        say(&progress::announcement(&plan));
    }
    let clock = Clock::start();
    let finished = probe::run(Request {
        plan: &plan,
        clock,
        name: args.name.clone(),
        labels,
        result: args.output.result.clone(),
        observer: progress::observer(&plan, clock, args.output.quiet),
        signalled: signals::watch()?,
    })?;
    conclude(finished, &args.output, args.strict)
}

fn load(args: &LoadArgs) -> Result<Exit> {
    let plan = LoadPlan::resolve(args)?;
    let labels = plan::labels(&args.labels)?;
    // A throwaway etcd knows no users.
    let credentials = match plan.target {
        Target::Local { .. } => None,
        Target::Endpoints(_) => plan::credentials(&args.connect)?,
    };
    if !args.output.quiet {
        say(&progress::announcement(&plan));
    }
    let clock = Clock::start();
    let request = Request {
        plan: &plan,
        clock,
        name: args.name.clone(),
        labels,
        result: args.output.result.clone(),
        observer: progress::observer(&plan, clock, args.output.quiet),
        signalled: signals::watch()?,
    };
    let finished = load::run(request, credentials)?;
    conclude(finished, &args.output, args.strict)
}

/// Shows what a measurement left, and says how it ended.
fn conclude(finished: Finished, output: &OutputArgs, strict: bool) -> Result<Exit> {
    let Finished {
        path,
        run,
        summary,
        error,
        leftover,
    } = finished;
    show(&run, &summary, &path, output.format, output.no_color)?;
    let exit = match error {
        Some(error) => return Err(error),
        None if summary.interrupted => Exit::Interrupted,
        None => Exit::of(summary.verdict, strict),
    };
    match leftover {
        // A bad answer is not made an error by what was left behind.
        Some(leftover) if exit != Exit::Ok => say(&format!("warning: {leftover}")),
        Some(leftover) => return Err(leftover),
        None => {}
    }
    Ok(exit)
}

fn stored(args: &ReportArgs) -> Result<Exit> {
    let run = result::read(&args.file)?;
    // A result without a summary is of a killed run: it is summarised from what it holds.
    let killed = || verdict::conclude(&run, false, false, run.last_heard());
    let summary = run.summary.clone().unwrap_or_else(killed);
    show(&run, &summary, &args.file, args.format, args.no_color)?;
    Ok(Exit::of(summary.verdict, args.strict))
}

fn imported(args: &ImportArgs) -> Result<Exit> {
    let request = ImportRequest::resolve(args)?;
    let mut worst = Exit::Ok;
    let all = import::run(&request, Clock::start().wall(0))?;
    for (index, finished) in all.into_iter().enumerate() {
        if index > 0 && args.output.format == Format::Text {
            print(b"\n")?;
        }
        worst = worst.or_worse(conclude(finished, &args.output, args.strict)?);
    }
    Ok(worst)
}

fn compared(args: &CompareArgs) -> Result<Exit> {
    let plan = ComparePlan::resolve(args)?;
    let tell = |line: &str| {
        if !args.quiet {
            say(line);
        }
    };
    let signalled = match plan.source {
        plan::Source::Measured(_) => signals::watch()?,
        // Nothing is lost where nothing is measured: a signal ends it as it ends any program.
        _ => Arc::default(),
    };
    let finished = match compare::carry_out(&plan, &signalled, &tell) {
        Err(error) if signalled.load(Ordering::SeqCst) => {
            say(&format!("error: {error}"));
            return Ok(Exit::Interrupted);
        }
        done => done?,
    };
    let style = Style::of_stdout(args.no_color);
    print(report::compared(&finished.answer, args.format, args.all, &style).as_bytes())?;
    Ok(finished.exit)
}

fn trend(args: &TrendArgs) -> Result<Exit> {
    let trend = compare::trend::run(&TrendPlan::resolve(args)?)?;
    let style = Style::of_stdout(args.no_color);
    print(report::trend::render(&trend, args.format, &style).as_bytes())?;
    Ok(trend.verdict.exit())
}

/// Prints a result.
fn show(run: &Run, summary: &Summary, path: &Path, format: Format, no_color: bool) -> Result<()> {
    let text = match format {
        Format::Text => report::terminal(run, summary, path, &Style::of_stdout(no_color)),
        Format::Json => report::json(run, summary),
        Format::Csv => report::csv(run, summary),
    };
    print(text.as_bytes())
}

/// Writes to stdout. A reader that has seen enough (`| head`) is no error.
fn print(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("write", "stdout")(error))
        }
        _ => Ok(()),
    }
}

/// Writes a line to stderr, if anybody is there.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
