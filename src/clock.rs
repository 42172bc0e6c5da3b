//! The run's clock: monotonic nanoseconds since the run began, and the wall time that belongs to them.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// A monotonic clock with a known wall-clock origin. Copies share the origin.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Instant,
    wall: Timestamp,
}

impl Clock {
    /// Starts a clock at zero, now.
    pub fn start() -> Self {
        Clock { origin: Instant::now(), wall: Timestamp::now() }
    }

    /// Nanoseconds since the run began.
    pub fn now_ns(&self) -> u64 {
        self.origin.elapsed().as_nanos() as u64
    }

    /// A moment on this clock, in nanoseconds since the run began.
    pub fn at_ns(&self, moment: Instant) -> u64 {
        moment.saturating_duration_since(self.origin).as_nanos() as u64
    }

    /// The wall time of a moment of this clock, not disturbed by steps of the system clock since the start.
    pub fn wall(&self, at_ns: u64) -> Timestamp {
        self.wall + SignedDuration::from_nanos(at_ns as i64)
    }
}
