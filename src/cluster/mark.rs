//! The mark of a load under way: a lease that is kept alive, so that nobody takes its keys for leftovers. No key is bound
//! to it, and it takes no permission.

use std::time::Duration;

use super::connect::MemberClient;
use super::explain::{Called, Need};
use super::rpc::{Answer, Client};

/// A mark is there for so long after it was last prolonged.
pub const MARK_TTL_S: i64 = 12;
/// How often it is prolonged.
const PROLONG: Duration = Duration::from_secs(3);
/// What is left at least of the mark of a load that goes on: it may have been late once.
pub const MARK_FRESH_S: i64 = MARK_TTL_S - 2 * PROLONG.as_secs() as i64;
/// The upper half of every mark's number. etcd numbers leases by its members, at random.
const MARKS: i64 = 0x4554_4342 << 32;

/// A mark that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark(i64);

impl Mark {
    /// That of the load whose keys begin with a prefix.
    pub fn of(prefix: &str) -> Self {
        Mark(MARKS | i64::from(crc32c::crc32c(prefix.as_bytes())))
    }

    /// The lease.
    pub fn lease(self) -> i64 {
        self.0
    }

    /// Leaves it.
    pub async fn leave(self, client: &Client) -> Answer<()> {
        match client.lease_grant(MARK_TTL_S.unsigned_abs(), self.0).await {
            Ok(_) => Ok(()),
            // Of a load that was killed: this one takes it over.
            Err(error) if error.to_string().contains("lease already exists") => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Prolongs it, or leaves it anew where etcd let it go meanwhile.
    async fn prolong(self, client: &Client) -> Answer<()> {
        match client.lease_keep_alive(self.0).await? {
            1.. => Ok(()),
            _ => self.leave(client).await,
        }
    }

    /// Keeps it until this is dropped, by whichever member answers.
    pub async fn keep(self, mut members: Vec<MemberClient>) {
        loop {
            tokio::time::sleep(PROLONG).await;
            for member in &mut members {
                let prolong = async |client: &Client| self.prolong(client).await;
                let kept: Called<()> = member.call(Need::Nothing, PROLONG, prolong).await;
                if kept.is_ok() {
                    break;
                }
            }
        }
    }
}
