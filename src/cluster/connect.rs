//! One member's gRPC for the control plane: a time limit on every call, and another connection after one that is lost.

use std::time::Duration;

use crate::etcd::{Credentials, Endpoint};
use crate::wire::Dialer;
use crate::wire::message::Header;

use super::explain::{CallError, Called, Need};
use super::metrics::Reading;
use super::rpc::{Answer, Client};
use super::scrape::Scraper;
use super::status::MemberStatus;

/// How long an ordinary call may take: what `etcdctl --command-timeout` has by default.
pub(super) const CALL: Duration = Duration::from_secs(5);

/// A lease that nobody has: etcd's are never negative.
const NO_LEASE: i64 = -1;

/// A client of one member. Connects with the first call and again after one that was not answered; belongs to the
/// runtime it is used in.
pub(super) struct MemberClient {
    endpoint: Endpoint,
    dialer: Dialer,
    credentials: Option<Credentials>,
    client: Option<Client>,
    /// It does not tell this user its status.
    denied: bool,
}

impl MemberClient {
    pub fn new(endpoint: Endpoint, dialer: Dialer, credentials: Option<Credentials>) -> Self {
        MemberClient { endpoint, dialer, credentials, client: None, denied: false }
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// A client of another member, with the same user and certificates.
    pub fn to(&self, endpoint: Endpoint) -> Self {
        MemberClient {
            endpoint,
            dialer: self.dialer.clone(),
            credentials: self.credentials.clone(),
            client: None,
            denied: self.denied,
        }
    }

    /// What the member says of itself.
    pub async fn status(&mut self, limit: Duration) -> Called<MemberStatus> {
        if self.denied {
            return self.pieced_status(limit).await;
        }
        match self.call(Need::Nothing, limit, async |client| client.status().await).await {
            Ok(answer) => Ok(MemberStatus::of(&answer)),
            Err(error) if error.is_denied() => {
                self.denied = true;
                self.pieced_status(limit).await
            }
            Err(error) => Err(error),
        }
    }

    /// What is known of a member without the role root: what it shows to everybody, and the head of an answer that takes
    /// no permission.
    async fn pieced_status(&mut self, limit: Duration) -> Called<MemberStatus> {
        let asked = async |client: &Client| client.lease_time_to_live(NO_LEASE, false).await;
        let mut scraper = Scraper::new(self.endpoint.clone(), self.dialer.clone());
        let scrape = tokio::time::timeout(limit, scraper.get("/metrics"));
        let (answer, page) = tokio::join!(self.call(Need::Nothing, limit, asked), scrape);
        // One that tells nothing of itself is none.
        let header = Some(answer?.header).filter(|header| *header != Header::default());
        let header = header.ok_or_else(|| CallError::silent(&self.endpoint, limit))?;
        let page = page.ok().and_then(std::result::Result::ok);
        Ok(MemberStatus::pieced(&header, page.map(|text| Reading::of(&text)).as_ref()))
    }

    /// The same of a member that is met for the first time: where a connection comes to nothing, it is found out who
    /// is there instead.
    pub async fn first_status(&mut self) -> Called<MemberStatus> {
        match self.status(CALL).await {
            Err(error) if error.is_unexplained() => {
                let seen = error.to_string();
                let found = self.dialer.diagnose(&self.endpoint, &seen).await;
                Err(CallError::not_connected(&found))
            }
            answered => answered,
        }
    }

    /// Makes a call. `need` is what the user must be allowed to do, for the error if that is missing.
    pub async fn call<T>(
        &mut self,
        need: Need<'_>,
        limit: Duration,
        request: impl AsyncFnOnce(&Client) -> Answer<T>,
    ) -> Called<T> {
        let answered = tokio::time::timeout(limit, async {
            // A client that has met no answer is not used again: its connection may be one that nobody listens to.
            let client = match self.client.take() {
                Some(client) if client.is_open().await => client,
                _ => {
                    let credentials = self.credentials.as_ref();
                    Client::connect(&self.endpoint, &self.dialer, credentials).await?
                }
            };
            let answer = request(&client).await;
            self.client = Some(client);
            answer
        });
        match answered.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(failed)) => {
                let user = self.credentials.as_ref().map(|known| &*known.user);
                Err(CallError::explain(&self.endpoint, user, need, &failed))
            }
            Err(_) => Err(CallError::silent(&self.endpoint, limit)),
        }
    }
}

#[cfg(test)]
mod tests;
