//! etcd's authentication: a user and a password become a token, which goes with every request until the server
//! forgets it.
//!
//! Simple tokens live in the memory of a member for five minutes after their last use (auth/simple_token.go), so a
//! restart of a member or an idle connection ends them. Then a request is refused before anything is done, and is
//! to be sent again with a new token.

use super::token::Token;
use std::fmt;
use std::pin::pin;
use std::sync::RwLock;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::dial::{Dialer, Stream};
use super::dial_error::{DialError, DialFailure};
use super::failed::Failed;
use super::grpc::{Failure, frame};
use super::h2_client::{Caller, start};
use super::message::{Method, Request};
use super::protobuf::{Fields, Malformed, Value, bytes_field_len, put_bytes};
use crate::etcd::{Credentials, Endpoint, ErrorClass};
use crate::units::exact_duration;

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
        let why = match self.renew_once(dialer, endpoint, stale).await {
            Ok(token) => return Ok(token),
            Err(why) => why,
        };
        // Looking who is there takes time, in which others may renew.
        match why {
            Why::Told(error) => Err(error),
            Why::Broken(seen) => Err(dialer.diagnose(endpoint, &seen).await.into()),
            Why::Unanswered => Err(self.unanswered(dialer, endpoint).await),
        }
    }

    async fn renew_once(
        &self,
        dialer: &Dialer,
        endpoint: &Endpoint,
        stale: u64,
    ) -> Result<Token, Why> {
        let _one_at_a_time = self.renewing.lock().await;
        if let Some(token) = self.token().filter(|token| token.generation > stale) {
            return Ok(token);
        }
        let value = match (self.authenticate(dialer, endpoint).await, self.token()) {
            // Disabled since the last token: the server does not look at tokens, so that the old one serves.
            (Err(Why::Told(AuthError::NotEnabled(_))), Some(token)) => token.value,
            (asked, _) => asked?,
        };
        let token = Token { value, generation: stale + 1 };
        let mut current = match self.current.write() {
            Ok(current) => current,
            Err(poisoned) => poisoned.into_inner(),
        };
        *current = Some(token.clone());
        Ok(token)
    }

    async fn authenticate(&self, dialer: &Dialer, endpoint: &Endpoint) -> Result<HeaderValue, Why> {
        let stream = match dialer.dial(endpoint).await {
            Ok(stream) => stream,
            Err(error) => return Err(Why::Told(error.into())),
        };
        let answer = match timeout(self.timeout, self.ask(stream, endpoint)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(Failure { class, message })) => {
                return Err(match class {
                    ErrorClass::Transport | ErrorClass::NotSent => Why::Broken(message),
                    _ => Why::Told(self.refused(endpoint, &message)),
                });
            }
            Err(_) => return Err(Why::Unanswered),
        };
        let token = token(&answer).ok().flatten();
        token.and_then(|token| HeaderValue::from_bytes(token).ok()).ok_or_else(|| {
            let what = format!("{endpoint} answers without a token: is it an etcd?");
            Why::Told(AuthError::Refused(what))
        })
    }

    /// One request on a connection of its own, which has nothing to do with those that are measured.
    async fn ask(&self, stream: Stream, endpoint: &Endpoint) -> Result<Bytes, Failure> {
        let (mut caller, driver) = start(stream, endpoint, None).await?;
        let message = frame(&Authenticate(&self.credentials));
        let mut answer = pin!(caller.call(Method::Authenticate, message));
        tokio::select! {
            biased;
            answer = &mut answer => answer,
            // The answer may have come with the end.
            _ = driver.run() => answer.await,
        }
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

    fn refused(&self, endpoint: &Endpoint, message: &str) -> AuthError {
        let user = &self.credentials.user;
        let refusal = Refusal::of(message);
        let told = refusal.map(|refusal| format!("{endpoint} {}", refusal.told(user)));
        match (refusal, told) {
            (Some(Refusal::WrongPassword), Some(told)) => AuthError::WrongPassword(told),
            (Some(Refusal::NotEnabled), Some(told)) => AuthError::NotEnabled(told),
            _ => AuthError::Refused(format!(
                "{endpoint} gives no token to the user '{user}': {message}"
            )),
        }
    }
}

