//! A timer finer than tokio's, whose tick is a millisecond: timerfd counts nanoseconds and knows no slack.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

#[cfg(test)]
use driven::WorkerThread;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::unix::AsyncFd;

use crate::clock::Clock;

/// One timer, set again and again.
#[derive(Debug)]
pub struct Timer(Kind);

#[derive(Debug)]
enum Kind {
    Descriptor(AsyncFd<OwnedFd>),
    /// Of a clock that a test moves.
    #[cfg(test)]
    Driven(WorkerThread),
}

impl Timer {
    /// To be called within a tokio runtime.
    ///
    /// # Errors
    /// When the system gives no more descriptors.
    pub fn new(clock: &Clock) -> io::Result<Self> {
        #[cfg(test)]
        if let Some(driven) = clock.driver() {
            return Ok(Timer(Kind::Driven(WorkerThread::of(driven))));
        }
        let _ = clock;
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let fd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        // SAFETY: an OwnedFd keeps the same open descriptor until it is dropped, and nothing else closes it.
        let registered = unsafe { AsyncFd::register(fd) }?;
        Ok(Timer(Kind::Descriptor(registered)))
    }

    /// Fires once, this long from now; the last setting counts.
    pub fn set(&self, wait: Duration) {
        match &self.0 {
            Kind::Descriptor(descriptor) => set(descriptor, wait),
            #[cfg(test)]
            Kind::Driven(hand) => hand.set(wait),
        }
    }

    /// Waits until it fires.
    ///
    /// # Errors
    /// When the descriptor cannot be waited for.
    pub async fn fired(&self) -> io::Result<()> {
        match &self.0 {
            Kind::Descriptor(descriptor) => fired(descriptor).await,
            #[cfg(test)]
            Kind::Driven(hand) => hand.fired().await,
        }
    }
}

fn set(timer: &AsyncFd<OwnedFd>, wait: Duration) {
    // Zero would switch it off.
    let wait = wait.max(Duration::from_nanos(1));
    let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
    let spec = Itimerspec {
        it_interval: zero,
        it_value: Timespec {
            tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: wait.subsec_nanos().into(),
        },
    };
    // It fails only on a bad descriptor or a bad time.
    let _ = timerfd_settime(timer.get_ref(), TimerfdTimerFlags::empty(), &spec);
}

async fn fired(timer: &AsyncFd<OwnedFd>) -> io::Result<()> {
    loop {
        let mut ready = timer.readable().await?;
        let mut count = [0; 8];
        match ready.try_io(|timer| Ok(rustix::io::read(timer.get_ref(), &mut count)?)) {
            Ok(read) => return read.map(drop),
            // Set anew in between.
            Err(_not_yet) => {}
        }
    }
}

#[cfg(test)]
mod driven {
    use std::cell::{Cell, RefCell};
    use std::future::poll_fn;
    use std::io;
    use std::task::{Poll, Waker};
    use std::time::Duration;

    use crate::clock::driven::Driven;

    /// The timer of a clock that is moved by hand.
    #[derive(Debug)]
    pub(super) struct WorkerThread {
        driven: &'static Driven,
        due_ns: Cell<Option<u64>>,
        waiting: RefCell<Option<Waker>>,
    }

    impl WorkerThread {
        pub(super) fn of(driven: &'static Driven) -> Self {
            WorkerThread { driven, due_ns: Cell::new(None), waiting: RefCell::default() }
        }

        pub(super) fn set(&self, wait: Duration) {
            let due_ns = self.driven.now_ns() + wait.as_nanos() as u64;
            self.due_ns.set(Some(due_ns));
            if let Some(waiting) = &*self.waiting.borrow() {
                self.driven.wake_at(due_ns, waiting);
            }
        }

        pub(super) async fn fired(&self) -> io::Result<()> {
            poll_fn(|cx| {
                if self.due_ns.get().is_some_and(|due_ns| due_ns <= self.driven.now_ns()) {
                    self.due_ns.set(None);
                    return Poll::Ready(Ok(()));
                }
                *self.waiting.borrow_mut() = Some(cx.waker().clone());
                if let Some(due_ns) = self.due_ns.get() {
                    self.driven.wake_at(due_ns, cx.waker());
                }
                Poll::Pending
            })
            .await
        }
    }
}
