//! One thread of the generator: its connections, its clients, all on one core without a lock between them.

use super::connection_spec::ConnectionSpec;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use futures_util::future::join_all;
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::{Notify, oneshot};
use tokio::task::{LocalSet, spawn_local};

use super::client::{self, ClientPool};
use super::connection::{Connection, ConnectionSettings};
use super::feed::{Feed, Source};
use super::flight::Flights;
use super::halt::Control;
use super::recorder::{Tally, WorkerRecorder};
use super::schedule::{self, Schedule};
use super::watching::{self, Streams, Writing};
use super::workload::Workload;
use crate::etcd::ErrorClass;
use crate::plan::{Arrival, LoadPace, Operation};
use crate::wire::{Auth, Dialer, Failure};

/// How often a worker looks at what nobody told it: time limits, intervals, the end.
const TICK: Duration = Duration::from_millis(20);
/// How long operations under way may take after a signal.
const GRACE_NS: u64 = 2_000_000_000;
/// How long watches may wait for their last events.
const LAST_EVENTS_NS: u64 = 2_000_000_000;
/// Connections made at a time; more would run into the server's accept queue.
const AT_A_TIME: usize = 64;

/// What a worker needs.
pub struct Worker {
    /// Number of its part.
    pub number: usize,
    /// Its connections.
    pub specs: Vec<ConnectionSpec>,
    /// Connections of all workers of the part.
    pub connections: u64,
    /// What it shares with the other workers of its load.
    pub workload: Arc<Workload>,
    /// What ends it.
    pub control: Control,
    /// Makes connections.
    pub dialer: Dialer,
    /// Who we are.
    pub auth: Option<Arc<Auth>>,
    /// Says that it may write.
    pub writing: Option<Writing>,
    /// Processor time of the thread so far.
    pub cpu_ns: Arc<AtomicU64>,
    /// Its operations under way.
    pub in_flight: Arc<AtomicU64>,
    /// Whether it grants the lease that keys are bound to.
    pub grants_lease: bool,
}

/// What a worker has when it is ready to begin.
#[derive(Default)]
struct Prepared {
    /// Its connections, each with its lease.
    connections: Vec<(Rc<Connection>, Rc<Cell<i64>>)>,
    /// Its watches.
    watches: Streams,
}

/// What a worker leaves.
#[derive(Debug, Clone, Default)]
pub struct WorkerTotals {
    /// Number of its part.
    pub workload: usize,
    /// Per span.
    pub tallies: Vec<Tally>,
}

/// What one thread does: workers of one or several loads, side by side, each with what tells it the start.
pub fn run(
    workers: Vec<(Worker, oneshot::Receiver<u64>)>,
    ready: &SyncSender<Result<(), Failure>>,
) -> Vec<WorkerTotals> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .event_interval(256)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = ready.send(Err(local(&error)));
            return Vec::new();
        }
    };
    let working = workers.into_iter().map(|(worker, start)| worker.work(ready, start));
    LocalSet::new().block_on(&runtime, join_all(working))
}

impl Worker {
    /// Connects, prepares, says that it is ready, waits for the start and does its part of the load.
    ///
    /// `start` brings the load's start on the run's clock; when it is dropped the load does not take place.
    pub(super) async fn work(
        mut self,
        ready: &SyncSender<Result<(), Failure>>,
        start: oneshot::Receiver<u64>,
    ) -> WorkerTotals {
        let workload = &self.workload;
        let recorder = WorkerRecorder::new(
            workload.context.clone(),
            &workload.work.plan,
            Arc::clone(&workload.series),
        );
        let recorder = Rc::new(recorder);
        let writing = self.writing.take();
        let prepared = self.prepare(&recorder).await;
        let failed = prepared.is_err();
        let (prepared, outcome) = match prepared {
            Ok(prepared) => (prepared, Ok(())),
            Err(failure) => (Prepared::default(), Err(failure)),
        };
        // The coordinator outlives its workers.
        let _ = ready.send(outcome);
        let Ok(start_ns) = start.await else {
            return WorkerTotals::default();
        };
        if failed {
            return WorkerTotals::default();
        }
        match self.load(&recorder, prepared, start_ns, writing).await {
            Ok(totals) => totals,
            Err(error) => {
                self.control.halt(local(&error).message);
                WorkerTotals::default()
            }
        }
    }

