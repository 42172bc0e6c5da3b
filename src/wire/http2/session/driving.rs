//! Ways between a session, those who ask, and who reads and writes.

use std::task::Waker;

use super::{LAST_ID, MOST_REPLIES, SPARE_IDS, Session, USED_UP};
use crate::etcd::ErrorClass;
use crate::wire::Failure;

impl Session {
    /// Who reads and writes is at work, and wants to be woken by `waker` from now on.
    pub fn driver_works(&mut self, waker: &Waker) {
        self.driver_woken = false;
        if !self.driver.as_ref().is_some_and(|known| known.will_wake(waker)) {
            self.driver = Some(waker.clone());
        }
    }

    pub(super) fn wake_driver(&mut self) {
        if !std::mem::replace(&mut self.driver_woken, true)
            && let Some(driver) = &self.driver
        {
            driver.wake_by_ref();
        }
    }

    /// Those to be woken; to be put back empty with [`Session::keep`].
    pub fn woken(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.woken)
    }

    /// Keeps the room of a list.
    pub fn keep(&mut self, emptied: Vec<Waker>) {
        if self.woken.is_empty() {
            self.woken = emptied;
        }
    }

    /// Why no more requests go over this connection, though it goes on: the server says so, or it has had too many.
    pub fn going(&self) -> Option<Failure> {
        let used_up = self.next_id > LAST_ID - SPARE_IDS;
        let used_up = used_up.then(|| Failure::new(ErrorClass::Transport, USED_UP));
        self.going.clone().or(used_up)
    }

    /// Whether nobody wants anything of this connection any more.
    pub fn is_over(&self) -> bool {
        let wanted = self.callers > 0 && self.going().is_none();
        !wanted && self.streams.open_count() == 0 && self.waiting.is_empty()
    }

    /// Whether so much is to be told to the server that nothing more is to be heard of it first.
    pub fn is_overwhelmed(&self) -> bool {
        self.replies > MOST_REPLIES
    }

    /// Everything is written.
    pub fn written(&mut self) {
        /// Room that is kept.
        const KEPT: usize = 64 << 10;
        self.out.clear();
        self.out.shrink_to(KEPT);
        (self.asks, self.replies) = (false, 0);
    }

    /// Somebody more may ask.
    pub fn add_caller(&mut self) {
        self.callers += 1;
    }

    /// Somebody asks no more.
    pub fn remove_caller(&mut self) {
        self.callers -= 1;
        if self.callers == 0 {
            self.wake_driver();
        }
    }

    /// How many stand in queues, those who left among them.
    #[cfg(test)]
    pub fn queued(&self) -> usize {
        self.waiting.len() + self.blocked.len()
    }

    /// As if so many streams had been opened before.
    #[cfg(test)]
    pub fn skip_to(&mut self, next_id: u32) {
        self.next_id = next_id;
    }
}
