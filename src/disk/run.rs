//! One qualification from beginning to end: refusals, phases, result, verdict.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use crate::clock::Clock;
use crate::disk::beside::{self, Kind, Other};
use crate::disk::control::{Control, Halt};
use crate::disk::costs::{Costs, ETCD, Machine};
use crate::disk::cpu_wait::{CpuWitness, Watching};
use crate::disk::engine::{Engine, SyncEngine, UringEngine};
use crate::disk::phases::{Probe, device_failure};
use crate::disk::preflight::{self, Space};
use crate::disk::value::Values;
use crate::disk::watch::{CurrentPhase, Watch, Watched};
use crate::error::{Error, Result};
use crate::files;
use crate::host;
use crate::host::counters::CounterSampler;
use crate::host::device;
use crate::host::device::{DeviceCounters, confirm_mapping};
use crate::plan::{DiskPlan, EngineKind};
use crate::record::{Emission, Sink};
use crate::result::{BESIDE, COSTS, Collector, DiskFacts, PAUSE};
use crate::session::{self, Ending, Finished, Request};
use crate::units::format_bytes;
use crate::verdict;
use crate::workdir::{self, Workdir};

/// The kind of event that tells of what a killed run had left.
const LEFTOVER: &str = "leftover.removed";
/// What is written to see whether the device's counters move …
const MAPPING_BYTES: u64 = 4 << 20;
/// … or this part of a smaller budget.
const MAPPING_PART: u64 = 16;

/// Qualifies a disk.
///
/// # Errors
/// Only before the first phase; later ones are in [`Finished::error`], beside what was measured until then.
pub fn run(request: Request<'_, DiskPlan>) -> Result<Finished> {
    let plan = request.plan;
    preflight::check(plan)?;
    let removed = workdir::remove_leftovers(&plan.directory);
    let others = beside::others(&plan.directory, &device::describe(&plan.directory)?);
    let spares_etcd = preflight::spares_etcd(plan, &others)?;
    let clock = request.clock;
    let run_id = session::run_id(&clock);
    let work = Workdir::create(&plan.directory, &run_id)?;
    let mut engine = engine(plan, work.path())?;
    let control = Control::new(Arc::clone(&request.signalled), plan.max_bytes);
    let (facts, counters) = disk_facts(&plan.directory, work.path(), &control)?;
    let mut environment = host::environment();
    environment.disk = Some(facts.clone());
    let target = plan.directory.display().to_string();
    let header = request.header("disk", &target, run_id, environment)?;
    let writer = request.writer(&header)?;
    let path = writer.path().to_path_buf();
    let (sink, pool, collector) = Collector::spawn(writer, clock, request.observer)?;
    let machine = Machine::here();
    let removed = removed.iter().map(|path| (LEFTOVER, json!({ "path": path })));
    let beside = others.iter().map(|other| (BESIDE, told(other, spares_etcd)));
    let costs = [(COSTS, reckoned_with(plan, machine))];
    for (kind, detail) in removed.chain(beside).chain(costs) {
        let (phase, at_ns) = (Arc::from("setup"), clock.now_ns());
        let _ = sink.send(Emission::Event { phase, at_ns, kind, member: None, detail });
    }
    let watch = Watch::start(Watched {
        directory: plan.directory.clone(),
        clock,
        control: control.clone(),
        sampler: CounterSampler::new(&facts, counters.clone(), clock.now_ns()),
        sink: sink.clone(),
    })?;
    let watching = watch_cpus(plan, clock, &control, &sink, watch.phase());
    let probe = Probe {
        plan,
        costs: Costs::on(machine),
        clock,
        control: control.clone(),
        sink,
        pool,
        watch,
        work: work.path(),
        result: &path,
        facts: &facts,
        counters: counters.as_ref(),
        signalled: &request.signalled,
        spares_etcd,
    };
    let outcome = probe.run(engine.as_mut());
    // Its threads tell of pauses: the result is at its end when nobody can tell any more.
    drop(watching);
    let (ending, error) = ending(outcome, work.remove(), control.halted(), &plan.directory);
    session::finish(path, collector, request.conclude, &clock, ending, error)
}

/// How a run ended whose measuring and cleaning up came out so, and what is to be told as its error.
fn ending(
    measured: Result<()>,
    removed: Result<()>,
    halted: Option<Halt>,
    directory: &Path,
) -> (Ending, Option<Error>) {
    // A disk that failed was measured, and found wanting.
    let disk_failed = measured.as_ref().err().is_some_and(|error| device_failure(error).is_some());
    let outcome = measured.and(removed);
    let ending = Ending {
        complete: outcome.is_ok() && halted.is_none(),
        interrupted: halted == Some(Halt::Signal),
    };
    let error = outcome
        .err()
        .filter(|_| !disk_failed)
        .or_else(|| (halted == Some(Halt::Space)).then(|| out_of_space(directory)));
    (ending, error)
}

/// What a put is taken to cost beside the disk, as a result has it.
fn reckoned_with(plan: &DiskPlan, machine: Machine) -> serde_json::Value {
    let costs = Costs::on(machine);
    json!({
        "etcd": ETCD,
        "cpus": machine.cpus,
        "unit_ns": machine.unit_ns,
        "most_per_s": costs.most_per_s(),
        "disk_alone": costs.under(plan.workload.load) == Costs::NONE,
    })
}

/// Somebody else on the disk, as a result has it.
fn told(other: &Other, spares_etcd: bool) -> serde_json::Value {
    let path = other.path.as_ref().map(|path| path.display().to_string());
    match other.kind {
        Kind::Etcd => {
            json!({ "who": "etcd", "pid": other.pid, "path": path, "capacity": !spares_etcd })
        }
        Kind::Probe => json!({ "who": "etcdbench", "pid": other.pid, "path": path }),
    }
}

/// Tells waits for a CPU from those for the disk, and a probe that stood still from a disk that did.
fn watch_cpus(
    plan: &DiskPlan,
    clock: Clock,
    control: &Control,
    sink: &Sink,
    phase: CurrentPhase,
) -> Watching {
    let sink = sink.clone();
    let paused = move |start_ns, length_ns| {
        let _ = sink.send(Emission::Event {
            phase: phase.get(),
            at_ns: start_ns,
            kind: PAUSE,
            member: None,
            detail: json!({ "length_ns": length_ns }),
        });
    };
    let limits = verdict::waits_set_apart(plan);
    let (witness, watching) = CpuWitness::start(clock, limits, paused);
    control.watch_cpus(witness);
    watching
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
        control.watch_device(counters.clone(), before);
        let bytes = MAPPING_BYTES.min(control.left() / MAPPING_PART);
        let path = work.join("mapping");
        let file = files::create_new(&path).map_err(Error::io("create", &path))?;
        // Incompressible, or a compressing file system would write next to nothing.
        (&file)
            .write_all(Values::new(0, bytes as u32, 0).next_put().1)
            .map_err(Error::io("write", &path))?;
        rustix::fs::fsync(&file).map_err(Error::io("sync", &path))?;
        control.spend(bytes);
        facts.mapping =
            counters.snapshot().map(|after| confirm_mapping(bytes, &after.since(&before), 0));
        std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
    }
    Ok((facts, counters))
}

fn out_of_space(directory: &Path) -> Error {
    let floor = Space::of(directory).map_or(0, |space| space.floor);
    Error::Refused(format!(
        "{}: less than {} is free, so the run was stopped; what was measured is kept",
        directory.display(),
        format_bytes(floor)
    ))
}
