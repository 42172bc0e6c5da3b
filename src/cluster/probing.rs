//! Single requests to one member, timed by whoever sends them.

use std::future::Future;
use std::time::Duration;

use crate::error::Result;
use crate::wire::message::{Compare, Op, Put, Range, Txn};

use super::connect::{CALL, MemberClient};
use super::explain::{CallError, Need};
use super::rpc::Client;
use super::scrape::{Fetched, Scraper};
use super::{Cluster, Member, MemberStatus};

/// Sends requests to one member, one at a time. Belongs to the runtime of its cluster: see [`Cluster::drive`].
pub struct Prober {
    pub(super) client: MemberClient,
    pages: Scraper,
}

/// Why a request came to nothing; a sentence.
#[derive(Debug, Clone)]
pub struct Unanswered {
    /// What was said.
    pub message: String,
    /// Whether nothing was said in time, or the connection broke.
    pub silent: bool,
    /// Whether the user may not ask for this.
    pub denied: bool,
}

/// What comes of a request.
pub type Answered<T> = std::result::Result<T, Unanswered>;

impl From<CallError> for Unanswered {
    fn from(error: CallError) -> Self {
        Unanswered {
            message: error.to_string(),
            silent: error.is_unreachable(),
            denied: error.is_denied(),
        }
    }
}

impl Cluster {
    /// Grants a lease: keys bound to it are gone after so long, whatever becomes of whoever wrote them.
    ///
    /// # Errors
    /// When no member answers.
    pub fn grant(&mut self, ttl_s: i64) -> Result<i64> {
        let ttl_s = u64::try_from(ttl_s).unwrap_or(0);
        let ask = async |client: &Client| client.lease_grant(ttl_s, 0).await;
        Ok(self.ask_any(Need::Nothing, CALL, ask)?)
    }

    /// Carries out what works with the connections of this cluster.
    pub fn drive<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}

impl Member {
    /// Sends requests to this member over connections of its own.
    pub fn prober(&self) -> Prober {
        let client = self.client.to(self.endpoint.clone());
        let pages = Scraper::new(client.endpoint().clone(), client.dialer().clone());
        Prober { client, pages }
    }
}

impl Prober {
    /// What the member says of itself.
    ///
    /// # Errors
    /// When it does not answer in time, or refuses.
    pub async fn status(&mut self, limit: Duration) -> Answered<MemberStatus> {
        Ok(self.client.status(limit).await?)
    }

    /// A page of its HTTP handler.
    ///
    /// # Errors
    /// As [`Prober::status`].
    pub async fn page(&mut self, path: &str, limit: Duration) -> Answered<Fetched> {
        match tokio::time::timeout(limit, self.pages.fetch(path)).await {
            Ok(Ok(page)) => Ok(page),
            Ok(Err(error)) => {
                Err(Unanswered { message: error.to_string(), silent: false, denied: false })
            }
            Err(_) => {
                let endpoint = self.client.endpoint();
                let message = format!("{endpoint}{path}: no answer in time");
                Err(Unanswered { message, silent: true, denied: false })
            }
        }
    }

    /// When its certificate ends, in seconds since 1970; known once a page was had by TLS.
    pub fn certificate_ends_s(&self) -> Option<i64> {
        self.pages.certificate_ends_s()
    }

    /// Reads a key; `alone` is what etcd calls serializable.
    ///
    /// # Errors
    /// As [`Prober::status`].
    pub async fn read(&mut self, key: &str, alone: bool, limit: Duration) -> Answered<()> {
        let key = key.as_bytes();
        let range = Range { key, serializable: alone, ..Range::default() };
        let read = async |client: &Client| client.range(&range).await;
        self.client.call(Need::Read(key), limit, read).await?;
        Ok(())
    }

    /// Writes a key if it is still as it was at a revision, 0 where it was not there: as an apiserver updates. Gives the
    /// revision it has then, or nothing where somebody else wrote it.
    ///
    /// # Errors
    /// As [`Prober::status`]. The key may have been written all the same.
    pub async fn write(
        &mut self,
        key: &str,
        value: &[u8],
        at: i64,
        lease: i64,
        limit: Duration,
    ) -> Answered<Option<i64>> {
        let key = key.as_bytes();
        let unchanged = [Compare::unchanged(key, at)];
        let put = [Op::Put(Put { key, value, lease, prev_kv: false })];
        let txn = Txn { compare: &unchanged, success: &put, failure: &[] };
        let write = async |client: &Client| client.txn(&txn).await;
        let answer = self.client.call(Need::Write(key), limit, write).await?;
        Ok(answer.succeeded.then_some(answer.header.revision))
    }
}
