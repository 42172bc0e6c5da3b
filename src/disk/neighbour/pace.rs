//! When a neighbour does its next piece of work: evenly, so that no second begins with a burst.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Whoever is asked to stop does so within this time.
const LOOK: Duration = Duration::from_millis(50);
/// What is behind by more than this is never caught up: a disk that stood still does not owe a burst.
const MOST_BEHIND: Duration = Duration::from_secs(1);

/// An even pace.
#[derive(Debug)]
pub(super) struct Pace {
    gap: Duration,
    due: Instant,
}

impl Pace {
    /// So many pieces a second from now on.
    pub fn new(per_second: f64, now: Instant) -> Self {
        Pace { gap: Duration::from_secs_f64(1.0 / per_second), due: now }
    }

    /// When the next piece is due.
    fn next(&mut self, now: Instant) -> Instant {
        if let Some(earliest) = now.checked_sub(MOST_BEHIND) {
            self.due = self.due.max(earliest);
        }
        let due = self.due;
        self.due += self.gap;
        due
    }

    /// Waits until the next piece is due; false when it is time to stop.
    pub fn wait(&mut self, stop: &AtomicBool) -> bool {
        let due = self.next(Instant::now());
        while !stop.load(Ordering::Relaxed) {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            sleep(left.min(LOOK));
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_even_and_old_debts_are_forgiven() {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let mut pace = Pace::new(100.0, begin);
        assert_eq!(pace.next(at(0)), at(0));
        assert_eq!(pace.next(at(0)), at(10));
        // A little late: the next one is where it would have been.
        assert_eq!(pace.next(at(500)), at(20));
        // Ten seconds late: a second of them at once, no more.
        assert_eq!(pace.next(at(10_000)), at(9_000));
        assert_eq!(pace.next(at(10_000)), at(9_010));
    }

    #[test]
    fn nobody_waits_who_is_to_stop() {
        let mut pace = Pace::new(0.001, Instant::now());
        let stop = AtomicBool::new(false);
        assert!(pace.wait(&stop));
        stop.store(true, Ordering::Relaxed);
        assert!(!pace.wait(&stop));
    }
}
