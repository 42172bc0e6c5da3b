//! The load itself: workers are started, told to begin at the same moment, and their accounts added up.

use super::connection_spec::MemberAddress;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use serde_json::json;
use tokio::sync::oneshot;

use super::faults::Faults;
use super::gaps::Gaps;
use super::halt::{Control, DIED, DeathWatch};
use super::operation::Work;
use super::recorder::{RecordingContext, SETUP, Terms};
use super::start::Begin;
use super::watching::Watching;
use super::worker::{self, Worker, WorkerTotals};
use super::workload::{Workload, spans};
use crate::clock::Clock;
use crate::cluster::{Budget, Exhausted, Watcher};
use crate::error::{Error, Result};
use crate::host::counters::CounterSampler;
use crate::plan::LoadPlan;
use crate::record::{Emission, Pool, Sink};
use crate::result::SHARD_START;
use crate::wire::{Auth, Dialer, Failure};

/// How often the coordinator looks up.
const LOOK: Duration = Duration::from_millis(10);
/// How often the generator's own use of the processor is told.
const CPU_EVERY_NS: u64 = 1_000_000_000;

/// What a load needs beside its plan.
pub struct Drive<'a> {
    /// The plan of the whole.
    pub plan: Arc<LoadPlan>,
    /// What each of the loads that go on side by side does, with its class.
    pub works: Vec<(Option<String>, Arc<Work>)>,
    /// The run's clock.
    pub clock: Clock,
    /// What ends it.
    pub control: Control,
    /// Where emissions go.
    pub sink: Sink,
    /// Where histograms come from.
    pub pool: Pool,
    /// Where connections lead, in turn.
    pub addresses: Vec<MemberAddress>,
    /// Number of members.
    pub members: usize,
    /// Makes connections.
    pub dialer: Dialer,
    /// Who we are.
    pub auth: Option<Arc<Auth>>,
    /// Looks at the members meanwhile.
    pub watcher: &'a Watcher,
    /// What all writes are paid from.
    pub budget: Arc<Budget>,
    /// Reads this machine's counters.
    pub sampler: CounterSampler,
    /// What is done to the etcd meanwhile.
    pub faults: Faults<'a>,
    /// When it begins.
    pub begin: Option<Begin>,
}

/// A thread of the generator, and what it shares with the coordinator.
struct WorkerThread {
    thread: JoinHandle<Vec<WorkerTotals>>,
    /// One for each of its workers.
    starts: Vec<oneshot::Sender<u64>>,
    cpu_ns: Arc<AtomicU64>,
    in_flight: Vec<Arc<AtomicU64>>,
}

