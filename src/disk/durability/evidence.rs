//! Evidence and what it weighs.

use crate::result::DurabilityOutcome;

/// What a piece of evidence does to the question. Ordered by weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// Explains something.
    Note,
    /// Speaks for the sync being real.
    For,
    /// Leaves it open, whatever else is seen.
    Unsettles,
    /// Shows that it is not.
    Disproves,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Evidence {
    pub(super) weight: Weight,
    /// In words, with numbers.
    pub(super) words: String,
}

impl Evidence {
    pub(super) fn new(weight: Weight, words: impl Into<String>) -> Self {
        Evidence { weight, words: words.into() }
    }
}

/// The heaviest piece decides.
pub(super) fn outcome(found: &[Evidence]) -> DurabilityOutcome {
    match found.iter().map(|evidence| evidence.weight).max() {
        Some(Weight::Disproves) => DurabilityOutcome::Disproved,
        Some(Weight::For) => DurabilityOutcome::NotDisproved,
        Some(Weight::Unsettles | Weight::Note) | None => DurabilityOutcome::NotEstablished,
    }
}
