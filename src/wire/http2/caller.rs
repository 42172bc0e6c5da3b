//! Those who ask over a connection.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderValue;

use super::request::{Start, TokenField};
use super::session::Session;
use super::stream::{Inbox, Message};
use crate::etcd::ErrorClass;
use crate::wire::Failure;
use crate::wire::answer::Answer;
use crate::wire::deframe::Deframer;
use crate::wire::grpc::{PREFIX, put_framed};
use crate::wire::message::{Method, Request};

/// A connection's end, with all who have to do with it on one thread.
pub(super) type Shared = Rc<RefCell<Session>>;

/// Sends requests. Clones share the connection.
#[derive(Debug)]
pub struct Caller {
    session: Shared,
    token: Option<TokenField>,
}

impl Caller {
    /// One whose requests bear this token.
    pub(super) fn new(session: &Shared, token: Option<&HeaderValue>) -> Self {
        let mut known = session.borrow_mut();
        known.add_caller();
        Caller { token: token.map(|value| known.token(value)), session: Rc::clone(session) }
    }

    /// The same connection, with another token from now on.
    pub fn with_token(&self, token: &HeaderValue) -> Caller {
        Caller::new(&self.session, Some(token))
    }

    /// Whether the connection takes requests.
    pub fn is_open(&self) -> bool {
        self.session.borrow().takes_requests().is_ok()
    }

    /// Requests under way.
    #[cfg(test)]
    pub fn under_way(&self) -> usize {
        self.session.borrow().streams.count()
    }

    /// Sends a request and waits for its answer. One that is dropped before is taken back.
    ///
    /// # Errors
    /// With the class that the operation counts in.
    pub async fn call(&self, method: Method, request: &impl Request) -> Result<Answer, Failure> {
        let start = Start { method, token: self.token, needs_leader: false };
        let length = PREFIX + request.size();
        let place = {
            let inbox = Inbox::One(Message::default());
            let mut session = self.session.borrow_mut();
            session.begin(start, inbox, length, |to| put_framed(request, to))?
        };
        Call(Some(Place { session: &self.session, place })).await
    }

    /// Opens a stream of messages in both directions that ends when the member loses its leader.
    ///
    /// # Errors
    /// As [`Caller::call`].
    pub async fn open(&self, method: Method, first: &Bytes) -> Result<Messages, Failure> {
        let start = Start { method, token: self.token, needs_leader: true };
        let place = {
            let inbox = Inbox::Many(VecDeque::new());
            let mut session = self.session.borrow_mut();
            session.begin(start, inbox, first.len(), |to| to.extend_from_slice(first))?
        };
        let session = Rc::clone(&self.session);
        let mut messages = Messages { session, place, deframer: Deframer::default() };
        poll_fn(|cx| messages.poll_begun(cx)).await?;
        Ok(messages)
    }
}

impl Clone for Caller {
    fn clone(&self) -> Self {
        self.session.borrow_mut().add_caller();
        Caller { session: Rc::clone(&self.session), token: self.token }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.session.borrow_mut().remove_caller();
    }
}

/// A request's place, which is given up when nobody waits there any more.
struct Place<'a> {
    session: &'a RefCell<Session>,
    place: usize,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.session.borrow_mut().cancel(self.place);
    }
}

/// A request under way; nothing is left of it after its end.
struct Call<'a>(Option<Place<'a>>);

impl Future for Call<'_> {
    type Output = Result<Answer, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(Place { session, place }) = self.0 else { return Poll::Pending };
        let mut session = session.borrow_mut();
        let Some(outcome) = session.answer(place) else {
            session.wait(place, cx.waker());
            return Poll::Pending;
        };
        drop(session);
        // The place is free already, and may be another's.
        std::mem::forget(self.0.take());
        Poll::Ready(outcome)
    }
}

/// A stream of messages in both directions.
#[derive(Debug)]
pub struct Messages {
    session: Shared,
    place: usize,
    deframer: Deframer,
}

impl Messages {
    /// Sends a framed message.
    ///
    /// # Errors
    /// When the stream has ended.
    pub fn send(&mut self, framed: &[u8]) -> Result<(), Failure> {
        self.session.borrow_mut().send_more(self.place, framed)
    }

    /// The next message.
    ///
    /// # Errors
    /// When the stream has ended, with what ended it.
    pub async fn next(&mut self) -> Result<Bytes, Failure> {
        loop {
            if let Some(message) = self.deframer.next()? {
                return Ok(message);
            }
            let piece = poll_fn(|cx| self.poll_piece(cx)).await?;
            self.deframer.push(piece);
        }
    }

    fn poll_piece(&mut self, cx: &Context<'_>) -> Poll<Result<Bytes, Failure>> {
        let mut session = self.session.borrow_mut();
        let Some(stream) = session.streams.at(self.place) else {
            return Poll::Ready(Err(ended()));
        };
        if let Inbox::Many(pieces) = &mut stream.inbox
            && let Some(piece) = pieces.pop_front()
        {
            session.read(self.place, piece.len() as u32);
            return Poll::Ready(Ok(piece));
        }
        if let Some(outcome) = &stream.outcome {
            return Poll::Ready(Err(outcome.clone().err().unwrap_or_else(ended)));
        }
        session.wait(self.place, cx.waker());
        Poll::Pending
    }

    /// Whether the server has begun to answer.
    fn poll_begun(&mut self, cx: &Context<'_>) -> Poll<Result<(), Failure>> {
        let mut session = self.session.borrow_mut();
        let Some(stream) = session.streams.at(self.place) else {
            return Poll::Ready(Err(ended()));
        };
        match &stream.outcome {
            // What came before the end is to be read first.
            _ if stream.answered && !stream.refused => Poll::Ready(Ok(())),
            Some(outcome) => Poll::Ready(Err(outcome.clone().err().unwrap_or_else(ended))),
            None => {
                session.wait(self.place, cx.waker());
                Poll::Pending
            }
        }
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        self.session.borrow_mut().cancel(self.place);
    }
}

fn ended() -> Failure {
    Failure::new(ErrorClass::Transport, "the server ended the stream")
}
