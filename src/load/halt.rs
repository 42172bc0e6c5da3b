//! What can end a load early.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Shared by everything that works in a load.
#[derive(Debug, Clone)]
pub struct Control {
    /// Set by the signal handler.
    signalled: Arc<AtomicBool>,
    halted: Arc<AtomicBool>,
    why: Arc<Mutex<Option<String>>>,
    noticed_ns: Arc<OnceLock<u64>>,
}

impl Control {
    /// `signalled` is set from outside when the run is to end.
    pub fn new(signalled: Arc<AtomicBool>) -> Self {
        Control {
            signalled,
            halted: Arc::default(),
            why: Arc::default(),
            noticed_ns: Arc::default(),
        }
    }

    /// Ends the load for this reason; the first stands.
    pub fn halt(&self, why: impl Into<String>) {
        let mut first = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| why.into());
        self.halted.store(true, Ordering::Release);
    }

    /// Whether the load is to end.
    pub fn is_halted(&self) -> bool {
        self.halted.load(Ordering::Acquire) || self.signalled()
    }

    /// For how long it has been known that the load is to end; `None` while it goes on.
    pub fn halted_for(&self, now_ns: u64) -> Option<u64> {
        let noticed_ns = || *self.noticed_ns.get_or_init(|| now_ns);
        self.is_halted().then(|| now_ns.saturating_sub(noticed_ns()))
    }

    /// What a signal sets.
    pub fn flag(&self) -> &Arc<AtomicBool> {
        &self.signalled
    }

    /// Whether a signal ends it.
    pub fn signalled(&self) -> bool {
        self.signalled.load(Ordering::Relaxed)
    }

    /// Why it ends, unless it is for a signal.
    pub fn why(&self) -> Option<String> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Ends the load when its thread dies of a bug: the others would go on, and what it was to do would be missing from
/// figures that look whole.
#[derive(Debug)]
pub struct DeathWatch(Control);

/// What is said when that happens.
pub const DIED: &str = "a thread of the load died; its part of the figures is lost";

impl DeathWatch {
    /// To be held by the thread for as long as it works.
    pub fn new(control: Control) -> Self {
        DeathWatch(control)
    }
}

impl Drop for DeathWatch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.halt(DIED);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic;

    use super::*;

    #[test]
    fn a_thread_that_dies_ends_the_load_and_one_that_ends_does_not() {
        let control = Control::new(Arc::default());
        let work = |dies: bool| {
            let watch = DeathWatch::new(control.clone());
            let thread = std::thread::spawn(move || {
                let _watch = watch;
                if dies {
                    // As a panic, without its words on stderr.
                    panic::resume_unwind(Box::new(()));
                }
            });
            thread.join().is_err()
        };
        assert!(!work(false));
        assert!(!control.is_halted());
        assert!(work(true));
        assert!(control.is_halted());
        assert_eq!(control.why().as_deref(), Some(DIED));
    }
}
