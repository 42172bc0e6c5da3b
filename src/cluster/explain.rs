//! What went wrong with a call, in words for people.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::error::Error;
use crate::etcd::{Endpoint, ErrorClass};
use crate::units::format_duration;
use crate::wire::{DialError, Failed, Refusal};

/// What a user must be allowed to do for a call to succeed, where etcd's authentication is on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Need<'a> {
    /// Nothing.
    Nothing,
    /// To read keys below a prefix.
    Read(&'a [u8]),
    /// To write keys below a prefix.
    Write(&'a [u8]),
    /// The role root, for what is named.
    Root(&'static str),
}

/// Why a call failed; a sentence that names the member.
#[derive(Debug, Clone)]
pub(super) struct CallError {
    kind: Kind,
    message: String,
}

/// What a call comes to.
pub(super) type Called<T> = std::result::Result<T, CallError>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// No connection, and it is known why.
    NotConnected,
    /// A connection that broke, or no answer on it.
    Broken,
    /// The cluster is busy with itself: it has no leader, or is just getting another one.
    Passing,
    /// The user lacks a permission.
    Denied,
    /// Any other answer that is an error.
    Refused,
}

impl CallError {
    fn new(kind: Kind, message: String) -> Self {
        CallError { kind, message }
    }

    pub(super) fn nobody() -> Self {
        CallError::new(Kind::Refused, "there is no member to ask".to_owned())
    }

    pub(super) fn interrupted() -> Self {
        CallError::new(Kind::Refused, "interrupted while an answer was waited for".to_owned())
    }

    pub(super) fn silent(endpoint: &Endpoint, limit: Duration) -> Self {
        let limit = format_duration(limit.as_nanos() as u64);
        CallError::new(Kind::Broken, format!("{endpoint}: no answer within {limit}"))
    }

    pub(super) fn not_connected(error: &DialError) -> Self {
        CallError::new(Kind::NotConnected, error.to_string())
    }

    /// Whether nobody answered, so that another member may.
    pub fn is_unreachable(&self) -> bool {
        matches!(self.kind, Kind::NotConnected | Kind::Broken)
    }

    /// Whether a connection was made and came to nothing, so that it is worth a look who is there.
    pub fn is_unexplained(&self) -> bool {
        self.kind == Kind::Broken
    }

    /// Whether the same call may succeed in a moment.
    pub fn is_passing(&self) -> bool {
        self.kind == Kind::Passing
    }

    /// Whether the user lacks a permission.
    pub fn is_denied(&self) -> bool {
        self.kind == Kind::Denied
    }

    pub(super) fn explain(
        endpoint: &Endpoint,
        user: Option<&str>,
        need: Need<'_>,
        failed: &Failed,
    ) -> Self {
        let refused = match failed {
            Failed::NotConnected(error) => return CallError::not_connected(error),
            Failed::Broken(failure) => {
                return CallError::new(Kind::Broken, named(endpoint, &failure.message));
            }
            Failed::Unusable(failure) => {
                return CallError::new(Kind::Refused, named(endpoint, &failure.message));
            }
            Failed::Refused(failure) => failure,
        };
        let says = &refused.message;
        if let Some((kind, words)) = explain_refusal(says, user, need) {
            return CallError::new(kind, format!("{endpoint} {words}"));
        }
        let kind = match refused.class {
            ErrorClass::NoLeader
            | ErrorClass::LeaderChanged
            | ErrorClass::ServerTimeout
            | ErrorClass::Overload => Kind::Passing,
            ErrorClass::Stopping | ErrorClass::Transport => Kind::Broken,
            _ => Kind::Refused,
        };
        CallError::new(kind, format!("{endpoint} answers: {says}"))
    }
}

/// With the endpoint before it, unless it begins with that: errors of TLS do.
fn named(endpoint: &Endpoint, message: &str) -> String {
    match message.starts_with(&format!("{endpoint} ")) {
        true => message.to_owned(),
        false => format!("{endpoint}: {message}"),
    }
}

/// What broke a connection, from what libraries made of it.
pub(super) fn broken(endpoint: &Endpoint, error: &(dyn StdError + 'static)) -> String {
    if let Some(told) = DialError::within(error) {
        return told.to_string();
    }
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    named(endpoint, &innermost.to_string())
}

fn explain_refusal(says: &str, user: Option<&str>, need: Need<'_>) -> Option<(Kind, String)> {
    let name = user.unwrap_or_default();
    if let Some(refusal) = Refusal::of(says) {
        return Some((Kind::Refused, refusal.told(name)));
    }
    says.contains("permission denied").then(|| {
        let words = format!("refuses: the user '{name}' {}", need.missing());
        (Kind::Denied, words)
    })
}

impl Need<'_> {
    fn missing(self) -> String {
        let grant = |verb: &str, prefix: &[u8]| {
            let prefix = prefix.escape_ascii();
            format!(
                "may not {verb} keys below '{prefix}'; grant it with: etcdctl role grant-permission ROLE readwrite \
                 --prefix=true '{prefix}'"
            )
        };
        match self {
            Need::Nothing => "may not ask for its status, which patched releases of etcd tell only to users with the role root; \
                 name one with --user".to_owned(),
            Need::Read(prefix) => grant("read", prefix),
            Need::Write(prefix) => grant("write", prefix),
            Need::Root(what) => format!("may not {what}; only a user with the role root may"),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        Error::Refused(error.message)
    }
}