    /// Connects all connections, grants leases, writes the keys that are to be there, makes the watches.
    async fn prepare(&self, recorder: &Rc<WorkerRecorder>) -> Result<Prepared, Failure> {
        let mut connections = Vec::new();
        for specs in self.specs.chunks(AT_A_TIME) {
            let connecting = specs.iter().map(|spec| self.connect(spec, recorder));
            for connection in join_all(connecting).await {
                connections.push((connection?, Rc::new(Cell::new(0))));
            }
        }
        let Some((first, _)) = connections.first() else {
            return Ok(Prepared::default());
        };
        let ttl_s = self.workload.work.plan.writes.lease_ttl_s;
        let one_for_all = self.workload.work.plan.writes.shared_leases.is_none();
        if self.grants_lease && ttl_s > 0 && one_for_all {
            let lease = client::grant(&self.workload.work, first, ttl_s).await?;
            self.workload.work.lease.store(lease, Ordering::Relaxed);
            spawn_local(client::keep_alive(
                Arc::clone(&self.workload.work),
                Rc::clone(first),
                lease,
                ttl_s,
            ));
        }
        if self.plans(Operation::LeaseKeepalive) {
            for (connection, lease) in &connections {
                lease
                    .set(client::grant(&self.workload.work, connection, super::LEASE_TTL_S).await?);
            }
        }
        let writing = connections.iter().map(|(connection, _)| {
            self.workload.preload.write(&self.workload.work, connection, &self.control)
        });
        for written in join_all(writing).await {
            written?;
        }
        // No watch is to see the keys to begin with, and none may miss the first of the load.
        self.workload.preload.over(&self.control).await;
        let watches = self.watch(recorder, &connections).await;
        Ok(Prepared { connections, watches })
    }

    fn plans(&self, operation: Operation) -> bool {
        let mut operations = self.workload.work.plan.operations.iter();
        operations.any(|weighted| weighted.operation == operation)
    }

    async fn connect(
        &self,
        spec: &ConnectionSpec,
        recorder: &Rc<WorkerRecorder>,
    ) -> Result<Rc<Connection>, Failure> {
        let connection = Connection::new(ConnectionSettings {
            clock: self.workload.context.clock,
            endpoint: spec.endpoint.clone(),
            member: spec.member,
            dialer: self.dialer.clone(),
            auth: self.auth.clone(),
            wire: self.workload.work.plan.wire,
            patience: Duration::from_nanos(self.workload.work.plan.timeout_ns),
        });
        connection.connect(recorder).await?;
        Ok(connection)
    }

    /// The load itself.
    async fn load(
        &self,
        recorder: &Rc<WorkerRecorder>,
        Prepared { connections, watches }: Prepared,
        start_ns: u64,
        writing: Option<Writing>,
    ) -> std::io::Result<WorkerTotals> {
        let flights = Rc::new(Flights::new(self.workload.context.spans.len()));
        let done = Rc::new(Notify::new());
        let running = Rc::new(Cell::new(0));
        let mut pools = Vec::new();
        for ((connection, lease), spec) in connections.into_iter().zip(&self.specs) {
            let feed = Feed::new(self.workload.context.clock, start_ns, self.source(spec))?;
            let pool = Rc::new(ClientPool {
                work: Arc::clone(&self.workload.work),
                clock: self.workload.context.clock,
                control: self.control.clone(),
                recorder: Rc::clone(recorder),
                flights: Rc::clone(&flights),
                watching: self.workload.watching.clone(),
                connection,
                lease,
                feed,
                most: spec.clients,
                spawned: Cell::new(0),
                running: Rc::clone(&running),
                done: Rc::clone(&done),
            });
            pools.push(pool);
        }
        let clients_at_once = if recorder.open_loop() { 1 } else { u32::MAX };
        for pool in &pools {
            pool.begin(clients_at_once);
        }
        let mut tick = self.workload.context.clock.every(TICK);
        // Where nothing more is due the load still lasts as long as it was to.
        let lasts_ns = self.lasts_ns().map_or(0, |lasts_ns| start_ns.saturating_add(lasts_ns));
        let lasts = || !self.control.is_halted() && self.workload.context.clock.now_ns() < lasts_ns;
        while running.get() > 0 || lasts() {
            tokio::select! {
                () = done.notified() => {}
                _ = tick.tick() => self.look_after(recorder, &pools, &flights, start_ns),
            }
        }
        drop(writing);
        self.settle(&pools);
        if let Some(watching) = &self.workload.watching {
            watches.last_events(watching, &self.workload.context.clock, LAST_EVENTS_NS).await;
        }
        let now_ns = self.workload.context.clock.now_ns();
        self.note_cpu();
        let mut tallies = recorder.close(now_ns);
        for (tally, most) in tallies.iter_mut().zip(flights.most()) {
            tally.most_in_flight = most;
        }
        self.in_flight.store(0, Ordering::Relaxed);
        let workload = self.number;
        Ok(WorkerTotals { workload, tallies })
    }

