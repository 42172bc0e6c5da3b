//! Why a connection cannot be made or used, in words a person can act on.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

use crate::etcd::Endpoint;
use crate::units::exact_duration;

/// Why a connection could not be made or used. Shown as one sentence: the endpoint, what is wrong, the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialError {
    failure: DialFailure,
    sentence: String,
}

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DialFailure {
    /// Nobody listens there.
    Refused,
    /// The name has no address.
    Unresolved,
    /// No connection, no handshake or no answer in time.
    Timeout,
    /// No way leads there.
    Unreachable,
    /// This machine has run out of something: file descriptors, ports.
    OutOfResources,
    /// The connection broke.
    Broken,
    /// The server's certificate is not signed by an authority that is trusted.
    UnknownAuthority,
    /// The server's certificate has expired.
    Expired,
    /// The server's certificate is not valid yet.
    NotYetValid,
    /// The server's certificate is for other names.
    WrongName,
    /// The server's certificate cannot be used for another reason.
    UnusableCertificate,
    /// The server demands a certificate, and there is none.
    ClientCertificateMissing,
    /// The server refuses the client's certificate.
    ClientCertificateRefused,
    /// No version or cipher of TLS in common, or another failure of its handshake.
    Handshake,
    /// TLS was spoken to a server that is plain.
    PlainServer,
    /// Plain was spoken to a server of TLS.
    TlsServer,
    /// What answers is no etcd, or another of its ports.
    NotEtcd,
    /// The HTTP/2 connection began, and failed later.
    Other,
}

impl DialFailure {
    /// Whether a TLS handshake that failed so may have met a server that is plain.
    pub(super) fn may_be_plain(self) -> bool {
        matches!(self, DialFailure::Broken | DialFailure::PlainServer)
    }
}

impl DialError {
    pub(super) fn new(failure: DialFailure, endpoint: &Endpoint, what: impl fmt::Display) -> Self {
        DialError { failure, sentence: format!("{endpoint} {what}") }
    }

    /// What kind of failure it was.
    pub fn failure(&self) -> DialFailure {
        self.failure
    }

    /// Whether trying again without changing anything may help: a member that restarts, a network that comes back.
    pub fn may_pass(&self) -> bool {
        matches!(
            self.failure,
            DialFailure::Refused
                | DialFailure::Unresolved
                | DialFailure::Timeout
                | DialFailure::Unreachable
                | DialFailure::OutOfResources
                | DialFailure::Broken
                | DialFailure::Other
        )
    }

    /// The one that `error` stems from, if any: libraries wrap it.
    pub fn within<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a DialError> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<DialError>() {
                return Some(found);
            }
            next = match error.downcast_ref::<io::Error>() {
                // `source` of an I/O error skips the error it was made of.
                Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
                None => error.source(),
            };
        }
        None
    }

    /// No connection within the time allowed.
    pub(super) fn timeout(endpoint: &Endpoint, doing: &str, timeout_ns: u64) -> Self {
        let within = exact_duration(timeout_ns);
        DialError::new(
            DialFailure::Timeout,
            endpoint,
            format!(
                "{doing} within {within} (--dial-timeout): is the address right, the member not frozen, and no \
                 firewall in between?"
            ),
        )
    }

    /// A name without an address.
    pub(super) fn unresolved(endpoint: &Endpoint, error: &io::Error) -> Self {
        // The system's words come wrapped in the standard library's.
        let words = error.to_string();
        let words = words.rsplit(": ").next().unwrap_or_default();
        let host = endpoint.host();
        DialError::new(
            DialFailure::Unresolved,
            endpoint,
            format!(
                "cannot be reached: the name '{host}' has no address ({words}); check the name, or use an address"
            ),
        )
    }

    /// A system error while connecting or talking.
    pub(super) fn io(endpoint: &Endpoint, error: &io::Error) -> Self {
        let (failure, what) = match error.kind() {
            ErrorKind::ConnectionRefused => (
                DialFailure::Refused,
                "refuses the connection: nothing listens there; is etcd running, and is this address among its \
                 --listen-client-urls?"
                    .to_owned(),
            ),
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => (
                DialFailure::Unreachable,
                format!("cannot be reached from this machine ({error}); check the address and the routes"),
            ),
            _ if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) => (
                DialFailure::OutOfResources,
                format!("cannot be connected to: {error}; allow more with 'ulimit -n', or use fewer connections"),
            ),
            ErrorKind::AddrNotAvailable => (
                DialFailure::OutOfResources,
                format!("cannot be connected to: {error}; no local port is left, use fewer connections"),
            ),
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => (
                DialFailure::Broken,
                "takes connections but closes them: no etcd, or one that is starting or stopping".to_owned(),
            ),
            ErrorKind::TimedOut => (
                DialFailure::Timeout,
                format!("does not answer ({error})"),
            ),
            _ => (DialFailure::Broken, format!("cannot be talked to: {error}")),
        };
        DialError::new(failure, endpoint, what)
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl Error for DialError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_found_in_whatever_wraps_it() {
        #[derive(Debug)]
        struct Wrapped(io::Error);
        impl fmt::Display for Wrapped {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("wrapped")
            }
        }
        impl Error for Wrapped {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(&self.0)
            }
        }
        let endpoint = Endpoint::parse("a:1").unwrap();
        let error = DialError::new(DialFailure::Refused, &endpoint, "is not there");
        let wrapped = Wrapped(io::Error::other(io::Error::other(error.clone())));
        assert_eq!(DialError::within(&wrapped), Some(&error));
        assert_eq!(error.to_string(), "http://a:1 is not there");
        assert_eq!(DialError::within(&io::Error::other("else")), None);
    }
}
