//! One operation under way, and how it ends when nobody answers: without a timer of its own.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use crate::etcd::ErrorClass;
use crate::wire::Failure;

/// Shared by the task that waits for an answer and the sweep that looks for those who wait too long.
#[derive(Debug, Default)]
pub struct Flight {
    since_ns: Cell<Option<u64>>,
    expired: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// All flights of a worker.
#[derive(Debug)]
pub struct Flights {
    all: RefCell<Vec<Rc<Flight>>>,
    under_way: Cell<u64>,
    /// The most seen when an operation of each span began.
    most: Vec<Cell<u64>>,
}

impl Flights {
    /// None under way, of so many spans.
    pub fn new(spans: usize) -> Self {
        Flights {
            all: RefCell::default(),
            under_way: Cell::new(0),
            most: vec![Cell::new(0); spans],
        }
    }

    /// A flight more.
    pub fn add(&self) -> Rc<Flight> {
        let flight = Rc::new(Flight::default());
        self.all.borrow_mut().push(Rc::clone(&flight));
        flight
    }

    /// Lets an operation of a span that begins now run to its end, or until the sweep ends it.
    ///
    /// # Errors
    /// The operation's, or [`ErrorClass::ClientDeadline`].
    pub async fn run<T>(
        &self,
        flight: &Flight,
        (span, now_ns): (usize, u64),
        operation: Pin<&mut impl Future<Output = Result<T, Failure>>>,
    ) -> Result<T, Failure> {
        flight.since_ns.set(Some(now_ns));
        flight.expired.set(false);
        let under_way = self.under_way.get() + 1;
        self.under_way.set(under_way);
        if let Some(most) = self.most.get(span) {
            most.set(most.get().max(under_way));
        }
        let outcome = flight.until_expired(operation).await;
        flight.since_ns.set(None);
        self.under_way.set(self.under_way.get() - 1);
        outcome
    }

    /// Ends what began before this moment.
    pub fn expire(&self, began_before_ns: u64) {
        for flight in self.all.borrow().iter() {
            if flight.since_ns.get().is_some_and(|since| since < began_before_ns) {
                flight.expired.set(true);
                if let Some(waker) = flight.waker.borrow_mut().take() {
                    waker.wake();
                }
            }
        }
    }

    /// How many are under way.
    pub fn under_way(&self) -> u64 {
        self.under_way.get()
    }

    /// Per span the most that were under way at a time, those of the span before among them.
    pub fn most(&self) -> impl Iterator<Item = u64> + '_ {
        self.most.iter().map(Cell::get)
    }
}

impl Flight {
    async fn until_expired<T>(
        &self,
        mut operation: Pin<&mut impl Future<Output = Result<T, Failure>>>,
    ) -> Result<T, Failure> {
        poll_fn(|cx| {
            if self.expired.get() {
                let message = "not answered in time";
                return Poll::Ready(Err(Failure::new(ErrorClass::ClientDeadline, message)));
            }
            let polled = operation.as_mut().poll(cx);
            if polled.is_pending() {
                let mut waker = self.waker.borrow_mut();
                if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                    *waker = Some(cx.waker().clone());
                }
            }
            polled
        })
        .await
    }
}
