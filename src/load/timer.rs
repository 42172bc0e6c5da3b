//! A timer finer than tokio's, whose tick is a millisecond: timerfd counts nanoseconds and knows no slack.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::unix::AsyncFd;

/// One timer, set again and again.
#[derive(Debug)]
pub struct Timer(AsyncFd<OwnedFd>);

impl Timer {
    /// To be called within a tokio runtime.
    ///
    /// # Errors
    /// When the system gives no more descriptors.
    pub fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let fd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        // SAFETY: an OwnedFd keeps the same open descriptor until it is dropped, and nothing else closes it.
        let registered = unsafe { AsyncFd::register(fd) }?;
        Ok(Timer(registered))
    }

    /// Fires once, this long from now; the last setting counts.
    pub fn set(&self, wait: Duration) {
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
        let _ = timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &spec);
    }

    /// Waits until it fires.
    ///
    /// # Errors
    /// When the descriptor cannot be waited for.
    pub async fn fired(&self) -> io::Result<()> {
        loop {
            let mut ready = self.0.readable().await?;
            let mut count = [0; 8];
            match ready.try_io(|timer| Ok(rustix::io::read(timer.get_ref(), &mut count)?)) {
                Ok(read) => return read.map(drop),
                // Set anew in between.
                Err(_not_yet) => {}
            }
        }
    }
}
