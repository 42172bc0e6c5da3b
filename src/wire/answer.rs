//! The message that answers a request, in memory that is used again.

use std::cell::RefCell;
use std::ops::Deref;

use bytes::Bytes;

/// Bytes of memory that is kept for the next answer: what is larger was an exception.
const KEPT: usize = 16 << 10;
/// How many are kept: as many as one turn of a connection brings.
const SPARE: usize = 1024;

thread_local! {
    static POOL: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// One message, without its length.
#[derive(Debug)]
pub struct Answer(Held);

#[derive(Debug)]
enum Held {
    Shared(Bytes),
    Pooled(Pooled),
}

/// Memory that goes back to its thread's pool.
#[derive(Debug, Default)]
pub(super) struct Pooled(Vec<u8>);

impl Pooled {
    /// Empty, with room for so much at least.
    pub(super) fn with_room(bytes: usize) -> Self {
        let mut memory = POOL.with_borrow_mut(Vec::pop).unwrap_or_default();
        memory.reserve_exact(bytes);
        Pooled(memory)
    }

    /// What it holds.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        if self.0.capacity() == 0 || self.0.capacity() > KEPT {
            return;
        }
        let mut memory = std::mem::take(&mut self.0);
        memory.clear();
        // The thread may be at its end, and its pool gone.
        let _ = POOL.try_with(|pool| {
            if let Ok(mut pool) = pool.try_borrow_mut()
                && pool.len() < SPARE
            {
                pool.push(memory);
            }
        });
    }
}

impl From<Bytes> for Answer {
    fn from(bytes: Bytes) -> Self {
        Answer(Held::Shared(bytes))
    }
}

impl From<Pooled> for Answer {
    fn from(pooled: Pooled) -> Self {
        Answer(Held::Pooled(pooled))
    }
}

impl Deref for Answer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Held::Shared(bytes) => bytes,
            Held::Pooled(pooled) => &pooled.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_unless_it_is_large() {
        let at = |memory: &mut Pooled| memory.bytes().as_ptr();
        let mut first = Pooled::with_room(100);
        first.bytes().extend_from_slice(b"abc");
        let place = at(&mut first);
        let answer = Answer::from(first);
        assert_eq!(&*answer, b"abc");
        drop(answer);
        let mut second = Pooled::with_room(50);
        assert_eq!((at(&mut second), second.bytes().len()), (place, 0));
        drop(Pooled::with_room(KEPT + 1));
        assert_eq!(POOL.with_borrow(Vec::len), 0);
    }
}
