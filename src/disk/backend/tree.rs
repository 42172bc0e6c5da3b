//! How many pages of which size a backend commit writes: the right edge of bbolt's B+tree.
//!
//! etcd appends to its `key` bucket in the order of revisions, so a commit touches the last leaf, the new leaves
//! beside it, the branch pages above them and the root bucket's leaf, and nothing else (bbolt `node.go`: spill,
//! split, splitIndex).

/// Page size of bbolt on x86 and most ARM kernels.
pub const PAGE_BYTES: usize = 4096;
/// Page header (`pageHeaderSize`).
const HEADER_BYTES: usize = 16;
/// Element header of leaf and branch pages alike.
const ELEMENT_HEADER_BYTES: usize = 16;
/// A revision as key: main revision, `_`, sub revision.
const REVISION_BYTES: usize = 17;
/// etcd sets `FillPercent = 0.9` for its sequential buckets.
const FILL_BYTES: usize = PAGE_BYTES * 9 / 10;
/// bbolt never splits off fewer (`minKeysPerPage`).
const MIN_KEYS_PER_PAGE: usize = 2;

/// One node to be written: the pages it takes in a row, and whether it replaces a page that was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Level, 0 = leaf.
    pub level: usize,
    /// Pages in a row.
    pub pages: usize,
    /// The first node of a level replaces the level's last one; the others are new.
    pub replaces: bool,
}

/// The last node of each level of the `key` bucket.
#[derive(Debug, Clone)]
pub struct Tree {
    element_bytes: usize,
    /// Elements in the last node of each level, leaf first.
    tails: Vec<usize>,
}

impl Tree {
    /// An empty bucket for puts of this size.
    pub fn new(key_size: u32, val_size: u32) -> Self {
        Tree {
            element_bytes: leaf_element_bytes(key_size as usize, val_size as usize),
            tails: vec![0],
        }
    }

    /// A bucket that already fills about this many pages.
    pub fn with_pages(key_size: u32, val_size: u32, pages: u64) -> Self {
        let mut tree = Tree::new(key_size, val_size);
        let per_leaf = tree.split(0, 1000)[0];
        let leaf_pages = tree.node_pages(0, per_leaf) as u64;
        let mut nodes = pages / leaf_pages.max(1);
        tree.tails[0] = per_leaf.min(1);
        while nodes > 1 {
            let per_branch = tree.split(1, 1000)[0] as u64;
            tree.tails.push((nodes % per_branch).max(1) as usize);
            nodes = nodes.div_ceil(per_branch);
        }
        tree
    }

    /// Adds `puts` elements and says which nodes a commit writes for it, leaves first, the root bucket's leaf last.
    pub fn commit(&mut self, puts: usize) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut added = puts;
        let mut level = 0;
        while level < self.tails.len() {
            let parts = self.split(level, self.tails[level] + added);
            for (i, &elements) in parts.iter().enumerate() {
                nodes.push(Node {
                    level,
                    pages: self.node_pages(level, elements),
                    replaces: i == 0,
                });
            }
            self.tails[level] = *parts.last().unwrap_or(&0);
            added = parts.len() - 1;
            level += 1;
            if level == self.tails.len() && added > 0 {
                // The root was split: a new level above it, holding the old root and its new neighbours.
                self.tails.push(1);
            }
        }
        nodes.push(Node { level, pages: 1, replaces: true });
        nodes
    }

    /// bbolt's split: nodes of up to 90 % of a page while more than a page and more than four elements are left.
    fn split(&self, level: usize, mut elements: usize) -> Vec<usize> {
        let element = self.element_bytes(level);
        let by_fill = (FILL_BYTES - HEADER_BYTES) / element;
        let left = by_fill.max(MIN_KEYS_PER_PAGE);
        let mut parts = Vec::new();
        while elements > 2 * MIN_KEYS_PER_PAGE && HEADER_BYTES + elements * element >= PAGE_BYTES {
            let part = left.min(elements - MIN_KEYS_PER_PAGE - 1);
            parts.push(part);
            elements -= part;
        }
        parts.push(elements);
        parts
    }

    fn node_pages(&self, level: usize, elements: usize) -> usize {
        (HEADER_BYTES + elements * self.element_bytes(level)).div_ceil(PAGE_BYTES).max(1)
    }

    fn element_bytes(&self, level: usize) -> usize {
        if level == 0 { self.element_bytes } else { ELEMENT_HEADER_BYTES + REVISION_BYTES }
    }
}

/// Element header, revision, and the `mvccpb.KeyValue` with revisions of three bytes.
fn leaf_element_bytes(key: usize, value: usize) -> usize {
    let len_bytes =
        |len: usize| 1 + (usize::BITS - len.leading_zeros()).div_ceil(7).max(1) as usize;
    let revisions = 4 + 4 + 2;
    let key_value = len_bytes(key) + key + revisions + len_bytes(value) + value;
    ELEMENT_HEADER_BYTES + REVISION_BYTES + key_value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_have_bbolts_size() {
        for (key, value, bytes) in
            [(8, 256, 312), (32, 256, 336), (64, 1024, 1136), (64, 10_240, 10_352)]
        {
            let got = leaf_element_bytes(key, value);
            assert!(got.abs_diff(bytes) <= 3, "{key}/{value}: {got}, want {bytes}");
        }
    }

    #[test]
    fn leaves_hold_as_many_keys_as_bbolts() {
        let keys_per_leaf = |key, value| Tree::new(key, value).split(0, 1000)[0];
        assert_eq!(keys_per_leaf(8, 256), 11);
        assert_eq!(keys_per_leaf(32, 256), 10);
        assert_eq!(keys_per_leaf(64, 1024), 3);
        assert_eq!(keys_per_leaf(64, 10_240), 2);
    }

    #[test]
    fn a_single_put_into_a_big_database_rewrites_its_right_edge() {
        let mut tree = Tree::with_pages(64, 1024, (1 << 30) / 4096);
        // leaf, three levels of branches, root bucket
        assert_eq!(tree.commit(1).iter().map(|n| n.pages).sum::<usize>(), 5);
    }

    #[test]
    fn the_tree_grows_a_level_when_its_root_splits() {
        let mut tree = Tree::new(8, 256);
        for _ in 0..50 {
            tree.commit(100);
        }
        // 5000 puts in leaves of 11 are about 455 leaves: more than one branch page of 111.
        assert_eq!(tree.tails.len(), 3);
    }

    #[test]
    fn every_put_is_in_a_leaf() {
        let mut tree = Tree::new(8, 256);
        let leaves: usize =
            (0..100).map(|_| tree.commit(110).iter().filter(|n| n.level == 0).count() - 1).sum();
        assert!((990..=1000).contains(&leaves), "{leaves}");
    }
}
