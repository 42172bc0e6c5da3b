//! The run's clock: monotonic nanoseconds since the run began, and the wall time that belongs to them. What waits for it
//! waits through it, so that a test can move it by hand.

#[cfg(test)]
pub(crate) mod driven;

use std::future::Future;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// A monotonic clock with a known wall-clock origin. Copies share the origin.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    source: Source,
    wall: Timestamp,
}

#[derive(Debug, Clone, Copy)]
enum Source {
    /// The system's monotonic clock, from this moment on.
    Monotonic(Instant),
    /// Time that passes when a test says so.
    #[cfg(test)]
    Driven(&'static driven::Driven),
}

impl Clock {
    /// Starts a clock at zero, now.
    pub fn start() -> Self {
        let (origin, wall) = at_once();
        Clock { source: Source::Monotonic(origin), wall }
    }

    /// Nanoseconds since the run began.
    pub fn now_ns(&self) -> u64 {
        match self.source {
            Source::Monotonic(origin) => origin.elapsed().as_nanos() as u64,
            #[cfg(test)]
            Source::Driven(driven) => driven.now_ns(),
        }
    }

    /// A moment on this clock, in nanoseconds since the run began.
    pub fn at_ns(&self, moment: Instant) -> u64 {
        match self.source {
            Source::Monotonic(origin) => moment.saturating_duration_since(origin).as_nanos() as u64,
            #[cfg(test)]
            Source::Driven(_) => panic!("a moment of the system's clock is none of a driven one"),
        }
    }

    /// The wall time of a moment of this clock, not disturbed by steps of the system clock since the start.
    pub fn wall(&self, at_ns: u64) -> Timestamp {
        self.wall + SignedDuration::from_nanos(at_ns as i64)
    }

    /// Waits so long. To be called within a tokio runtime with time enabled.
    pub async fn sleep(&self, length: Duration) {
        match self.source {
            Source::Monotonic(_) => tokio::time::sleep(length).await,
            #[cfg(test)]
            Source::Driven(driven) => {
                driven.reached(driven.now_ns() + length.as_nanos() as u64).await;
            }
        }
    }

    /// What `work` comes to, or none when it takes longer than `limit`. To be called as [`Clock::sleep`].
    pub async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.sleep(limit) => None,
        }
    }

    /// Ticks at once and then once a period. To be called as [`Clock::sleep`].
    pub fn every(&self, period: Duration) -> Ticks {
        match self.source {
            Source::Monotonic(_) => Ticks(Ticking::Tokio(tokio::time::interval(period))),
            #[cfg(test)]
            Source::Driven(driven) => {
                let next_ns = driven.now_ns();
                Ticks(Ticking::Driven { driven, period_ns: period.as_nanos() as u64, next_ns })
            }
        }
    }
}

/// Both clocks are read within this, or as often as [`READINGS`] says; a thread that nobody takes its CPU from needs far less.
const AT_ONCE: Duration = Duration::from_micros(5);
const READINGS: usize = 1_000;

/// The same moment by both of the system's clocks. A thread may lose its CPU for tens of milliseconds between two readings,
/// which all wall times of a run would then be off by: of several readings that with the least time around it counts.
fn at_once() -> (Instant, Timestamp) {
    tightest(|| {
        let before = Instant::now();
        let wall = Timestamp::now();
        let around = before.elapsed();
        (around, (before + around / 2, wall))
    })
}

/// Of readings, each with the time it took, the first that took no longer than [`AT_ONCE`], else the quickest.
fn tightest<T: Copy>(mut reading: impl FnMut() -> (Duration, T)) -> T {
    let mut best = reading();
    for _ in 1..READINGS {
        if best.0 <= AT_ONCE {
            break;
        }
        best = std::cmp::min_by_key(best, reading(), |reading| reading.0);
    }
    best.1
}

/// Ticks of a clock.
#[derive(Debug)]
pub struct Ticks(Ticking);

#[derive(Debug)]
enum Ticking {
    Tokio(tokio::time::Interval),
    #[cfg(test)]
    Driven {
        driven: &'static driven::Driven,
        period_ns: u64,
        next_ns: u64,
    },
}

impl Ticks {
    /// The next tick.
    pub async fn tick(&mut self) {
        match &mut self.0 {
            Ticking::Tokio(interval) => drop(interval.tick().await),
            #[cfg(test)]
            Ticking::Driven { driven, period_ns, next_ns } => {
                driven.reached(*next_ns).await;
                *next_ns += *period_ns;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_between_which_the_cpu_was_lost_does_not_count() {
        let took_us = [45_000, 30, 2, 1];
        let mut readings = took_us.iter().enumerate();
        let read = tightest(|| {
            let (index, took_us) = readings.next().expect("no more than were needed");
            (Duration::from_micros(*took_us), index)
        });
        assert_eq!(read, 2);
        let mut slow = (0..).map(|index| (Duration::from_micros(100 + index % 7), index));
        assert_eq!(tightest(|| slow.next().expect("it has no end")), 0);
    }

    #[test]
    fn its_wall_time_is_that_of_the_system_however_busy_that_is() {
        let apart = SignedDuration::from_micros(200);
        for _ in 0..500 {
            let clock = Clock::start();
            let before = Timestamp::now();
            let told = clock.wall(clock.now_ns());
            let after = Timestamp::now();
            assert!(before - apart <= told && told <= after + apart, "{before} {told} {after}");
        }
    }
}
