//! Frames of HTTP/2 (RFC 9113, 4 and 6): their heads, and what can be wrong with them.

use h2::Reason;

use crate::etcd::ErrorClass;
use crate::wire::Failure;

/// Bytes before the payload of a frame.
pub const HEAD: usize = 9;
/// No frame to us may be longer: what a receiver that says nothing of it takes.
pub const LARGEST: usize = 16_384;
/// What a client sends before its first frame.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The highest bit of a stream's number and of a window's growth means nothing.
const NUMBER: u32 = 0x7fff_ffff;

/// Types of frames.
pub mod kind {
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const PRIORITY: u8 = 2;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PUSH_PROMISE: u8 = 5;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const CONTINUATION: u8 = 9;
}

/// Flags of frames.
pub mod flag {
    pub const END_STREAM: u8 = 0x1;
    pub const ACK: u8 = 0x1;
    pub const END_HEADERS: u8 = 0x4;
    pub const PADDED: u8 = 0x8;
    pub const PRIORITY: u8 = 0x20;
}

/// What a setting is about.
pub mod setting {
    pub const HEADER_TABLE_SIZE: u16 = 1;
    pub const ENABLE_PUSH: u16 = 2;
    pub const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub const INITIAL_WINDOW_SIZE: u16 = 4;
    pub const MAX_FRAME_SIZE: u16 = 5;
    pub const MAX_HEADER_LIST_SIZE: u16 = 6;
}

/// What comes before a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHead {
    /// Bytes of the payload.
    pub length: usize,
    /// One of [`kind`].
    pub kind: u8,
    /// Of [`flag`].
    pub flags: u8,
    /// 0 is the connection itself.
    pub stream: u32,
}

impl FrameHead {
    /// The head at the front of these bytes, if it has come whole.
    pub fn read(bytes: &[u8]) -> Option<FrameHead> {
        let &[l2, l1, l0, kind, flags, s3, s2, s1, s0] = bytes.first_chunk::<HEAD>()?;
        Some(FrameHead {
            length: u32::from_be_bytes([0, l2, l1, l0]) as usize,
            kind,
            flags,
            stream: u32::from_be_bytes([s3, s2, s1, s0]) & NUMBER,
        })
    }

    fn bytes(self) -> [u8; HEAD] {
        let [_, l2, l1, l0] = (self.length as u32).to_be_bytes();
        let [s3, s2, s1, s0] = self.stream.to_be_bytes();
        [l2, l1, l0, self.kind, self.flags, s3, s2, s1, s0]
    }

    /// Appends it.
    pub fn write(self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.bytes());
    }

    /// Writes it over the first bytes, where room was left for it.
    pub fn patch(self, to: &mut [u8]) {
        if let Some(room) = to.first_chunk_mut() {
            *room = self.bytes();
        }
    }

    /// Whether it has this flag.
    pub fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// How the other side broke the rules; it ends the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// What the other side is told.
    pub reason: Reason,
    /// What we saw.
    pub what: &'static str,
}

impl Violation {
    /// Of the rules in general.
    pub fn protocol(what: &'static str) -> Self {
        Violation { reason: Reason::PROTOCOL_ERROR, what }
    }

    /// Of a frame's length.
    pub fn size(what: &'static str) -> Self {
        Violation { reason: Reason::FRAME_SIZE_ERROR, what }
    }

    /// Of a window.
    pub fn flow(what: &'static str) -> Self {
        Violation { reason: Reason::FLOW_CONTROL_ERROR, what }
    }

    /// Of the compression of headers.
    pub fn compression(what: &'static str) -> Self {
        Violation { reason: Reason::COMPRESSION_ERROR, what }
    }

    /// Of what anybody can be asked to bear.
    pub fn excess(what: &'static str) -> Self {
        Violation { reason: Reason::ENHANCE_YOUR_CALM, what }
    }

    /// What it means for all that was under way.
    pub fn failure(self) -> Failure {
        let Violation { reason, what } = self;
        Failure::new(ErrorClass::Transport, format!("connection error detected: {reason} ({what})"))
    }
}

