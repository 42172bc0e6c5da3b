//! The leases that written keys are bound to: got over the connection that writes them.

use std::sync::atomic::Ordering;

use super::Client;
use crate::load::leases::Current;
use crate::plan::SharedLeases;
use crate::wire::Failure;

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
        let connection = self.connection;
        let mut current = connection.lease().0.lock().await;
        if !current.serves(keys, connection.now_ns()) {
            *current = Current {
                id: self.grant(ttl_s(work.plan.writes.lease_ttl_s, sharing)).await?,
                left: sharing.keys,
                until_ns: connection.now_ns().saturating_add(sharing.reuse_ns),
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
    use super::ttl_s;
    use crate::plan::SharedLeases;

    #[test]
    fn a_lease_lives_longer_by_as_long_as_it_is_shared() {
        let sharing = |reuse_ns| SharedLeases { keys: 10, reuse_ns };
        assert_eq!(ttl_s(3600, sharing(60_000_000_000)), 3660);
        assert_eq!(ttl_s(15, sharing(750_000_000)), 15);
    }
}
