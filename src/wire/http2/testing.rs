//! The other end of a connection, frame by frame.

use h2::Reason;

use super::frame::{FrameHead, HEAD, put};
pub use super::frame::{PREFACE, flag, kind};
use super::request::Start;
use super::session::Session;
use super::stream::{Inbox, Message};
use crate::etcd::{Endpoint, ErrorClass};
use crate::wire::Failure;
use crate::wire::message::Method;

/// A frame as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

/// A frame's bytes.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut bytes, kind, flags, stream, payload);
    bytes
}

/// All frames in these bytes, which end with a whole one.
pub fn frames(bytes: &[u8]) -> Vec<Frame> {
    let bytes = bytes.strip_prefix(PREFACE).unwrap_or(bytes);
    let frames = whole_frames(bytes);
    let size: usize = frames.iter().map(|frame| HEAD + frame.payload.len()).sum();
    assert_eq!(size, bytes.len(), "it ends with a whole frame");
    frames
}

/// The frames that have come whole.
pub fn whole_frames(mut bytes: &[u8]) -> Vec<Frame> {
    let mut all = Vec::new();
    while let Some(head) = FrameHead::read(bytes) {
        let FrameHead { length, kind, flags, stream } = head;
        let Some(payload) = bytes[HEAD..].get(..length) else { break };
        all.push(Frame { kind, flags, stream, payload: payload.to_vec() });
        bytes = &bytes[HEAD + length..];
    }
    all
}

/// SETTINGS of a server.
pub fn settings(settings: &[(u16, u32)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    super::frame::put_settings(&mut bytes, settings);
    bytes
}

/// Fields that are not learnt.
pub fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        bytes.extend([0, name.len() as u8]);
        bytes.extend(name.as_bytes());
        bytes.push(value.len() as u8);
        bytes.extend(value.as_bytes());
    }
    bytes
}

/// The beginning of a good answer.
pub fn head(stream: u32) -> Vec<u8> {
    frame(kind::HEADERS, flag::END_HEADERS, stream, b"\x88")
}

/// A message in a DATA frame.
pub fn message(stream: u32, text: &[u8]) -> Vec<u8> {
    let mut payload = vec![0];
    payload.extend((text.len() as u32).to_be_bytes());
    payload.extend(text);
    frame(kind::DATA, 0, stream, &payload)
}

/// The end of an answer.
pub fn trailers(stream: u32, fields: &[(&str, &str)]) -> Vec<u8> {
    frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, stream, &block(fields))
}

/// A whole good answer.
pub fn answer(stream: u32, text: &[u8]) -> Vec<u8> {
    [head(stream), message(stream, text), trailers(stream, &[("grpc-status", "0")])].concat()
}

/// A GOAWAY.
pub fn go_away(last: u32, reason: Reason, told: &[u8]) -> Vec<u8> {
    let payload = [&last.to_be_bytes(), &u32::from(reason).to_be_bytes(), told].concat();
    frame(kind::GOAWAY, 0, 0, &payload)
}

/// A RST_STREAM.
pub fn reset(stream: u32, reason: Reason) -> Vec<u8> {
    frame(kind::RST_STREAM, 0, stream, &u32::from(reason).to_be_bytes())
}

/// A WINDOW_UPDATE.
pub fn window(stream: u32, by: u32) -> Vec<u8> {
    frame(kind::WINDOW_UPDATE, 0, stream, &by.to_be_bytes())
}

/// A session that has been greeted with these settings, whose own greeting is out.
pub fn session(with: &[(u16, u32)]) -> Session {
    let mut session = Session::new(&Endpoint::parse("127.0.0.1:2379").expect("an address"));
    session.add_caller();
    feed(&mut session, &settings(with));
    said(&mut session);
    session
}

/// Brings bytes that end with a whole frame.
#[track_caller]
pub fn feed(session: &mut Session, bytes: &[u8]) {
    assert_eq!(session.receive(bytes), Ok(bytes.len()));
}

/// What the session has to say.
pub fn said(session: &mut Session) -> Vec<Frame> {
    let frames = frames(&session.out);
    session.written();
    frames
}

/// Begins a request of so many bytes.
pub fn begin(session: &mut Session, bytes: usize) -> Result<usize, Failure> {
    let start = Start { method: Method::Put, token: None, needs_leader: false };
    let body: Vec<u8> = (0..bytes).map(|at| at as u8).collect();
    session.begin(start, Inbox::One(Message::default()), bytes, |to| to.extend(&body))
}

/// The outcome of a request, if there is one.
pub fn outcome(session: &mut Session, place: usize) -> Option<Result<Vec<u8>, Failure>> {
    session.answer(place).map(|outcome| outcome.map(|answer| answer.to_vec()))
}

/// A failure.
pub fn failure<T>(class: ErrorClass, message: &str) -> Option<Result<T, Failure>> {
    Some(Err(Failure::new(class, message)))
}
