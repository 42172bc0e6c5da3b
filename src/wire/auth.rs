//! etcd's authentication: a user and a password become a token, which goes with every request until the server
//! forgets it.
//!
//! Simple tokens live in the memory of a member for five minutes after their last use (auth/simple_token.go), so a
//! restart of a member or an idle connection ends them. Then a request is refused before anything is done, and is
//! to be sent again with a new token.

use std::fmt;
use std::sync::RwLock;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::dial::{Dialer, Stream};
use super::dial_error::{DialError, DialFailure};
use super::endpoint::Endpoint;
use super::secret::Credentials;
use crate::units::exact_duration;

/// The request header that carries a token (api/v3rpc/rpctypes/metadatafields.go).
const HEADER: &str = "token";
/// What a token is asked for with (api/etcdserverpb/rpc.proto).
const METHOD: &str = "/etcdserverpb.Auth/Authenticate";
/// An answer holds a header and a token; a JWT with RSA is about 1 KiB.
const ANSWER_LIMIT: usize = 64 << 10;

/// gRPC status codes (grpc.io, "Status codes and their use in gRPC").
const INVALID_ARGUMENT: u32 = 3;
const UNAUTHENTICATED: u32 = 16;

/// A token, and how many there were before it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Value of the header [`Token::HEADER`].
    pub value: HeaderValue,
    /// Counted from 1.
    pub generation: u64,
}

impl Token {
    /// The request header that carries it.
    pub const HEADER: &'static str = HEADER;

