//! The state of the cluster at the moment, read without waiting by the engine and the progress display.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::cluster::{Quota, guard};

const NOBODY: u64 = u64::MAX;

/// What the members said last. Written by the watcher, read by anybody.
#[derive(Debug)]
pub struct Live {
    db_bytes: AtomicU64,
    leader: AtomicU64,
    quota: Quota,
}

impl Live {
    pub(super) fn new(db_bytes: u64, leader: Option<usize>, quota: Quota) -> Self {
        let live =
            Live { db_bytes: AtomicU64::new(db_bytes), leader: AtomicU64::new(NOBODY), quota };
        live.set_leader(leader);
        live
    }

    /// The largest database of the members that answer.
    pub fn db_bytes(&self) -> u64 {
        self.db_bytes.load(Ordering::Relaxed)
    }

    /// The smallest quota of the members; it does not change while they run.
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// Which member leads; absent when none of those watched does.
    pub fn leader(&self) -> Option<usize> {
        let leader = self.leader.load(Ordering::Relaxed);
        (leader != NOBODY).then_some(leader as usize)
    }

    /// Whether the load must end, for the database has come too near to its quota.
    pub fn must_stop(&self) -> bool {
        guard::should_stop(self.db_bytes(), self.quota)
    }

    pub(super) fn set_db_bytes(&self, bytes: u64) {
        self.db_bytes.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn set_leader(&self, leader: Option<usize>) {
        let leader = leader.map_or(NOBODY, |leader| leader as u64);
        self.leader.store(leader, Ordering::Relaxed);
    }
}
