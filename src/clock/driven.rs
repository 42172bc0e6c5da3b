//! Time by hand: it stands still while anything can go on, and then passes at once to the next moment that is waited for.
//! What would take minutes takes milliseconds, and every figure is exact, however busy the machine is.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use jiff::Timestamp;
use tokio::task::LocalSet;

use super::{Clock, Source};

/// The time, and who waits for which moment of it.
#[derive(Debug, Default)]
pub(crate) struct Driven {
    now_ns: AtomicU64,
    number: AtomicU64,
    waiting: Mutex<BTreeMap<(u64, u64), Waker>>,
}

impl Clock {
    /// A clock that stands at zero, and what moves it. It lives as long as the process.
    pub(crate) fn driven() -> (Clock, &'static Driven) {
        let driven: &'static Driven = Box::leak(Box::default());
        (Clock { source: Source::Driven(driven), wall: Timestamp::UNIX_EPOCH }, driven)
    }

    /// What moves it, if it is moved by hand.
    pub(crate) fn driver(&self) -> Option<&'static Driven> {
        match self.source {
            Source::Driven(driven) => Some(driven),
            Source::Monotonic(_) => None,
        }
    }
}

impl Driven {
    /// The time.
    pub(crate) fn now_ns(&self) -> u64 {
        self.now_ns.load(Ordering::Relaxed)
    }

    /// Wakes somebody at this moment.
    pub(crate) fn wake_at(&self, at_ns: u64, waker: &Waker) {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.insert((at_ns, number), waker.clone());
    }

    /// Waits for this moment.
    pub(crate) async fn reached(&self, at_ns: u64) {
        poll_fn(|cx| {
            if self.now_ns() >= at_ns {
                return Poll::Ready(());
            }
            self.wake_at(at_ns, cx.waker());
            Poll::Pending
        })
        .await;
    }

    /// Passes to the next moment that is waited for; tells whether there is one.
    fn pass(&self) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((&(at_ns, _), _)) = waiting.first_key_value() else {
            return false;
        };
        self.now_ns.fetch_max(at_ns, Ordering::Relaxed);
        // All of one moment at once: what is woken for each would ask again for each.
        while let Some(entry) = waiting.first_entry().filter(|entry| entry.key().0 <= at_ns) {
            entry.remove().wake();
        }
        true
    }

    /// Does this, and all that it spawns, to its end. Time passes when nothing else can go on.
    ///
    /// # Panics
    /// When nothing can go on and no moment is waited for.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let tasks = LocalSet::new();
        let mut all = pin!(tasks.run_until(work));
        loop {
            if let Poll::Ready(done) = all.as_mut().poll(&mut context) {
                return done;
            }
            while !woken.0.swap(false, Ordering::Relaxed) {
                assert!(self.pass(), "at {} ns all wait for one another", self.now_ns());
            }
        }
    }
}

/// Whether anything can go on.
#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
