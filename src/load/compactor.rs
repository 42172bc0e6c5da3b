//! What a compactor remembers from its last turn.

use std::cell::Cell;

/// What a compactor remembers from its last turn. Every connection is one, as every apiserver is.
#[derive(Debug, Default)]
pub struct Compactor {
    /// How often the key has been written, as far as is known.
    pub(super) version: Cell<i64>,
    /// The store's revision then, and the one to compact to next; 0 before the first turn.
    pub(super) revision: Cell<i64>,
}
