//! The phases of a qualification, in the order of the plan.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use serde_json::json;

use crate::clock::Clock;
use crate::disk::backend::Backend;
use crate::disk::capacity::{self, Limits};
use crate::disk::control::{Control, Halt};
use crate::disk::costs::Costs;
use crate::disk::durability;
use crate::disk::engine::{Commits, DURABILITY_SYNC, Engine, Member, Task, wal_series};
use crate::disk::neighbour::{Neighbours, RunContext};
use crate::disk::preflight::CAPACITY;
use crate::disk::value::Values;
use crate::disk::wal::Wal;
use crate::disk::watch::Watch;
use crate::error::{Error, Result};
use crate::host::device::DeviceCounters;
use crate::plan::{Arrival, DiskPlan, Load, PlannedPhase};
use crate::record::{Emission, Pool, Recorder, RecorderSettings, Sink};
use crate::result::{self, DISK_FAILED, DiskFacts, EXTENDED, HALT};
use crate::rule::Stat;
use crate::units::format_bytes;
use crate::verdict;

/// Length of an interval in the result.
const INTERVAL_NS: u64 = 1_000_000_000;
/// Time between commits while more of them are gathered.
const TOP_UP_INTERVAL_NS: u64 = 5_000_000;
/// The top-up looks this often whether it has enough.
const TOP_UP_SLICE_NS: u64 = 250_000_000;
/// A load goes on for so much longer than was reckoned, and is not taken up again for less.
const SPARE_NS: u64 = 500_000_000;
/// For so long the result may take to be written before the load is looked at.
const LONGEST_WRITE: Duration = Duration::from_secs(10);
/// Series that the two loops of a member record.
const SERIES_OF_MEMBER: usize = wal_series::ALL.len() + 1;
/// Where the search for capacity starts when the load is a closed loop.
const CAPACITY_START_RATE: f64 = 500.0;

/// What all phases work with.
pub struct Probe<'a> {
    /// The plan.
    pub plan: &'a DiskPlan,
    /// What a put costs beside the disk.
    pub costs: Costs,
    /// The run's clock.
    pub clock: Clock,
    /// What can end the run early.
    pub control: Control,
    /// Where samples go.
    pub sink: Sink,
    /// Where cleared histograms come from.
    pub pool: Pool,
    /// Counters beside the load.
    pub watch: Watch,
    /// The run's own directory.
    pub work: &'a Path,
    /// The result, as far as it is written.
    pub result: &'a Path,
    /// What is known of the disk.
    pub facts: &'a DiskFacts,
    /// The device's counters, where there are any.
    pub counters: Option<&'a DeviceCounters>,
    /// Set when a signal came.
    pub signalled: &'a AtomicBool,
    /// Whether the search for the capacity is left out for a live etcd's sake.
    pub spares_etcd: bool,
}