impl Drive<'_> {
    /// Prepares and carries out the load.
    ///
    /// # Errors
    /// Before the load begins: no connection, or keys that could not be written beforehand. After it: a thread died, so
    /// that what the others did is not all that was to be done.
    pub fn run(mut self) -> Result<()> {
        let workloads = self.workloads();
        let (ready, readiness) = sync_channel(1);
        self.budget.lift(self.faults.may_fill());
        let mut worker_threads = self.spawn_threads(&workloads, &ready)?;
        drop(ready);
        let prepared = self.prepare(
            &workloads,
            &readiness,
            worker_threads.iter().map(|worker_thread| worker_thread.starts.len()).sum(),
        );
        let start_ns = prepared.and_then(|()| self.start_ns());
        if let Err(error) = &start_ns {
            // The others would go on connecting and writing keys, and be waited for.
            self.control.halt(error.to_string());
        }
        let start_ns = match start_ns {
            Ok(start_ns) if !self.control.is_halted() => start_ns,
            early => {
                worker_threads.iter_mut().for_each(|worker_thread| worker_thread.starts.clear());
                worker_threads
                    .into_iter()
                    .for_each(|worker_thread| drop(worker_thread.thread.join()));
                return early.map(|_| ());
            }
        };
        let Some(context) = workloads.first().map(|workload| workload.context.clone()) else {
            return Ok(());
        };
        self.pool.prepare(self.recorded_series(&workloads));
        self.begin(&context, start_ns, &mut worker_threads);
        self.oversee(&context, &worker_threads);
        let joined: Vec<_> =
            worker_threads.into_iter().map(|worker_thread| worker_thread.thread.join()).collect();
        let died = joined.iter().any(std::result::Result::is_err);
        let totals: Vec<WorkerTotals> = joined.into_iter().flatten().flatten().collect();
        self.account(&workloads, &totals);
        if died {
            return Err(Error::Refused(DIED.to_owned()));
        }
        Ok(())
    }

    fn workloads(&self) -> Vec<Arc<Workload>> {
        let spans = spans(&self.plan);
        let context = RecordingContext {
            clock: self.clock,
            start: Arc::new(OnceLock::new()),
            gaps: Arc::new(Gaps::new(spans.len(), self.members)),
            spans,
            sink: self.sink.clone(),
            pool: self.pool.clone(),
            terms: Arc::new(Terms::default()),
            reads_count: !self.works.iter().any(|(_, work)| work.writes()),
        };
        let works = self.works.iter().enumerate();
        works
            .map(|(number, (class, work))| {
                Arc::new(Workload::new(number, class.clone(), Arc::clone(work), &context))
            })
            .collect()
    }

    /// Series that are recorded in all phases together: each worker keeps its own, of each member apart.
    fn recorded_series(&self, workloads: &[Arc<Workload>]) -> usize {
        let of_part = |workload: &Arc<Workload>| {
            let workers =
                workload.work.plan.connections.clamp(1, self.plan.threads.max(1)) as usize;
            workload.series.len() * workers * workload.context.spans.len()
        };
        workloads.iter().map(of_part).sum::<usize>() * self.members.max(1)
    }

    fn spawn_threads(
        &self,
        workloads: &[Arc<Workload>],
        ready: &SyncSender<std::result::Result<(), Failure>>,
    ) -> Result<Vec<WorkerThread>> {
        let mut workers_by_thread = self.workers(workloads);
        workers_by_thread.retain(|workers| !workers.is_empty());
        let mut worker_threads = Vec::new();
        for (number, mut workers) in workers_by_thread.into_iter().enumerate() {
            let cpu_ns: Arc<AtomicU64> = Arc::default();
            let mut starts = Vec::new();
            let mut begun = Vec::new();
            workers.iter_mut().for_each(|worker| worker.cpu_ns = Arc::clone(&cpu_ns));
            let in_flight = workers.iter().map(|worker| Arc::clone(&worker.in_flight)).collect();
            for worker in workers {
                let (start, started) = oneshot::channel();
                starts.push(start);
                begun.push((worker, started));
            }
            let ready = ready.clone();
            let watch = DeathWatch::new(self.control.clone());
            let thread = std::thread::Builder::new()
                .name(format!("load-{number}"))
                .spawn(move || {
                    let _watch = watch;
                    worker::run(begun, &ready)
                })
                .map_err(|error| Error::Refused(format!("cannot start a thread: {error}")))?;
            worker_threads.push(WorkerThread { thread, starts, cpu_ns, in_flight });
        }
        Ok(worker_threads)
    }

    /// The workers of each thread: one of every part that has connections there. Each part begins with the thread after
    /// that where the one before it ended, so that small ones do not crowd on the first.
    fn workers(&self, workloads: &[Arc<Workload>]) -> Vec<Vec<Worker>> {
        let threads = self.plan.threads.clamp(1, self.plan.connections.max(1));
        let mut workers_by_thread: Vec<Vec<Worker>> = (0..threads).map(|_| Vec::new()).collect();
        let mut from = 0;
        for (number, workload) in workloads.iter().enumerate() {
            let connections = workload.work.plan.connections.max(1);
            let specs = workload.specs(&self.addresses, threads, from);
            let first = (from % threads) as usize;
            from += connections;
            for (thread, specs) in specs.into_iter().enumerate().filter(|(_, b)| !b.is_empty()) {
                workers_by_thread[thread].push(Worker {
                    number,
                    specs,
                    connections: connections.into(),
                    workload: Arc::clone(workload),
                    control: self.control.clone(),
                    dialer: self.dialer.clone(),
                    auth: self.auth.clone(),
                    writing: workload.watching.as_ref().map(Watching::writing),
                    cpu_ns: Arc::default(),
                    in_flight: Arc::default(),
                    grants_lease: thread == first,
                });
            }
        }
        workers_by_thread
    }

    /// Waits until all workers are ready, and tells how the preload comes along.
    fn prepare(
        &self,
        workloads: &[Arc<Workload>],
        readiness: &Receiver<std::result::Result<(), Failure>>,
        workers: usize,
    ) -> Result<()> {
        let begun_ns = self.clock.now_ns();
        let keys: u64 = workloads.iter().map(|workload| workload.preload.keys()).sum();
        let written = || workloads.iter().map(|workload| workload.preload.written()).sum::<u64>();
        let phase: Arc<str> = if keys > 0 { "preload".into() } else { SETUP.into() };
        self.enter(&phase, begun_ns, 0);
        let (mut waiting, mut told_ns, mut told) = (workers, begun_ns, 0);
        while waiting > 0 {
            match readiness.recv_timeout(LOOK) {
                Ok(Ok(())) => waiting -= 1,
                Ok(Err(failure)) => return Err(Error::Refused(failure.message)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Error::Refused(DIED.to_owned())),
            }
            // A thread that died is never ready; the others wait for the start.
            if let Some(why) = self.control.why() {
                return Err(Error::Refused(why));
            }
            let now_ns = self.clock.now_ns();
            if keys > 0 && (now_ns - told_ns >= CPU_EVERY_NS || waiting == 0) {
                let written = written();
                self.tell(Emission::Counters {
                    phase: Arc::clone(&phase),
                    start_ns: told_ns,
                    length_ns: now_ns - told_ns,
                    source: "preload".to_owned(),
                    member: None,
                    values: [("keys".to_owned(), (written - told) as f64)].into(),
                });
                (told_ns, told) = (now_ns, written);
            }
        }
        if keys > 0 {
            let detail = json!({ "keys": written(), "length_ns": self.clock.now_ns() - begun_ns });
            self.event(&phase, "preload", None, detail);
        }
        Ok(())
    }

    /// When the load begins, once it is to.
    fn start_ns(&mut self) -> Result<u64> {
        let begin = self.begin.take().unwrap_or(Begin::Ready);
        let start_ns = begin.wait(&self.clock, &self.control)?;
        if self.plan.shard.is_some() || self.plan.start.is_some() {
            let phase: Arc<str> = SETUP.into();
            let detail =
                json!({ "start_ns": start_ns, "start": self.clock.wall(start_ns).to_string() });
            self.event(&phase, SHARD_START, None, detail);
        }
        Ok(start_ns)
    }

    /// All workers begin at one moment.
    fn begin(
        &self,
        context: &RecordingContext,
        start_ns: u64,
        worker_threads: &mut [WorkerThread],
    ) {
        context.start.get_or_init(|| start_ns);
        context.gaps.begin(context.spans.iter().map(|span| start_ns + span.start_ns));
        for worker_thread in worker_threads {
            for start in worker_thread.starts.drain(..) {
                // A worker that died is missed when it is joined.
                let _ = start.send(start_ns);
            }
        }
    }

    /// Tells each phase as it begins, and how busy the generator is, until all workers are done.
    fn oversee(&mut self, context: &RecordingContext, worker_threads: &[WorkerThread]) {
        let start_ns = context.start_ns();
        let mut ahead = context.spans.iter().peekable();
        let mut phase: Arc<str> = SETUP.into();
        let (mut told_ns, mut told_cpu_ns) = (start_ns, cpu_ns(worker_threads));
        let mut quota_told = false;
        // What it read before is not of the load.
        self.sampler.sample(start_ns);
        while worker_threads.iter().any(|worker_thread| !worker_thread.thread.is_finished()) {
            let now_ns = self.clock.now_ns();
            if let Some(span) = ahead.next_if(|span| now_ns >= start_ns + span.start_ns)
                && !self.control.is_halted()
            {
                phase = Arc::clone(&span.phase);
                self.enter(&phase, start_ns + span.start_ns, span.length_ns);
            }
            if now_ns >= told_ns + CPU_EVERY_NS {
                let cpu = cpu_ns(worker_threads);
                let used = cpu.saturating_sub(told_cpu_ns);
                self.tell_counters(&phase, (told_ns, now_ns), worker_threads, used);
                (told_ns, told_cpu_ns) = (now_ns, cpu);
            }
            self.faults.look(start_ns, &phase);
            quota_told = quota_told || self.keep_off_the_quota(&phase);
            sleep(LOOK);
        }
        if !quota_told {
            self.keep_off_the_quota(&phase);
        }
        self.watcher.look();
        self.faults.end(start_ns, &phase);
    }

    fn enter(&self, phase: &Arc<str>, at_ns: u64, length_ns: u64) {
        self.watcher.enter(phase);
        self.tell(Emission::PhaseStart {
            phase: Arc::clone(phase),
            at_ns,
            planned_ns: if length_ns == u64::MAX { 0 } else { length_ns },
        });
    }

    fn tell_counters(
        &mut self,
        phase: &Arc<str>,
        (from_ns, to_ns): (u64, u64),
        worker_threads: &[WorkerThread],
        cpu_ns: u64,
    ) {
        let in_flight: u64 = worker_threads
            .iter()
            .flat_map(|worker_thread| &worker_thread.in_flight)
            .map(|in_flight| in_flight.load(Ordering::Relaxed))
            .sum();
        self.tell(Emission::Counters {
            phase: Arc::clone(phase),
            start_ns: from_ns,
            length_ns: to_ns - from_ns,
            source: "client".to_owned(),
            member: None,
            values: [
                ("threads".to_owned(), worker_threads.len() as f64),
                ("cpu_s".to_owned(), cpu_ns as f64 / 1e9),
                ("in_flight".to_owned(), in_flight as f64),
            ]
            .into(),
        });
        for span in self.sampler.sample(to_ns) {
            self.tell(span.into_emission(Arc::clone(phase)));
        }
    }

    /// Ends the load before the database reaches its quota: then it would refuse the writes of everybody. Tells whether
    /// it has. The budget bounds what this load writes; the size that is looked at bounds what others write beside it.
    fn keep_off_the_quota(&self, phase: &Arc<str>) -> bool {
        let fills = self.faults.may_fill();
        self.budget.lift(fills);
        let live = self.watcher.live();
        let exhausted = self.budget.exhausted().or_else(|| {
            (live.must_stop() && !self.control.is_halted()).then(|| Exhausted {
                db_bytes: live.db_bytes(),
                unconfirmed_bytes: 0,
                quota_bytes: live.quota().limit().unwrap_or(0),
            })
        });
        let Some(exhausted) = exhausted.filter(|_| !fills) else {
            return false;
        };
        let detail = json!({
            "db_bytes": exhausted.db_bytes,
            "unconfirmed_bytes": exhausted.unconfirmed_bytes,
            "quota_bytes": exhausted.quota_bytes,
        });
        self.event(phase, "quota.stop", None, detail);
        self.control.halt(exhausted.to_string());
        true
    }

    pub(super) fn event(
        &self,
        phase: &Arc<str>,
        kind: &'static str,
        member: Option<u32>,
        detail: serde_json::Value,
    ) {
        self.tell(Emission::Event {
            phase: Arc::clone(phase),
            at_ns: self.clock.now_ns(),
            kind,
            member,
            detail,
        });
    }

    fn tell(&self, emission: Emission) {
        // The collector outlives the load.
        let _ = self.sink.send(emission);
    }
}

fn cpu_ns(worker_threads: &[WorkerThread]) -> u64 {
    worker_threads.iter().map(|worker_thread| worker_thread.cpu_ns.load(Ordering::Relaxed)).sum()
}