    /// How long operations are due for; of a closed loop they end with the last.
    fn lasts_ns(&self) -> Option<u64> {
        let plan = &self.workload.work.plan;
        let open = plan.is_open();
        let due = &self.workload.due;
        open.then(|| schedule::end_ns(&due.spans, due.total)).flatten()
    }

    async fn watch(
        &self,
        recorder: &Rc<WorkerRecorder>,
        connections: &[(Rc<Connection>, Rc<Cell<i64>>)],
    ) -> Streams {
        let Some(watching) = &self.workload.watching else {
            return Streams::default();
        };
        let slice = self.workload.work.plan.slice.as_ref();
        let lane = |number: u64| slice.map_or(number, |slice| slice.lane(number));
        let specs = self.specs.iter().map(|spec| lane(spec.number));
        let connections =
            connections.iter().map(|(connection, _)| Rc::clone(connection)).zip(specs);
        watching::open(watching, &self.workload.work, recorder, connections, self.connections).await
    }

    fn source(&self, spec: &ConnectionSpec) -> Source {
        let plan = &self.workload.work.plan;
        match (&self.workload.budget, &plan.pace) {
            (Some(budget), _) => Source::Closed(Arc::clone(budget)),
            (None, pace) => {
                let arrival = match pace {
                    LoadPace::Open { arrival, .. } => *arrival,
                    LoadPace::Closed { .. } => Arrival::Constant,
                };
                let due = &self.workload.due;
                let total = due.total.unwrap_or(u64::MAX);
                let spans = Arc::clone(&due.spans);
                let (seed, lane) = (plan.seed, spec.number);
                let schedule = Schedule::new(spans, arrival, total, seed, lane, due.connections);
                Source::Open(Box::new(schedule.offset(self.workload.offset)))
            }
        }
    }

    /// Time limits, intervals, the end: what would otherwise need a timer per operation.
    fn look_after(
        &self,
        recorder: &WorkerRecorder,
        pools: &[Rc<ClientPool>],
        flights: &Flights,
        start_ns: u64,
    ) {
        let now_ns = self.workload.context.clock.now_ns();
        let timeout_ns = self.workload.work.plan.timeout_ns;
        recorder.tick(now_ns);
        self.note_cpu();
        self.in_flight.store(flights.under_way(), Ordering::Relaxed);
        flights.expire(now_ns.saturating_sub(timeout_ns));
        let end_ns = self.workload.context.spans.last().map_or(0, |span| span.end_ns());
        // What is due near the end may be sent as long after it as anybody would wait.
        let late = now_ns.saturating_sub(start_ns) > end_ns.saturating_add(timeout_ns);
        let halted_for = self.control.halted_for(now_ns);
        if late || halted_for.is_some() {
            pools.iter().for_each(|pool| pool.feed.close());
        }
        if halted_for.is_some_and(|halted| halted > GRACE_NS) {
            flights.expire(u64::MAX);
        }
    }

    /// What was due and never sent.
    fn settle(&self, pools: &[Rc<ClientPool>]) {
        if self.control.is_halted() {
            return;
        }
        pools.iter().for_each(|pool| pool.count_untaken());
    }

    fn note_cpu(&self) {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        let ns = time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64;
        self.cpu_ns.store(ns, Ordering::Relaxed);
    }
}

fn local(error: &std::io::Error) -> Failure {
    Failure::new(ErrorClass::NotSent, format!("this machine gives no more: {error}"))
}
