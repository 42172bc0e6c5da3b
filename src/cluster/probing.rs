//! Single requests to one member, timed by whoever sends them.

use std::future::Future;
use std::time::Duration;

use etcd_client::{Compare, CompareOp, GetOptions, PutOptions, Txn, TxnOp};

use crate::error::Result;

use super::connect::{CALL, MemberClient};
use super::explain::{CallError, Need};
use super::scrape::{Fetched, Scraper};
use super::{Cluster, Member, MemberStatus};

/// Sends requests to one member, one at a time. Belongs to the runtime of its cluster: see [`Cluster::drive`].
pub struct Prober {
    client: MemberClient,
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
        let granted = self
            .ask_any(Need::Nothing, CALL, async |client| client.lease_grant(ttl_s, None).await)?;
        Ok(granted.id())
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
        let options = match alone {
            true => GetOptions::new().with_serializable(),
            false => GetOptions::new(),
        };
        let read = async |client: &mut etcd_client::Client| client.get(key, Some(options)).await;
        self.client.call(Need::Read(key.as_bytes()), limit, read).await?;
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
        let unchanged = Compare::mod_revision(key, CompareOp::Equal, at);
        let put = TxnOp::put(key, value, Some(PutOptions::new().with_lease(lease)));
        let txn = Txn::new().when([unchanged]).and_then([put]);
        let write = async |client: &mut etcd_client::Client| client.txn(txn).await;
        let answer = self.client.call(Need::Write(key.as_bytes()), limit, write).await?;
        let revision = answer.header().map_or(0, |header| header.revision());
        Ok(answer.succeeded().then_some(revision))
    }
}
