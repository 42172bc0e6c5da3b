//! The sides of a comparison.

use std::path::PathBuf;

use crate::result::Run;

/// The runs of one side.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// What sets it apart.
    pub name: String,
    /// Its runs; at least one.
    pub runs: Vec<Input>,
}

/// A run, and where it was read from.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// The result file.
    pub path: PathBuf,
    /// What was in it.
    pub run: Run,
}

/// Shorter measured phases than this only indicate, with one run a side: where seconds remember the ones before, a
/// thing differed from itself (p < 0.05) in up to 7.2 % of simulated comparisons of 60 s, and in up to 4.8 % of 300 s.
pub const CONFIRMING_S: f64 = 300.0;
