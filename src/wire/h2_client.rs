//! One HTTP/2 connection to one member, by the h2 crate: for the control plane, whose connections move between threads, and
//! what the own client of loads is measured against.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use h2::client::{Builder, Connection as H2Connection, ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE, USER_AGENT};
use http::uri::{PathAndQuery, Scheme};
use http::{Request as HttpRequest, Uri, Version};
use tokio::io::{AsyncRead, AsyncWrite};

use super::deframe::{Deframer, LONGEST};
use super::failed::Failed;
use super::grpc::{self, Failure};
use super::message::Method;
use super::{Stream, Token};
use crate::etcd::{Endpoint, ErrorClass};

/// Room for answers of one stream and of all together. Larger than what is in flight, so that the server never waits
/// for us.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 64 << 20;
/// Requests before the server has said how many it takes; etcd takes any number.
const STREAMS: usize = 1 << 20;
/// etcd's metadata key that makes a stream end when its member loses the leader.
const HAS_LEADER: HeaderName = HeaderName::from_static("hasleader");

/// Does the reading and writing of a connection; it must be polled for anything to happen, and ends with it.
pub struct Driver<T = Stream>(H2Connection<T, Bytes>);

impl<T: AsyncRead + AsyncWrite + Unpin> Driver<T> {
    /// Drives the connection to its end and tells why it ended.
    pub async fn run(self) -> Failure {
        match self.0.await {
            Ok(()) => Failure::new(ErrorClass::Transport, "the server closed the connection"),
            Err(error) => error.into(),
        }
    }
}

/// Sends requests. Clones share the connection; each may have one request that waits for its stream.
#[derive(Clone)]
pub struct Caller {
    send: SendRequest<Bytes>,
    template: Arc<Template>,
}

/// What all requests of a connection have in common, made once.
struct Template {
    uris: [Uri; Method::ALL.len()],
    headers: HeaderMap,
}

/// Begins HTTP/2 on a stream.
///
/// # Errors
/// [`ErrorClass::Transport`] when the other side does not speak it.
pub async fn start<T>(
    stream: T,
    endpoint: &Endpoint,
    token: Option<HeaderValue>,
) -> Result<(Caller, Driver<T>), Failure>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let (send, connection) = Builder::new()
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .initial_max_send_streams(STREAMS)
        .enable_push(false)
        .handshake(stream)
        .await?;
    let template = Arc::new(Template::new(endpoint, token)?);
    Ok((Caller { send, template }, Driver(connection)))
}

impl Template {
    fn new(endpoint: &Endpoint, token: Option<HeaderValue>) -> Result<Self, Failure> {
        let scheme = if endpoint.tls() { Scheme::HTTPS } else { Scheme::HTTP };
        let base = Uri::try_from(format!("{scheme}://{}", endpoint.authority()))
            .map_err(|error| Failure::new(ErrorClass::NotSent, format!("{endpoint}: {error}")))?;
        let mut headers = HeaderMap::new();
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(USER_AGENT, HeaderValue::from_static("etcdbench"));
        if let Some(token) = token {
            headers.insert(Token::HEADER, token);
        }
        Ok(Template { uris: Method::ALL.map(|method| with_path(&base, method.path())), headers })
    }

    fn request(&self, method: Method) -> HttpRequest<()> {
        let mut request = HttpRequest::new(());
        *request.method_mut() = http::Method::POST;
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = self.uris[method as usize].clone();
        *request.headers_mut() = self.headers.clone();
        request
    }
}

fn with_path(base: &Uri, path: &'static str) -> Uri {
    let mut parts = base.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_static(path));
    // Scheme, authority and path are all there, so the parts fit together.
    Uri::from_parts(parts).unwrap_or_default()
}

impl Caller {
    /// The same connection, with another token from now on.
    pub fn with_token(&self, token: HeaderValue) -> Caller {
        let mut headers = self.template.headers.clone();
        headers.insert(Token::HEADER, token);
        let uris = self.template.uris.clone();
        Caller { send: self.send.clone(), template: Arc::new(Template { uris, headers }) }
    }

    /// Whether the connection takes another request.
    pub async fn is_ready(&mut self) -> bool {
        poll_fn(|cx| self.send.poll_ready(cx)).await.is_ok()
    }

    /// Sends a framed request and waits for its answer: one message, or none where the outcome is bad.
    ///
    /// A keep-alive, which is a stream in etcd's API, is answered like any other when its request ends the stream.
    ///
    /// # Errors
    /// With the class that the operation counts in.
    pub async fn call(&mut self, method: Method, framed: Bytes) -> Result<Bytes, Failure> {
        Ok(self.exchange(method, framed, LONGEST).await?)
    }