    /// Whether a request that ended with this gRPC status needs a new token, as etcd's own client decides
    /// (client/v3/retry_interceptor.go). Such a request has done nothing.
    pub fn is_stale(code: u32, message: &str) -> bool {
        match code {
            UNAUTHENTICATED => message.contains("invalid auth token"),
            INVALID_ARGUMENT => {
                message.contains("revision of auth store is old")
                    || message.contains("user name is empty")
            }
            _ => false,
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// The token in use, shared by all connections, and what it takes to get another.
#[derive(Debug)]
pub struct Auth {
    credentials: Credentials,
    timeout: Duration,
    current: RwLock<Option<Token>>,
    renewing: Mutex<()>,
}

impl Auth {
    /// Has no token yet: [`Auth::renew`] gets the first. A request for one that is not answered within `timeout_ns` has
    /// failed; a server takes about 0.1 s of processor time to check a password.
    pub fn new(credentials: Credentials, timeout_ns: u64) -> Self {
        Auth {
            credentials,
            timeout: Duration::from_nanos(timeout_ns),
            current: RwLock::new(None),
            renewing: Mutex::new(()),
        }
    }

    /// The token in use; none before the first [`Auth::renew`].
    pub fn token(&self) -> Option<Token> {
        match self.current.read() {
            Ok(token) => token.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }

    /// Asks `endpoint` for a token that is newer than the one of generation `stale` (0: there was none). Of several
    /// connections that find theirs stale one asks, and the others get what it got.
    ///
    /// # Errors
    /// A sentence a person can act on.
    pub async fn renew(
        &self,
        dialer: &Dialer,
        endpoint: &Endpoint,
        stale: u64,
    ) -> Result<Token, AuthError> {
        let _one_at_a_time = self.renewing.lock().await;
        let current = self.token();
        if let Some(token) = current.filter(|token| token.generation > stale) {
            return Ok(token);
        }
        let value = self.authenticate(dialer, endpoint).await?;
        let token = Token {
            value,
            generation: stale + 1,
        };
        let mut current = match self.current.write() {
            Ok(current) => current,
            Err(poisoned) => poisoned.into_inner(),
        };
        *current = Some(token.clone());
        Ok(token)
    }

    async fn authenticate(
        &self,
        dialer: &Dialer,
        endpoint: &Endpoint,
    ) -> Result<HeaderValue, AuthError> {
        let stream = dialer.dial(endpoint).await?;
        let message = request(&self.credentials);
        let answer = match timeout(self.timeout, unary(stream, endpoint, message)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(Failed::Status { code, message })) => {
                return Err(self.refused(endpoint, code, &message));
            }
            Ok(Err(Failed::Transport(error))) => {
                return Err(dialer.diagnose(endpoint, &error).await.into());
            }
            Err(_) => return Err(self.unanswered(dialer, endpoint).await),
        };
        token_of(&answer)
            .and_then(|token| HeaderValue::from_bytes(token).ok())
            .ok_or_else(|| {
                AuthError::Refused(format!(
                    "{endpoint} answers without a token: is it an etcd?"
                ))
            })
    }

    /// Nothing came in time: is it no etcd at all, or one that has no time or no leader?
    async fn unanswered(&self, dialer: &Dialer, endpoint: &Endpoint) -> AuthError {
        let within = exact_duration(u64::try_from(self.timeout.as_nanos()).unwrap_or(u64::MAX));
        let error = dialer.diagnose(endpoint, "no answer").await;
        if error.failure() != DialFailure::Other {
            return error.into();
        }
        AuthError::Refused(format!(
            "{endpoint} gives no token within {within} (--command-timeout): it has no leader, or is overloaded"
        ))
    }

    fn refused(&self, endpoint: &Endpoint, code: u32, message: &str) -> AuthError {
        let user = &self.credentials.user;
        if message.contains("invalid user ID or password") {
            AuthError::WrongPassword(format!(
                "{endpoint} refuses the user '{user}': there is none of this name, or its password is another"
            ))
        } else if message.contains("authentication is not enabled") {
            AuthError::NotEnabled(format!(
                "{endpoint} has no authentication enabled; leave out --user (and ETCDCTL_USER)"
            ))
        } else {
            AuthError::Refused(format!(
                "{endpoint} gives no token to the user '{user}': {message} (gRPC status {code})"
            ))
        }
    }
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthError {
    /// No connection.
    Dial(DialError),
    /// No such user, or not its password.
    WrongPassword(String),
    /// The cluster has no authentication.
    NotEnabled(String),
    /// Anything else.
    Refused(String),
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AuthError::Dial(error) => error.fmt(f),
            AuthError::WrongPassword(sentence)
            | AuthError::NotEnabled(sentence)
            | AuthError::Refused(sentence) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for AuthError {}

impl From<DialError> for AuthError {
    fn from(error: DialError) -> Self {
        AuthError::Dial(error)
    }
}

enum Failed {
    /// The server answered with a status other than OK.
    Status { code: u32, message: String },
    /// There was no gRPC answer.
    Transport(String),
}

impl From<h2::Error> for Failed {
    fn from(error: h2::Error) -> Self {
        Failed::Transport(error.to_string())
    }
}

/// One request and its answer on a connection of its own.
async fn unary(stream: Stream, endpoint: &Endpoint, message: Bytes) -> Result<Bytes, Failed> {
    let (mut client, connection) = h2::client::handshake(stream).await?;
    let request = Request::post(format!(
        "{}://{}{METHOD}",
        if endpoint.tls() { "https" } else { "http" },
        endpoint.authority()
    ))
    .header("content-type", "application/grpc")
    .header("te", "trailers")
    .body(())
    .map_err(|error| Failed::Transport(error.to_string()))?;
    let exchange = async {
        let (response, mut body) = client.send_request(request, false)?;
        body.send_data(message, true)?;
        answer(response.await?).await
    };
    tokio::select! {
        answered = exchange => answered,
        broken = connection => Err(Failed::Transport(match broken {
            Ok(()) => "the connection was closed".to_owned(),
            Err(error) => error.to_string(),
        })),
    }
}

async fn answer(response: http::Response<h2::RecvStream>) -> Result<Bytes, Failed> {
    let (head, mut body) = response.into_parts();
    if let Some(failed) = status(&head.headers) {
        return Err(failed);
    }
    let grpc = head
        .headers
        .get("content-type")
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    if !grpc {
        return Err(Failed::Transport(format!(
            "HTTP status {} instead of a gRPC answer",
            head.status.as_u16()
        )));
    }
    let mut message = BytesMut::new();
    while let Some(part) = body.data().await {
        let part = part?;
        body.flow_control().release_capacity(part.len())?;
        message.extend_from_slice(&part);
        if message.len() > ANSWER_LIMIT {
            return Err(Failed::Transport("an answer far too long".to_owned()));
        }
    }
    let trailers = body.trailers().await?.unwrap_or_default();
    match status(&trailers) {
        Some(failed) => Err(failed),
        None => Ok(message.freeze()),
    }
}

/// The status in the headers, if it is there and not OK.
fn status(headers: &HeaderMap) -> Option<Failed> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let code = text("grpc-status")?.parse().unwrap_or(u32::MAX);
    (code != 0).then(|| Failed::Status {
        code,
        message: text("grpc-message").unwrap_or_default().to_owned(),
    })
}

/// `AuthenticateRequest` (api/etcdserverpb/rpc.proto: name is field 1, password 2), with gRPC's five bytes before it.
fn request(credentials: &Credentials) -> Bytes {
    let mut message = BytesMut::from(&[0; 5][..]);
    for (tag, text) in [
        (0x0a, &*credentials.user),
        (0x12, credentials.password.expose()),
    ] {
        message.extend_from_slice(&[tag]);
        let mut length = text.len();
        while length >= 0x80 {
            message.extend_from_slice(&[(length & 0x7f) as u8 | 0x80]);
            length >>= 7;
        }
        message.extend_from_slice(&[length as u8]);
        message.extend_from_slice(text.as_bytes());
    }
    let length = u32::try_from(message.len() - 5).unwrap_or(u32::MAX);
    message[1..5].copy_from_slice(&length.to_be_bytes());
    message.freeze()
}

/// Field 2 of `AuthenticateResponse`. Only fields with a length are in it.
fn token_of(answer: &[u8]) -> Option<&[u8]> {
    let mut rest = answer.get(5..)?;
    while rest.has_remaining() {
        let tag = varint(&mut rest)?;
        let length = usize::try_from(varint(&mut rest)?).ok()?;
        let field = rest.get(..length)?;
        match tag {
            0x12 => return Some(field).filter(|token| !token.is_empty()),
            _ if tag & 7 == 2 => rest = &rest[length..],
            _ => return None,
        }
    }
    None
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = bytes.try_get_u8().ok()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Secret;

    #[test]
    fn a_request_is_what_the_protocol_says() {
        let message = request(&Credentials {
            user: "root".to_owned(),
            password: Secret::new("p".repeat(200)),
        });
        assert_eq!(&message[..5], [0, 0, 0, 0, 209]);
        assert_eq!(&message[5..14], b"\x0a\x04root\x12\xc8\x01");
        assert_eq!(message.len(), 14 + 200);
    }

    #[test]
    fn a_token_is_found_behind_the_header() {
        let answer = b"\0\0\0\0\x0c\x0a\x03\x08\x01\x10\x12\x05abc.1";
        assert_eq!(token_of(answer), Some(&b"abc.1"[..]));
    }

    #[test]
    fn what_is_no_answer_has_no_token() {
        for damaged in [
            &b""[..],
            b"\0\0\0\0",
            b"\0\0\0\0\0",
            b"\0\0\0\0\x02\x12\0",
            b"\0\0\0\0\x03\x12\x7fa",
            b"\0\0\0\0\x03\x0a\x7fa",
            b"\0\0\0\0\x01\x12",
            b"\0\0\0\0\x02\x08\x01",
            b"\0\0\0\0\x0b\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert_eq!(token_of(damaged), None, "{damaged:?}");
        }
    }

    #[test]
    fn a_token_is_renewed_for_what_etcd_says_of_a_stale_one() {
        assert!(Token::is_stale(16, "etcdserver: invalid auth token"));
        assert!(Token::is_stale(
            3,
            "etcdserver: revision of auth store is old"
        ));
        assert!(Token::is_stale(3, "etcdserver: user name is empty"));
        assert!(!Token::is_stale(7, "etcdserver: permission denied"));
        assert!(!Token::is_stale(
            3,
            "etcdserver: authentication failed, invalid user ID or password"
        ));
    }

    #[test]
    fn a_token_is_not_shown() {
        let token = Token {
            value: HeaderValue::from_static("abc.1"),
            generation: 3,
        };
        assert_eq!(format!("{token:?}"), "Token { generation: 3, .. }");
    }
}
