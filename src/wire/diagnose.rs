//! Who answers there, if not an etcd as expected: asked after a connection that was made did not become HTTP/2.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::dial::{Dialer, Stream};
use super::dial_error::{DialError, DialFailure};
use crate::etcd::Endpoint;

/// What a client of HTTP/2 sends first: its preface (RFC 7540, 3.5), and an empty SETTINGS frame.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// Bytes before the payload of an HTTP/2 frame, its type and that of SETTINGS (RFC 7540, 4.1 and 6.5).
const FRAME_HEADER: usize = 9;
const FRAME_TYPE: usize = 3;
const SETTINGS: u8 = 4;
/// First byte of a TLS alert, which a server of TLS answers to what is not TLS (RFC 8446, 5.1).
const TLS_ALERT: u8 = 21;
/// So much of a strange answer is shown.
const SHOWN: usize = 60;
/// So much of an HTTP/1 answer is read.
const ANSWER_LIMIT: usize = 4096;

/// The first thing a server said to a client of HTTP/2.
enum Greeting {
    Http2,
    Http1,
    TlsAlert,
    Other(String),
    Closed,
    Silent,
    /// TLS itself says what is wrong.
    Explained(DialError),
}

impl Dialer {
    /// Tells why a connection that was made did not become HTTP/2, or was not answered as an etcd answers. Connects
    /// anew and looks who is there; `error` is what was seen, and is told where nothing better is found.
    ///
    /// Takes a few times the dial timeout at worst: for the first connection to an endpoint, not for every broken one.
    pub async fn diagnose(&self, endpoint: &Endpoint, error: &str) -> DialError {
        let mut stream = match self.dial(endpoint).await {
            Ok(stream) => stream,
            Err(error) => return error,
        };
        let greeting = self.greet(&mut stream).await;
        if !endpoint.tls()
            && matches!(greeting, Greeting::TlsAlert | Greeting::Closed | Greeting::Silent)
            && self.speaks_tls(endpoint).await
        {
            return DialError::new(
                DialFailure::TlsServer,
                endpoint,
                format!(
                    "speaks TLS; write {} (and pass --cacert, if its authority is not one of the system)",
                    endpoint.with_tls(true)
                ),
            );
        }
        match greeting {
            Greeting::Explained(error) => error,
            Greeting::Http2 => DialError::new(
                DialFailure::Other,
                endpoint,
                format!("speaks HTTP/2, but the connection failed: {error}"),
            ),
            Greeting::Closed => DialError::new(
                DialFailure::Broken,
                endpoint,
                format!(
                    "takes connections but closes them ({error}): no etcd, or one that is starting or stopping"
                ),
            ),
            Greeting::Silent => DialError::timeout(
                endpoint,
                "takes connections but answers nothing",
                u64::try_from(self.timeout().as_nanos()).unwrap_or(u64::MAX),
            ),
            other => {
                DialError::new(DialFailure::NotEtcd, endpoint, self.stranger(endpoint, other).await)
            }
        }
    }

    /// After a TLS handshake that the server broke off: whether it would have answered without TLS, and as what.
    pub(super) async fn plain_instead(&self, endpoint: &Endpoint) -> Option<DialError> {
        let plain = endpoint.with_tls(false);
        let mut stream = self.connect(&plain).await.ok()?;
        match self.greet(&mut stream).await {
            Greeting::Http2 => Some(DialError::new(
                DialFailure::PlainServer,
                endpoint,
                format!("does not speak TLS; write {plain}"),
            )),
            Greeting::Closed | Greeting::Silent | Greeting::TlsAlert | Greeting::Explained(_) => {
                None
            }
            other => Some(DialError::new(
                DialFailure::NotEtcd,
                endpoint,
                format!("does not speak TLS, and {}", self.stranger(&plain, other).await),
            )),
        }
    }

