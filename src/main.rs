//! The `etcdbench` program: parse → plan → run → render → exit code.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::Parser;
use etcdbench::cli::{
    self, ChartArgs, Cli, Command, CompareArgs, DiskArgs, Export, Format, ImportArgs, LoadArgs,
    OutputArgs, ReportArgs, RunArgs, TrendArgs, WorkArgs,
};
use etcdbench::clock::Clock;
use etcdbench::compare::Answer;
use etcdbench::delivery::{self, print};
use etcdbench::disk as probe;
use etcdbench::error::Result;
use etcdbench::exit::Exit;
use etcdbench::plan::{
    self, ComparePlan, DiskPlan, DocumentPlan, ExportPlan, ImportRequest, LoadPlan, Neighbour,
    ScenarioPlan, Target, TrendPlan,
};
use etcdbench::report::chart::{self, Chart};
use etcdbench::report::export::{self, Of, Subject};
use etcdbench::report::{self, Style};
use etcdbench::result::{self, Run, Summary};
use etcdbench::session::{Finished, Request};
use etcdbench::{charts, compare, import, load, progress, run, signals, verdict};

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Disk(args) => disk(&args),
        Command::Load(args) => load(&args),
        Command::Compare(args) => compared(&args),
        Command::Report(args) => stored(&args),
        Command::Import(args) => imported(&args),
        Command::Trend(args) => trend(&args),
        Command::Run(args) => scenario(&args),
        Command::Completions(args) => print(&cli::completions(&args)).map(|()| Exit::Ok),
        Command::Man => print(&cli::man()).map(|()| Exit::Ok),
        Command::Neighbour(args) => neighbour(&args),
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
    let document = document(&args.output)?;
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
    conclude(finished, &document, &args.output, args.strict)
}

/// The process that `disk --neighbour` starts.
fn neighbour(args: &WorkArgs) -> Result<Exit> {
    match Neighbour::resolve(&args.what)? {
        Some(neighbour) => probe::neighbour::serve(&neighbour),
        None => Ok(Exit::Ok),
    }
}

fn load(args: &LoadArgs) -> Result<Exit> {
    let plan = LoadPlan::resolve(args)?;
    let labels = plan::labels(&args.labels)?;
    let document = document(&args.output)?;
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
    conclude(finished, &document, &args.output, args.strict)
}

/// What is made of a measurement, refused before there is one.
fn document(args: &OutputArgs) -> Result<DocumentPlan> {
    let result: Vec<_> = args.result.iter().cloned().collect();
    DocumentPlan::resolve(&args.document, &result)
}

