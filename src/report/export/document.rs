//! What is exported, and the file that comes of it.

use crate::compare::Comparison;
use crate::plan::Of;
use crate::result::{Interval, Run, Summary};
use crate::trend::Trend;

/// A file for another tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its name, where nobody gave another.
    pub file_name: String,
    /// What is in it.
    pub text: String,
}

/// What is exported.
#[derive(Debug, Clone, Copy)]
pub enum ExportInput<'a> {
    /// A run.
    Run {
        /// The run.
        run: &'a Run,
        /// What it amounts to.
        summary: &'a Summary,
        /// Its intervals, each with its histogram; only [`Export::Hlog`] asks for them.
        intervals: &'a [Interval],
    },
    /// A comparison.
    Comparison(&'a Comparison),
    /// A trend.
    Trend(&'a Trend),
}

impl ExportInput<'_> {
    pub(super) fn of(&self) -> Of {
        match self {
            ExportInput::Run { .. } => Of::Run,
            ExportInput::Comparison(_) => Of::Comparison,
            ExportInput::Trend(_) => Of::Trend,
        }
    }
}
