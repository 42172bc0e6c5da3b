//! One thread of the generator: its connections, its clients, all on one core without a lock between them.

use super::connections::Berth;
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

use super::books::{Books, Tally};
use super::client::{self, Crew};
use super::feed::{Feed, Source};
use super::flight::Flights;
use super::halt::Control;
use super::lane::{Lane, LaneSettings};
use super::part::Part;
use super::schedule::{self, Schedule};
use super::watching::{self, Streams, Writing};
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
    pub berths: Vec<Berth>,
    /// Connections of all workers of the part.
    pub lanes: u64,
    /// What it shares with the other workers of its load.
    pub part: Arc<Part>,
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
    lanes: Vec<(Rc<Lane>, Rc<Cell<i64>>)>,
    /// Its watches.
    watches: Streams,
}

/// What a worker leaves.
#[derive(Debug, Clone, Default)]
pub struct Left {
    /// Number of its part.
    pub part: usize,
    /// Per span.
    pub tallies: Vec<Tally>,
}

/// What one thread does: workers of one or several loads, side by side, each with what tells it the start.
pub fn run(
    workers: Vec<(Worker, oneshot::Receiver<u64>)>,
    ready: &SyncSender<Result<(), Failure>>,
) -> Vec<Left> {
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
    ) -> Left {
        let part = &self.part;
        let books = Books::new(part.archive.clone(), &part.work.plan, Arc::clone(&part.series));
        let books = Rc::new(books);
        let writing = self.writing.take();
        let prepared = self.prepare(&books).await;
        let failed = prepared.is_err();
        let (prepared, outcome) = match prepared {
            Ok(prepared) => (prepared, Ok(())),
            Err(failure) => (Prepared::default(), Err(failure)),
        };
        // The coordinator outlives its workers.
        let _ = ready.send(outcome);
        let Ok(start_ns) = start.await else {
            return Left::default();
        };
        if failed {
            return Left::default();
        }
        match self.load(&books, prepared, start_ns, writing).await {
            Ok(left) => left,
            Err(error) => {
                self.control.halt(local(&error).message);
                Left::default()
            }
        }
    }

    /// Connects all lanes, grants leases, writes the keys that are to be there, makes the watches.
    async fn prepare(&self, books: &Rc<Books>) -> Result<Prepared, Failure> {
        let mut lanes = Vec::new();
        for berths in self.berths.chunks(AT_A_TIME) {
            let connecting = berths.iter().map(|berth| self.connect(berth, books));
            for lane in join_all(connecting).await {
                lanes.push((lane?, Rc::new(Cell::new(0))));
            }
        }
        let Some((first, _)) = lanes.first() else {
            return Ok(Prepared::default());
        };
        let ttl_s = self.part.work.plan.writes.lease_ttl_s;
        let one_for_all = self.part.work.plan.writes.shared_leases.is_none();
        if self.grants_lease && ttl_s > 0 && one_for_all {
            let lease = client::grant(&self.part.work, first, ttl_s).await?;
            self.part.work.lease.store(lease, Ordering::Relaxed);
            spawn_local(client::keep_alive(
                Arc::clone(&self.part.work),
                Rc::clone(first),
                lease,
                ttl_s,
            ));
        }
        if self.plans(Operation::LeaseKeepalive) {
            for (lane, lease) in &lanes {
                lease.set(client::grant(&self.part.work, lane, super::LEASE_TTL_S).await?);
            }
        }
        let writing = lanes
            .iter()
            .map(|(lane, _)| self.part.preload.write(&self.part.work, lane, &self.control));
        for written in join_all(writing).await {
            written?;
        }
        // No watch is to see the keys to begin with, and none may miss the first of the load.
        self.part.preload.over(&self.control).await;
        let watches = self.watch(books, &lanes).await;
        Ok(Prepared { lanes, watches })
    }

    fn plans(&self, operation: Operation) -> bool {
        let mut operations = self.part.work.plan.operations.iter();
        operations.any(|weighted| weighted.operation == operation)
    }

    async fn connect(&self, berth: &Berth, books: &Rc<Books>) -> Result<Rc<Lane>, Failure> {
        let lane = Lane::new(LaneSettings {
            clock: self.part.archive.clock,
            endpoint: berth.endpoint.clone(),
            member: berth.member,
            dialer: self.dialer.clone(),
            auth: self.auth.clone(),
            patience: Duration::from_nanos(self.part.work.plan.timeout_ns),
        });
        lane.connect(books).await?;
        Ok(lane)
    }

    /// The load itself.
    async fn load(
        &self,
        books: &Rc<Books>,
        Prepared { lanes, watches }: Prepared,
        start_ns: u64,
        writing: Option<Writing>,
    ) -> std::io::Result<Left> {
        let flights = Rc::new(Flights::new(self.part.archive.spans.len()));
        let done = Rc::new(Notify::new());
        let running = Rc::new(Cell::new(0));
        let mut crews = Vec::new();
        for ((lane, lease), berth) in lanes.into_iter().zip(&self.berths) {
            let feed = Feed::new(self.part.archive.clock, start_ns, self.source(berth))?;
            let crew = Rc::new(Crew {
                work: Arc::clone(&self.part.work),
                clock: self.part.archive.clock,
                control: self.control.clone(),
                books: Rc::clone(books),
                flights: Rc::clone(&flights),
                watching: self.part.watching.clone(),
                lane,
                lease,
                feed,
                most: berth.clients,
                hired: Cell::new(0),
                running: Rc::clone(&running),
                done: Rc::clone(&done),
            });
            crews.push(crew);
        }
        let clients_at_once = if books.open_loop() { 1 } else { u32::MAX };
        for crew in &crews {
            crew.begin(clients_at_once);
        }
        let mut tick = self.part.archive.clock.every(TICK);
        // Where nothing more is due the load still lasts as long as it was to.
        let lasts_ns = self.lasts_ns().map_or(0, |lasts_ns| start_ns.saturating_add(lasts_ns));
        let lasts = || !self.control.is_halted() && self.part.archive.clock.now_ns() < lasts_ns;
        while running.get() > 0 || lasts() {
            tokio::select! {
                () = done.notified() => {}
                _ = tick.tick() => self.look_after(books, &crews, &flights, start_ns),
            }
        }
        drop(writing);
        self.settle(&crews);
        if let Some(watching) = &self.part.watching {
            watches.last_events(watching, &self.part.archive.clock, LAST_EVENTS_NS).await;
        }
        let now_ns = self.part.archive.clock.now_ns();
        self.note_cpu();
        let mut tallies = books.close(now_ns);
        for (tally, most) in tallies.iter_mut().zip(flights.most()) {
            tally.most_in_flight = most;
        }
        self.in_flight.store(0, Ordering::Relaxed);
        let part = self.number;
        Ok(Left { part, tallies })
    }

    /// How long operations are due for; of a closed loop they end with the last.
    fn lasts_ns(&self) -> Option<u64> {
        let plan = &self.part.work.plan;
        let open = plan.is_open();
        open.then(|| schedule::end_ns(&self.part.archive.spans, plan.total)).flatten()
    }

    async fn watch(&self, books: &Rc<Books>, lanes: &[(Rc<Lane>, Rc<Cell<i64>>)]) -> Streams {
        let Some(watching) = &self.part.watching else {
            return Streams::default();
        };
        let berths = self.berths.iter().map(|berth| berth.number);
        let lanes = lanes.iter().map(|(lane, _)| Rc::clone(lane)).zip(berths);
        watching::open(watching, &self.part.work, books, lanes, self.lanes).await
    }

    fn source(&self, berth: &Berth) -> Source {
        let plan = &self.part.work.plan;
        match (&self.part.stock, &plan.pace) {
            (Some(stock), _) => Source::Closed(Arc::clone(stock)),
            (None, pace) => {
                let arrival = match pace {
                    LoadPace::Open { arrival, .. } => *arrival,
                    LoadPace::Closed { .. } => Arrival::Constant,
                };
                let total = plan.total.unwrap_or(u64::MAX);
                let spans = Arc::clone(&self.part.archive.spans);
                let schedule =
                    Schedule::new(spans, arrival, total, plan.seed, berth.number, self.lanes);
                Source::Open(Box::new(schedule.offset(self.part.offset)))
            }
        }
    }

    /// Time limits, intervals, the end: what would otherwise need a timer per operation.
    fn look_after(&self, books: &Books, crews: &[Rc<Crew>], flights: &Flights, start_ns: u64) {
        let now_ns = self.part.archive.clock.now_ns();
        let timeout_ns = self.part.work.plan.timeout_ns;
        books.tick(now_ns);
        self.note_cpu();
        self.in_flight.store(flights.under_way(), Ordering::Relaxed);
        flights.expire(now_ns.saturating_sub(timeout_ns));
        let end_ns = self.part.archive.spans.last().map_or(0, |span| span.end_ns());
        // What is due near the end may be sent as long after it as anybody would wait.
        let late = now_ns.saturating_sub(start_ns) > end_ns.saturating_add(timeout_ns);
        let halted_for = self.control.halted_for(now_ns);
        if late || halted_for.is_some() {
            crews.iter().for_each(|crew| crew.feed.close());
        }
        if halted_for.is_some_and(|halted| halted > GRACE_NS) {
            flights.expire(u64::MAX);
        }
    }

    /// What was due and never sent.
    fn settle(&self, crews: &[Rc<Crew>]) {
        if self.control.is_halted() {
            return;
        }
        crews.iter().for_each(|crew| crew.count_untaken());
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