    /// Somebody who speaks, but not HTTP/2: who it is.
    async fn stranger(&self, endpoint: &Endpoint, greeting: Greeting) -> String {
        let who = match greeting {
            Greeting::Other(said) => format!("is no etcd: it answers {said:?}"),
            _ if self.http1_says(endpoint, "/version", "\"etcdserver\"").await => {
                "is a port of an etcd for HTTP/1 alone (--listen-client-http-urls)".to_owned()
            }
            _ if self.http1_says(endpoint, "/health", "\"health\"").await => {
                "is the port of an etcd for metrics (--listen-metrics-urls)".to_owned()
            }
            _ => "speaks HTTP/1, not gRPC: no etcd, or a proxy in front of one".to_owned(),
        };
        format!("{who}; an etcd answers clients on another port, 2379 by default")
    }

    async fn speaks_tls(&self, endpoint: &Endpoint) -> bool {
        match self.dial_unverified(endpoint).await {
            Ok(_) => true,
            // An alert is TLS, too: no version in common, or a client certificate is missing.
            Err(error) => matches!(
                error.failure(),
                DialFailure::Handshake
                    | DialFailure::ClientCertificateMissing
                    | DialFailure::ClientCertificateRefused
            ),
        }
    }

    async fn greet(&self, stream: &mut Stream) -> Greeting {
        // A server that closes at once may have said why before: what counts is what can be read.
        let _ = stream.write_all(PREFACE).await;
        let _ = stream.flush().await;
        let mut said = [0; SHOWN];
        let mut length = 0;
        while length < FRAME_HEADER {
            match timeout(self.timeout(), stream.read(&mut said[length..])).await {
                Err(_) => break,
                Ok(Err(error)) => {
                    if let Some(explained) = DialError::within(&error) {
                        return Greeting::Explained(explained.clone());
                    }
                    return heard(&said[..length], Greeting::Closed);
                }
                Ok(Ok(0)) => return heard(&said[..length], Greeting::Closed),
                Ok(Ok(more)) => length += more,
            }
        }
        heard(&said[..length], Greeting::Silent)
    }

    /// Whether an HTTP/1 request for `path` is answered with something that contains `words`.
    async fn http1_says(&self, endpoint: &Endpoint, path: &str, words: &str) -> bool {
        let Ok(mut stream) = self.connect(endpoint).await else {
            return false;
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            endpoint.authority()
        );
        let mut answer = Vec::new();
        let exchange = async {
            stream.write_all(request.as_bytes()).await?;
            let mut limited = stream.take(ANSWER_LIMIT as u64);
            limited.read_to_end(&mut answer).await
        };
        // What came before an error or the timeout is enough if the words are in it.
        let _ = timeout(self.timeout(), exchange).await;
        String::from_utf8_lossy(&answer).contains(words)
    }
}

fn heard(said: &[u8], otherwise: Greeting) -> Greeting {
    match said {
        [] => otherwise,
        said if said.len() >= FRAME_HEADER && said[FRAME_TYPE] == SETTINGS => Greeting::Http2,
        said if said.starts_with(b"HTTP/1.") => Greeting::Http1,
        [TLS_ALERT, 3, ..] => Greeting::TlsAlert,
        said => {
            let text = String::from_utf8_lossy(said);
            let line = text.lines().next().unwrap_or_default().to_owned();
            Greeting::Other(line)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Greeting, heard};

    #[test]
    fn greetings_are_told_apart() {
        let settings = b"\0\0\x12\x04\0\0\0\0\0\0\x03";
        assert!(matches!(heard(settings, Greeting::Closed), Greeting::Http2));
        assert!(matches!(heard(b"HTTP/1.0 400", Greeting::Closed), Greeting::Http1));
        assert!(matches!(heard(b"\x15\x03\x01\0\x02", Greeting::Closed), Greeting::TlsAlert));
        assert!(matches!(heard(b"", Greeting::Silent), Greeting::Silent));
        let Greeting::Other(line) = heard(b"SSH-2.0-OpenSSH_9.2\r\n", Greeting::Closed) else {
            panic!("taken for another");
        };
        assert_eq!(line, "SSH-2.0-OpenSSH_9.2");
    }
}
