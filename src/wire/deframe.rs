//! The messages of an answer, put together from the pieces they come in.

use std::collections::VecDeque;

use bytes::Bytes;

use super::grpc::{Failure, PREFIX};
use crate::etcd::ErrorClass;

/// No answer is believed to be longer: etcd's clients read without limit, but a server that is none may say anything.
pub(super) const LONGEST: usize = 1 << 30;
/// Room made at once for a message that comes in pieces: a list of a few thousand pods. Beyond it the room doubles as
/// the message comes, so that no more than twice of what has come is ever reserved.
pub(super) const RESERVE: usize = 16 << 20;

/// Puts the messages of an answer together, in time that is linear in their length.
///
/// What has come is kept as it came until a message is asked for. A message that lies in one piece is cut out of it
/// without a copy; one that came in several is copied once, piece by piece, into memory that is reserved when its
/// length is known.
#[derive(Debug)]
pub struct Deframer {
    /// Bytes of a message at most.
    longest: usize,
    /// Pieces not taken in yet; none is empty.
    come: VecDeque<Bytes>,
    /// A message that has come in part.
    begun: Option<Begun>,
}

/// A message that came in several pieces, up to now.
#[derive(Debug)]
struct Begun {
    length: usize,
    bytes: Vec<u8>,
}

impl Begun {
    /// `length` is what the other side says: [`RESERVE`] is believed at once, more as it comes.
    fn new(length: usize) -> Self {
        Begun { length, bytes: Vec::with_capacity(length.min(RESERVE)) }
    }

    /// Takes as much of a piece as belongs to the message; the rest.
    fn take(&mut self, mut piece: Bytes) -> Bytes {
        let missing = self.length - self.bytes.len();
        let rest = piece.split_off(missing.min(piece.len()));
        if self.bytes.capacity() - self.bytes.len() < piece.len() {
            let more = missing.min(self.bytes.len().max(piece.len()));
            self.bytes.reserve_exact(more);
        }
        self.bytes.extend_from_slice(&piece);
        rest
    }
}

impl Default for Deframer {
    fn default() -> Self {
        Deframer::up_to(LONGEST)
    }
}

impl Deframer {
    /// Takes messages of so many bytes at most.
    pub fn up_to(longest: usize) -> Self {
        Deframer { longest: longest.min(LONGEST), come: VecDeque::new(), begun: None }
    }

    /// Takes in what has come.
    pub fn push(&mut self, data: Bytes) {
        if !data.is_empty() {
            self.come.push_back(data);
        }
    }

