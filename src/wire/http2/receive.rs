//! What frames of the server do.

use bytes::Bytes;
use h2::Reason;

use super::frame::{self, FrameHead, HEAD, LARGEST, Violation, flag, kind, setting};
use super::hpack::no_answer;
use super::session::{Block, LONGEST_HEADERS, Session};
use super::stream::Inbox;
use crate::etcd::ErrorClass;
use crate::wire::Failure;

/// The largest window (RFC 9113, 6.9.1).
const LARGEST_WINDOW: i64 = 0x7fff_ffff;
/// Frames that a header block may come in: more than a server needs for the longest.
const PIECES: usize = 64;
/// Frames at a time that bring nothing: a server has a few to send, and whoever sends thousands wants us to be busy.
const MOST_IDLE: u32 = 1_000;

impl Session {
    /// Takes in what has come; how many bytes it was of use for. The rest is the beginning of a frame, and to be
    /// brought again with what follows.
    ///
    /// # Errors
    /// When it is no HTTP/2; nothing more is to be read then.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<usize, Violation> {
        let mut used = 0;
        let mut idle = 0;
        while let Some(head) = FrameHead::read(&bytes[used..]) {
            if head.length > LARGEST {
                return Err(Violation::size("a frame longer than allowed"));
            }
            let Some(payload) = bytes[used + HEAD..].get(..head.length) else { break };
            idle += u32::from(brings_nothing(head));
            if idle > MOST_IDLE {
                return Err(Violation::excess("nothing but frames that bring nothing"));
            }
            self.frame(head, payload)?;
            used += HEAD + head.length;
        }
        Ok(used)
    }

    fn frame(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Violation> {
        if !self.greeted && (head.kind != kind::SETTINGS || head.has(flag::ACK)) {
            return Err(Violation::protocol("SETTINGS do not come first"));
        }
        if let Some(block) = &self.block
            && (head.kind != kind::CONTINUATION || head.stream != block.stream)
        {
            return Err(Violation::protocol("headers that do not go on"));
        }
        let of_connection = matches!(head.kind, kind::SETTINGS | kind::PING | kind::GOAWAY);
        let of_either = head.kind == kind::WINDOW_UPDATE || head.kind > kind::CONTINUATION;
        if !of_either && of_connection != (head.stream == 0) {
            return Err(Violation::protocol(
                "a frame of the connection on a stream, or the other way round",
            ));
        }
        match head.kind {
            kind::DATA => self.data(head, payload),
            kind::HEADERS => self.headers(head, payload),
            kind::CONTINUATION => self.continuation(head, payload),
            kind::RST_STREAM => self.reset(head, payload),
            kind::SETTINGS => self.settings(head, payload),
            kind::PUSH_PROMISE => Err(Violation::protocol("a push, which was not wanted")),
            kind::PING => self.ping(head, payload),
            kind::GOAWAY => self.going_away(payload),
            kind::WINDOW_UPDATE => self.window_update(head, payload),
            kind::PRIORITY if payload.len() != 5 => {
                Err(Violation::size("a priority of another length"))
            }
            // Priorities are the business of servers; what is unknown is to be ignored.
            _ => Ok(()),
        }
    }

    /// The place of a stream; none if nobody waits for it any more.
    fn known(&self, id: u32) -> Result<Option<usize>, Violation> {
        let place = self.streams.place(id);
        if place.is_none() && !self.was_opened(id) {
            return Err(Violation::protocol("a frame of a stream that was never opened"));
        }
        Ok(place)
    }

    fn data(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Violation> {
        let data = frame::unpadded(head, payload)?;
        let (size, ends) = (head.length as u32, head.has(flag::END_STREAM));
        self.window.receive(size)?;
        let Some(place) = self.known(head.stream)? else {
            self.release(size);
            return Ok(());
        };
        let Some(stream) = self.streams.at(place) else { return Ok(()) };
        if !stream.answered {
            return Err(Violation::protocol("data before headers"));
        }
        stream.window.receive(size)?;
        let cut_short = stream.cut_short();
        let told = (!ends || !stream.unsent.ended).then_some(Reason::CANCEL);
        let (failed, read) = match &mut stream.inbox {
            Inbox::One(message) => (message.push(data).err(), size),
            Inbox::Many(pieces) => {
                if !data.is_empty() {
                    pieces.push_back(Bytes::copy_from_slice(data));
                }
                (None, size - data.len() as u32)
            }
        };
        if let Some(by) = stream.window.release(read)
            && !ends
        {
            frame::put_window(&mut self.out, head.stream, by);
        }
        self.release(read);
        match failed {
            Some(failure) => self.finish(place, Err(failure), told),
            None if ends => self.finish(place, Err(cut_short), told),
            None => self.wake_if_many(place),
        }
        Ok(())
    }

    fn wake_if_many(&mut self, place: usize) {
        if self.streams.at(place).is_some_and(|stream| matches!(stream.inbox, Inbox::Many(_))) {
            self.wake(place);
        }
    }

    fn headers(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Violation> {
        let piece = frame::block(head, payload)?;
        let ends_stream = head.has(flag::END_STREAM);
        if head.has(flag::END_HEADERS) {
            return self.fields(head.stream, ends_stream, piece);
        }
        self.block =
            Some(Block { stream: head.stream, ends_stream, bytes: piece.to_vec(), frames: 1 });
        Ok(())
    }

    fn continuation(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Violation> {
        let alone = Violation::protocol("headers that go on without having begun");
        let block = self.block.as_mut().ok_or(alone)?;
        block.bytes.extend_from_slice(payload);
        block.frames += 1;
        if block.bytes.len() > LONGEST_HEADERS || block.frames > PIECES {
            return Err(Violation::excess("headers longer than any answer's"));
        }
        if head.has(flag::END_HEADERS)
            && let Some(Block { stream, ends_stream, bytes, .. }) = self.block.take()
        {
            return self.fields(stream, ends_stream, &bytes);
        }
        Ok(())
    }

    /// Headers of an answer, or its trailers.
    fn fields(&mut self, id: u32, ends: bool, block: &[u8]) -> Result<(), Violation> {
        // Also where nobody waits for it: the table goes on.
        let fields = self.decoder.decode(block)?;
        let Some(place) = self.known(id)? else { return Ok(()) };
        let Some(stream) = self.streams.at(place) else { return Ok(()) };
        let told = (!ends || !stream.unsent.ended).then_some(Reason::CANCEL);
        if stream.answered {
            let outcome = if ends {
                stream.ends(fields.outcome())
            } else {
                Err(no_answer("headers in the middle of an answer"))
            };
            self.finish(place, outcome, told);
            return Ok(());
        }
        let begun = match fields.status {
            // What is only said meanwhile.
            Some(100..200) if !ends => return Ok(()),
            Some(status) => stream.begins(status, fields.outcome()),
            None => Err(no_answer("headers without a status")),
        };
        match begun {
            Err(failure) => self.finish(place, Err(failure), told),
            Ok(()) if ends => {
                let cut_short = stream.cut_short();
                self.finish(place, Err(cut_short), told);
            }
            Ok(()) => self.wake_if_many(place),
        }
        Ok(())
    }

    fn reset(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Violation> {
        let code = payload.try_into().map_err(|_| Violation::size("a reset without its reason"))?;
        let reason = Reason::from(u32::from_be_bytes(code));
        let Some(place) = self.known(head.stream)? else { return Ok(()) };
        // A refused stream was not looked at by the server (RFC 9113, 8.7).
        let class = match reason {
            Reason::REFUSED_STREAM => ErrorClass::NotSent,
            _ => ErrorClass::Transport,
        };
        let failure = Failure::new(class, format!("stream error received: {reason}"));
        self.finish(place, Err(failure), None);
        Ok(())
    }

    fn settings(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Violation> {
        if head.has(flag::ACK) {
            let empty = payload.is_empty();
            return empty.then_some(()).ok_or(Violation::size("settings in an acknowledgement"));
        }
        let (settings, rest) = payload.as_chunks::<6>();
        if !rest.is_empty() {
            return Err(Violation::size("a setting that is cut off"));
        }
        self.greeted = true;
        for &[a1, a0, v3, v2, v1, v0] in settings {
            let value = u32::from_be_bytes([v3, v2, v1, v0]);
            self.setting(u16::from_be_bytes([a1, a0]), value)?;
        }
        self.reply(kind::SETTINGS, &[]);
        self.start_waiting();
        self.unblock_all();
        Ok(())
    }

    fn setting(&mut self, about: u16, value: u32) -> Result<(), Violation> {
        match about {
            setting::HEADER_TABLE_SIZE => self.limit_table(value as usize),
            setting::ENABLE_PUSH if value > 0 => {
                return Err(Violation::protocol("a server that allows a push"));
            }
            setting::MAX_CONCURRENT_STREAMS => self.peer.max_streams = value as usize,
            setting::INITIAL_WINDOW_SIZE => {
                let by = i64::from(value) - self.peer.window;
                self.peer.window = value.into();
                let too_large = Violation::flow("a window larger than any may be");
                if i64::from(value) > LARGEST_WINDOW {
                    return Err(too_large);
                }
                for (_, stream) in self.streams.all().filter(|(_, stream)| stream.id != 0) {
                    stream.send_window += by;
                    if stream.send_window > LARGEST_WINDOW {
                        return Err(too_large);
                    }
                }
            }
            setting::MAX_FRAME_SIZE => match value as usize {
                size @ LARGEST..=0xff_ffff => self.peer.max_frame = size,
                _ => return Err(Violation::protocol("a frame's size that none may have")),
            },
            _ => {}
        }
        Ok(())
    }

    fn ping(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Violation> {
        if payload.len() != 8 {
            return Err(Violation::size("a ping of another length"));
        }
        if !head.has(flag::ACK) {
            self.reply(kind::PING, payload);
        }
        Ok(())
    }

    /// Acknowledges a frame.
    fn reply(&mut self, kind: u8, payload: &[u8]) {
        frame::put(&mut self.out, kind, flag::ACK, 0, payload);
        self.replies += HEAD + payload.len();
    }

    fn going_away(&mut self, payload: &[u8]) -> Result<(), Violation> {
        let short = Violation::size("a GOAWAY that is cut off");
        let last = frame::number(payload).ok_or(short)?;
        let (code, told) = payload[4..].split_first_chunk().ok_or(short)?;
        let reason = Reason::from(u32::from_be_bytes(*code));
        let mut message = format!("connection error received: {reason}");
        if !told.is_empty() {
            message += &format!(" ({:?})", Bytes::copy_from_slice(told));
        }
        let why = match reason {
            Reason::NO_ERROR => CLOSED,
            _ => &message,
        };
        let why = Failure::new(ErrorClass::Transport, why);
        self.go_away(last, &message, why);
        Ok(())
    }

    fn window_update(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Violation> {
        let bytes: [u8; 4] =
            payload.try_into().map_err(|_| Violation::size("a window update of another length"))?;
        let by = frame::number(&bytes).unwrap_or_default();
        if by == 0 {
            return Err(Violation::protocol("a window that grows by nothing"));
        }
        let too_large = Violation::flow("a window larger than any may be");
        if head.stream == 0 {
            self.send_window += i64::from(by);
            if self.send_window > LARGEST_WINDOW {
                return Err(too_large);
            }
            self.unblock_all();
            return Ok(());
        }
        let Some(place) = self.known(head.stream)? else { return Ok(()) };
        let Some(stream) = self.streams.at(place) else { return Ok(()) };
        stream.send_window += i64::from(by);
        if stream.send_window > LARGEST_WINDOW {
            return Err(too_large);
        }
        self.unblock(place);
        Ok(())
    }
}

/// Whether an answer needs no such frame.
fn brings_nothing(head: FrameHead) -> bool {
    match head.kind {
        kind::DATA => head.length == 0 && !head.has(flag::END_STREAM),
        kind::SETTINGS | kind::PING | kind::PRIORITY => true,
        _ => head.kind > kind::CONTINUATION,
    }
}

/// Why a connection ended that ended well.
pub const CLOSED: &str = "the server closed the connection";
