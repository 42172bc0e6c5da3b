//! Hands a connection's operations to its clients: when they are due, or as soon as a client is free.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Poll, Waker};
use std::time::Duration;

use super::schedule::{Due, Schedule, Span};
use super::timer::Timer;
use crate::clock::Clock;
use crate::plan::Slice;

/// An operation to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduledOp {
    /// Its number in the whole load.
    pub index: u64,
    /// The span it belongs to.
    pub span: usize,
    /// When it was due, on the run's clock; `None` in a closed loop, where it is due when a client is free.
    pub due_ns: Option<u64>,
}

/// Operations that clients of a closed loop share.
#[derive(Debug)]
pub struct OpBudget {
    spans: Arc<[Span]>,
    /// Measured operations in all.
    total: u64,
    /// Of what these are a part, where several machines make the load.
    slice: Option<Slice>,
    taken: AtomicU64,
    measured: AtomicU64,
}

impl OpBudget {
    /// As many measured operations as `total`.
    pub fn new(spans: Arc<[Span]>, total: u64, slice: Option<Slice>) -> Self {
        OpBudget { spans, total, slice, taken: AtomicU64::new(0), measured: AtomicU64::new(0) }
    }

    fn take(&self, since_start_ns: u64) -> Option<ScheduledOp> {
        let span = self.spans.iter().position(|span| since_start_ns < span.end_ns())?;
        if self.spans[span].measured && self.measured.fetch_add(1, Ordering::Relaxed) >= self.total
        {
            return None;
        }
        let taken = self.taken.fetch_add(1, Ordering::Relaxed);
        let index = self.slice.as_ref().map_or(taken, |slice| slice.index(taken));
        Some(ScheduledOp { index, span, due_ns: None })
    }
}

/// Where a connection's operations come from.
pub enum Source {
    /// Due at their times.
    Open(Box<Schedule>),
    /// Due when a client is free.
    Closed(Arc<OpBudget>),
}

/// The operations of one connection.
pub struct Feed {
    clock: Clock,
    /// The load's start on the run's clock.
    start_ns: u64,
    source: RefCell<Source>,
    /// The next due operation, already drawn from the schedule.
    next: Cell<Option<Due>>,
    /// Clients that wait for one.
    parked: RefCell<Vec<Waker>>,
    timer: Timer,
    /// No further client can be had.
    crowded: Cell<bool>,
    /// Nothing more is handed out.
    closed: Cell<bool>,
}

enum Take {
    Now(ScheduledOp),
    NotBefore(u64),
    Over,
}

impl Feed {
    /// To be called within a tokio runtime.
    ///
    /// # Errors
    /// When the system gives no timer.
    pub fn new(clock: Clock, start_ns: u64, mut source: Source) -> io::Result<Self> {
        let next = match &mut source {
            Source::Open(schedule) => schedule.next(),
            Source::Closed(_) => None,
        };
        Ok(Feed {
            clock,
            start_ns,
            source: RefCell::new(source),
            next: Cell::new(next),
            parked: RefCell::default(),
            timer: Timer::new(&clock)?,
            crowded: Cell::new(false),
            closed: Cell::new(false),
        })
    }

    /// The next operation, as soon as it is due; `None` when there are no more.
    pub async fn next(&self) -> Option<ScheduledOp> {
        poll_fn(|cx| match self.take() {
            Take::Now(scheduled) => Poll::Ready(Some(scheduled)),
            Take::Over => Poll::Ready(None),
            Take::NotBefore(due_ns) => {
                let mut parked = self.parked.borrow_mut();
                if parked.is_empty() {
                    self.arm(due_ns);
                }
                parked.push(cx.waker().clone());
                Poll::Pending
            }
        })
        .await
    }

    fn take(&self) -> Take {
        if self.closed.get() {
            return Take::Over;
        }
        let now_ns = self.clock.now_ns();
        let mut source = self.source.borrow_mut();
        match &mut *source {
            Source::Closed(budget) => {
                let scheduled = budget.take(now_ns.saturating_sub(self.start_ns));
                scheduled.map_or(Take::Over, Take::Now)
            }
            Source::Open(schedule) => {
                let Some(due) = self.next.get() else {
                    return Take::Over;
                };
                let due_ns = self.start_ns + due.at_ns;
                if due_ns > now_ns {
                    return Take::NotBefore(due_ns);
                }
                self.next.set(schedule.next());
                self.look_after_the_next(now_ns);
                Take::Now(ScheduledOp { index: due.index, span: due.span, due_ns: Some(due_ns) })
            }
        }
    }

    /// A client that waits takes the next operation if it is due already, or when it is; where none waits, another
    /// client is asked for then.
    fn look_after_the_next(&self, now_ns: u64) {
        let nobody_waits = self.parked.borrow().is_empty();
        if nobody_waits && self.crowded.get() {
            return;
        }
        match self.next.get() {
            Some(due) if nobody_waits || self.start_ns + due.at_ns > now_ns => {
                self.arm(self.start_ns + due.at_ns);
            }
            Some(_) => drop(self.wake_one()),
            None => self.wake_all(),
        }
    }

    fn arm(&self, due_ns: u64) {
        let wait_ns = due_ns.saturating_sub(self.clock.now_ns());
        self.timer.set(Duration::from_nanos(wait_ns));
    }

    /// Tells whether there was one.
    fn wake_one(&self) -> bool {
        let waker = self.parked.borrow_mut().pop();
        let found = waker.is_some();
        if let Some(waker) = waker {
            waker.wake();
        }
        found
    }

    fn wake_all(&self) {
        let wakers = std::mem::take(&mut *self.parked.borrow_mut());
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Wakes a client each time an operation is due, or hires one where all are busy; to be run beside the clients.
    /// `hire` tells whether there may be more.
    pub async fn keep_time(&self, spawn_client: impl Fn() -> bool) {
        // Without the timer nothing would ever be due; it fails only with the runtime.
        while self.timer.fired().await.is_ok() {
            if !self.wake_one() {
                self.crowded.set(!spawn_client());
            }
        }
    }

    /// Hands out nothing more.
    pub fn close(&self) {
        self.closed.set(true);
        self.wake_all();
    }

    /// What has been due by now and was never taken.
    pub fn untaken(&self) -> Vec<ScheduledOp> {
        let now_ns = self.clock.now_ns();
        let mut untaken = Vec::new();
        let mut source = self.source.borrow_mut();
        let Source::Open(schedule) = &mut *source else {
            return untaken;
        };
        while let Some(due) = self.next.get().filter(|due| self.start_ns + due.at_ns <= now_ns) {
            self.next.set(schedule.next());
            untaken.push(ScheduledOp {
                index: due.index,
                span: due.span,
                due_ns: Some(self.start_ns + due.at_ns),
            });
        }
        untaken
    }
}