/// No token is longer: a JWT has some hundred bytes, and goes with every request.
const LONGEST_ANSWER: usize = 1 << 20;

/// Asks for a token over a connection that is there.
pub(super) async fn token_for(
    caller: &mut Caller,
    credentials: &Credentials,
) -> Result<HeaderValue, Failed> {
    let message = frame(&Authenticate(credentials));
    let answer = caller.exchange(Method::Authenticate, message, LONGEST_ANSWER).await?;
    let token = token(&answer)?.and_then(|token| HeaderValue::from_bytes(token).ok());
    token.ok_or_else(|| Failed::unusable("the answer holds no token"))
}

/// Why etcd does not believe who we are; the texts are its own (`api/v3rpc/rpctypes/error.go`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No such user, or not its password.
    WrongPassword,
    /// The cluster has no authentication.
    NotEnabled,
    /// Nobody was named.
    Nobody,
}

impl Refusal {
    /// What a message of etcd's means, if it is about that.
    pub fn of(message: &str) -> Option<Refusal> {
        let texts = [
            ("invalid user ID or password", Refusal::WrongPassword),
            ("authentication is not enabled", Refusal::NotEnabled),
            ("user name is empty", Refusal::Nobody),
        ];
        let found = texts.iter().find(|(text, _)| message.contains(text))?;
        Some(found.1)
    }

    /// What follows after the name of the member in a sentence, with the way out.
    pub fn told(self, user: &str) -> String {
        match self {
            Refusal::WrongPassword => format!(
                "refuses the user '{user}': there is none of this name, or its password is another"
            ),
            Refusal::NotEnabled => {
                "has no authentication enabled; leave out --user (and ETCDCTL_USER)".to_owned()
            }
            Refusal::Nobody => {
                "asks who you are: its authentication is enabled; pass --user".to_owned()
            }
        }
    }
}

/// Why there is no token, before it is looked into.
enum Why {
    /// It is known.
    Told(AuthError),
    /// The connection broke.
    Broken(String),
    /// Nothing came in time.
    Unanswered,
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

/// `AuthenticateRequest` (api/etcdserverpb/rpc.proto).
struct Authenticate<'a>(&'a Credentials);

impl Request for Authenticate<'_> {
    fn size(&self) -> usize {
        bytes_field_len(1, self.0.user.len()) + bytes_field_len(2, self.0.password.expose().len())
    }

    fn write(&self, to: &mut Vec<u8>) {
        put_bytes(to, 1, self.0.user.as_bytes());
        put_bytes(to, 2, self.0.password.expose().as_bytes());
    }
}

/// The token in an `AuthenticateResponse`.
fn token(answer: &[u8]) -> Result<Option<&[u8]>, Malformed> {
    for field in Fields::of(answer) {
        if let (2, Value::Bytes(token)) = field? {
            return Ok(Some(token).filter(|token| !token.is_empty()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::etcd::Secret;

    #[test]
    fn a_request_is_what_the_protocol_says() {
        let credentials = Credentials { user: "root".to_owned(), password: Secret::new("hunter2") };
        let message = frame(&Authenticate(&credentials));
        assert_eq!(&*message, b"\0\0\0\0\x0f\x0a\x04root\x12\x07hunter2");
    }

    #[test]
    fn a_token_is_found_behind_the_header() {
        let answer = b"\x0a\x03\x08\x80\x01\x12\x05abc.1";
        assert_eq!(token(answer), Ok(Some(&b"abc.1"[..])));
    }

    #[test]
    fn what_is_no_answer_has_no_token() {
        assert_eq!(token(b""), Ok(None));
        assert_eq!(token(b"\x12\0"), Ok(None));
        assert_eq!(token(b"\x08\x01"), Ok(None));
        assert_eq!(token(b"\x12\x7fa"), Err(Malformed));
    }

    #[test]
    fn a_token_is_not_shown() {
        let token = Token { value: HeaderValue::from_static("abc.1"), generation: 3 };
        assert_eq!(format!("{token:?}"), "Token { generation: 3, .. }");
    }
}
