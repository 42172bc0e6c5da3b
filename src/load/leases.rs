//! Leases that written keys are bound to: one for the whole load, or many, each shared by a few keys for a short time
//! as an apiserver does it for events.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::operation::Client;
use crate::plan::SharedLeases;
use crate::wire::Failure;

/// What is known of a load's leases.
#[derive(Debug, Default)]
pub struct Leases {
    /// Those granted and not revoked since.
    granted: Mutex<Vec<i64>>,
    /// How many of them were granted for keys to share.
    shared: AtomicU64,
    /// How many keys were bound to these.
    bound: AtomicU64,
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
pub struct SharedLease(tokio::sync::Mutex<Current>);

#[derive(Debug, Default)]
struct Current {
    id: i64,
    /// Keys that may still be bound to it.
    left: u64,
    /// When it is too old for more.
    until_ns: u64,
}

impl Current {
    fn serves(&self, keys: u64, now_ns: u64) -> bool {
        self.left >= keys && now_ns < self.until_ns
    }
}

impl Client<'_> {
    /// The lease that an operation binds so many keys to; 0 is none.
    ///
    /// # Errors
    /// When another is needed and not granted.
    pub async fn lease_for(&mut self, keys: u64) -> Result<i64, Failure> {
        let work = self.work;
        let Some(sharing) = work.plan.writes.shared_leases else {
            return Ok(work.lease.load(Ordering::Relaxed));
        };
        let lane = self.lane;
        let mut current = lane.lease().0.lock().await;
        if !current.serves(keys, lane.now_ns()) {
            *current = Current {
                id: self.grant(ttl_s(work.plan.writes.lease_ttl_s, sharing)).await?,
                left: sharing.keys,
                until_ns: lane.now_ns().saturating_add(sharing.reuse_ns),
            };
            work.leases.shared.fetch_add(1, Ordering::Relaxed);
        }
        current.left = current.left.saturating_sub(keys);
        work.leases.bound.fetch_add(keys, Ordering::Relaxed);
        Ok(current.id)
    }
}

/// The key bound last is to live as long as it should, so that a lease lives longer by as long as it is shared
/// (kubernetes/apiserver, storage/etcd3/lease_manager.go).
fn ttl_s(ttl_s: u64, sharing: SharedLeases) -> u64 {
    ttl_s.saturating_add(sharing.reuse_ns / 1_000_000_000)
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

    #[test]
    fn a_lease_lives_longer_by_as_long_as_it_is_shared() {
        let sharing = |reuse_ns| SharedLeases { keys: 10, reuse_ns };
        assert_eq!(ttl_s(3600, sharing(60_000_000_000)), 3660);
        assert_eq!(ttl_s(15, sharing(750_000_000)), 15);
    }
}
