//! One HTTP/2 connection to one member.

use std::future::poll_fn;
use std::rc::Rc;

use bytes::Bytes;
use h2::client::{Builder, Connection as H2Connection, SendRequest};
use h2::{RecvStream, SendStream};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE, USER_AGENT};
use http::uri::{PathAndQuery, Scheme};
use http::{Request as HttpRequest, Uri, Version};
use tokio::io::{AsyncRead, AsyncWrite};

use super::grpc::{self, Deframer, Failure};
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
    template: Rc<Template>,
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
    let template = Rc::new(Template::new(endpoint, token)?);
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
        Caller { send: self.send.clone(), template: Rc::new(Template { uris, headers }) }
    }

    /// Sends a framed request and waits for its answer: one message, or none where the outcome is bad.
    ///
    /// A keep-alive, which is a stream in etcd's API, is answered like any other when its request ends the stream.
    ///
    /// # Errors
    /// With the class that the operation counts in.
    pub async fn call(&mut self, method: Method, framed: Bytes) -> Result<Bytes, Failure> {
        poll_fn(|cx| self.send.poll_ready(cx)).await.map_err(not_sent)?;
        let request = self.template.request(method);
        let (response, mut stream) = self.send.send_request(request, false).map_err(not_sent)?;
        stream.send_data(framed, true)?;
        let (head, mut body) = response.await?.into_parts();
        if let Some(outcome) = grpc::status(&head.headers) {
            outcome?;
        }
        if head.status != http::StatusCode::OK {
            return Err(no_grpc(head.status));
        }
        let (mut deframer, mut answer) = (Deframer::default(), None);
        while let Some(data) = poll_fn(|cx| body.poll_data(cx)).await {
            let data = data?;
            release(&mut body, data.len());
            // What follows the one message is of no interest.
            if answer.is_none() {
                deframer.push(data);
                answer = deframer.next()?;
            }
        }
        let trailers = poll_fn(|cx| body.poll_trailers(cx)).await?;
        trailers.as_ref().and_then(grpc::status).unwrap_or_else(|| {
            Err(Failure::new(ErrorClass::Transport, "the answer ended without an outcome"))
        })?;
        let missing = || Failure::new(ErrorClass::Other, "the answer holds no message");
        answer.ok_or_else(missing)
    }

    /// Opens a stream of messages in both directions that ends when the member loses its leader.
    ///
    /// # Errors
    /// As [`Caller::call`].
    pub async fn open(&mut self, method: Method, first: Bytes) -> Result<Messages, Failure> {
        poll_fn(|cx| self.send.poll_ready(cx)).await.map_err(not_sent)?;
        let mut request = self.template.request(method);
        let headers = request.headers_mut();
        headers.insert(HAS_LEADER, HeaderValue::from_static("true"));
        let (response, mut stream) = self.send.send_request(request, false).map_err(not_sent)?;
        stream.send_data(first, false)?;
        let (head, body) = response.await?.into_parts();
        if let Some(outcome) = grpc::status(&head.headers) {
            outcome?;
        }
        if head.status != http::StatusCode::OK {
            return Err(no_grpc(head.status));
        }
        Ok(Messages { send: stream, body, deframer: Deframer::default() })
    }
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
    pub async fn next(&mut self) -> Result<Bytes, Failure> {
        loop {
            if let Some(message) = self.deframer.next()? {
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

    async fn outcome(&mut self) -> Failure {
        let ended = Failure::new(ErrorClass::Transport, "the server ended the stream");
        match poll_fn(|cx| self.body.poll_trailers(cx)).await {
            Ok(trailers) => match trailers.as_ref().and_then(grpc::status) {
                Some(Err(failure)) => failure,
                _ => ended,
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
fn not_sent(error: h2::Error) -> Failure {
    Failure::new(ErrorClass::NotSent, error.to_string())
}

fn no_grpc(status: http::StatusCode) -> Failure {
    Failure::new(ErrorClass::Other, format!("the server answered {status}, which is no gRPC"))
}
