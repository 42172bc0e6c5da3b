//! What went wrong with a call, in words for people.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::error::Error;
use crate::units::format_duration;
use crate::wire::{DialError, Endpoint};

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
/// What etcd-client gives.
pub(super) type Answer<T> = std::result::Result<T, etcd_client::Error>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nobody answered: another member may.
    Unreachable,
    /// The user lacks a permission.
    Denied,
    /// Any other answer that is an error.
    Refused,
}

impl CallError {
    /// Whether nobody answered, so that another member may be asked.
    pub fn is_unreachable(&self) -> bool {
        self.kind == Kind::Unreachable
    }

    /// Whether the user lacks a permission.
    pub fn is_denied(&self) -> bool {
        self.kind == Kind::Denied
    }

    pub(super) fn nobody() -> Self {
        CallError {
            kind: Kind::Unreachable,
            message: "there is no member to ask".to_owned(),
        }
    }

    pub(super) fn silent(endpoint: &Endpoint, limit: Duration) -> Self {
        let limit = format_duration(limit.as_nanos() as u64);
        CallError {
            kind: Kind::Unreachable,
            message: format!("{endpoint}: no answer within {limit}"),
        }
    }

    pub(super) fn explain(
        endpoint: &Endpoint,
        user: Option<&str>,
        need: Need<'_>,
        error: &etcd_client::Error,
    ) -> Self {
        let unreachable = |message: String| CallError {
            kind: Kind::Unreachable,
            message,
        };
        let etcd_client::Error::GRpcStatus(status) = error else {
            return unreachable(format!("{endpoint}: {error}"));
        };
        let says = status.message();
        // An answer of the server's has no source; what broke on the way has.
        if let Some(source) = status.source() {
            return unreachable(broken(endpoint, source));
        }
        match explain_refusal(says, user, need) {
            Some((kind, words)) => CallError {
                kind,
                message: format!("{endpoint}: {words}"),
            },
            None => CallError {
                kind: Kind::Refused,
                message: format!("{endpoint}: {says}"),
            },
        }
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
    format!("{endpoint}: {innermost}")
}

/// The texts are etcd's (`api/v3rpc/rpctypes/error.go`).
fn explain_refusal(says: &str, user: Option<&str>, need: Need<'_>) -> Option<(Kind, String)> {
    let name = user.unwrap_or_default();
    if says.contains("authentication failed") {
        let words = format!("wrong name or password of user '{name}' (--user, --password)");
        Some((Kind::Refused, words))
    } else if says.contains("authentication is not enabled") {
        let words = "asks for no user: authentication is not enabled here; leave --user out";
        Some((Kind::Refused, words.to_owned()))
    } else if says.contains("user name is empty") {
        Some((Kind::Refused, "asks for a user; pass --user".to_owned()))
    } else if says.contains("permission denied") {
        Some((Kind::Denied, format!("user '{name}' {}", need.missing())))
    } else {
        None
    }
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
            Need::Nothing => "has no permission for this".to_owned(),
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
