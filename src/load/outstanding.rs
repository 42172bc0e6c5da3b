//! Which events of watches are still to come: of each key and revision, so that what came beside hides no loss.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Parts of the table, so that threads seldom wait for each other.
const SHARDS: usize = 64;
/// Changes of which something is still to come that are remembered in each part: some 250 MB in all. What exceeds that
/// is not judged.
const MOST: usize = 1 << 16;
/// An event whose write is not acknowledged within so long never will be.
const FORGOTTEN_NS: u64 = 60_000_000_000;
/// How often a full part is looked through for those.
const SWEPT_EVERY_NS: u64 = 1_000_000_000;

/// A change of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Change {
    /// The key's number.
    pub key: u64,
    /// Revision of the change.
    pub revision: i64,
}

/// What is known of a change.
#[derive(Debug, Clone, Copy, Default)]
pub struct Open {
    /// Watches that must bring it; 0 before it is acknowledged.
    pub wanted: u64,
    /// Watches that have.
    pub came: u64,
    /// When it was acknowledged, or else first seen.
    pub at_ns: u64,
}

/// A part of the table.
#[derive(Debug, Default)]
struct Shard {
    open: HashMap<Change, Open>,
    /// When it was last full, and what nobody acknowledged was looked for.
    swept_ns: u64,
}

/// Every change of which something is still to come.
#[derive(Debug)]
pub struct Outstanding {
    shards: Vec<Mutex<Shard>>,
    /// Changes that each part remembers.
    most: usize,
    /// Events that acknowledged changes must bring, as far as they are remembered.
    expected: AtomicU64,
    /// Events of changes that all watches have brought.
    complete: AtomicU64,
    /// Events of changes that nobody acknowledged.
    beside: AtomicU64,
    /// Events of acknowledged changes that were too many to be remembered.
    unjudged: AtomicU64,
}

impl Default for Outstanding {
    fn default() -> Self {
        Outstanding::of(MOST)
    }
}

impl Outstanding {
    fn of(most: usize) -> Self {
        Outstanding {
            most,
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            expected: AtomicU64::new(0),
            complete: AtomicU64::new(0),
            beside: AtomicU64::new(0),
            unjudged: AtomicU64::new(0),
        }
    }

    /// A change was acknowledged that so many watches must bring.
    pub fn acknowledged(&self, change: Change, wanted: u64, now_ns: u64) {
        if wanted == 0 {
            return;
        }
        let mut shard = self.shard(change);
        if !self.has_room(&mut shard, change, now_ns) {
            self.unjudged.fetch_add(wanted, Ordering::Relaxed);
            return;
        }
        self.expected.fetch_add(wanted, Ordering::Relaxed);
        let open = shard.open.entry(change).or_default();
        *open = Open { wanted, at_ns: now_ns, ..*open };
        self.settle(&mut shard, change);
    }

    /// A watch has brought a change.
    pub fn came(&self, change: Change, now_ns: u64) {
        let mut shard = self.shard(change);
        if !self.has_room(&mut shard, change, now_ns) {
            return;
        }
        let open = shard.open.entry(change).or_insert(Open { at_ns: now_ns, ..Open::default() });
        open.came += 1;
        self.settle(&mut shard, change);
    }

    /// Forgets a change that every watch has brought.
    fn settle(&self, shard: &mut Shard, change: Change) {
        let whole = |open: &&Open| open.wanted > 0 && open.came >= open.wanted;
        if let Some(open) = shard.open.get(&change).filter(whole).copied() {
            shard.open.remove(&change);
            self.complete.fetch_add(open.wanted, Ordering::Relaxed);
            self.beside.fetch_add(open.came - open.wanted, Ordering::Relaxed);
        }
    }

    fn has_room(&self, shard: &mut Shard, change: Change, now_ns: u64) -> bool {
        if shard.open.len() < self.most || shard.open.contains_key(&change) {
            return true;
        }
        // Every sweep looks at all of it: not for every change.
        if now_ns.saturating_sub(shard.swept_ns) < SWEPT_EVERY_NS {
            return false;
        }
        shard.swept_ns = now_ns;
        shard.open.retain(|_, open| {
            let keeps = open.wanted > 0 || now_ns.saturating_sub(open.at_ns) < FORGOTTEN_NS;
            if !keeps {
                self.beside.fetch_add(open.came, Ordering::Relaxed);
            }
            keeps
        });
        shard.open.len() < self.most
    }

    /// Whether every acknowledged change has come to every watch.
    pub fn is_complete(&self) -> bool {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        read(&self.complete) >= read(&self.expected)
    }

    /// Events that acknowledged changes had to bring, and how many came of changes that nobody acknowledged; how many were
    /// not judged.
    pub fn counts(&self) -> (u64, u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut beside = read(&self.beside);
        self.each(|_, open| beside += if open.wanted == 0 { open.came } else { 0 });
        (read(&self.expected), beside, read(&self.unjudged))
    }

    /// Tells every change of which something is still to come.
    pub fn each(&self, mut tell: impl FnMut(Change, Open)) {
        for shard in &self.shards {
            lock(shard).open.iter().for_each(|(change, open)| tell(*change, *open));
        }
    }

    fn shard(&self, change: Change) -> MutexGuard<'_, Shard> {
        lock(&self.shards[(change.key ^ change.revision as u64) as usize % SHARDS])
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(outstanding: &Outstanding) -> u64 {
        let mut missing = 0;
        outstanding.each(|_, open| missing += open.wanted.saturating_sub(open.came));
        missing
    }

    #[test]
    fn what_came_beside_hides_no_loss() {
        let outstanding = Outstanding::default();
        for key in 0..100 {
            outstanding.acknowledged(Change { key, revision: 7 }, 2, 0);
        }
        // Half of them come, and as many of writes whose answers were lost.
        for key in 0..50 {
            for _ in 0..2 {
                outstanding.came(Change { key, revision: 7 }, 0);
                outstanding.came(Change { key, revision: 8 }, 0);
            }
        }
        assert_eq!(outstanding.counts(), (200, 100, 0));
        assert_eq!(missing(&outstanding), 100);
        assert!(!outstanding.is_complete());
    }

    #[test]
    fn an_event_may_come_before_the_answer() {
        let outstanding = Outstanding::default();
        let change = Change { key: 1, revision: 2 };
        outstanding.came(change, 0);
        outstanding.acknowledged(change, 1, 0);
        assert!(outstanding.is_complete());
        assert_eq!((outstanding.counts(), missing(&outstanding)), ((1, 0, 0), 0));
    }

    #[test]
    fn what_is_too_much_to_remember_is_not_judged() {
        let outstanding = Outstanding::of(10);
        let changes = (20 * SHARDS) as u64;
        (0..changes).for_each(|key| outstanding.acknowledged(Change { key, revision: 0 }, 1, 0));
        let (expected, _, unjudged) = outstanding.counts();
        assert_eq!(expected + unjudged, changes);
        assert!(unjudged > 0);
    }
}
