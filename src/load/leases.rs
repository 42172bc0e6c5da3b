//! Leases that written keys are bound to: one for the whole load, or many, each shared by a few keys for a short time
//! as an apiserver does it for events.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is known of a load's leases.
#[derive(Debug, Default)]
pub struct Leases {
    /// Those granted and not revoked since.
    granted: Mutex<Vec<i64>>,
    /// How many of them were granted for keys to share.
    pub(super) shared: AtomicU64,
    /// How many keys were bound to these.
    pub(super) bound: AtomicU64,
}

impl Leases {
    /// One was granted.
    pub fn granted(&self, lease: i64) {
        match self.granted.lock() {
            Ok(mut granted) => granted.push(lease),
            Err(poisoned) => poisoned.into_inner().push(lease),
        }
    }

    /// All that were granted.
    pub fn all(&self) -> Vec<i64> {
        match self.granted.lock() {
            Ok(granted) => granted.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }

    /// Leases granted for keys to share, and keys bound to them.
    pub fn shared(&self) -> (u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (read(&self.shared), read(&self.bound))
    }
}

/// The lease that the next keys are bound to which are written over a connection. Whoever finds it used up gets
/// another, and all others wait for it meanwhile, as within an apiserver.
#[derive(Debug, Default)]
pub struct SharedLease(pub(super) tokio::sync::Mutex<Current>);

#[derive(Debug, Default)]
pub(super) struct Current {
    pub(super) id: i64,
    /// Keys that may still be bound to it.
    pub(super) left: u64,
    /// When it is too old for more.
    pub(super) until_ns: u64,
}

impl Current {
    pub(super) fn serves(&self, keys: u64, now_ns: u64) -> bool {
        self.left >= keys && now_ns < self.until_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_serves_until_it_is_full_or_old() {
        let current = Current { id: 7, left: 2, until_ns: 100 };
        assert!(current.serves(2, 99));
        assert!(!current.serves(3, 99));
        assert!(!current.serves(1, 100));
        assert!(!Current::default().serves(1, 0), "there is none at first");
    }
}
