//! A connection that can be made to break what is sent on it.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// How what is sent from now on is broken.
#[derive(Debug, Default)]
pub struct Spoiled(Cell<Kind>);

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Kind {
    #[default]
    Not,
    Garbage,
    Closing,
    Closed,
}

impl Spoiled {
    /// Random bytes take its place.
    pub fn with_garbage(&self) {
        self.0.set(Kind::Garbage);
    }

    /// Half of it is sent, then the connection is closed.
    pub fn by_closing(&self) {
        self.0.set(Kind::Closing);
    }
}

/// The connection.
pub struct Socket {
    stream: TcpStream,
    spoiled: Rc<Spoiled>,
}

impl Socket {
    /// Sends as it should until told otherwise.
    pub fn new(stream: TcpStream, spoiled: Rc<Spoiled>) -> Self {
        Socket { stream, spoiled }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.spoiled.0.get() {
            Kind::Not => Pin::new(&mut self.stream).poll_write(context, buffer),
            Kind::Garbage => {
                // A fixed scramble is as random to the reader as any.
                let garbage: Vec<u8> = (0..buffer.len() as u32)
                    .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
                    .collect();
                Pin::new(&mut self.stream).poll_write(context, &garbage)
            }
            Kind::Closing => {
                let half = &buffer[..buffer.len().div_ceil(2)];
                let sent = Pin::new(&mut self.stream).poll_write(context, half);
                if sent.is_ready() {
                    self.spoiled.0.set(Kind::Closed);
                }
                sent
            }
            Kind::Closed => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
