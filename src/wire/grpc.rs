//! gRPC over HTTP/2 (grpc.io, "gRPC over HTTP2"): a length before each message, the outcome in the trailers.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use super::message::Request;
use super::protobuf::Malformed;
use crate::etcd::ErrorClass;

/// Bytes before a message: whether it is compressed, and its length.
pub(super) const PREFIX: usize = 5;

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The class it counts in.
    pub class: ErrorClass,
    /// In the server's words, or the operating system's.
    pub message: String,
}

impl Failure {
    /// A failure of this class.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Failure { class, message: message.into() }
    }
}

impl From<Malformed> for Failure {
    fn from(malformed: Malformed) -> Self {
        Failure::new(ErrorClass::Other, malformed.to_string())
    }
}

impl From<h2::Error> for Failure {
    fn from(error: h2::Error) -> Self {
        // A refused stream was not looked at by the server (RFC 9113, 8.7).
        let class = match error.reason() {
            Some(h2::Reason::REFUSED_STREAM) => ErrorClass::NotSent,
            _ => ErrorClass::Transport,
        };
        Failure::new(class, error.to_string())
    }
}

/// A request with its length before it, ready to be sent.
pub fn frame(request: &impl Request) -> Bytes {
    let mut bytes = Vec::with_capacity(PREFIX + request.size());
    put_framed(request, &mut bytes);
    Bytes::from(bytes)
}

/// Appends a request with its length before it.
pub(super) fn put_framed(request: &impl Request, to: &mut Vec<u8>) {
    to.push(0);
    to.extend_from_slice(&(request.size() as u32).to_be_bytes());
    request.write(to);
}

/// The failure of an answer with another status than 200.
pub(super) fn no_grpc(status: u16) -> Failure {
    let told = http::StatusCode::from_u16(status)
        .map_or_else(|_| status.to_string(), |status| status.to_string());
    Failure::new(ErrorClass::Other, format!("the server answered {told}, which is no gRPC"))
}

/// The outcome told by headers or trailers; `None` when they do not tell.
pub fn status(fields: &HeaderMap) -> Option<Result<(), Failure>> {
    let message = fields.get("grpc-message").map(HeaderValue::as_bytes);
    outcome(fields.get("grpc-status")?.as_bytes(), message)
}

/// The outcome that `grpc-status` and `grpc-message` tell; `None` when they do not tell.
pub(super) fn outcome(code: &[u8], message: Option<&[u8]>) -> Option<Result<(), Failure>> {
    let code: u32 = std::str::from_utf8(code).ok()?.parse().ok()?;
    if code == 0 {
        return Some(Ok(()));
    }
    let message = message.map_or_else(String::new, percent);
    let class = ErrorClass::of_status(code, &message);
    Some(Err(Failure { class, message }))
}

/// Undoes the percent-encoding of `grpc-message`.
fn percent(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| std::str::from_utf8(bytes.get(at + 1..at + 3)?).ok())
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        text.push(hex.unwrap_or(bytes[at]));
        at += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_is_in_the_trailers() {
        let mut trailers = HeaderMap::new();
        assert_eq!(status(&trailers), None);
        trailers.insert("grpc-status", HeaderValue::from_static("14"));
        let text = HeaderValue::from_static("etcdserver: no%20leader%2");
        trailers.insert("grpc-message", text);
        let failure = status(&trailers).unwrap().unwrap_err();
        assert_eq!(failure.class, ErrorClass::NoLeader);
        assert_eq!(failure.message, "etcdserver: no leader%2");
    }
}
