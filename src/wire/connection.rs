//! One HTTP/2 connection to one member, whichever client makes it.

use bytes::Bytes;
use http::header::HeaderValue;
use tokio::io::{AsyncRead, AsyncWrite};

use super::message::{Method, Request};
use super::{Answer, Failure, Stream, frame, h2_client, http2};
use crate::etcd::{Endpoint, Wire};

/// Does the reading and writing of a connection; it must be polled for anything to happen, and ends with it.
pub enum Driver<T = Stream> {
    /// Of our own client.
    Own(Rest<T>),
    /// Of the h2 crate's.
    H2(Box<h2_client::Driver<T>>),
}

/// A connection that takes no more requests, on which some are still under way.
pub struct Rest<T = Stream>(http2::Driver<T>);

impl<T: AsyncRead + AsyncWrite + Unpin> Driver<T> {
    /// Drives the connection until it takes no more requests, and tells why. What is still under way goes on only as
    /// long as the rest, if there is one, is driven.
    pub async fn run(self) -> (Failure, Option<Rest<T>>) {
        match self {
            Driver::Own(Rest(driver)) => {
                let (why, rest) = driver.run().await;
                (why, rest.map(Rest))
            }
            Driver::H2(driver) => (driver.run().await, None),
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Rest<T> {
    /// Drives it to its end.
    pub async fn run(self) {
        let mut driver = Some(self.0);
        while let Some(rest) = driver {
            (_, driver) = rest.run().await;
        }
    }
}

/// Sends requests. Clones share the connection; each may have one request that waits for its stream.
#[derive(Clone)]
pub enum Caller {
    /// By our own client.
    Own(http2::Caller),
    /// By the h2 crate.
    H2(h2_client::Caller),
}

/// Begins HTTP/2 on a stream.
///
/// # Errors
/// [`crate::etcd::ErrorClass::Transport`] when the other side does not speak it.
pub async fn start<T>(
    wire: Wire,
    stream: T,
    endpoint: &Endpoint,
    token: Option<HeaderValue>,
) -> Result<(Caller, Driver<T>), Failure>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    match wire {
        Wire::Own => {
            let (caller, driver) = http2::start(stream, endpoint, token.as_ref());
            Ok((Caller::Own(caller), Driver::Own(Rest(driver))))
        }
        Wire::H2 => {
            let (caller, driver) = h2_client::start(stream, endpoint, token).await?;
            Ok((Caller::H2(caller), Driver::H2(Box::new(driver))))
        }
    }
}

impl Caller {
    /// The same connection, with another token from now on.
    pub fn with_token(&self, token: HeaderValue) -> Caller {
        match self {
            Caller::Own(caller) => Caller::Own(caller.with_token(&token)),
            Caller::H2(caller) => Caller::H2(caller.with_token(token)),
        }
    }

    /// Whether the connection is known to take no more requests; if so, its driver is about to tell why.
    pub fn is_closed(&self) -> bool {
        match self {
            Caller::Own(caller) => !caller.is_open(),
            Caller::H2(_) => false,
        }
    }

    /// Sends a request and waits for its answer: one message, or none where the outcome is bad.
    ///
    /// A keep-alive, which is a stream in etcd's API, is answered like any other when its request ends the stream.
    ///
    /// # Errors
    /// With the class that the operation counts in.
    pub async fn call(
        &mut self,
        method: Method,
        request: &impl Request,
    ) -> Result<Answer, Failure> {
        match self {
            Caller::Own(caller) => caller.call(method, request).await,
            // Every operation would carry its size around.
            Caller::H2(caller) => {
                Box::pin(caller.call(method, frame(request))).await.map(Answer::from)
            }
        }
    }

    /// Opens a stream of messages in both directions that ends when the member loses its leader.
    ///
    /// # Errors
    /// As [`Caller::call`].
    pub async fn open(&mut self, method: Method, first: Bytes) -> Result<Messages, Failure> {
        match self {
            Caller::Own(caller) => caller.open(method, &first).await.map(Messages::Own),
            Caller::H2(caller) => Box::pin(caller.open(method, first)).await.map(Messages::H2),
        }
    }
}

/// A stream of messages in both directions.
pub enum Messages {
    /// Of our own client.
    Own(http2::Messages),
    /// Of the h2 crate's.
    H2(h2_client::Messages),
}

impl Messages {
    /// Sends a framed message.
    ///
    /// # Errors
    /// When the stream has ended.
    pub fn send(&mut self, framed: Bytes) -> Result<(), Failure> {
        match self {
            Messages::Own(messages) => messages.send(&framed),
            Messages::H2(messages) => messages.send(framed),
        }
    }

    /// The next message.
    ///
    /// # Errors
    /// When the stream has ended, with what ended it.
    pub async fn next(&mut self) -> Result<Bytes, Failure> {
        match self {
            Messages::Own(messages) => messages.next().await,
            Messages::H2(messages) => Ok(messages.next().await?),
        }
    }
}
