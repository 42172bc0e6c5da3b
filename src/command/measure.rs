//! `disk`, `load` and `import`: what leaves a result.

use std::collections::BTreeMap;
use std::io;

use crate::cli::{
    BesideLoad, DiskArgs, Format, ImportArgs, LiveArgs, LoadArgs, OutputArgs, WorkArgs,
};
use crate::clock::Clock;
use crate::delivery::print;
use crate::disk as probe;
use crate::error::Result;
use crate::etcd::{Credentials, Secret};
use crate::exit::Exit;
use crate::plan::{
    CleanPlan, DocumentPlan, ImportRequest, LeftBy, Neighbour, PlannedRun, Resolved, Task,
    credentials,
};
use crate::progress::{self, Place, Shown};
use crate::report::{self, Style};
use crate::result::{self, Header};
use crate::session::{self, Finished, Request};
use crate::spec::CleanSpec;
use crate::{import, load as engine, signals};

use super::output::{hand_over, say};

pub(super) fn disk(args: &DiskArgs) -> Result<Exit> {
    let run = PlannedRun::disk(&args.spec, args.name.clone())?;
    planned_run(run, &args.output, &args.live, args.spec.strict)
}

pub(super) fn load(args: &LoadArgs) -> Result<Exit> {
    if let Some(BesideLoad::Clean(spec)) = &args.beside {
        return clean(spec);
    }
    let run = PlannedRun::load(&args.spec, args.name.clone())?;
    if let (true, Resolved::Load(plan)) = (args.dry_run, &run.plan) {
        let style = Style::of_stdout(args.output.document.no_color);
        return print(report::load_planned(plan, &style).as_bytes()).map(|()| Exit::Ok);
    }
    planned_run(run, &args.output, &args.live, args.spec.strict)
}

/// Removes what earlier loads left.
fn clean(spec: &CleanSpec) -> Result<Exit> {
    let plan = CleanPlan::resolve(spec, |path| {
        let Header { kind, plan, prefix, .. } = result::read(path)?.header;
        Ok(LeftBy { kind, plan, prefix })
    })?;
    let credentials = credentials(&spec.connect)?;
    let signalled = signals::watch()?;
    let tell = |text: &str| say(text);
    let cleaned = engine::clean::run(&plan, credentials.as_ref(), &signalled, &tell)?;
    print(format!("{cleaned}\n").as_bytes())?;
    Ok(if cleaned.interrupted { Exit::Interrupted } else { Exit::Ok })
}

fn planned_run(
    run: PlannedRun,
    output: &OutputArgs,
    live: &LiveArgs,
    strict: bool,
) -> Result<Exit> {
    let document = document(output)?;
    let place = live.serve.as_deref().map(Place::listen).transpose()?;
    let beside = Beside { place, every_ns: live.status_every };
    run.warnings().iter().for_each(|warning| say(&format!("warning: {warning}")));
    let credentials = run.credentials()?;
    let secrets = Secrets { credentials, token: run.token()? };
    let finished = carry_out(&run.plan, run.name, run.labels, output, secrets, beside)?;
    conclude(finished, &document, output, strict)
}

/// The process that `run` and `compare --measure` start: what it is to do is read from stdin.
pub(super) fn planned() -> Result<Exit> {
    let task = Task::read(io::stdin().lock())?;
    let output =
        OutputArgs { result: Some(task.result), quiet: task.quiet, ..OutputArgs::default() };
    let document = document(&output)?;
    let secrets = Secrets { credentials: task.credentials, token: task.token };
    let finished =
        carry_out(&task.plan, task.name, task.labels, &output, secrets, Beside::default())?;
    conclude(finished, &document, &output, false)
}

/// The process that `disk --neighbour` starts.
pub(super) fn neighbour(args: &WorkArgs) -> Result<Exit> {
    match Neighbour::resolve(&args.what)? {
        Some(neighbour) => probe::neighbour::serve(&neighbour),
        None => Ok(Exit::Ok),
    }
}

/// What is seen of a run while it goes on, beside the bar.
#[derive(Default)]
struct Beside {
    place: Option<Place>,
    every_ns: Option<u64>,
}

/// Who this process is: to the etcd, and where machines meet.
struct Secrets {
    credentials: Option<Credentials>,
    token: Option<Secret>,
}

fn carry_out(
    plan: &Resolved,
    name: Option<String>,
    labels: BTreeMap<String, String>,
    output: &OutputArgs,
    secrets: Secrets,
    beside: Beside,
) -> Result<Finished> {
    match plan {
        Resolved::Disk(plan) => {
            probe::check(plan)?;
            probe::run(begin(&**plan, name, labels, output, beside)?)
        }
        Resolved::Load(plan) => {
            let request = begin(&**plan, name, labels, output, beside)?;
            engine::run(request, secrets.credentials, secrets.token)
        }
    }
}

pub(super) fn import(args: &ImportArgs) -> Result<Exit> {
    let request = ImportRequest::resolve(args)?;
    let document = document(&args.output)?;
    let mut worst = Exit::Ok;
    let all = import::run(&request, report::conclude, Clock::start().wall(0))?;
    for (index, finished) in all.into_iter().enumerate() {
        if index > 0 && document.format == Format::Text {
            print(b"\n")?;
        }
        worst = worst.or_worse(conclude(finished, &document, &args.output, args.strict)?);
    }
    Ok(worst)
}

/// Says what is about to be measured, and starts the clock.
fn begin<'a, P: Shown>(
    plan: &'a P,
    name: Option<String>,
    labels: BTreeMap<String, String>,
    output: &OutputArgs,
    beside: Beside,
) -> Result<Request<'a, P>> {
    if !output.quiet {
        say(&progress::announcement(plan));
    }
    let clock = Clock::start();
    let mut observer = progress::observer(plan, clock, output.quiet, beside.every_ns);
    let mut result = output.result.clone();
    if let Some(place) = beside.place {
        if !output.quiet {
            say(&place.announcement());
        }
        // What is shown has to be known before it is there.
        let path = result.unwrap_or_else(|| session::result_path(plan.kind(), &clock));
        observer = place.show(path.clone(), observer);
        result = Some(path);
    }
    Ok(Request {
        plan,
        clock,
        name,
        labels,
        result,
        observer,
        conclude: report::conclude,
        signalled: signals::watch()?,
    })
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
    let Finished { path, run, summary, error, leftover } = finished;
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
