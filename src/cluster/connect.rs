//! One member's gRPC for the control plane: etcd-client over our own connections, a time limit on every call.

use std::time::Duration;

use etcd_client::{Channel, Client, ConnectOptions};
use hyper_util::rt::TokioIo;
use tonic::transport::Endpoint as Transport;
use tower::service_fn;

use crate::etcd::{Credentials, Endpoint};
use crate::wire::Dialer;

use super::explain::{Answer, CallError, Called, Need};
use super::metrics::Reading;
use super::scrape::Scraper;
use super::status::MemberStatus;

/// How long an ordinary call may take: what `etcdctl --command-timeout` has by default.
pub(super) const CALL: Duration = Duration::from_secs(5);

/// A lease that nobody has: etcd's are never negative.
const NO_LEASE: i64 = -1;

/// A client of one member. Connects with the first call and again after one that was not answered; belongs to the
/// runtime it is used in.
#[derive(Clone)]
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
        MemberClient { endpoint, client: None, ..self.clone() }
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
        let asked = async |client: &mut Client| client.lease_time_to_live(NO_LEASE, None).await;
        let mut scraper = Scraper::new(self.endpoint.clone(), self.dialer.clone());
        let scrape = tokio::time::timeout(limit, scraper.get("/metrics"));
        let (answer, page) = tokio::join!(self.call(Need::Nothing, limit, asked), scrape);
        let answer = answer?;
        let head = answer.header().ok_or_else(|| CallError::silent(&self.endpoint, limit))?;
        let page = page.ok().and_then(std::result::Result::ok);
        Ok(MemberStatus::pieced(head, page.map(|text| Reading::of(&text)).as_ref()))
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
        request: impl AsyncFnOnce(&mut Client) -> Answer<T>,
    ) -> Called<T> {
        let answered = tokio::time::timeout(limit, async {
            // A client that has met no answer is not used again: its connection may be one that nobody listens to.
            let mut client = match self.client.take() {
                Some(client) => client,
                None => connect(&self.endpoint, &self.dialer, self.credentials.as_ref()).await?,
            };
            let answer = request(&mut client).await;
            self.client = Some(client);
            answer
        });
        match answered.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.explain(&error, need)),
            Err(_) => Err(CallError::silent(&self.endpoint, limit)),
        }
    }

    fn explain(&self, error: &etcd_client::Error, need: Need<'_>) -> CallError {
        let user = self.credentials.as_ref().map(|known| &*known.user);
        CallError::explain(&self.endpoint, user, need, error)
    }
}

/// With a user, this asks the member for a token; otherwise nothing is sent yet.
async fn connect(
    endpoint: &Endpoint,
    dialer: &Dialer,
    credentials: Option<&Credentials>,
) -> Answer<Client> {
    let (to, dialer) = (endpoint.clone(), dialer.clone());
    let connector = service_fn(move |_| {
        let (to, dialer) = (to.clone(), dialer.clone());
        async move { dialer.dial(&to).await.map(TokioIo::new) }
    });
    // The connector above makes TLS, so the transport is told of a plain address.
    let address = format!("http://{}", endpoint.authority());
    let transport = Transport::from_shared(address)?;
    let channel = transport.connect_with_connector_lazy(connector);
    let mut options = ConnectOptions::new();
    if let Some(Credentials { user, password }) = credentials {
        options = options.with_user(user, password.expose()).with_auto_token_refresh(true);
    }
    Client::from_channel(Channel::Tonic(channel), Some(options)).await
}
