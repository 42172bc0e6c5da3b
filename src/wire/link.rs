//! One connection to one member for the control plane: a task of the runtime drives it, requests go over it side by side,
//! and a token that the member has forgotten is asked for again.

use std::cell::{Cell, RefCell};

use bytes::Bytes;
use tokio::sync::Mutex;
use tokio::task::{JoinHandle, yield_now};

use super::auth::token_for;
use super::dial::Dialer;
use super::failed::Failed;
use super::grpc::frame;
use super::h2_client::{Caller, Messages, start};
use super::message::{Method, Request};
use crate::etcd::{Credentials, Endpoint, ErrorClass};

/// Turns of the runtime until it is known what came while nobody drove it: one to learn that something did, one to read it.
const TURNS: u32 = 2;

/// A connection that is made. Belongs to the runtime it was made in.
pub struct Link {
    /// Bears no token.
    bare: Caller,
    /// Bears the token in use.
    caller: RefCell<Caller>,
    /// Tokens there were.
    tokens: Cell<u64>,
    renewing: Mutex<()>,
    credentials: Option<Credentials>,
    driving: JoinHandle<()>,
}

impl Link {
    /// Connects. With credentials, asks the member for a token.
    ///
    /// # Errors
    /// When there is no connection, or no token.
    pub async fn connect(
        dialer: &Dialer,
        endpoint: &Endpoint,
        credentials: Option<&Credentials>,
    ) -> Result<Self, Failed> {
        let stream = dialer.dial(endpoint).await?;
        let (bare, driver) = start(stream, endpoint, None).await.map_err(Failed::Broken)?;
        let driving = tokio::spawn(async {
            // Whoever waits for an answer is told why it ended.
            driver.run().await;
        });
        let link = Link {
            caller: RefCell::new(bare.clone()),
            bare,
            tokens: Cell::new(0),
            renewing: Mutex::default(),
            credentials: credentials.cloned(),
            driving,
        };
        link.renew(0).await?;
        Ok(link)
    }

    /// Whether the connection takes requests. What came while nobody drove the runtime is seen first: its end, maybe.
    pub async fn is_open(&self) -> bool {
        for _ in 0..TURNS {
            yield_now().await;
        }
        !self.driving.is_finished() && self.bare.clone().is_ready().await
    }

    /// Sends a request and waits for its answer, of so many bytes at most.
    ///
    /// # Errors
    /// With the side that it failed on.
    pub async fn call(
        &self,
        method: Method,
        request: &impl Request,
        longest: usize,
    ) -> Result<Bytes, Failed> {
        let framed = frame(request);
        self.ask(async |mut caller| caller.exchange(method, framed.clone(), longest).await).await
    }

    /// Opens a stream of messages in both directions, which goes on also where the member has no leader. Each message that
    /// comes has so many bytes at most.
    ///
    /// # Errors
    /// As [`Link::call`].
    pub async fn open(
        &self,
        method: Method,
        first: &impl Request,
        longest: usize,
    ) -> Result<Messages, Failed> {
        let framed = frame(first);
        self.ask(async |mut caller| caller.stream(method, framed.clone(), longest).await).await
    }

    /// Asks, and with another token once more where the one in use is not believed any more: nothing was done then.
    async fn ask<T>(
        &self,
        request: impl AsyncFn(Caller) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let used = self.tokens.get();
        match request(self.current()).await {
            Err(Failed::Refused(failure))
                if failure.class == ErrorClass::StaleToken && self.credentials.is_some() =>
            {
                self.renew(used).await?;
                request(self.current()).await
            }
            answered => answered,
        }
    }

    fn current(&self) -> Caller {
        self.caller.borrow().clone()
    }

    /// Gets a token that is newer than so many; of several requests that find theirs stale, one asks.
    async fn renew(&self, stale: u64) -> Result<(), Failed> {
        let Some(credentials) = &self.credentials else { return Ok(()) };
        let _one_at_a_time = self.renewing.lock().await;
        if self.tokens.get() > stale {
            return Ok(());
        }
        let token = token_for(&mut self.bare.clone(), credentials).await?;
        self.caller.replace(self.bare.with_token(token));
        self.tokens.set(self.tokens.get() + 1);
        Ok(())
    }
}
