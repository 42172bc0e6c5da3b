//! What one end of a connection knows and does, apart from reading and writing: bytes come in, bytes to be sent pile up,
//! and those who wait are told.

mod driving;

use std::collections::VecDeque;
use std::task::Waker;

use h2::Reason;
use http::HeaderValue;

use super::flow::Window;
use super::frame::{self, FrameHead, PREFACE, flag, kind, setting};
use super::hpack::Decoder;
use super::request::{Headers, Start, TokenField};
use super::stream::{Inbox, Message, Stream, Unsent};
use super::streams::Streams;
use crate::etcd::{Endpoint, ErrorClass};
use crate::wire::Failure;
use crate::wire::answer::{Answer, Pooled};

/// Room for answers of one stream and of all together. Larger than what is in flight, so that the server never waits
/// for us.
pub const STREAM_WINDOW: u32 = 4 << 20;
pub const CONNECTION_WINDOW: u32 = 64 << 20;
/// Windows before anybody says anything of them.
const FIRST_WINDOW: u32 = 65_535;
/// Longest headers of an answer, in bytes as HPACK counts them.
pub const LONGEST_HEADERS: usize = 256 << 10;
/// The last number of a stream.
const LAST_ID: u32 = 0x7fff_ffff;
/// Another connection is made when so many numbers are left: enough for all that is asked until it stands.
const SPARE_IDS: u32 = 1 << 24;
/// Frames that answer the server's own and are not written yet, in bytes: beyond this, nothing more is read of it.
const MOST_REPLIES: usize = 64 << 10;
/// What says that a request has not been looked at.
const USED_UP: &str = "the connection has used up its numbers of streams";

/// One end of a connection.
#[derive(Debug)]
pub struct Session {
    /// What is to be written.
    pub(super) out: Vec<u8>,
    /// Whether a request is in it.
    pub(super) asks: bool,
    /// Bytes of it that are in reply to frames of the server, and not to requests.
    pub(super) replies: usize,
    pub(super) streams: Streams,
    headers: Headers,
    next_id: u32,
    serial: u64,
    /// Who waits for a stream, and who for a window.
    waiting: Queue,
    blocked: Queue,
    pub(super) peer: Peer,
    pub(super) send_window: i64,
    pub(super) window: Window,
    pub(super) decoder: Decoder,
    pub(super) block: Option<Block>,
    /// The server's SETTINGS have come.
    pub(super) greeted: bool,
    /// The server takes no more requests, and why.
    going: Option<Failure>,
    ended: Option<Failure>,
    /// Who is to be woken, once nobody holds this any more.
    woken: Vec<Waker>,
    driver: Option<Waker>,
    driver_woken: bool,
    /// Who may still ask.
    callers: usize,
}

/// Places in the order of their turn, each with the serial number of the stream that was meant.
type Queue = VecDeque<(usize, u64)>;

/// What the server allows.
#[derive(Debug)]
pub struct Peer {
    pub max_streams: usize,
    pub window: i64,
    pub max_frame: usize,
}

/// A header block that has come in part.
#[derive(Debug)]
pub struct Block {
    pub stream: u32,
    pub ends_stream: bool,
    pub bytes: Vec<u8>,
    pub frames: usize,
}

impl Session {
    /// A connection on which nothing has been said.
    pub fn new(endpoint: &Endpoint) -> Self {
        let mut out = PREFACE.to_vec();
        let settings = [
            (setting::ENABLE_PUSH, 0),
            (setting::INITIAL_WINDOW_SIZE, STREAM_WINDOW),
            (setting::MAX_HEADER_LIST_SIZE, LONGEST_HEADERS as u32),
        ];
        frame::put_settings(&mut out, &settings);
        frame::put_window(&mut out, 0, CONNECTION_WINDOW - FIRST_WINDOW);
        Session {
            out,
            asks: true,
            replies: 0,
            streams: Streams::default(),
            headers: Headers::new(endpoint),
            next_id: 1,
            serial: 0,
            waiting: Queue::new(),
            blocked: Queue::new(),
            // Until the server has said how many requests it takes; etcd takes any number.
            peer: Peer {
                max_streams: usize::MAX,
                window: FIRST_WINDOW.into(),
                max_frame: frame::LARGEST,
            },
            send_window: FIRST_WINDOW.into(),
            window: Window::new(CONNECTION_WINDOW),
            decoder: Decoder::new(LONGEST_HEADERS),
            block: None,
            greeted: false,
            going: None,
            ended: None,
            woken: Vec::new(),
            driver: None,
            driver_woken: false,
            callers: 0,
        }
    }

    /// A token that requests may bear.
    pub fn token(&mut self, value: &HeaderValue) -> TokenField {
        self.headers.token(value)
    }

