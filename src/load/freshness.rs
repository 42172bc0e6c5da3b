//! How long after the revision was read a watch has shown it: what a list from an apiserver's cache waits for, and the
//! progress that the apiserver asks for meanwhile.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::Clock;

/// Progress is asked for at once when somebody begins to wait, and then as often as this (kubernetes/apiserver,
/// storage/cacher/progress, `progressRequestPeriod`).
const PERIOD: Duration = Duration::from_millis(100);

/// Those who wait for the watch of a connection.
#[derive(Debug, Default)]
pub struct Freshness {
    /// The revision that it has shown.
    shown: Cell<i64>,
    /// Which revision each waits for, and since when.
    waiting: RefCell<Vec<(i64, u64)>>,
    /// When progress was last asked for.
    asked_ns: Cell<Option<u64>>,
    begun: Notify,
}

impl Freshness {
    /// Whether the watch has shown a revision that was read just now; otherwise it is waited for.
    pub fn is_shown(&self, revision: i64, now_ns: u64) -> bool {
        if revision <= self.shown.get() {
            return true;
        }
        self.waiting.borrow_mut().push((revision, now_ns));
        self.begun.notify_one();
        false
    }

    /// The watch has shown this revision; gives since when those waited who wait no more.
    pub fn shown(&self, revision: i64) -> Vec<u64> {
        self.shown.set(revision.max(self.shown.get()));
        let mut over = Vec::new();
        self.waiting.borrow_mut().retain(|(wanted, since_ns)| {
            let waits = *wanted > revision;
            if !waits {
                over.push(*since_ns);
            }
            waits
        });
        over
    }

    /// Whether anybody waits.
    pub fn is_waited(&self) -> bool {
        !self.waiting.borrow().is_empty()
    }

    /// Until progress is to be asked for; then it counts as asked for.
    pub async fn until_due(&self, clock: &Clock) {
        loop {
            if !self.is_waited() {
                self.begun.notified().await;
                continue;
            }
            let now_ns = clock.now_ns();
            let period_ns = PERIOD.as_nanos() as u64;
            let due_ns = self.asked_ns.get().map_or(now_ns, |asked_ns| asked_ns + period_ns);
            if due_ns <= now_ns {
                self.asked_ns.set(Some(now_ns));
                return;
            }
            clock.sleep(Duration::from_nanos(due_ns - now_ns)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_wait_whose_revision_was_not_shown() {
        let fresh = Freshness::default();
        fresh.shown(10);
        assert!(fresh.is_shown(10, 1) && !fresh.is_waited());
        assert!(!fresh.is_shown(12, 2) && !fresh.is_shown(11, 3) && !fresh.is_shown(20, 4));
        assert_eq!(fresh.shown(12), [2, 3]);
        assert!(fresh.is_waited());
        // What is shown does not become less.
        assert_eq!(fresh.shown(5), [] as [u64; 0]);
        assert!(fresh.is_shown(12, 5));
        assert_eq!(fresh.shown(i64::MAX), [4]);
    }
}
