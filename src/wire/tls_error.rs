//! What an error of TLS means, in words a person can act on.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};

use super::dial_error::{DialError, DialFailure};
use super::verify::is_authority;
use crate::etcd::Endpoint;
use crate::etcd::Security;

/// What TLS was asked to do, for advice that fits the flags in use.
#[derive(Debug, Clone, Default)]
pub(super) struct TlsFlags {
    cacert: Option<PathBuf>,
    cert: Option<PathBuf>,
}

impl TlsFlags {
    pub(super) fn of(security: &Security) -> Self {
        TlsFlags { cacert: security.cacert.clone(), cert: security.cert.clone() }
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
            Wrong::BadSignature => (DialFailure::UnknownAuthority, self.other_key()),
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

    fn other_key(&self) -> String {
        match &self.cacert {
            None => self.unknown_authority(),
            Some(path) => format!(
                "answers, but its certificate is signed by an unknown authority: --cacert {} holds one of the same name \
                 with another key (made anew?), or an RSA key below 2048 bits",
                path.display()
            ),
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
    let inner = shown.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(shown);
    inner.trim_matches('"').to_owned()
}

fn unusable(error: &CertificateError) -> String {
    if is_authority(error) {
        return "answers, but its certificate is that of an authority (basicConstraints CA:TRUE); name it in \
                --cacert, or make one for the server, signed by an authority"
            .to_owned();
    }
    let said = format!("{error:?}");
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
            |at| at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_one_a_person_reads() {
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_795_306_440));
        assert_eq!(date(time), "2026-11-22 00:14 UTC");
    }
}