    /// The same, with an answer of so many bytes at most.
    ///
    /// # Errors
    /// With the side that it failed on.
    pub async fn exchange(
        &mut self,
        method: Method,
        framed: Bytes,
        longest: usize,
    ) -> Result<Bytes, Failed> {
        let (response, _) = self.send(self.template.request(method), framed, true).await?;
        let mut body = begun(response).await?;
        let (mut deframer, mut answer) = (Deframer::up_to(longest), None);
        while let Some(data) = poll_fn(|cx| body.poll_data(cx)).await {
            let data = data?;
            release(&mut body, data.len());
            // What follows the one message is of no interest.
            if answer.is_none() {
                deframer.push(data);
                answer = deframer.next().map_err(Failed::Unusable)?;
            }
        }
        let trailers = poll_fn(|cx| body.poll_trailers(cx)).await?;
        let outcome = trailers.as_ref().and_then(grpc::status).ok_or_else(|| {
            let message = "the answer ended without an outcome";
            Failed::Broken(Failure::new(ErrorClass::Transport, message))
        })?;
        outcome.map_err(Failed::Refused)?;
        answer.ok_or_else(|| Failed::unusable("the answer holds no message"))
    }

    /// Opens a stream of messages in both directions that ends when the member loses its leader.
    ///
    /// # Errors
    /// As [`Caller::call`].
    pub async fn open(&mut self, method: Method, first: Bytes) -> Result<Messages, Failure> {
        let mut request = self.template.request(method);
        request.headers_mut().insert(HAS_LEADER, HeaderValue::from_static("true"));
        Ok(self.begin(request, first, LONGEST).await?)
    }

    /// Opens one that goes on without a leader, and whose messages have so many bytes at most.
    ///
    /// # Errors
    /// As [`Caller::exchange`].
    pub async fn stream(
        &mut self,
        method: Method,
        first: Bytes,
        longest: usize,
    ) -> Result<Messages, Failed> {
        self.begin(self.template.request(method), first, longest).await
    }

    async fn begin(
        &mut self,
        request: HttpRequest<()>,
        first: Bytes,
        longest: usize,
    ) -> Result<Messages, Failed> {
        let (response, send) = self.send(request, first, false).await?;
        let body = begun(response).await?;
        Ok(Messages { send, body, deframer: Deframer::up_to(longest) })
    }

    async fn send(
        &mut self,
        request: HttpRequest<()>,
        first: Bytes,
        ends: bool,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), Failed> {
        poll_fn(|cx| self.send.poll_ready(cx)).await.map_err(not_sent)?;
        let (response, mut stream) = self.send.send_request(request, false).map_err(not_sent)?;
        stream.send_data(first, ends)?;
        Ok((response, stream))
    }
}

/// The body of an answer that has begun well.
async fn begun(response: ResponseFuture) -> Result<RecvStream, Failed> {
    let (head, body) = response.await?.into_parts();
    if let Some(outcome) = grpc::status(&head.headers) {
        outcome.map_err(Failed::Refused)?;
    }
    if head.status != http::StatusCode::OK {
        return Err(Failed::Broken(grpc::no_grpc(head.status.as_u16())));
    }
    Ok(body)
}

/// A stream of messages in both directions.
pub struct Messages {
    send: SendStream<Bytes>,
    body: RecvStream,
    deframer: Deframer,
}

impl Messages {
    /// Sends a framed message.
    ///
    /// # Errors
    /// When the stream has ended.
    pub fn send(&mut self, framed: Bytes) -> Result<(), Failure> {
        Ok(self.send.send_data(framed, false)?)
    }

    /// The next message.
    ///
    /// # Errors
    /// When the stream has ended, with what ended it.
    pub async fn next(&mut self) -> Result<Bytes, Failed> {
        loop {
            if let Some(message) = self.deframer.next().map_err(Failed::Unusable)? {
                return Ok(message);
            }
            match poll_fn(|cx| self.body.poll_data(cx)).await {
                Some(data) => {
                    let data = data?;
                    release(&mut self.body, data.len());
                    self.deframer.push(data);
                }
                None => return Err(self.outcome().await),
            }
        }
    }

    async fn outcome(&mut self) -> Failed {
        let ended = Failure::new(ErrorClass::Transport, "the server ended the stream");
        match poll_fn(|cx| self.body.poll_trailers(cx)).await {
            Ok(trailers) => match trailers.as_ref().and_then(grpc::status) {
                Some(Err(failure)) => Failed::Refused(failure),
                _ => Failed::Broken(ended),
            },
            Err(error) => error.into(),
        }
    }
}

/// Gives the server room for more. It fails only on a stream that has ended, which needs none.
fn release(body: &mut RecvStream, bytes: usize) {
    let _ = body.flow_control().release_capacity(bytes);
}

/// A request that found its connection broken was not sent.
fn not_sent(error: h2::Error) -> Failed {
    Failed::Broken(Failure::new(ErrorClass::NotSent, error.to_string()))
}
