//! Fetches a page of a member's HTTP handler (`/metrics`, `/health`) over the connection clients use.

use std::fmt;

use bytes::Bytes;
use http::header::{DATE, HOST};
use http::{Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::etcd::Endpoint;
use crate::wire::{Dialer, Stream};

use super::explain::broken;

/// A page larger than this is not read; etcd's `/metrics` is about 150 KiB.
const MAX_BODY: usize = 16 << 20;

/// Keeps a connection to one member between fetches. Belongs to the runtime it is used in.
pub struct Scraper {
    endpoint: Endpoint,
    dialer: Dialer,
    connection: Option<Connection>,
    certificate_ends_s: Option<i64>,
}

/// etcd serves gRPC and plain HTTP on one port and tells them apart by what the client speaks: without TLS it takes
/// HTTP/2 for gRPC, so pages are had by HTTP/1.1; with TLS it serves both by HTTP/2 (`embed/serve.go`).
enum Connection {
    Http1(http1::SendRequest<Empty<Bytes>>),
    Http2(http2::SendRequest<Empty<Bytes>>),
}

/// Why a page could not be had; a sentence.
#[derive(Debug)]
pub struct ScrapeError(String);

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// What it says.
    pub text: String,
    /// The server's clock when it answered, in whole seconds since 1970; absent where it does not tell.
    pub dated_s: Option<i64>,
}

/// A date as HTTP has it (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
fn seconds(date: &str) -> Option<i64> {
    jiff::fmt::rfc2822::parse(date).ok().map(|at| at.timestamp().as_second())
}

impl fmt::Display for ScrapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Scraper {
    /// Connects with the first fetch.
    pub fn new(endpoint: Endpoint, dialer: Dialer) -> Self {
        Scraper { endpoint, dialer, connection: None, certificate_ends_s: None }
    }

    /// Fetches a page. Dropping the future before its end costs the connection, and the next fetch makes a new one.
    ///
    /// # Errors
    /// When the member cannot be reached, refuses, or answers something else than text.
    pub async fn get(&mut self, path: &str) -> Result<String, ScrapeError> {
        self.fetch(path).await.map(|page| page.text)
    }

    /// The same, with the time that the server gave the page.
    ///
    /// # Errors
    /// As [`Scraper::get`].
    pub async fn fetch(&mut self, path: &str) -> Result<Fetched, ScrapeError> {
        // Not put back on the way out of an error: what is left on such a connection is not known.
        let mut connection = match self.connection.take() {
            Some(connection) if connection.is_open() => connection,
            _ => self.connect().await?,
        };
        let response = connection.send(&self.endpoint, path).await;
        let response = response.map_err(|error| self.broken(&*error))?;
        let status = response.status();
        if status != StatusCode::OK {
            return Err(self.failed(path, format_args!("answers {status}")));
        }
        let dated = response.headers().get(DATE).and_then(|date| seconds(date.to_str().ok()?));
        let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
        let body = body.map_err(|error| self.broken(&*error))?;
        let text = String::from_utf8(body.to_bytes().into());
        let text = text.map_err(|_| self.failed(path, format_args!("answers no text")))?;
        self.connection = Some(connection);
        Ok(Fetched { text, dated_s: dated })
    }

    /// When the member's certificate ends, in seconds since 1970; known after a fetch by TLS.
    pub fn certificate_ends_s(&self) -> Option<i64> {
        self.certificate_ends_s
    }

    async fn connect(&mut self) -> Result<Connection, ScrapeError> {
        let dialed = self.dialer.dial(&self.endpoint).await;
        let stream = dialed.map_err(|error| ScrapeError(error.to_string()))?;
        if let Stream::Tls(tls) = &stream {
            self.certificate_ends_s = tls.certificate_ends_s();
        }
        let made = if matches!(stream, Stream::Tls(_)) {
            let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
            shaken.map(|(sender, driver)| {
                tokio::spawn(driver);
                Connection::Http2(sender)
            })
        } else {
            let shaken = http1::handshake(TokioIo::new(stream)).await;
            shaken.map(|(sender, driver)| {
                tokio::spawn(driver);
                Connection::Http1(sender)
            })
        };
        made.map_err(|error| self.broken(&error))
    }

    fn broken(&self, error: &(dyn std::error::Error + 'static)) -> ScrapeError {
        ScrapeError(broken(&self.endpoint, error))
    }

    fn failed(&self, path: &str, words: fmt::Arguments<'_>) -> ScrapeError {
        ScrapeError(format!("{}{path}: {words}", self.endpoint))
    }
}

impl Connection {
    fn is_open(&self) -> bool {
        match self {
            Connection::Http1(sender) => !sender.is_closed(),
            Connection::Http2(sender) => !sender.is_closed(),
        }
    }

    async fn send(
        &mut self,
        endpoint: &Endpoint,
        path: &str,
    ) -> Result<Response<Incoming>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(match self {
            Connection::Http1(sender) => {
                let request =
                    Request::get(path).header(HOST, endpoint.authority()).body(Empty::new())?;
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Connection::Http2(sender) => {
                let request = Request::get(format!("https://{}{path}", endpoint.authority()))
                    .version(Version::HTTP_2)
                    .body(Empty::new())?;
                sender.ready().await?;
                sender.send_request(request).await?
            }
        })
    }
}
