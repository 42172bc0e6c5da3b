//! gRPC over HTTP/2 (grpc.io, "gRPC over HTTP2"): a length before each message, the outcome in the trailers.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use super::ErrorClass;
use super::message::Request;
use super::protobuf::Malformed;

/// Bytes before a message: whether it is compressed, and its length.
const PREFIX: usize = 5;
/// No answer is believed to be longer: etcd's clients read without limit, but a server that is none may say anything.
const LONGEST: usize = 1 << 30;

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
    let length = request.size();
    let mut bytes = Vec::with_capacity(PREFIX + length);
    bytes.push(0);
    bytes.extend_from_slice(&(length as u32).to_be_bytes());
    request.write(&mut bytes);
    Bytes::from(bytes)
}

/// Puts the messages of an answer together.
#[derive(Debug, Default)]
pub struct Deframer {
    come: Bytes,
}

impl Deframer {
    /// Takes in what has come.
    pub fn push(&mut self, data: Bytes) {
        // Nearly always the whole answer comes in one piece, which then needs no copy.
        self.come = match self.come.is_empty() {
            true => data,
            false => [&self.come[..], &data[..]].concat().into(),
        };
    }

    /// The next whole message, if it has come.
    ///
    /// # Errors
    /// [`ErrorClass::Other`] for what is no gRPC.
    pub fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let Some((prefix, rest)) = self.come.split_first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        let [compressed, length @ ..] = *prefix;
        let length = u32::from_be_bytes(length) as usize;
        if compressed != 0 || length > LONGEST {
            return Err(Failure::new(ErrorClass::Other, "the answer is no gRPC"));
        }
        if rest.len() < length {
            return Ok(None);
        }
        let mut message = self.come.split_to(PREFIX + length);
        Ok(Some(message.split_off(PREFIX)))
    }
}

/// The outcome told by headers or trailers; `None` when they do not tell.
pub fn status(fields: &HeaderMap) -> Option<Result<(), Failure>> {
    let code = fields.get("grpc-status")?;
    let code: u32 = code.to_str().ok()?.parse().ok()?;
    if code == 0 {
        return Some(Ok(()));
    }
    let message = fields.get("grpc-message").map_or_else(String::new, percent);
    let class = ErrorClass::of_status(code, &message);
    Some(Err(Failure { class, message }))
}

/// Undoes the percent-encoding of `grpc-message`.
fn percent(value: &HeaderValue) -> String {
    let bytes = value.as_bytes();
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
    use crate::wire::message::LeaseId;

    #[test]
    fn a_message_in_pieces_is_put_together() {
        let framed = frame(&LeaseId(300));
        for cut in 0..framed.len() {
            let mut deframer = Deframer::default();
            deframer.push(framed.slice(..cut));
            assert_eq!(deframer.next().unwrap(), None);
            deframer.push(framed.slice(cut..));
            assert_eq!(deframer.next().unwrap().unwrap(), framed.slice(5..));
            assert_eq!(deframer.next().unwrap(), None);
        }
    }

    #[test]
    fn what_is_no_grpc_is_said_to_be_none() {
        let mut deframer = Deframer::default();
        deframer.push(Bytes::from_static(b"HTTP/1.1 400 Bad Request"));
        assert_eq!(deframer.next().unwrap_err().class, ErrorClass::Other);
    }

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
