//! Runs many loops on one thread: each is a future that sleeps until its row has ended, its time has come or another
//! loop wakes it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::ring::Ring;
use super::row::{Done, Failure, Row, ring_error};
use crate::clock::Clock;
use crate::error::Result;

/// A loop, to be run to its end.
pub type Loop<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// One thread's ring and the times at which its loops want to go on. The loop with index `i` uses lane `i`.
pub struct Reactor {
    ring: RefCell<Ring>,
    clock: Clock,
    due_ns: Vec<Cell<u64>>,
}

impl Reactor {
    /// A reactor of this many loops on a ring of as many lanes.
    pub fn new(ring: Ring, lanes: usize, clock: Clock) -> Self {
        Reactor { ring: RefCell::new(ring), clock, due_ns: vec![Cell::new(0); lanes] }
    }

    /// Runs a row to its end.
    pub async fn run(&self, lane: usize, row: Row) -> std::result::Result<Done, Failure> {
        self.ring.borrow_mut().start(lane, row)?;
        loop {
            self.sleep(lane, u64::MAX).await;
            let end = self.ring.borrow_mut().take_end(lane);
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// Sleeps until this time of the clock, or until woken.
    pub async fn sleep(&self, lane: usize, until_ns: u64) {
        self.due_ns[lane].set(until_ns);
        let mut slept = false;
        poll_fn(
            |_| {
                if std::mem::replace(&mut slept, true) { Poll::Ready(()) } else { Poll::Pending }
            },
        )
        .await;
    }

    /// Has the loop of this lane look up.
    pub fn wake(&self, lane: usize) {
        self.due_ns[lane].set(0);
    }

    /// Runs the loops until all have ended; where a lane has none or it has ended, there is `None`. After the first error `stop` is called, all are woken, and the others
    /// are awaited.
    ///
    /// # Errors
    /// The first error of a loop; an error of the ring ends all at once.
    pub fn drive(&self, loops: &mut [Option<Loop>], stop: impl Fn()) -> Result<()> {
        let mut outcome = Ok(());
        while loops.iter().any(Option::is_some) {
            let ended = self.poll_due(loops);
            if ended.is_err() {
                stop();
                self.due_ns.iter().for_each(|due_ns| due_ns.set(0));
            }
            outcome = outcome.and(ended);
            let running = self.due_ns.iter().zip(&*loops);
            let next_ns = running
                .filter_map(|(due_ns, running)| running.as_ref().map(|_| due_ns.get()))
                .min();
            if let Some(next_ns) = next_ns {
                let ended = |lane: usize| self.due_ns[lane].set(0);
                let mut ring = self.ring.borrow_mut();
                ring.wait(next_ns, ended).map_err(ring_error)?;
            }
        }
        outcome
    }

    /// Polls each loop whose time has come.
    fn poll_due(&self, loops: &mut [Option<Loop>]) -> Result<()> {
        let mut context = Context::from_waker(Waker::noop());
        let now_ns = self.clock.now_ns();
        let mut outcome = Ok(());
        for (due_ns, slot) in self.due_ns.iter().zip(loops) {
            let Some(running) = slot else { continue };
            if due_ns.get() > now_ns {
                continue;
            }
            if let Poll::Ready(ended) = running.as_mut().poll(&mut context) {
                *slot = None;
                outcome = outcome.and(ended);
            }
        }
        outcome
    }
}
