//! One qualification from beginning to end: refusals, phases, result, verdict.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::clock::Clock;
use crate::disk::control::{Control, Halt};
use crate::disk::counters::CounterSampler;
use crate::disk::device::{self, DeviceCounters, confirm_mapping};
use crate::disk::engine::{Engine, SyncEngine, UringEngine};
use crate::disk::phases::Probe;
use crate::disk::preflight::{self, Space};
use crate::disk::value::Values;
use crate::disk::watch::{Watch, Watched};
use crate::error::{Error, Result};
use crate::host;
use crate::plan::{DiskPlan, EngineKind};
use crate::record::Emission;
use crate::result::{
    self, Collector, DiskFacts, Header, Line, Observer, Run, SCHEMA_VERSION, Summary, Tool, Writer,
};
use crate::units::format_bytes;
use crate::verdict;
use crate::workdir::{self, Workdir};

/// Where results go when nobody says.
const RESULTS: &str = "results";
/// What is written to see whether the device's counters move; small enough for any budget.
const MAPPING_BYTES: usize = 4 << 20;

/// What is to be done, and who wants to see it.
pub struct Request<'a> {
    /// The plan.
    pub plan: &'a DiskPlan,
    /// Started when the run was.
    pub clock: Clock,
    /// A name of the run; the directory when absent.
    pub name: Option<String>,
    /// Labels of the run.
    pub labels: BTreeMap<String, String>,
    /// Where the result goes; a fresh file in `results/` when absent.
    pub result: Option<PathBuf>,
    /// Looks on.
    pub observer: Box<dyn Observer + Send>,
    /// Set from outside when the run is to end.
    pub signalled: Arc<AtomicBool>,
}

/// What a qualification left.
pub struct Finished {
    /// The result file.
    pub path: PathBuf,
    /// The result, read back from it.
    pub run: Run,
    /// What it amounts to; also the file's last line.
    pub summary: Summary,
    /// What ended the run before its plan did, if anything but a signal.
    pub error: Option<Error>,
}

/// Qualifies a disk.
///
/// # Errors
/// Only before the first phase; later ones are in [`Finished::error`], beside what was measured until then.
pub fn run(request: Request<'_>) -> Result<Finished> {
    let plan = request.plan;
    preflight::check(plan)?;
    let removed = workdir::remove_leftovers(&plan.directory);
    let clock = request.clock;
    let run_id = run_id(&clock);
    let work = Workdir::create(&plan.directory, &run_id)?;
    let mut engine = engine(plan, work.path())?;
    let control = Control::new(Arc::clone(&request.signalled), plan.max_bytes);
    let (facts, counters) = disk_facts(&plan.directory, work.path(), &control)?;
    let header = header(&request, &clock, run_id, facts.clone())?;
    let writer = writer(request.result.as_deref(), &header)?;
    let path = writer.path().to_path_buf();
    let (sink, pool, collector) = Collector::spawn(writer, clock, request.observer)?;
    for leftover in &removed {
        let _ = sink.send(Emission::Event {
            phase: Arc::from("setup"),
            at_ns: clock.now_ns(),
            kind: "leftover.removed",
            member: None,
            detail: serde_json::json!({ "path": leftover }),
        });
    }
    let watch = Watch::start(Watched {
        directory: plan.directory.clone(),
        clock,
        control: control.clone(),
        sampler: CounterSampler::new(&facts, counters.clone(), clock.now_ns()),
        sink: sink.clone(),
    })?;
    let probe = Probe {
        plan,
        clock,
        control: control.clone(),
        sink,
        pool,
        watch,
        work: work.path(),
        facts: &facts,
        counters: counters.as_ref(),
        signalled: &request.signalled,
    };
    let outcome = probe.run(engine.as_mut());
    let outcome = outcome.and(work.remove());
    finish(path, collector, &clock, &control, outcome, &plan.directory)
}

