//! Flow control of what is received (RFC 9113, 5.2): the other side may send so much before it is told to go on.

use super::frame::Violation;

/// A window of a connection or of one of its streams.
#[derive(Debug)]
pub struct Window {
    size: u32,
    /// Received, and not given back to the other side.
    taken: u32,
    /// Of that, what is read and may be given back.
    free: u32,
}

impl Window {
    /// One of so many bytes.
    pub fn new(size: u32) -> Self {
        Window { size, taken: 0, free: 0 }
    }

    /// So much has come.
    ///
    /// # Errors
    /// When the other side was not allowed to send it.
    pub fn receive(&mut self, bytes: u32) -> Result<(), Violation> {
        self.taken = self.taken.saturating_add(bytes);
        let allowed = self.taken <= self.size;
        allowed.then_some(()).ok_or(Violation::flow("more data than the window has room for"))
    }

    /// So much was read; what the other side is to be told now, if it is worth a frame.
    pub fn release(&mut self, bytes: u32) -> Option<u32> {
        self.free += bytes;
        if self.free < self.size / 2 {
            return None;
        }
        self.taken -= self.free;
        Some(std::mem::take(&mut self.free))
    }

    /// What has come and was not read.
    pub fn unread(&self) -> u32 {
        self.taken - self.free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_given_back_in_halves() {
        let mut window = Window::new(100);
        assert_eq!(window.receive(60), Ok(()));
        assert_eq!((window.release(49), window.unread()), (None, 11));
        assert_eq!((window.release(11), window.unread()), (Some(60), 0));
        assert_eq!(window.receive(100), Ok(()));
        assert_eq!((window.release(10), window.unread()), (None, 90));
        assert!(window.receive(1).is_err());
    }
}
