//! Charts of results.

use crate::compare::Comparison;
use crate::compare::trend::Trend;
use crate::result::{Run, Summary};

/// A chart, ready to be put into a page.
#[derive(Debug, Clone)]
pub struct Chart {
    /// A stable stem for a file's name.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// The same in a sentence, with units.
    pub caption: String,
    /// A whole `<svg>` element without a size of its own.
    pub svg: String,
}

/// Charts of one run.
pub fn of_run(_run: &Run, _summary: &Summary) -> Vec<Chart> {
    Vec::new()
}

/// Charts of several runs laid over each other.
pub fn of_runs(_runs: &[(Run, Summary)]) -> Vec<Chart> {
    Vec::new()
}

/// Charts of a comparison; `sides` are the runs of each.
pub fn of_comparison(_found: &Comparison, _sides: &[Vec<Run>]) -> Vec<Chart> {
    Vec::new()
}

/// Charts of a trend.
pub fn of_trend(_trend: &Trend) -> Vec<Chart> {
    Vec::new()
}

/// What gives charts within a page their colours.
pub const STYLE: &str = "";
