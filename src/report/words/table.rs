//! A table of figures as data.

/// A table of figures: names on the left, numbers to the right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// What stands above each column; above the first, what the rows are.
    pub head: Vec<String>,
    /// Rows as long as the head.
    pub rows: Vec<Vec<String>>,
    /// Columns whose cells begin at the left: the first so many.
    pub names: usize,
}