/// Shows what a measurement left, and says how it ended.
fn conclude(
    finished: Finished,
    document: &DocumentPlan,
    args: &OutputArgs,
    strict: bool,
) -> Result<Exit> {
    let Finished {
        path,
        run,
        summary,
        error,
        leftover,
    } = finished;
    let (verdict, interrupted) = (summary.verdict, summary.interrupted);
    if document.output.is_some() && !args.quiet {
        say(&summary.headline);
        say(&format!("result in {}", path.display()));
    }
    let style = Style::of_stdout(args.document.no_color);
    let text = report::document(&[(run, summary)], &[path], document, &style);
    hand_over(&text, document.output.as_deref(), args.quiet)?;
    let exit = match error {
        Some(error) => return Err(error),
        None if interrupted => Exit::Interrupted,
        None => Exit::of(verdict, strict),
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
    if let Some((plan, file)) = ExportPlan::of_report(args)? {
        return exported(args, &plan, file);
    }
    let plan = DocumentPlan::resolve(&args.document, &args.files)?;
    let mut runs = Vec::new();
    for file in &args.files {
        runs.push(read(file)?);
    }
    let style = Style::of_stdout(args.document.no_color);
    let text = report::document(&runs, &args.files, &plan, &style);
    hand_over(&text, plan.output.as_deref(), false)?;
    draw(&args.charts, || match runs.as_slice() {
        [(run, summary)] => chart::of_run(run, summary),
        several => chart::of_runs(several),
    })?;
    let worst = runs.iter().map(|(_, summary)| summary.verdict).max();
    Ok(Exit::of(worst.unwrap_or_default(), args.strict))
}

/// A stored result and what it amounts to.
fn read(file: &Path) -> Result<(Run, Summary)> {
    let run = result::read(file)?;
    // A result without a summary is of a killed run: it is summarised from what it holds.
    let killed = || verdict::conclude(&run, false, false, run.last_heard());
    let summary = run.summary.clone().unwrap_or_else(killed);
    Ok((run, summary))
}

/// A stored result for another tool.
fn exported(args: &ReportArgs, plan: &ExportPlan, file: &Path) -> Result<Exit> {
    let (run, summary) = read(file)?;
    let intervals = match plan.kind {
        Export::Hlog => result::intervals(file)?,
        _ => Vec::new(),
    };
    let subject = Subject::Run {
        run: &run,
        summary: &summary,
        intervals: &intervals,
    };
    send(plan, subject)?;
    draw(&args.charts, || chart::of_run(&run, &summary))?;
    Ok(Exit::of(summary.verdict, args.strict))
}

fn imported(args: &ImportArgs) -> Result<Exit> {
    let request = ImportRequest::resolve(args)?;
    let document = document(&args.output)?;
    let mut worst = Exit::Ok;
    let all = import::run(&request, Clock::start().wall(0))?;
    for (index, finished) in all.into_iter().enumerate() {
        if index > 0 && document.format == Format::Text {
            print(b"\n")?;
        }
        worst = worst.or_worse(conclude(finished, &document, &args.output, args.strict)?);
    }
    Ok(worst)
}

fn compared(args: &CompareArgs) -> Result<Exit> {
    let plan = ComparePlan::resolve(args)?;
    let export = ExportPlan::resolve(args.export.export, Of::Comparison, args.output.as_deref())?;
    let output = match export {
        Some(_) => None,
        None => plan::place(args.output.as_deref(), &[])?,
    };
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
    match (&export, &finished.answer) {
        (Some(plan), Answer::Comparison(found)) => send(plan, Subject::Comparison(found))?,
        _ => {
            let style = Style::of_stdout(args.no_color);
            let format = plan::chosen(args.format, args.output.as_deref());
            let text = report::compared(&finished, format, args.all, &style);
            hand_over(&text, output.as_deref(), args.quiet)?;
        }
    }
    if let Answer::Comparison(found) = &finished.answer {
        draw(&args.charts, || {
            chart::of_comparison(found, &finished.sides)
        })?;
    }
    Ok(finished.exit)
}

fn trend(args: &TrendArgs) -> Result<Exit> {
    let plan = TrendPlan::resolve(args)?;
    let export = ExportPlan::resolve(args.export.export, Of::Trend, args.output.as_deref())?;
    let output = match export {
        Some(_) => None,
        None => plan::place(args.output.as_deref(), &[])?,
    };
    let trend = compare::trend::run(&plan)?;
    match &export {
        Some(plan) => send(plan, Subject::Trend(&trend))?,
        None => {
            let style = Style::of_stdout(args.no_color);
            let format = plan::chosen(args.format, args.output.as_deref());
            let text = report::trend::render(&trend, format, &style);
            hand_over(&text, output.as_deref(), false)?;
        }
    }
    draw(&args.charts, || chart::of_trend(&trend))?;
    Ok(trend.verdict.exit())
}

fn scenario(args: &RunArgs) -> Result<Exit> {
    let style = Style::of_stdout(args.no_color);
    if args.list {
        let shipped = plan::scenario::shipped::descriptions()?;
        return print(report::scenario::shipped(&shipped).as_bytes()).map(|()| Exit::Ok);
    }
    let plan = ScenarioPlan::resolve(args)?;
    if args.dry_run {
        return print(report::scenario::planned(&plan, &style).as_bytes()).map(|()| Exit::Ok);
    }
    let manner = run::Manner {
        fresh: args.fresh,
        strict: args.strict,
        quiet: args.quiet,
    };
    let tell = |line: &str| {
        if !args.quiet {
            say(line);
        }
    };
    let signalled = signals::watch()?;
    let done = run::run(&plan, manner, &signalled, &tell)?;
    print(report::scenario::executed(&plan, &done, &style).as_bytes())?;
    if let Some(trend) = &done.trend {
        print(format!("\n{}", report::trend::terminal(trend, &style)).as_bytes())?;
    }
    if let Some(directory) = &args.report {
        let paths = done.measured();
        let runs = paths.iter().map(|path| read(&done.directory.join(path)));
        let runs = runs.collect::<Result<Vec<_>>>()?;
        let documents = report::bundle(done.trend.as_ref(), &runs, &paths)?;
        delivery::lay_out(&documents, directory)?;
        tell(&format!("pages in {}", directory.display()));
    }
    Ok(done.exit)
}

/// Writes charts where they are wanted, and tells their files on stderr: stdout is the report's.
fn draw(wanted: &ChartArgs, charts: impl FnOnce() -> Vec<Chart>) -> Result<()> {
    let Some(directory) = &wanted.charts else {
        return Ok(());
    };
    let written = charts::write(&charts(), directory, wanted.png)?;
    if written.is_empty() {
        say("no chart was drawn: there is nothing measured to show");
    }
    written
        .iter()
        .for_each(|path| say(&format!("wrote {}", path.display())));
    Ok(())
}

/// Writes what another tool reads where it was asked to be.
fn send(plan: &ExportPlan, subject: Subject<'_>) -> Result<()> {
    delivery::deliver_all(&export::export(plan.kind, subject)?, plan)
}

/// Writes a document where it was asked to be, and says where a file is.
fn hand_over(document: &str, output: Option<&Path>, quiet: bool) -> Result<()> {
    delivery::deliver(document, output)?;
    if let Some(path) = output.filter(|_| !quiet) {
        say(&format!("written to {}", path.display()));
    }
    Ok(())
}

/// Writes a line to stderr, if anybody is there.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
