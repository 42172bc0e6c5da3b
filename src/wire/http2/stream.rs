//! One stream of a connection: a request under way, and what has come of its answer.

use std::collections::VecDeque;
use std::task::Waker;

use bytes::Bytes;

use super::flow::Window;
use super::request::Start;
use crate::etcd::ErrorClass;
use crate::wire::Failure;
use crate::wire::answer::Pooled;
use crate::wire::deframe::{LONGEST, RESERVE};
use crate::wire::grpc::{PREFIX, no_grpc};

/// A request under way.
#[derive(Debug)]
pub struct Stream {
    /// 0 before it was opened, and after it has ended.
    pub id: u32,
    /// Tells it from others that had or will have its place.
    pub serial: u64,
    /// What it begins with, while it waits for its turn.
    pub start: Option<Start>,
    /// What is still to be sent.
    pub unsent: Unsent,
    /// Bytes that the server takes at the moment.
    pub send_window: i64,
    /// Bytes that we take.
    pub window: Window,
    /// Whether the head of the answer has come.
    pub answered: bool,
    /// Whether that was all: it told a failure.
    pub refused: bool,
    /// What has come of it.
    pub inbox: Inbox,
    /// How it ended.
    pub outcome: Option<Result<(), Failure>>,
    /// Who waits for it.
    pub waker: Option<Waker>,
}

/// The rest of a request.
#[derive(Debug, Default)]
pub struct Unsent {
    bytes: Vec<u8>,
    sent: usize,
    /// Whether the stream's end comes after it.
    pub ends: bool,
    /// Whether the end has been sent.
    pub ended: bool,
    /// Whether it stands in the queue of those who wait for a window.
    pub queued: bool,
}

impl Unsent {
    /// Nothing so far; whether the stream's end comes after it.
    pub fn new(ends: bool) -> Self {
        Unsent { ends, ..Unsent::default() }
    }

    /// What there is.
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// More of it.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Room to write a request into.
    pub fn room(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// So much of it was sent.
    pub fn sent(&mut self, bytes: usize) {
        self.sent += bytes;
        if self.sent == self.bytes.len() {
            (self.bytes, self.sent) = (Vec::new(), 0);
        }
    }

    /// Whether nothing is left to do.
    pub fn is_done(&self) -> bool {
        self.rest().is_empty() && (self.ended || !self.ends)
    }
}

/// What has come of an answer.
#[derive(Debug)]
pub enum Inbox {
    /// Of one that is one message.
    One(Message),
    /// Of one that goes on: pieces that nobody has taken.
    Many(VecDeque<Bytes>),
}

/// The one message of an answer.
#[derive(Debug, Default)]
pub struct Message {
    prefix: [u8; PREFIX],
    /// Bytes of the prefix that have come.
    begun: usize,
    length: usize,
    body: Pooled,
}

impl Message {
    /// Takes in what has come. What follows the one message is of no interest.
    ///
    /// # Errors
    /// [`ErrorClass::Other`] for what is no gRPC, a length above 1 GiB among it.
    pub fn push(&mut self, mut data: &[u8]) -> Result<(), Failure> {
        if self.begun < PREFIX {
            let (part, rest) = data.split_at((PREFIX - self.begun).min(data.len()));
            self.prefix[self.begun..][..part.len()].copy_from_slice(part);
            self.begun += part.len();
            data = rest;
            if self.begun < PREFIX {
                return Ok(());
            }
            let [compressed, length @ ..] = self.prefix;
            self.length = u32::from_be_bytes(length) as usize;
            if compressed != 0 || self.length > LONGEST {
                return Err(Failure::new(ErrorClass::Other, "the answer is no gRPC"));
            }
            self.body = Pooled::with_room(self.length.min(RESERVE));
        }
        let body = self.body.bytes();
        let missing = self.length - body.len();
        let part = &data[..missing.min(data.len())];
        if body.capacity() - body.len() < part.len() {
            body.reserve_exact(missing.min(body.len().max(part.len())));
        }
        body.extend_from_slice(part);
        Ok(())
    }

    /// The message, if it has come whole.
    pub fn take(&mut self) -> Option<Pooled> {
        let whole = self.begun == PREFIX && self.body.bytes().len() == self.length;
        whole.then(|| std::mem::take(&mut self.body))
    }

    fn is_whole(&mut self) -> bool {
        self.begun == PREFIX && self.body.bytes().len() == self.length
    }
}

impl Stream {
    /// What an answer's end without any word about its outcome means.
    pub fn cut_short(&self) -> Failure {
        let message = match self.inbox {
            Inbox::One(_) => "the answer ended without an outcome",
            Inbox::Many(_) => "the server ended the stream",
        };
        Failure::new(ErrorClass::Transport, message)
    }

    /// What the head of the answer says: whether the answer goes on, or has failed already.
    pub fn begins(
        &mut self,
        status: u16,
        outcome: Option<Result<(), Failure>>,
    ) -> Result<(), Failure> {
        self.answered = true;
        let good = || if status == 200 { Ok(()) } else { Err(no_grpc(status)) };
        let begun = outcome.unwrap_or(Ok(())).and_then(|()| good());
        self.refused = begun.is_err();
        begun
    }

    /// What its trailers say.
    pub fn ends(&mut self, outcome: Option<Result<(), Failure>>) -> Result<(), Failure> {
        let cut_short = self.cut_short();
        match &mut self.inbox {
            Inbox::One(message) => {
                outcome.unwrap_or(Err(cut_short))?;
                let missing = || Failure::new(ErrorClass::Other, "the answer holds no message");
                message.is_whole().then_some(()).ok_or_else(missing)
            }
            // A good end of what was to go on is none.
            Inbox::Many(_) => Err(outcome.and_then(Result::err).unwrap_or(cut_short)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::deframe::Deframer;

    proptest! {
        /// What puts messages of the other path together is the measure.
        #[test]
        fn a_message_is_the_same_however_it_is_cut(
            bytes in prop::collection::vec(0_u8..4, 0..40),
            cuts in prop::collection::vec(0_usize..12, 1..10),
        ) {
            let (mut message, mut deframer) = (Message::default(), Deframer::default());
            let mut left = &bytes[..];
            let mut wanted = None;
            let mut cuts = cuts.into_iter().chain([1]).cycle();
            while !left.is_empty() {
                let (piece, rest) = left.split_at(cuts.next().unwrap_or(1).min(left.len()));
                left = rest;
                let pushed = message.push(piece);
                if wanted.is_some() {
                    prop_assert!(pushed.is_ok());
                    continue;
                }
                deframer.push(Bytes::copy_from_slice(piece));
                let next = deframer.next();
                prop_assert_eq!(pushed.err(), next.clone().err());
                match next {
                    Ok(next) => wanted = next,
                    Err(_) => return Ok(()),
                }
            }
            let whole = message.take().map(|mut pooled| Bytes::copy_from_slice(pooled.bytes()));
            prop_assert_eq!(whole, wanted);
        }
    }

    #[test]
    fn a_length_is_believed_only_as_far_as_bytes_come() {
        let mut message = Message::default();
        message.push(&[0, 0x40, 0, 0, 0]).unwrap();
        let piece = vec![7; 1 << 20];
        for come in 1..40 {
            message.push(&piece).unwrap();
            let room = message.body.bytes().capacity();
            assert!(room <= RESERVE.max((2 * come) << 20), "{room} reserved for {come} MiB");
        }
        assert_eq!(
            Message::default().push(&[0, 0x40, 0, 0, 1]).unwrap_err().class,
            ErrorClass::Other
        );
    }
}