/// The result file: where it was asked to be, else a fresh one in the default place.
fn writer(asked: Option<&Path>, header: &Header) -> Result<Writer> {
    match asked {
        Some(path) => Writer::create(path, header),
        None => {
            let path = result::default_path(Path::new(RESULTS), header);
            Writer::create(&path, header).map_err(|error| {
                Error::Refused(format!("{error}; name another place with --result PATH"))
            })
        }
    }
}

/// The engine that was asked for; another one is never taken instead.
fn engine(plan: &DiskPlan, work: &Path) -> Result<Box<dyn Engine>> {
    match plan.engine {
        EngineKind::Sync => Ok(Box::new(SyncEngine)),
        EngineKind::Uring => {
            let engine = UringEngine::new(plan.members as usize)?;
            engine.smoke_test(work)?;
            Ok(Box::new(engine))
        }
    }
}

/// A run's name for itself: time and process, unique on a machine.
fn run_id(clock: &Clock) -> String {
    let time = clock.wall(0).strftime("%Y%m%dT%H%M%SZ");
    format!("{time}-{}", std::process::id())
}

fn disk_facts(
    directory: &Path,
    work: &Path,
    control: &Control,
) -> Result<(DiskFacts, Option<DeviceCounters>)> {
    let mut facts = device::describe(directory)?;
    let counters = DeviceCounters::find(&facts);
    if let Some(counters) = &counters
        && let Some(before) = counters.snapshot()
    {
        let path = work.join("mapping");
        let file = File::create(&path).map_err(Error::io("create", &path))?;
        // Incompressible, or a compressing file system would write next to nothing.
        (&file)
            .write_all(Values::new(0, MAPPING_BYTES as u32, 0).next_put().1)
            .map_err(Error::io("write", &path))?;
        rustix::fs::fsync(&file).map_err(Error::io("sync", &path))?;
        control.spend(MAPPING_BYTES as u64);
        facts.mapping = counters
            .snapshot()
            .map(|after| confirm_mapping(MAPPING_BYTES as u64, &after.since(&before), 0));
        std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
    }
    Ok((facts, counters))
}

fn header(
    request: &Request<'_>,
    clock: &Clock,
    run_id: String,
    facts: DiskFacts,
) -> Result<Header> {
    let plan = serde_json::to_value(request.plan)
        .map_err(|error| Error::Refused(format!("the plan cannot be written down: {error}")))?;
    let mut environment = host::environment();
    environment.disk = Some(facts);
    Ok(Header {
        schema: SCHEMA_VERSION.to_owned(),
        tool: Tool {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            git: option_env!("ETCDBENCH_GIT").map(str::to_owned),
        },
        run_id,
        kind: "disk".to_owned(),
        name: request
            .name
            .clone()
            .unwrap_or_else(|| request.plan.directory.display().to_string()),
        labels: request.labels.clone(),
        started_at: clock.wall(0).to_string(),
        plan,
        environment,
    })
}

/// Reads back what was written, judges it and adds the summary.
fn finish(
    path: PathBuf,
    collector: Collector,
    clock: &Clock,
    control: &Control,
    outcome: Result<()>,
    directory: &Path,
) -> Result<Finished> {
    let written = collector.finish();
    let halted = control.halted();
    let interrupted = halted == Some(Halt::Signal);
    let complete = outcome.is_ok() && halted.is_none();
    let run = result::read(&path)?;
    let ended_at = clock.wall(clock.now_ns()).to_string();
    let summary = verdict::conclude(&run, complete, interrupted, ended_at);
    let appended = written.and_then(|mut writer| {
        writer.write(&Line::Summary(summary.clone()))?;
        writer.finish()
    });
    let error = outcome
        .err()
        .or_else(|| (halted == Some(Halt::Space)).then(|| out_of_space(directory)))
        .or(appended.err());
    Ok(Finished {
        path,
        run,
        summary,
        error,
    })
}

fn out_of_space(directory: &Path) -> Error {
    let floor = Space::of(directory).map_or(0, |space| space.floor);
    Error::Refused(format!(
        "{}: less than {} is free, so the run was stopped; what was measured is kept",
        directory.display(),
        format_bytes(floor)
    ))
}