    /// The next whole message, if it has come. To be asked for after each [`Deframer::push`]: what is no gRPC is then
    /// refused as soon as that can be seen.
    ///
    /// # Errors
    /// [`ErrorClass::Other`] for what is no gRPC, a length above 1 GiB among it, and for a message that is too long.
    pub fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        if self.begun.is_none() {
            let Some(length) = self.prefix()? else {
                return Ok(None);
            };
            if let Some(message) = self.in_one_piece(length) {
                return Ok(Some(message));
            }
            self.begun = Some(Begun::new(length));
        }
        Ok(self.gather())
    }

    /// Takes the prefix of a message off what has come, once it is whole; the message's length.
    fn prefix(&mut self) -> Result<Option<usize>, Failure> {
        let mut bytes = self.come.iter().flatten();
        let mut prefix = [0; PREFIX];
        for place in &mut prefix {
            match bytes.next() {
                Some(&byte) => *place = byte,
                None => return Ok(None),
            }
        }
        let [compressed, length @ ..] = prefix;
        let length = u32::from_be_bytes(length) as usize;
        if compressed != 0 || length > LONGEST {
            return Err(Failure::new(ErrorClass::Other, "the answer is no gRPC"));
        }
        if length > self.longest {
            let told =
                format!("the answer has {length} bytes; no more than {} are taken", self.longest);
            return Err(Failure::new(ErrorClass::Other, told));
        }
        let mut left = PREFIX;
        while left > 0
            && let Some(mut piece) = self.come.pop_front()
        {
            let rest = piece.split_off(left.min(piece.len()));
            left -= piece.len();
            self.put_back(rest);
        }
        Ok(Some(length))
    }

    /// A message of this length, where it lies in one piece at the front.
    fn in_one_piece(&mut self, length: usize) -> Option<Bytes> {
        if length == 0 {
            return Some(Bytes::new());
        }
        let piece = self.come.front_mut().filter(|piece| piece.len() >= length)?;
        let message = piece.split_to(length);
        if piece.is_empty() {
            self.come.pop_front();
        }
        Some(message)
    }

    /// Goes on with the message that has begun; the whole of it, if that has come.
    fn gather(&mut self) -> Option<Bytes> {
        let mut begun = self.begun.take()?;
        while begun.bytes.len() < begun.length {
            let Some(piece) = self.come.pop_front() else {
                self.begun = Some(begun);
                return None;
            };
            let rest = begun.take(piece);
            self.put_back(rest);
        }
        Some(begun.bytes.into())
    }

    fn put_back(&mut self, rest: Bytes) {
        if !rest.is_empty() {
            self.come.push_front(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::grpc::frame;
    use crate::wire::message::LeaseId;

    /// A message of this length with its prefix.
    fn framed(length: usize) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.extend((length as u32).to_be_bytes());
        bytes.extend((0..length).map(|at| (at * 31) as u8));
        bytes
    }

    proptest! {
        #[test]
        fn the_same_messages_come_out_however_they_are_cut(
            lengths in prop::collection::vec(0_usize..2000, 0..8),
            cuts in prop::collection::vec(0_usize..700, 1..40),
            ask_each_time: bool,
        ) {
            let messages: Vec<Vec<u8>> = lengths.iter().map(|&length| framed(length)).collect();
            let mut left = Bytes::from(messages.concat());
            let mut deframer = Deframer::default();
            let mut come = Vec::new();
            // Empty pieces are allowed, but with nothing else the rest would never come.
            let mut cuts = cuts.into_iter().chain([1]).cycle();
            while !left.is_empty() {
                let cut = cuts.next().unwrap_or(1).min(left.len());
                deframer.push(left.split_to(cut));
                while ask_each_time && let Some(message) = deframer.next().unwrap() {
                    come.push(message);
                }
            }
            while let Some(message) = deframer.next().unwrap() {
                come.push(message);
            }
            let wanted: Vec<Bytes> =
                messages.into_iter().map(|message| Bytes::from(message).slice(PREFIX..)).collect();
            prop_assert_eq!(come, wanted);
            prop_assert!(deframer.come.is_empty() && deframer.begun.is_none());
        }

        #[test]
        fn any_bytes_are_refused_or_read_but_never_panic(bytes: Vec<u8>) {
            let mut deframer = Deframer::default();
            deframer.push(bytes.into());
            while let Ok(Some(_)) = deframer.next() {}
        }
    }

    #[test]
    fn a_message_in_one_piece_is_not_copied() {
        let piece = Bytes::from([framed(3000), framed(10)].concat());
        let mut deframer = Deframer::default();
        deframer.push(piece.clone());
        let message = deframer.next().unwrap().unwrap();
        assert_eq!(message.as_ptr(), piece[PREFIX..].as_ptr());
        assert_eq!(deframer.next().unwrap().unwrap(), piece.slice(3010..));
    }

    #[test]
    fn a_message_in_many_pieces_stays_where_it_was_begun() {
        let mut left = Bytes::from(framed(1 << 20));
        let mut deframer = Deframer::default();
        let mut at = None;
        while !left.is_empty() {
            deframer.push(left.split_to(left.len().min(16 << 10)));
            let message = deframer.next().unwrap();
            let begun = deframer.begun.as_ref().map(|begun| begun.bytes.as_ptr());
            let now = message.as_ref().map(|message| message.as_ptr()).or(begun).unwrap();
            assert_eq!(*at.get_or_insert(now), now, "it was copied again");
            assert_eq!(message.is_some(), left.is_empty());
            assert!(deframer.come.is_empty());
        }
    }

    #[test]
    fn a_length_is_believed_only_as_far_as_bytes_come() {
        let mut deframer = Deframer::default();
        let mut left = Bytes::from(framed(100 << 20));
        let mut come = 0;
        let message = loop {
            let piece = left.split_to(left.len().min(1 << 20));
            come += piece.len();
            deframer.push(piece);
            if let Some(message) = deframer.next().unwrap() {
                break message;
            }
            let room = deframer.begun.as_ref().map_or(0, |begun| begun.bytes.capacity());
            assert!(room <= RESERVE.max(2 * come), "{room} reserved for {come}");
        };
        assert_eq!(message.len(), 100 << 20);
        assert_eq!(message[12345], (12345 * 31) as u8);
    }

    #[test]
    fn a_length_no_answer_has_is_refused_before_it_comes() {
        let mut deframer = Deframer::default();
        deframer.push(Bytes::from_static(&[0, 0x40, 0, 0, 1]));
        assert_eq!(deframer.next().unwrap_err().class, ErrorClass::Other);
        let mut deframer = Deframer::default();
        deframer.push(Bytes::from_static(&[0, 0x40, 0, 0, 0]));
        assert_eq!(deframer.next(), Ok(None));
    }

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
}
