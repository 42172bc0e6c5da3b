//! Clients of one lane: each does one operation after the other.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::spawn_local;

use super::books::Books;
use super::draw::Draw;
use super::feed::{Feed, Ticket};
use super::flight::{Flight, Flights};
use super::halt::Control;
use super::lane::Lane;
use super::operation::{Client, Done, Work};
use super::watching::Watching;
use crate::clock::Clock;
use crate::plan::Operation;
use crate::wire::Failure;
use crate::wire::message::{LeaseId, Method};

/// A client of a closed loop that failed waits this long, or it would do nothing but fail, as fast as it can.
const AFTER_FAILURE: Duration = Duration::from_millis(10);

/// The clients of one lane and what they share.
pub struct Crew {
    /// What all lanes share.
    pub work: Arc<Work>,
    /// The run's clock.
    pub clock: Clock,
    /// What ends the load.
    pub control: Control,
    /// Where they write.
    pub books: Rc<Books>,
    /// Operations under way in this worker.
    pub flights: Rc<Flights>,
    /// What watches are to see.
    pub watching: Option<Arc<Watching>>,
    /// Their connection.
    pub lane: Rc<Lane>,
    /// A lease of the lane, for keep-alives.
    pub lease: Rc<Cell<i64>>,
    /// Their operations.
    pub feed: Feed,
    /// How many there may be.
    pub most: u32,
    /// How many there are.
    pub hired: Cell<u32>,
    /// Clients of the whole worker that have not ended.
    pub running: Rc<Cell<usize>>,
    /// Told when the last has.
    pub done: Rc<Notify>,
}

impl Crew {
    /// Begins with so many clients; in an open loop more are hired when an operation is due and all are busy.
    pub fn begin(self: &Rc<Self>, clients: u32) {
        for _ in 0..clients.min(self.most) {
            self.hire();
        }
        let crew = Rc::clone(self);
        spawn_local(async move {
            crew.feed.keep_time(|| crew.hire()).await;
        });
    }

    /// One client more, if there may be.
    fn hire(self: &Rc<Self>) -> bool {
        if self.hired.get() >= self.most {
            return false;
        }
        self.hired.set(self.hired.get() + 1);
        self.running.set(self.running.get() + 1);
        let crew = Rc::clone(self);
        spawn_local(async move {
            crew.serve().await;
            crew.running.set(crew.running.get() - 1);
            if crew.running.get() == 0 {
                crew.done.notify_one();
            }
        });
        self.hired.get() < self.most
    }

    async fn serve(&self) {
        let flight = self.flights.add();
        let mut client = Client::new(&self.work, &self.lane, &self.lease);
        while let Some(ticket) = self.feed.next().await {
            let failed = self.serve_one(&mut client, &flight, &ticket).await;
            if client.held_back() {
                break;
            }
            if failed && !self.books.open_loop() {
                self.clock.sleep(AFTER_FAILURE).await;
            }
        }
    }

    /// Does one operation and writes down what became of it; tells whether it failed.
    async fn serve_one(&self, client: &mut Client<'_>, flight: &Flight, ticket: &Ticket) -> bool {
        let sent_ns = self.clock.now_ns();
        let mut draw = Draw::of(self.work.plan.seed, ticket.index);
        let which = self.work.which(&mut draw);
        let operation = self.work.plan.operations[which].operation;
        let due_ns = ticket.due_ns.unwrap_or(sent_ns);
        let outcome = {
            // Pinned here, it is not moved again.
            let doing = pin!(client.perform(operation, ticket, due_ns, &mut draw));
            self.flights.run(flight, (ticket.span, sent_ns), doing).await
        };
        let now_ns = self.clock.now_ns();
        match outcome {
            Ok(done) => {
                self.books.answered(which, self.lane.member(), ticket, sent_ns, now_ns);
                self.learn(operation, ticket, client, &done, now_ns);
                false
            }
            Err(failure) if client.held_back() => {
                // It is no failure of the server: nothing was asked of it.
                self.control.halt(failure.message);
                true
            }
            Err(failure) => {
                let failure = client.as_it_was(failure);
                self.books.failed(which, self.lane.member(), ticket, (sent_ns, now_ns), &failure);
                self.mourn(operation, ticket, client, failure);
                true
            }
        }
    }

    fn learn(
        &self,
        operation: Operation,
        ticket: &Ticket,
        client: &Client<'_>,
        done: &Done,
        now_ns: u64,
    ) {
        if operation.writes() || self.books.reads_count() {
            self.books.gaps().acknowledged(ticket.span, self.lane.member(), now_ns);
        }
        if done.attempts > 0 {
            self.books.attempts(ticket.span, done.attempts, done.conflicts);
        }
        if let Some(found) = done.found {
            self.books.found(ticket.span, operation, found);
        }
        if let Some(watching) = self
            .watching
            .as_ref()
            .filter(|_| operation != Operation::Delete || self.work.tells_deletions())
        {
            let revision = done.head.revision;
            client.touched.iter().for_each(|key| watching.expect(*key, revision));
        }
        self.lane.heard_of(done.head.raft_term, now_ns, &self.books);
    }

    fn mourn(&self, operation: Operation, ticket: &Ticket, client: &Client<'_>, failure: Failure) {
        if operation.writes()
            && !failure.class.not_applied()
            && let Some(ledger) = &self.work.ledger
        {
            ledger.unknown(ticket.index, &client.touched, operation == Operation::Delete);
        }
        if failure.class.ends_the_run() {
            // Some messages begin with the endpoint themselves.
            let endpoint = self.lane.endpoint().to_string();
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
        for ticket in self.feed.untaken() {
            let which = self.work.which(&mut Draw::of(self.work.plan.seed, ticket.index));
            self.books.unsent(which, self.lane.member(), &ticket, now_ns);
        }
    }
}

/// Grants a lease over a lane.
///
/// # Errors
/// What the server says.
pub async fn grant(work: &Work, lane: &Lane, ttl_s: u64) -> Result<i64, Failure> {
    Client::new(work, lane, &Cell::new(0)).grant(ttl_s).await
}

/// Keeps a lease alive for as long as the worker lives.
pub async fn keep_alive(work: Arc<Work>, lane: Rc<Lane>, lease: i64, ttl_s: u64) {
    let mut tick = tokio::time::interval(Duration::from_millis(ttl_s * 1000 / 3));
    let none = Cell::new(0);
    let mut client = Client::new(&work, &lane, &none);
    loop {
        tick.tick().await;
        // What it fails of, the puts bound to the lease will tell.
        let _: Result<_, Failure> = client.call(Method::LeaseKeepAlive, &LeaseId(lease)).await;
    }
}
