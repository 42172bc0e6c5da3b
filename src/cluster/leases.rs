//! Leases that nobody needs any more.

use futures_util::future::join_all;

use crate::error::Result;

use super::Cluster;
use super::connect::CALL;
use super::explain::Need;
use super::rpc::{Answer, Client};

/// Leases revoked at a time.
const AT_A_TIME: usize = 64;

impl Cluster {
    /// Revokes leases, and gives how many there still were. Keys below a prefix may be bound to them.
    ///
    /// # Errors
    /// When no member answers, or the user may not write there; those revoked before stay revoked.
    pub fn revoke_leases(&mut self, prefix: &[u8], leases: &[i64]) -> Result<u64> {
        let mut revoked = 0;
        for batch in leases.chunks(AT_A_TIME) {
            revoked += self.ask_any(Need::Write(prefix), CALL, async |client| {
                let asked = batch.iter().map(|lease| revoke(client, *lease));
                join_all(asked).await.into_iter().sum::<Answer<u64>>()
            })?;
        }
        Ok(revoked)
    }

    /// Of these leases, those to which no key is bound any more.
    ///
    /// # Errors
    /// When no member answers.
    pub fn unbound(&mut self, leases: impl IntoIterator<Item = i64>) -> Result<Vec<i64>> {
        let mut unbound = Vec::new();
        for lease in leases {
            let asked = self.ask_any(Need::Nothing, CALL, async |client| {
                client.lease_time_to_live(lease, true).await
            })?;
            if asked.keys == 0 {
                unbound.push(lease);
            }
        }
        Ok(unbound)
    }
}

/// Whether it was still there.
async fn revoke(client: &Client, lease: i64) -> Answer<u64> {
    match client.lease_revoke(lease).await {
        Ok(()) => Ok(1),
        Err(error) if error.to_string().contains("lease not found") => Ok(0),
        Err(error) => Err(error),
    }
}