impl Probe<'_> {
    /// Runs every phase until the end of the plan or of the run.
    ///
    /// # Errors
    /// The first of any phase.
    pub fn run(self, engine: &mut dyn Engine) -> Result<()> {
        let outcome = self.phases(engine);
        let why = match &outcome {
            Err(error) => Some(error.to_string()),
            Ok(()) => self.control.halted().map(|halt| self.words(halt)),
        };
        if let Err(error) = &outcome
            && let Some(broke) = device_failure(error)
        {
            let _ = self.sink.send(Emission::Event {
                phase: self.watch.phase().get(),
                at_ns: self.clock.now_ns(),
                kind: DISK_FAILED,
                member: None,
                detail: json!({ "what": broke, "why": error.to_string() }),
            });
        }
        if let Some(why) = why {
            let _ = self.sink.send(Emission::Event {
                phase: Arc::from(""),
                at_ns: self.clock.now_ns(),
                kind: HALT,
                member: None,
                detail: json!({ "why": why }),
            });
        }
        outcome
    }

    /// Why the run ended early, as it is shown to people.
    fn words(&self, halt: Halt) -> String {
        match halt {
            Halt::Signal => "interrupted".to_owned(),
            Halt::Budget => {
                format!("the {} of --max-bytes were written", format_bytes(self.plan.max_bytes))
            }
            Halt::Space => "the file system is nearly full".to_owned(),
            Halt::Neighbour => "a neighbour could not go on".to_owned(),
        }
    }

    fn phases(&self, engine: &mut dyn Engine) -> Result<()> {
        let mut members = Vec::new();
        let mut neighbours = None;
        for planned in &self.plan.phases {
            if self.control.halted().is_some() {
                break;
            }
            if planned.name == CAPACITY && self.spares_etcd {
                continue;
            }
            let loads = !matches!(planned.name.as_str(), "idle" | "durability");
            if loads && members.is_empty() {
                members = self.members()?;
                neighbours = Some(self.neighbours()?);
            }
            self.phase(planned, engine, &mut members)?;
        }
        neighbours.map_or(Ok(()), Neighbours::end)
    }

    /// Whoever is to be at work from now on.
    fn neighbours(&self) -> Result<Neighbours> {
        let context = RunContext {
            clock: self.clock,
            control: self.control.clone(),
            sink: self.sink.clone(),
            phase: self.watch.phase(),
        };
        Neighbours::start(self.plan, self.facts, &context)
    }

    fn phase(
        &self,
        planned: &PlannedPhase,
        engine: &mut dyn Engine,
        members: &mut [Member],
    ) -> Result<()> {
        let enough = commits(members) >= verdict::COMMITS_WANTED;
        if planned.name == "commits" && (enough || commits(members) == 0) {
            return Ok(());
        }
        let task = self.task(planned);
        match planned.name.as_str() {
            "idle" => self.idle(&task),
            "durability" => return self.durability(&task, planned.duration_ns),
            "wal" => {
                let alone = Task { commits: None, ..task };
                engine.run(members, &alone)?;
            }
            "commits" => self.top_up(engine, members, &task)?,
            "capacity" => self.capacity(engine, members, &task)?,
            "etcd" => self.planned_load(engine, members, &task)?,
            _ => engine.run(members, &task)?,
        }
        Ok(())
    }

    /// The planned load, which goes on while rules are open that more of it would decide.
    fn planned_load(
        &self,
        engine: &mut dyn Engine,
        members: &mut [Member],
        task: &Task,
    ) -> Result<()> {
        engine.run(members, task)?;
        let mut left_ns = self.plan.extend_ns;
        for _ in 1..verdict::LOOKS {
            let Some(needed_ns) = self.more_load_ns() else {
                break;
            };
            // The estimate is rough: a rule that lacks a moment gets a little more, and where it is far beyond what may be,
            // going on decides nothing.
            let more_ns = needed_ns.saturating_add(SPARE_NS).min(left_ns);
            if more_ns < SPARE_NS || needed_ns / 2 > left_ns || self.control.halted().is_some() {
                break;
            }
            left_ns -= more_ns;
            self.tell(task, EXTENDED, json!({ "by_ns": more_ns }));
            let mut longer = task.clone();
            longer.until_ns = task.clock.now_ns() + more_ns;
            longer.seed = task.seed.wrapping_add(longer.until_ns);
            engine.run(members, &longer)?;
        }
        Ok(())
    }

    /// For how long the load would have to go on, by the result as it is: what judges it in the end judges it now.
    fn more_load_ns(&self) -> Option<u64> {
        let (asked, written) = channel();
        self.sink.send(Emission::Written(asked)).ok()?;
        written.recv_timeout(LONGEST_WRITE).ok()?;
        verdict::more_load_ns(&result::read(self.result).ok()?)
    }

    /// Announces a phase and gives its load.
    fn task(&self, planned: &PlannedPhase) -> Task {
        let phase: Arc<str> = Arc::from(planned.name.as_str());
        self.watch.enter(&phase);
        let now_ns = self.clock.now_ns();
        let _ = self.sink.send(Emission::PhaseStart {
            phase: Arc::clone(&phase),
            at_ns: now_ns,
            planned_ns: planned.duration_ns,
        });
        let workload = &self.plan.workload;
        // Made before the phase begins, so that no loop of a member has to.
        self.pool.prepare(self.plan.members as usize * SERIES_OF_MEMBER);
        Task {
            clock: self.clock,
            control: self.control.clone(),
            recorder: RecorderSettings {
                phase,
                interval_ns: INTERVAL_NS,
                stall_ns: self.plan.heartbeat_ns,
                sink: self.sink.clone(),
                pool: self.pool.clone(),
            },
            load: workload.load,
            costs: self.costs,
            seed: self.plan.seed ^ now_ns,
            until_ns: now_ns + planned.duration_ns,
            commits: Some(Commits {
                interval_ns: workload.batch_interval_ns,
                limit: workload.batch_limit,
                fixed_puts: None,
            }),
        }
    }

    /// Waits, while the counters tell what others do.
    fn idle(&self, task: &Task) {
        while task.clock.now_ns() < task.until_ns && self.control.halted().is_none() {
            let left = task.until_ns.saturating_sub(task.clock.now_ns());
            std::thread::sleep(Duration::from_nanos(left.min(50_000_000)));
        }
    }

    fn durability(&self, task: &Task, budget_ns: u64) -> Result<()> {
        let budget = Duration::from_nanos(budget_ns);
        let clock = self.clock;
        let mut recorder =
            Recorder::new(task.recorder.clone(), None, &[DURABILITY_SYNC], clock.now_ns());
        let mut told = |start: Instant, took: Duration| {
            recorder.record(0, clock.at_ns(start), took.as_nanos() as u64);
            recorder.tick(clock.now_ns());
        };
        let (found, bytes) = durability::examine(
            self.work,
            self.facts,
            self.counters,
            (budget, self.control.left()),
            self.signalled,
            &mut told,
        )?;
        recorder.finish(clock.now_ns());
        self.control.spend(bytes);
        let detail = serde_json::to_value(&found)
            .map_err(|error| Error::Refused(format!("durability cannot be told: {error}")))?;
        self.tell(task, "durability", detail);
        Ok(())
    }

    /// Logs and databases of all members, each in a directory of its own.
    fn members(&self) -> Result<Vec<Member>> {
        let plan = self.plan;
        let several = plan.members > 1;
        let build = PlannedPhase { name: "build".into(), duration_ns: 0 };
        if plan.db_size_bytes > 0 {
            self.task(&build);
        }
        let workload = &plan.workload;
        (0..plan.members)
            .map(|number| {
                let dir = self.work.join(format!("member-{number}"));
                std::fs::create_dir(&dir).map_err(Error::io("create", &dir))?;
                let seed = plan.seed.wrapping_add(u64::from(number));
                let values = Values::new(workload.key_size, workload.val_size, seed);
                let (key, value) = (workload.key_size, workload.val_size);
                let mut told = 0;
                let backend =
                    Backend::create(&dir, key, value, plan.db_size_bytes, seed, |written| {
                        self.control.spend(written - told);
                        told = written;
                        self.control.halted().is_none()
                    })?;
                Ok(Member {
                    id: several.then_some(number),
                    wal: Wal::create(&dir, values)?,
                    backend,
                })
            })
            .collect()
    }

    /// Gathers more commits of the same size than the load's own pace gave.
    fn top_up(&self, engine: &mut dyn Engine, members: &mut [Member], task: &Task) -> Result<()> {
        let puts: u64 = members.iter().map(|member| member.wal.puts()).sum();
        let mean_puts = (puts / commits(members).max(1)).max(1);
        let until_ns = task.until_ns + self.plan.extend_ns;
        while commits(members) < verdict::COMMITS_WANTED
            && task.clock.now_ns() < until_ns
            && self.control.halted().is_none()
        {
            let mut slice = task.clone();
            slice.until_ns = (task.clock.now_ns() + TOP_UP_SLICE_NS).min(until_ns);
            slice.commits = Some(Commits {
                interval_ns: TOP_UP_INTERVAL_NS,
                limit: self.plan.workload.batch_limit,
                fixed_puts: Some(mean_puts),
            });
            engine.run(members, &slice)?;
        }
        Ok(())
    }

    fn capacity(&self, engine: &mut dyn Engine, members: &mut [Member], task: &Task) -> Result<()> {
        let start_rate = match self.plan.workload.load {
            Load::Open { rate, .. } => rate,
            Load::Closed { .. } => CAPACITY_START_RATE,
        };
        let mut open = task.clone();
        // It is the disk's that is looked for; what the CPUs carry is told beside it.
        open.costs = Costs::NONE;
        open.load = Load::Open { rate: start_rate, arrival: Arrival::Poisson };
        let limits = Limits {
            wal_fsync_p99_ns: verdict::limit_ns(self.plan, "wal.fsync", Stat::Percentile(99.0)),
            backend_commit_p99_ns: verdict::limit_ns(
                self.plan,
                "backend.commit",
                Stat::Percentile(99.0),
            ),
            stall_ns: self.plan.election_ns,
        };
        capacity::search(engine, members, &open, start_rate, limits)
    }

    fn tell(&self, task: &Task, kind: &'static str, detail: serde_json::Value) {
        let _ = self.sink.send(Emission::Event {
            phase: Arc::clone(&task.recorder.phase),
            at_ns: self.clock.now_ns(),
            kind,
            member: None,
            detail: json!(detail),
        });
    }
}

/// What a system call says that failed because of the disk, not of anything that was asked of it: etcd ends there, and
/// comes back only with what is on the disk by then.
pub fn device_failure(error: &Error) -> Option<&'static str> {
    let Error::Io { source, .. } = error else {
        return None;
    };
    match Errno::from_io_error(source)? {
        Errno::IO | Errno::REMOTEIO => Some("I/O error"),
        // ext4 and XFS do that when their own writes fail.
        Errno::ROFS => Some("the file system turned read-only"),
        Errno::NXIO | Errno::NODEV | Errno::NOMEDIUM => Some("the device is gone"),
        Errno::UCLEAN => Some("the file system is damaged"),
        _ => None,
    }
}

fn commits(members: &[Member]) -> u64 {
    members.iter().map(|member| member.backend.commits()).sum()
}
