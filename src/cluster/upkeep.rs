//! What is left to do for a store after a load: its history compacted, its free pages given back.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};

use super::connect::CALL;
use super::explain::{CallError, Need};
use super::rpc::Client;
use super::{Alarm, Cluster, MemberStatus};

/// A compaction that is waited for takes 10 ms and a commit for each thousand revisions (`mvcc/kvstore_compaction.go`).
const COMPACTION: Duration = Duration::from_secs(600);
/// Nobody says when the other members are done; they began at the same time.
const OTHERS: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);
/// Pages in use differ by this much for other reasons.
const SPARE_BYTES: u64 = 1 << 20;
/// A member copies its whole database meanwhile.
const DEFRAGMENTATION: Duration = Duration::from_secs(600);

/// A member that was defragmented.
#[derive(Debug, Clone, Copy)]
pub struct Defragmented {
    /// Its index.
    pub index: usize,
    /// For how long it answered nobody.
    pub took: Duration,
    /// Its database before.
    pub before_bytes: u64,
    /// And after.
    pub after_bytes: u64,
}

impl Cluster {
    /// Forgets every revision but the newest, for everybody, and gives that revision. Returns when it is done.
    ///
    /// # Errors
    /// When no member answers or the compaction is refused.
    pub fn compact(&mut self) -> Result<i64> {
        self.refresh();
        let statuses = self.members.iter().filter_map(|m| m.status.as_ref());
        let revision = statuses.map(|status| status.revision).max().unwrap_or(0);
        let compacted =
            self.ask_any(Need::Root("compact the history"), COMPACTION, async |client| {
                client.compact(revision).await
            });
        match compacted {
            // Otherwise somebody else was faster.
            Err(error) if !error.to_string().contains("has been compacted") => {
                return Err(error.into());
            }
            _ => {}
        }
        self.wait_for_the_others();
        Ok(revision)
    }

    /// Only the member that was asked tells when it is done; a member that is not, and is defragmented, keeps what it
    /// was about to forget. All hold the same keys, so that about as many pages are in use when all are done.
    fn wait_for_the_others(&mut self) {
        let deadline = Instant::now() + OTHERS;
        loop {
            self.refresh();
            let statuses = self.members.iter().filter_map(|m| m.status.as_ref());
            let in_use = statuses.map(|status| status.db_in_use_bytes);
            let least = in_use.clone().min().unwrap_or(0);
            let most = in_use.max().unwrap_or(0);
            if most <= least + least / 2 + SPARE_BYTES || Instant::now() > deadline {
                return;
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Gives the free pages of every member back to its file system, one member after the other, the leader last: a
    /// member answers nobody meanwhile. `done` is told of each as soon as it serves again.
    ///
    /// # Errors
    /// When a member does not answer or refuses; those after it are left as they are.
    pub fn defragment(&mut self, mut done: impl FnMut(Defragmented)) -> Result<()> {
        self.refresh();
        let mut order: Vec<usize> = (0..self.members.len()).collect();
        order.sort_by_key(|&i| {
            let status = self.members[i].status.as_ref();
            status.is_some_and(MemberStatus::leads)
        });
        for index in order {
            let member = &mut self.members[index];
            let before = member.status.as_ref().map(|status| status.db_bytes);
            let need = Need::Root("defragment a member");
            let name = &member.facts.name;
            let begun = Instant::now();
            let (limit, call) = (self.ends.limit(DEFRAGMENTATION), self.ends.limit(CALL));
            let again = self.runtime.block_on(self.ends.first(async {
                let asked = async |client: &Client| client.defragment().await;
                member.client.call(need, limit, asked).await?;
                // Not before it serves again does the next one stop to.
                member.client.status(call).await
            }));
            let after =
                again.unwrap_or_else(|| Err(CallError::interrupted())).map_err(|error| {
                    Error::Refused(format!(
                        "member {name} was not defragmented, nor any after it: {error}"
                    ))
                })?;
            done(Defragmented {
                index,
                took: begun.elapsed(),
                before_bytes: before.unwrap_or(0),
                after_bytes: after.db_bytes,
            });
        }
        self.refresh();
        Ok(())
    }

    /// Takes back every alarm that members have raised for want of space, after which etcd takes writes again.
    ///
    /// # Errors
    /// When no member answers, or members go on raising it: their databases are as full as before.
    pub fn disarm_no_space(&mut self) -> Result<()> {
        // A member that was on the brink may raise its own while that of another one is taken back.
        for _ in 0..=2 * self.members.len() {
            let raised = self.alarms()?;
            let mut full =
                raised.iter().map(|(_, alarm)| alarm).filter(|alarm| alarm.is_no_space());
            let Some(member) = full.next().map(|alarm| alarm.member) else {
                return Ok(());
            };
            self.ask_any(Need::Root("disarm an alarm"), CALL, async |client| {
                client.disarm_no_space(member).await
            })?;
        }
        Err(Error::Refused(
            "the alarm NOSPACE is raised again as soon as it is disarmed".to_owned(),
        ))
    }

    /// Alarms that are raised, with the name of the member that raised each; none where this user is not told.
    ///
    /// # Errors
    /// When no member answers.
    pub fn alarms(&mut self) -> Result<Vec<(String, Alarm)>> {
        let asked = self.ask_any(Need::Nothing, CALL, async |client| client.status().await);
        let status = match asked {
            Ok(status) => status,
            // That they are not known is among the notes.
            Err(error) if error.is_denied() => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let names = self.names();
        let named = |alarm: Alarm| {
            let name = names.get(&alarm.member).cloned();
            (name.unwrap_or_else(|| format!("{:x}", alarm.member)), alarm)
        };
        let alarms = MemberStatus::of(&status).alarms;
        Ok(alarms.into_iter().map(named).collect())
    }
}
