//! What ends waiting for an answer before its time is up: the signal that ends the run.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often it is looked whether a signal has come.
const LOOK: Duration = Duration::from_millis(50);
/// After a signal nobody waits longer than this for an answer: somebody wants to be gone.
const AFTER_A_SIGNAL: Duration = Duration::from_secs(5);

/// Nothing, or a flag that a signal sets.
#[derive(Debug, Clone, Default)]
pub(super) struct Ends(Option<Arc<AtomicBool>>);

impl Ends {
    pub(super) fn with(signalled: &Arc<AtomicBool>) -> Self {
        Ends(Some(Arc::clone(signalled)))
    }

    /// Whether a signal has come.
    pub(super) fn set(&self) -> bool {
        self.0.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// How long something may take that may take so long.
    pub(super) fn limit(&self, usual: Duration) -> Duration {
        if self.set() { usual.min(AFTER_A_SIGNAL) } else { usual }
    }

    /// What comes first: the work, or a signal. One that has come before does not end what begins after it: cleaning up
    /// is what is done then.
    pub(super) async fn first<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let Some(flag) = self.0.as_ref().filter(|_| !self.set()) else {
            return Some(work.await);
        };
        let signal = async {
            while !flag.load(Ordering::Relaxed) {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! {
            biased;
            done = work => Some(done),
            () = signal => None,
        }
    }
}
