//! The mark of a load under way: a lease that is kept alive, so that nobody takes its keys for leftovers. No key is bound
//! to it, and it takes no permission.

use std::time::Duration;

use etcd_client::{LeaseGrantOptions, WatchOptions};

use crate::error::Result;

use super::Cluster;
use super::connect::{CALL, MemberClient};
use super::explain::{Answer, Called, Need};

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
    fn of(prefix: &str) -> Self {
        Mark(MARKS | i64::from(crc32c::crc32c(prefix.as_bytes())))
    }

    async fn leave(self, client: &mut etcd_client::Client) -> Answer<()> {
        let options = LeaseGrantOptions::new().with_id(self.0);
        match client.lease_grant(MARK_TTL_S, Some(options)).await {
            Ok(_) => Ok(()),
            // Of a load that was killed: this one takes it over.
            Err(error) if error.to_string().contains("lease already exists") => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Prolongs it, or leaves it anew where etcd let it go meanwhile.
    async fn prolong(self, client: &mut etcd_client::Client) -> Answer<()> {
        let (_keeper, mut answers) = client.lease_keep_alive(self.0).await?;
        match answers.message().await? {
            Some(answer) if answer.ttl() > 0 => Ok(()),
            _ => self.leave(client).await,
        }
    }

    /// Keeps it until this is dropped, by whichever member answers.
    pub(super) async fn keep(self, mut members: Vec<MemberClient>) {
        loop {
            tokio::time::sleep(PROLONG).await;
            for member in &mut members {
                let prolong = async |client: &mut etcd_client::Client| self.prolong(client).await;
                let kept: Called<()> = member.call(Need::Nothing, PROLONG, prolong).await;
                if kept.is_ok() {
                    break;
                }
            }
        }
    }
}

impl Cluster {
    /// Leaves a mark for as long as a load goes on whose keys begin with this prefix.
    ///
    /// # Errors
    /// When no member answers.
    pub fn mark(&mut self, prefix: &str) -> Result<()> {
        let mark = Mark::of(prefix);
        self.ask_any(Need::Nothing, CALL, async |client| mark.leave(client).await)?;
        self.mark = Some(mark);
        Ok(())
    }

    /// Takes the mark away again.
    ///
    /// # Errors
    /// When no member answers; it goes by itself then.
    pub fn unmark(&mut self) -> Result<()> {
        match self.mark.take() {
            Some(mark) => self.revoke_leases(b"", &[mark.0]).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Takes that of a load away that no longer goes on.
    ///
    /// # Errors
    /// When no member answers; it goes by itself then.
    pub fn unmark_dead(&mut self, prefix: &str) -> Result<()> {
        self.revoke_leases(b"", &[Mark::of(prefix).0]).map(|_| ())
    }

    /// Seconds that are left of the mark of the load with this prefix; 0 where there is none.
    ///
    /// # Errors
    /// When no member answers.
    pub fn mark_left_s(&mut self, prefix: &str) -> Result<i64> {
        let mark = Mark::of(prefix);
        let answer = self.ask_any(Need::Nothing, CALL, async |client| {
            client.lease_time_to_live(mark.0, None).await
        })?;
        Ok(answer.ttl().max(0))
    }

    /// Whether anybody writes below a prefix within so long.
    ///
    /// # Errors
    /// When no member answers.
    pub fn is_written(&mut self, prefix: &[u8], within: Duration) -> Result<bool> {
        let written = self.ask_any(Need::Read(prefix), CALL + within, async |client| {
            let options = WatchOptions::new().with_prefix();
            let mut events = client.watch(prefix.to_vec(), Some(options)).await?;
            let seen = async {
                loop {
                    match events.message().await? {
                        Some(answer) if answer.events().is_empty() && !answer.canceled() => {}
                        Some(answer) => return Ok(!answer.events().is_empty()),
                        None => return Ok(false),
                    }
                }
            };
            tokio::time::timeout(within, seen).await.unwrap_or(Ok(false))
        })?;
        Ok(written)
    }
}
