//! Reading and writing of a connection: all that is asked in one turn of the thread leaves in one write.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use h2::Reason;
use http::HeaderValue;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::caller::{Caller, Shared};
use super::frame::{self, Violation};
use super::receive::CLOSED;
use super::session::Session;
use crate::etcd::{Endpoint, ErrorClass};
use crate::wire::Failure;

/// Bytes read at a time.
const CHUNK: usize = 64 << 10;
/// Chunks read before others get their turn.
const CHUNKS: usize = 8;
/// Room for the beginning of a frame that is kept between turns.
const KEPT_BEGUN: usize = 1 << 10;
/// What is written may stand before what is not, up to so much.
const KEPT: usize = 64 << 10;

thread_local! {
    /// What all connections of a thread read into, one after the other.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Does the reading and writing of a connection; it must be polled for anything to happen, and ends with it.
#[derive(Debug)]
pub struct Driver<T> {
    io: T,
    session: Shared,
    /// The beginning of a frame whose rest has not come.
    begun: Vec<u8>,
    /// Bytes of the session's that are written.
    written: usize,
    flushes: bool,
    /// Whether what there was to say waits for those who were woken.
    waits: bool,
    told: bool,
}

/// Begins HTTP/2 on a stream. Nothing is sent before the driver is polled.
pub fn start<T>(io: T, endpoint: &Endpoint, token: Option<&HeaderValue>) -> (Caller, Driver<T>) {
    let session = Rc::new(RefCell::new(Session::new(endpoint)));
    let caller = Caller::new(&session, token);
    let driver = Driver {
        io,
        session,
        begun: Vec::new(),
        written: 0,
        flushes: false,
        waits: false,
        told: false,
    };
    (caller, driver)
}

/// How far a connection has come.
enum Turn {
    /// It takes no more requests; those under way go on.
    GoingAway(Failure),
    /// It is over.
    Ended(Failure),
}

/// What ends a connection.
enum End {
    Closed,
    /// In the middle of a frame.
    CutOff,
    Io(io::Error),
    Broken(Violation),
}

impl End {
    /// What it means for requests under way, and for the connection.
    fn failures(&self) -> (Failure, Failure) {
        let transport = |message: &str| Failure::new(ErrorClass::Transport, message);
        match self {
            End::Closed => (transport("stream closed because of a broken pipe"), transport(CLOSED)),
            End::CutOff => {
                let told = transport("bytes remaining on stream");
                (told.clone(), told)
            }
            End::Io(error) => {
                // Without the number that the system has for it.
                let told = match error.get_ref() {
                    Some(inner) => inner.to_string(),
                    None => io::Error::from(error.kind()).to_string(),
                };
                (transport(&told), transport(&told))
            }
            End::Broken(violation) => (violation.failure(), violation.failure()),
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Driver<T> {
    /// Drives the connection until it takes no more requests, and tells why. Where some are still under way, what is to
    /// be driven on comes with it.
    pub async fn run(mut self) -> (Failure, Option<Self>) {
        match poll_fn(|cx| self.poll_turn(cx)).await {
            Turn::GoingAway(why) => (why, Some(self)),
            Turn::Ended(why) => (why, None),
        }
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        self.session.borrow_mut().driver_works(cx.waker());
        let received = self.receive(cx);
        let woke = self.wake();
        if let Err(end) = received {
            return Poll::Ready(self.end(cx, &end));
        }
        // What is only a reply can wait for those who were woken and will ask for more, but once at most.
        if woke && !self.session.borrow().asks && !self.waits && !self.is_written() {
            self.waits = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.waits = false;
        if let Err(error) = self.write(cx) {
            return Poll::Ready(self.end(cx, &End::Io(error)));
        }
        let session = self.session.borrow();
        if session.is_over() {
            drop(session);
            return Poll::Ready(self.close(cx));
        }
        match session.going() {
            Some(why) if !self.told => {
                self.told = true;
                Poll::Ready(Turn::GoingAway(why))
            }
            _ => Poll::Pending,
        }
    }

    /// Reads what has come, without keeping others from their turn.
    fn receive(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        let mut buffer = BUFFER.take();
        buffer.resize(CHUNK, 0);
        let received = self.receive_into(cx, &mut buffer);
        BUFFER.set(buffer);
        received
    }

    fn receive_into(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Result<(), End> {
        for _ in 0..CHUNKS {
            if self.session.borrow().is_overwhelmed() {
                // To be read on when that is written.
                return Ok(());
            }
            let begun = self.begun.len();
            buffer[..begun].copy_from_slice(&self.begun);
            let mut room = ReadBuf::new(&mut buffer[begun..]);
            match Pin::new(&mut self.io).poll_read(cx, &mut room) {
                Poll::Pending => return Ok(()),
                Poll::Ready(read) => read.map_err(End::Io)?,
            }
            let read = room.filled().len();
            if read == 0 {
                return Err(if begun == 0 { End::Closed } else { End::CutOff });
            }
            let come = &buffer[..begun + read];
            let used = self.session.borrow_mut().receive(come).map_err(End::Broken)?;
            self.begun.clear();
            self.begun.shrink_to(KEPT_BEGUN);
            self.begun.extend_from_slice(&come[used..]);
        }
        cx.waker().wake_by_ref();
        Ok(())
    }

    /// Wakes those whose answers have come; whether there were any.
    fn wake(&mut self) -> bool {
        let mut woken = self.session.borrow_mut().woken();
        let any = !woken.is_empty();
        // Whoever is woken may not find the session in use.
        woken.drain(..).for_each(std::task::Waker::wake);
        self.session.borrow_mut().keep(woken);
        any
    }

    fn is_written(&self) -> bool {
        self.session.borrow().out.is_empty() && !self.flushes
    }

    /// Writes what there is to say, as far as it goes.
    fn write(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let mut session = self.session.borrow_mut();
        while self.written < session.out.len() {
            let rest = &session.out[self.written..];
            match Pin::new(&mut self.io).poll_write(cx, rest) {
                Poll::Pending => {
                    if self.written > KEPT {
                        session.out.drain(..self.written);
                        self.written = 0;
                    }
                    return Ok(());
                }
                Poll::Ready(wrote) => match wrote? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    wrote => self.written += wrote,
                },
            }
            self.flushes = true;
        }
        if self.written > 0 {
            if session.is_overwhelmed() {
                // Reading was put off until now.
                cx.waker().wake_by_ref();
            }
            session.written();
            self.written = 0;
        }
        if self.flushes && Pin::new(&mut self.io).poll_flush(cx)?.is_ready() {
            self.flushes = false;
        }
        Ok(())
    }

    /// The connection has ended, or is ended because the other side breaks the rules.
    fn end(&mut self, cx: &mut Context<'_>, end: &End) -> Turn {
        if let End::Broken(violation) = end {
            self.say_goodbye(cx, violation.reason);
        }
        let (of_streams, why) = end.failures();
        let mut session = self.session.borrow_mut();
        // What was going away told why before.
        let why = session.going().filter(|_| matches!(end, End::Closed)).unwrap_or(why);
        session.end(&of_streams, why.clone());
        drop(session);
        self.wake();
        Turn::Ended(why)
    }

    /// Nobody wants anything of the connection any more.
    fn close(&mut self, cx: &mut Context<'_>) -> Turn {
        self.say_goodbye(cx, Reason::NO_ERROR);
        let mut session = self.session.borrow_mut();
        let closed = || Failure::new(ErrorClass::Transport, CLOSED);
        let why = session.going().unwrap_or_else(closed);
        session.end(&closed(), why.clone());
        Turn::Ended(why)
    }

    /// As far as it goes: whoever does not read it any more learns it from the end of the connection.
    fn say_goodbye(&mut self, cx: &mut Context<'_>, reason: Reason) {
        frame::put_go_away(&mut self.session.borrow_mut().out, reason);
        if self.write(cx).is_ok() {
            let _ = Pin::new(&mut self.io).poll_shutdown(cx);
        }
    }
}

impl<T> Drop for Driver<T> {
    fn drop(&mut self) {
        // Whoever waits for what nobody reads any more would wait for ever.
        let ended = Failure::new(ErrorClass::Transport, "the connection ended");
        let woken = {
            let mut session = self.session.borrow_mut();
            session.end(&ended, ended.clone());
            session.woken()
        };
        woken.into_iter().for_each(std::task::Waker::wake);
    }
}
