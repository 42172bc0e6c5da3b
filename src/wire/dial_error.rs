//! Why a connection cannot be made or used, in words a person can act on.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};

use super::Endpoint;
use crate::plan::Security;
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
        DialError {
            failure,
            sentence: format!("{endpoint} {what}"),
        }
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
                "closes the connection".to_owned(),
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

/// What TLS was asked to do, for advice that fits the flags in use.
#[derive(Debug, Clone, Default)]
pub(super) struct TlsFlags {
    cacert: Option<PathBuf>,
    cert: Option<PathBuf>,
}

impl TlsFlags {
    pub(super) fn of(security: &Security) -> Self {
        TlsFlags {
            cacert: security.cacert.clone(),
            cert: security.cert.clone(),
        }
    }

    /// An error of TLS, in the handshake or after it: that a server misses the client's certificate shows only when
    /// something is read (RFC 8446, 4.4.2.4).
    pub(super) fn explain(&self, endpoint: &Endpoint, error: &rustls::Error) -> DialError {
        match error {
            rustls::Error::InvalidCertificate(error) => self.certificate(endpoint, error),
            rustls::Error::AlertReceived(alert) => self.alert(endpoint, *alert),
            rustls::Error::InvalidMessage(_) => DialError::new(
                DialFailure::PlainServer,
                endpoint,
                format!("does not speak TLS; write {}", endpoint.with_tls(false)),
            ),
            rustls::Error::PeerIncompatible(why) => DialError::new(
                DialFailure::Handshake,
                endpoint,
                format!(
                    "speaks TLS, but no version or cipher suite that this program knows ({why:?})"
                ),
            ),
            error => DialError::new(
                DialFailure::Handshake,
                endpoint,
                format!("fails in the TLS handshake: {error}"),
            ),
        }
    }

    fn certificate(&self, endpoint: &Endpoint, error: &CertificateError) -> DialError {
        use CertificateError as Wrong;
        let (failure, what) = match error {
            Wrong::UnknownIssuer => (DialFailure::UnknownAuthority, self.unknown_authority()),
            // An authority made anew under its old name: found by its name, but its key is another.
            Wrong::BadSignature => (
                DialFailure::UnknownAuthority,
                format!("{}; one of the same name is, with another key", self.unknown_authority()),
            ),
            Wrong::ExpiredContext { time, not_after } => (
                DialFailure::Expired,
                format!(
                    "answers, but its certificate expired on {}, and this machine's clock says {}; renew the \
                     certificate, or set the clock",
                    date(*not_after),
                    date(*time)
                ),
            ),
            Wrong::NotValidYetContext { time, not_before } => (
                DialFailure::NotYetValid,
                format!(
                    "answers, but its certificate is not valid before {}, and this machine's clock says {}; set the \
                     clock, of this machine or of the one that made the certificate",
                    date(*not_before),
                    date(*time)
                ),
            ),
            Wrong::NotValidForNameContext { presented, .. } => (
                DialFailure::WrongName,
                wrong_name(endpoint, presented),
            ),
            Wrong::InvalidPurpose | Wrong::InvalidPurposeContext { .. } => (
                DialFailure::UnusableCertificate,
                "answers, but its certificate is not one for servers (extended key usage serverAuth is missing)"
                    .to_owned(),
            ),
            error => (DialFailure::UnusableCertificate, unusable(error)),
        };
        DialError::new(failure, endpoint, what)
    }

    fn unknown_authority(&self) -> String {
        let signed = "answers, but its certificate is signed by an unknown authority";
        match &self.cacert {
            None => format!("{signed}; pass --cacert"),
            Some(path) => format!("{signed}: none in --cacert {}", path.display()),
        }
    }

    fn alert(&self, endpoint: &Endpoint, alert: AlertDescription) -> DialError {
        use AlertDescription as Alert;
        match alert {
            Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied => self.client_certificate(endpoint, alert),
            Alert::NoApplicationProtocol => DialError::new(
                DialFailure::NotEtcd,
                endpoint,
                "speaks TLS but not HTTP/2: no client port of an etcd, or a proxy that does not pass it on",
            ),
            Alert::ProtocolVersion | Alert::InsufficientSecurity | Alert::HandshakeFailure => {
                DialError::new(
                    DialFailure::Handshake,
                    endpoint,
                    format!(
                        "speaks TLS, but no version or cipher suite that this program knows (alert {alert:?}); see \
                         etcd's --cipher-suites"
                    ),
                )
            }
            alert => DialError::new(
                DialFailure::Handshake,
                endpoint,
                format!("ends the TLS handshake with the alert {alert:?}"),
            ),
        }
    }

    /// The server did not get the client's certificate that it wants.
    pub(super) fn client_certificate(
        &self,
        endpoint: &Endpoint,
        alert: AlertDescription,
    ) -> DialError {
        match &self.cert {
            None => DialError::new(
                DialFailure::ClientCertificateMissing,
                endpoint,
                "demands a client certificate; pass --cert and --key",
            ),
            Some(path) => DialError::new(
                DialFailure::ClientCertificateRefused,
                endpoint,
                format!(
                    "refuses the client certificate --cert {} ({alert:?}): it has expired, is not one for clients, or \
                     is not signed by the authority in etcd's --trusted-ca-file",
                    path.display()
                ),
            ),
        }
    }
}

fn wrong_name(endpoint: &Endpoint, presented: &[String]) -> String {
    let name = endpoint.name();
    if presented.is_empty() {
        return format!(
            "answers, but its certificate names no host (no subjectAltName), so it cannot be known to be '{name}'; \
             make one with subjectAltName"
        );
    }
    let names: Vec<String> = presented.iter().map(|name| plain_name(name)).collect();
    format!(
        "answers, but its certificate is not for '{name}', only for {}; use such an endpoint, or a certificate that \
         names this one",
        names.join(", ")
    )
}

/// `DnsName("a")` and `IpAddress(10.0.0.5)`, as the library shows them, without what is around the name.
fn plain_name(shown: &str) -> String {
    let inner = shown
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'))
        .unwrap_or(shown);
    inner.trim_matches('"').to_owned()
}

fn unusable(error: &CertificateError) -> String {
    let said = format!("{error:?}");
    if said.contains("CaUsedAsEndEntity") {
        return "answers, but its certificate is that of an authority (basicConstraints CA:TRUE); make one for the \
                server, signed by that authority"
            .to_owned();
    }
    if said.contains("UnsupportedCertVersion") {
        return "answers, but its certificate is of version 1; make one of version 3, with subjectAltName".to_owned();
    }
    format!("answers, but its certificate cannot be used ({said})")
}

/// Day and time in UTC.
fn date(time: UnixTime) -> String {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map_or_else(
            || "a day that no calendar knows".to_owned(),
            |at| {
                at.to_zoned(TimeZone::UTC)
                    .strftime("%Y-%m-%d %H:%M UTC")
                    .to_string()
            },
        )
}

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

    #[test]
    fn a_date_is_one_a_person_reads() {
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_795_306_440));
        assert_eq!(date(time), "2026-11-22 00:14 UTC");
    }
}
