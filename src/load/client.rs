//! Clients of one connection: each does one operation after the other.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::spawn_local;

use super::connection::Connection;
use super::draw::Draw;
use super::feed::{Feed, ScheduledOp};
use super::flight::{Flight, Flights};
use super::halt::Control;
use super::operation::{Client, Done, Work};
use super::recorder::WorkerRecorder;
use super::watching::Watching;
use crate::clock::Clock;
use crate::plan::Operation;
use crate::wire::Failure;
use crate::wire::message::{LeaseId, Method};

/// A client of a closed loop that failed waits this long, or it would do nothing but fail, as fast as it can.
const AFTER_FAILURE: Duration = Duration::from_millis(10);

/// The clients of one connection and what they share.
pub struct ClientPool {
    /// What all connections share.
    pub work: Arc<Work>,
    /// The run's clock.
    pub clock: Clock,
    /// What ends the load.
    pub control: Control,
    /// Where they write.
    pub recorder: Rc<WorkerRecorder>,
    /// Operations under way in this worker.
    pub flights: Rc<Flights>,
    /// What watches are to see.
    pub watching: Option<Arc<Watching>>,
    /// Their connection.
    pub connection: Rc<Connection>,
    /// A lease of the connection, for keep-alives.
    pub lease: Rc<Cell<i64>>,
    /// Their operations.
    pub feed: Feed,
    /// How many there may be.
    pub most: u32,
    /// How many there are.
    pub spawned: Cell<u32>,
    /// Clients of the whole worker that have not ended.
    pub running: Rc<Cell<usize>>,
    /// Told when the last has.
    pub done: Rc<Notify>,
}

impl ClientPool {
    /// Begins with so many clients; in an open loop more are hired when an operation is due and all are busy.
    pub fn begin(self: &Rc<Self>, clients: u32) {
        for _ in 0..clients.min(self.most) {
            self.spawn_client();
        }
        let pool = Rc::clone(self);
        spawn_local(async move {
            pool.feed.keep_time(|| pool.spawn_client()).await;
        });
    }

    /// One client more, if there may be.
    fn spawn_client(self: &Rc<Self>) -> bool {
        if self.spawned.get() >= self.most {
            return false;
        }
        self.spawned.set(self.spawned.get() + 1);
        self.running.set(self.running.get() + 1);
        let pool = Rc::clone(self);
        spawn_local(async move {
            pool.serve().await;
            pool.running.set(pool.running.get() - 1);
            if pool.running.get() == 0 {
                pool.done.notify_one();
            }
        });
        self.spawned.get() < self.most
    }

    async fn serve(&self) {
        let flight = self.flights.add();
        let mut client = Client::new(&self.work, &self.connection, &self.lease);
        while let Some(scheduled) = self.feed.next().await {
            let failed = self.serve_one(&mut client, &flight, &scheduled).await;
            if client.held_back() {
                break;
            }
            if failed && !self.recorder.open_loop() {
                self.clock.sleep(AFTER_FAILURE).await;
            }
        }
    }

    /// Does one operation and writes down what became of it; tells whether it failed.
    async fn serve_one(
        &self,
        client: &mut Client<'_>,
        flight: &Flight,
        scheduled: &ScheduledOp,
    ) -> bool {
        let sent_ns = self.clock.now_ns();
        let mut draw = Draw::of(self.work.plan.seed, scheduled.index);
        let which = self.work.which(&mut draw);
        let operation = self.work.plan.operations[which].operation;
        let due_ns = scheduled.due_ns.unwrap_or(sent_ns);
        let outcome = {
            // Pinned here, it is not moved again.
            let doing = pin!(client.perform(operation, scheduled, due_ns, &mut draw));
            self.flights.run(flight, (scheduled.span, sent_ns), doing).await
        };
        let now_ns = self.clock.now_ns();
        match outcome {
            Ok(done) => {
                self.recorder.answered(which, self.connection.member(), scheduled, sent_ns, now_ns);
                self.on_success(operation, scheduled, client, &done, now_ns);
                false
            }
            Err(failure) if client.held_back() => {
                // It is no failure of the server: nothing was asked of it.
                self.control.halt(failure.message);
                true
            }
            Err(failure) => {
                let failure = client.as_it_was(failure);
                self.recorder.failed(
                    which,
                    self.connection.member(),
                    scheduled,
                    (sent_ns, now_ns),
                    &failure,
                );
                self.on_error(operation, scheduled, client, failure);
                true
            }
        }
    }

    fn on_success(
        &self,
        operation: Operation,
        scheduled: &ScheduledOp,
        client: &Client<'_>,
        done: &Done,
        now_ns: u64,
    ) {
        if operation.writes() || self.recorder.reads_count() {
            self.recorder.gaps().acknowledged(scheduled.span, self.connection.member(), now_ns);
        }
        if done.attempts > 0 {
            self.recorder.attempts(scheduled.span, done.attempts, done.conflicts);
        }
        if let Some(found) = done.found {
            self.recorder.found(scheduled.span, operation, found);
        }
        if let Some(watching) = self
            .watching
            .as_ref()
            .filter(|_| operation != Operation::Delete || self.work.tells_deletions())
        {
            let revision = done.head.revision;
            client.touched.iter().for_each(|key| watching.expect(*key, revision));
        }
        if operation == Operation::Range
            && self.work.plan.watch.is_some_and(|watch| watch.freshness)
        {
            let (member, revision) = (self.connection.member(), done.head.revision);
            if self.connection.freshness().is_shown(revision, now_ns) {
                self.recorder.shown(member, now_ns, now_ns);
            }
        }
        self.connection.heard_of(done.head.raft_term, now_ns, &self.recorder);
    }

    fn on_error(
        &self,
        operation: Operation,
        scheduled: &ScheduledOp,
        client: &Client<'_>,
        failure: Failure,
    ) {
        if operation.writes()
            && !failure.class.not_applied()
            && let Some(ack_log) = &self.work.ack_log
        {
            ack_log.unknown(scheduled.index, &client.touched, operation == Operation::Delete);
        }
        if failure.class.ends_the_run() {
            // Some messages begin with the endpoint themselves.
            let endpoint = self.connection.endpoint().to_string();
            let names_it = failure.message.contains(&endpoint);
            self.control.halt(if names_it {
                failure.message
            } else {
                format!("{endpoint}: {}", failure.message)
            });
        }
    }

    /// Counts what was due and never sent.
    pub fn count_untaken(&self) {
        let now_ns = self.clock.now_ns();
        for scheduled in self.feed.untaken() {
            let which = self.work.which(&mut Draw::of(self.work.plan.seed, scheduled.index));
            self.recorder.unsent(which, self.connection.member(), &scheduled, now_ns);
        }
    }
}

/// Grants a lease over a connection.
///
/// # Errors
/// What the server says.
pub async fn grant(work: &Work, connection: &Connection, ttl_s: u64) -> Result<i64, Failure> {
    Client::new(work, connection, &Cell::new(0)).grant(ttl_s).await
}

/// Keeps a lease alive for as long as the worker lives.
pub async fn keep_alive(work: Arc<Work>, connection: Rc<Connection>, lease: i64, ttl_s: u64) {
    let mut tick = tokio::time::interval(Duration::from_millis(ttl_s * 1000 / 3));
    let none = Cell::new(0);
    let mut client = Client::new(&work, &connection, &none);
    loop {
        tick.tick().await;
        // What it fails of, the puts bound to the lease will tell.
        let _: Result<_, Failure> = client.call(Method::LeaseKeepAlive, &LeaseId(lease)).await;
    }
}
