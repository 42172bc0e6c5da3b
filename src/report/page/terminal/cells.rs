//! Where columns begin.

use crate::report::page::Labels;
use crate::report::style::Style;

/// What stands between columns.
pub const GAP: &str = "  ";

/// Cells of the column of labels.
pub fn gutter(labels: Labels) -> usize {
    match labels {
        Labels::Short => 8,
        Labels::Medium => 12,
        Labels::Long => 16,
    }
}

/// Cells beside it.
pub fn beside(labels: Labels, style: &Style) -> usize {
    style.prose().saturating_sub(2 + gutter(labels))
}