/// A payload without its padding.
pub fn unpadded(head: FrameHead, payload: &[u8]) -> Result<&[u8], Violation> {
    if !head.has(flag::PADDED) {
        return Ok(payload);
    }
    let split = payload.split_first();
    let (&padding, rest) = split.ok_or(Violation::size("padding in an empty frame"))?;
    let length = rest.len().checked_sub(padding.into());
    Ok(&rest[..length.ok_or(Violation::protocol("more padding than frame"))?])
}

/// The part of a header block in a HEADERS frame.
pub fn block(head: FrameHead, payload: &[u8]) -> Result<&[u8], Violation> {
    const PRIORITY: usize = 5;
    let block = unpadded(head, payload)?;
    if !head.has(flag::PRIORITY) {
        return Ok(block);
    }
    block.get(PRIORITY..).ok_or(Violation::size("a HEADERS frame shorter than its priority"))
}

/// The 31 bits that are all of a WINDOW_UPDATE, or the beginning of a GOAWAY.
pub fn number(payload: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(*payload.first_chunk()?) & NUMBER)
}

/// Appends a frame that is all of it known.
pub fn put(to: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    FrameHead { length: payload.len(), kind, flags, stream }.write(to);
    to.extend_from_slice(payload);
}

/// Appends SETTINGS.
pub fn put_settings(to: &mut Vec<u8>, settings: &[(u16, u32)]) {
    const LENGTH: usize = 6;
    let length = settings.len() * LENGTH;
    FrameHead { length, kind: kind::SETTINGS, flags: 0, stream: 0 }.write(to);
    for (about, value) in settings {
        to.extend_from_slice(&about.to_be_bytes());
        to.extend_from_slice(&value.to_be_bytes());
    }
}

/// Appends a WINDOW_UPDATE.
pub fn put_window(to: &mut Vec<u8>, stream: u32, by: u32) {
    put(to, kind::WINDOW_UPDATE, 0, stream, &by.to_be_bytes());
}

/// Appends a RST_STREAM.
pub fn put_reset(to: &mut Vec<u8>, stream: u32, reason: Reason) {
    put(to, kind::RST_STREAM, 0, stream, &u32::from(reason).to_be_bytes());
}

/// Appends a GOAWAY of somebody whom no stream was opened to.
pub fn put_go_away(to: &mut Vec<u8>, reason: Reason) {
    let [r3, r2, r1, r0] = u32::from(reason).to_be_bytes();
    put(to, kind::GOAWAY, 0, 0, &[0, 0, 0, 0, r3, r2, r1, r0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(flags: u8) -> FrameHead {
        FrameHead { length: 0, kind: kind::HEADERS, flags, stream: 1 }
    }

    #[test]
    fn a_head_is_read_as_it_was_written() {
        let head = FrameHead { length: 0x01_02_03, kind: 7, flags: 0x2d, stream: 0x7fff_fffe };
        let mut bytes = Vec::new();
        head.write(&mut bytes);
        assert_eq!(bytes, [1, 2, 3, 7, 0x2d, 0x7f, 0xff, 0xff, 0xfe]);
        assert_eq!(FrameHead::read(&bytes), Some(head));
        assert_eq!(FrameHead::read(&bytes[..8]), None);
        bytes[5] = 0xff;
        assert_eq!(FrameHead::read(&bytes), Some(head), "the reserved bit means nothing");
    }

    #[test]
    fn padding_and_priority_are_no_part_of_a_block() {
        let padded = head(flag::PADDED);
        assert_eq!(block(padded, &[2, b'a', b'b', 0, 0]), Ok(&b"ab"[..]));
        assert_eq!(block(padded, &[4, 0, 0, 0, 0]), Ok(&b""[..]));
        assert!(block(padded, &[5, 0, 0, 0, 0]).is_err());
        assert!(block(padded, &[]).is_err());
        let both = head(flag::PADDED | flag::PRIORITY);
        assert_eq!(block(both, &[1, 0, 0, 0, 1, 16, b'a', 0]), Ok(&b"a"[..]));
        assert!(block(both, &[1, 0, 0, 0, 1, 0]).is_err());
    }
}