    /// Begins a request, whose `length` bytes `write` appends; its place.
    ///
    /// # Errors
    /// [`ErrorClass::NotSent`] on a connection that takes no more.
    pub fn begin(
        &mut self,
        start: Start,
        inbox: Inbox,
        length: usize,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<usize, Failure> {
        self.takes_requests()?;
        self.serial += 1;
        let unsent = Unsent::new(matches!(inbox, Inbox::One(_)));
        let place = self.streams.insert(Stream {
            id: 0,
            serial: self.serial,
            start: None,
            unsent,
            send_window: 0,
            window: Window::new(STREAM_WINDOW),
            answered: false,
            refused: false,
            inbox,
            outcome: None,
            waker: None,
        });
        if self.waiting.is_empty() && self.has_room() {
            self.open(place, start);
            self.send_first(place, length, write);
        } else if let Some(stream) = self.streams.at(place) {
            stream.start = Some(start);
            write(stream.unsent.room());
            self.waiting.push_back((place, self.serial));
        }
        self.wake_driver();
        Ok(place)
    }

    /// Whether a request may begin.
    ///
    /// # Errors
    /// [`ErrorClass::NotSent`], with what ended the connection.
    pub fn takes_requests(&self) -> Result<(), Failure> {
        let not_sent = |message: &str| Err(Failure::new(ErrorClass::NotSent, message));
        match (&self.ended, &self.going) {
            (Some(failure), _) | (None, Some(failure)) => not_sent(&failure.message),
            _ if self.next_id > LAST_ID => not_sent(USED_UP),
            _ => Ok(()),
        }
    }

    fn has_room(&self) -> bool {
        self.streams.open_count() < self.peer.max_streams && self.next_id <= LAST_ID
    }

    fn open(&mut self, place: usize, start: Start) {
        let id = self.next_id;
        // The number after the last is none, and even so it is larger.
        self.next_id += 2;
        self.streams.open(place, id);
        self.headers.write(start, id, self.peer.max_frame, &mut self.out);
        self.asks = true;
        if let Some(stream) = self.streams.at(place) {
            stream.send_window = self.peer.window;
        }
    }

    /// Sends a request whole, if there is room for it, without storing it first.
    fn send_first(&mut self, place: usize, length: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let Some(stream) = self.streams.at(place) else { return };
        let window = self.send_window.min(stream.send_window);
        if !stream.unsent.ends || length > self.peer.max_frame || (length as i64) > window {
            write(stream.unsent.room());
            return self.send(place);
        }
        let head =
            FrameHead { length, kind: kind::DATA, flags: flag::END_STREAM, stream: stream.id };
        head.write(&mut self.out);
        let begin = self.out.len();
        write(&mut self.out);
        debug_assert_eq!(self.out.len() - begin, length);
        stream.send_window -= length as i64;
        self.send_window -= length as i64;
        stream.unsent.ended = true;
    }

    /// Sends what may be sent of a request, frame by frame; it waits with the rest.
    fn send(&mut self, place: usize) {
        let Some(stream) = self.streams.at(place) else { return };
        while !stream.unsent.is_done() {
            let window = self.send_window.min(stream.send_window).max(0) as usize;
            let rest = stream.unsent.rest();
            let part = &rest[..rest.len().min(window).min(self.peer.max_frame)];
            if part.is_empty() && !rest.is_empty() {
                break;
            }
            let ends = stream.unsent.ends && part.len() == rest.len();
            let flags = if ends { flag::END_STREAM } else { 0 };
            frame::put(&mut self.out, kind::DATA, flags, stream.id, part);
            let sent = part.len();
            stream.unsent.sent(sent);
            stream.unsent.ended = ends;
            stream.send_window -= sent as i64;
            self.send_window -= sent as i64;
            self.asks = true;
        }
        if !stream.unsent.is_done() && !stream.unsent.queued {
            stream.unsent.queued = true;
            self.blocked.push_back((place, stream.serial));
        }
    }

    /// There is more room for one stream.
    pub(super) fn unblock(&mut self, place: usize) {
        // It keeps its turn with the connection's window, whose room comes to it there.
        if self.streams.at(place).is_some_and(|stream| !stream.unsent.is_done()) {
            self.send(place);
        }
    }

    /// There is more room for all.
    pub(super) fn unblock_all(&mut self) {
        for _ in 0..self.blocked.len() {
            if self.send_window <= 0 {
                return;
            }
            let Some((place, serial)) = self.blocked.pop_front() else { return };
            if let Some(stream) = self.streams.at(place)
                && stream.serial == serial
            {
                stream.unsent.queued = false;
                if stream.id != 0 {
                    self.send(place);
                }
            }
        }
    }

    /// Streams may have become free for those who wait for one.
    pub(super) fn start_waiting(&mut self) {
        while self.has_room()
            && let Some((place, serial)) = self.waiting.pop_front()
        {
            let stream = self.streams.at(place).filter(|stream| stream.serial == serial);
            if let Some(start) = stream.and_then(|stream| stream.start.take()) {
                self.open(place, start);
                self.send(place);
            }
        }
    }

    /// A stream is over; `tell` is what the server is told, where it does not know.
    pub(super) fn finish(
        &mut self,
        place: usize,
        outcome: Result<(), Failure>,
        tell: Option<Reason>,
    ) {
        if let (Some(id), Some(reason)) = (self.streams.close(place), tell) {
            frame::put_reset(&mut self.out, id, reason);
        }
        if let Some(stream) = self.streams.at(place) {
            stream.start = None;
            stream.unsent = Unsent::default();
            stream.outcome.get_or_insert(outcome);
            self.woken.extend(stream.waker.take());
        }
        self.start_waiting();
    }

    /// The outcome of a request with one message as its answer; its place is free from then on.
    pub fn answer(&mut self, place: usize) -> Option<Result<Answer, Failure>> {
        self.streams.at(place)?.outcome.as_ref()?;
        let stream = self.streams.remove(place)?;
        let mut message = match stream.inbox {
            Inbox::One(message) => message,
            Inbox::Many(_) => Message::default(),
        };
        let told = stream.outcome?;
        Some(told.map(|()| message.take().unwrap_or_else(Pooled::default).into()))
    }

    /// Nobody waits for this one any more.
    pub fn cancel(&mut self, place: usize) {
        let Some(stream) = self.streams.remove(place) else { return };
        if stream.id != 0 {
            frame::put_reset(&mut self.out, stream.id, Reason::CANCEL);
        }
        if let Inbox::Many(_) = stream.inbox {
            self.release(stream.window.unread());
        }
        self.start_waiting();
        for queue in [&mut self.waiting, &mut self.blocked] {
            sweep(queue, &mut self.streams);
        }
        self.wake_driver();
    }

    /// So much was read of what came.
    pub(super) fn release(&mut self, bytes: u32) {
        if let Some(by) = self.window.release(bytes) {
            frame::put_window(&mut self.out, 0, by);
        }
    }

    /// So much was read of a stream that goes on.
    pub fn read(&mut self, place: usize, bytes: u32) {
        self.release(bytes);
        if let Some(stream) = self.streams.at(place)
            && let Some(by) = stream.window.release(bytes)
            && stream.id != 0
        {
            frame::put_window(&mut self.out, stream.id, by);
        }
        if !self.out.is_empty() {
            self.wake_driver();
        }
    }

    /// Sends more on a stream that goes on.
    ///
    /// # Errors
    /// When it has ended, with what ended it.
    pub fn send_more(&mut self, place: usize, framed: &[u8]) -> Result<(), Failure> {
        let ended = || Failure::new(ErrorClass::Transport, "the server ended the stream");
        let stream = self.streams.at(place).ok_or_else(ended)?;
        if let Some(outcome) = &stream.outcome {
            return Err(outcome.clone().err().unwrap_or_else(ended));
        }
        stream.unsent.push(framed);
        // One that waits for its turn sends it then.
        if stream.id != 0 {
            self.send(place);
        }
        self.wake_driver();
        Ok(())
    }

    /// The server takes no more requests; those above `last` it has not looked at.
    pub(super) fn go_away(&mut self, last: u32, message: &str, why: Failure) {
        let not_sent = Failure::new(ErrorClass::NotSent, message);
        self.waiting.clear();
        let places: Vec<usize> = self
            .streams
            .all()
            .filter(|(_, stream)| stream.id > last || stream.start.is_some())
            .map(|(place, _)| place)
            .collect();
        self.going = Some(why);
        for place in places {
            self.finish(place, Err(not_sent.clone()), None);
        }
    }

    /// The connection is over.
    pub fn end(&mut self, of_streams: &Failure, why: Failure) {
        if self.ended.is_some() {
            return;
        }
        self.waiting.clear();
        self.blocked.clear();
        let not_sent = Failure::new(ErrorClass::NotSent, why.message.as_str());
        self.ended = Some(why);
        let places: Vec<usize> = self.streams.all().map(|(place, _)| place).collect();
        for place in places {
            let waits = self.streams.at(place).is_some_and(|stream| stream.start.is_some());
            let failure = if waits { &not_sent } else { of_streams };
            self.finish(place, Err(failure.clone()), None);
        }
    }

    /// The server's table of headers takes so much.
    pub(super) fn limit_table(&mut self, bytes: usize) {
        self.headers.limit(bytes);
    }

    /// Whether there ever was a stream of this number.
    pub(super) fn was_opened(&self, id: u32) -> bool {
        id % 2 == 1 && id < self.next_id
    }

    /// Somebody waits for what becomes of a request.
    pub fn wait(&mut self, place: usize, waker: &Waker) {
        if let Some(stream) = self.streams.at(place)
            && !stream.waker.as_ref().is_some_and(|known| known.will_wake(waker))
        {
            stream.waker = Some(waker.clone());
        }
    }

    /// Somebody is there to be woken.
    pub(super) fn wake(&mut self, place: usize) {
        self.woken.extend(self.streams.at(place).and_then(|stream| stream.waker.take()));
    }
}

/// Takes those out of a queue who left it, once they are most of it.
fn sweep(queue: &mut Queue, streams: &mut Streams) {
    const WORTH_IT: usize = 64;
    if queue.len() > WORTH_IT && queue.len() > 2 * streams.count() {
        queue.retain(|&(place, serial)| {
            streams.at(place).is_some_and(|stream| stream.serial == serial)
        });
    }
}
