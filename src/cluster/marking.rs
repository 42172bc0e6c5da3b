//! Marks left, taken away and looked for; and whether anybody writes, whatever marks say.

use std::time::Duration;

use crate::error::Result;

use super::Cluster;
use super::connect::CALL;
use super::explain::Need;
use super::keys::interval;
use super::mark::Mark;

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
            Some(mark) => self.revoke_leases(b"", &[mark.lease()]).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Takes that of a load away that no longer goes on.
    ///
    /// # Errors
    /// When no member answers; it goes by itself then.
    pub fn unmark_dead(&mut self, prefix: &str) -> Result<()> {
        self.revoke_leases(b"", &[Mark::of(prefix).lease()]).map(|_| ())
    }

    /// Seconds that are left of the mark of the load with this prefix; 0 where there is none.
    ///
    /// # Errors
    /// When no member answers.
    pub fn mark_left_s(&mut self, prefix: &str) -> Result<i64> {
        let mark = Mark::of(prefix);
        let answer = self.ask_any(Need::Nothing, CALL, async |client| {
            client.lease_time_to_live(mark.lease(), false).await
        })?;
        Ok(answer.ttl_s.max(0))
    }

    /// Whether anybody writes below a prefix within so long.
    ///
    /// # Errors
    /// When no member answers.
    pub fn is_written(&mut self, prefix: &[u8], within: Duration) -> Result<bool> {
        let (from, end) = interval(prefix);
        let written = self.ask_any(Need::Read(prefix), CALL + within, async |client| {
            let mut changes = client.watch(&from, &end).await?;
            let seen = async {
                loop {
                    let told = changes.next().await?;
                    if told.canceled || !told.events.is_empty() {
                        return Ok(!told.events.is_empty());
                    }
                }
            };
            tokio::time::timeout(within, seen).await.unwrap_or(Ok(false))
        })?;
        Ok(written)
    }
}
