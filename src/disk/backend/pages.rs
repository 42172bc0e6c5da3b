//! Where the pages of a commit land: bbolt's free list and high-water mark.

use std::collections::{BTreeSet, HashMap};

use super::tree::{Node, PAGE_BYTES, Tree};

/// The database file is enlarged in steps of this (bbolt `AllocSize`).
const GROW_BYTES: u64 = 16 << 20;
/// Pages of an empty database: two metas, a free list, a root leaf (bbolt `db.init`).
const INITIAL_PAGES: u64 = 4;

/// What one backend commit writes, in the order it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// New length of the file, where it has to grow first.
    pub grow_to: Option<u64>,
    /// Offset and length in bytes of each pwrite, ascending: one per node, neighbours are not joined.
    pub writes: Vec<(u64, usize)>,
    /// Offset of the meta page written after the first sync.
    pub meta_offset: u64,
}

impl Commit {
    /// Bytes of all pwrites, the meta page among them.
    pub fn bytes(&self) -> u64 {
        self.writes.iter().map(|&(_, len)| len as u64).sum::<u64>() + PAGE_BYTES as u64
    }
}

/// Page allocation of one database.
pub struct Pages {
    tree: Tree,
    /// Where the last node of each level lies; the level above the tree is the root bucket's leaf.
    tails: HashMap<usize, (u64, usize)>,
    free: BTreeSet<u64>,
    /// Pages freed by the last two commits. A read transaction that etcd keeps open pins them for that long.
    pinned: [Vec<u64>; 2],
    high_water: u64,
    file_bytes: u64,
    transaction: u64,
}

impl Pages {
    /// An empty database, or one that already holds `db_bytes`.
    pub fn new(key_size: u32, val_size: u32, db_bytes: u64) -> Self {
        let pages = db_bytes / PAGE_BYTES as u64;
        let tree = if pages > INITIAL_PAGES {
            Tree::with_pages(key_size, val_size, pages)
        } else {
            Tree::new(key_size, val_size)
        };
        let high_water = pages.max(INITIAL_PAGES);
        Pages {
            tree,
            tails: HashMap::new(),
            free: BTreeSet::new(),
            pinned: [Vec::new(), Vec::new()],
            high_water,
            file_bytes: high_water * PAGE_BYTES as u64,
            transaction: 0,
        }
    }

    /// Bytes up to the high-water mark: what etcd reports as its database size.
    pub fn db_bytes(&self) -> u64 {
        self.high_water * PAGE_BYTES as u64
    }

    /// Commits laid out so far.
    pub fn transaction(&self) -> u64 {
        self.transaction
    }

    /// Length of the file.
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// Lays out the commit of this many puts.
    pub fn commit(&mut self, puts: usize) -> Commit {
        let [older, newer] = std::mem::take(&mut self.pinned);
        self.free.extend(older);
        let mut freed = Vec::new();
        let mut writes = Vec::new();
        for node in self.tree.commit(puts) {
            writes.push(self.place(node, &mut freed));
        }
        self.pinned = [newer, freed];
        writes.sort_unstable();
        self.transaction += 1;
        Commit {
            grow_to: self.grow(),
            writes,
            meta_offset: (self.transaction % 2) * PAGE_BYTES as u64,
        }
    }

    fn place(&mut self, node: Node, freed: &mut Vec<u64>) -> (u64, usize) {
        if node.replaces
            && let Some((page, pages)) = self.tails.remove(&node.level)
        {
            freed.extend(page..page + pages as u64);
        }
        let page = self.allocate(node.pages);
        self.tails.insert(node.level, (page, node.pages));
        (page * PAGE_BYTES as u64, node.pages * PAGE_BYTES)
    }

    /// The first run of free pages that is long enough, else new pages at the end (bbolt `freelist.arrayAllocate`).
    fn allocate(&mut self, pages: usize) -> u64 {
        let mut run = 0;
        let mut last = u64::MAX;
        let found = self.free.iter().copied().find(|&page| {
            run = if last.checked_add(1) == Some(page) { run + 1 } else { 1 };
            last = page;
            run == pages
        });
        if let Some(end) = found {
            let start = end + 1 - pages as u64;
            for page in start..=end {
                self.free.remove(&page);
            }
            return start;
        }
        let start = self.high_water;
        self.high_water += pages as u64;
        start
    }

    /// bbolt `db.grow`: past the end of the file it is enlarged to what is needed plus 16 MiB, as a hole.
    fn grow(&mut self) -> Option<u64> {
        let needed = (self.high_water + 1) * PAGE_BYTES as u64;
        if needed <= self.file_bytes {
            return None;
        }
        self.file_bytes = needed + GROW_BYTES;
        Some(self.file_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_commit_grows_the_file_by_16_mib() {
        let mut pages = Pages::new(8, 256, 0);
        let grown = pages.commit(1).grow_to.unwrap();
        assert!((GROW_BYTES..GROW_BYTES + (64 << 10)).contains(&grown));
        assert_eq!(pages.commit(1).grow_to, None);
    }

    #[test]
    fn rewritten_pages_hop_between_freed_slots_and_the_file_stays_small() {
        let mut pages = Pages::new(8, 8, 0);
        for _ in 0..100 {
            pages.commit(1);
        }
        assert!(pages.high_water < 20, "{}", pages.high_water);
    }

    #[test]
    fn a_page_is_not_reused_before_the_second_commit_after_it_was_freed() {
        let mut pages = Pages::new(8, 256, 1 << 20);
        let mut last: Vec<Vec<u64>> = Vec::new();
        for _ in 0..200 {
            let commit = pages.commit(3);
            let offsets: Vec<u64> = commit.writes.iter().map(|w| w.0).collect();
            if let Some(previous) = last.last() {
                assert!(offsets.iter().all(|o| !previous.contains(o)));
            }
            last.push(offsets);
        }
    }

    #[test]
    fn writes_ascend_and_metas_alternate() {
        let mut pages = Pages::new(64, 1024, 0);
        let mut metas = Vec::new();
        for _ in 0..20 {
            let commit = pages.commit(50);
            assert!(commit.writes.windows(2).all(|w| w[0].0 + w[0].1 as u64 <= w[1].0));
            assert!(commit.writes[0].0 >= 2 * PAGE_BYTES as u64, "metas are never overwritten");
            metas.push(commit.meta_offset);
        }
        assert!(metas.windows(2).all(|m| m[0] != m[1]));
    }

    #[test]
    fn a_put_takes_as_much_room_as_in_etcd() {
        for (key, value, bytes) in [(8, 256, 372), (64, 1024, 1365), (64, 10_240, 12_288)] {
            let mut pages = Pages::new(key, value, 0);
            for _ in 0..200 {
                pages.commit(50);
            }
            let per_put = pages.db_bytes() as f64 / 10_000.0;
            assert!((per_put / f64::from(bytes) - 1.0).abs() < 0.05, "{key}/{value}: {per_put}");
        }
    }
}
