//! What a section is made from.

use std::ops::Deref;
use std::path::Path;

use crate::report::chart::Chart;
use crate::report::page::Medium;
use crate::report::subject::RunAndPlan;

/// A run, the file it is in, and what its page is shown on.
pub(super) struct Input<'a> {
    pub subject: &'a RunAndPlan<'a>,
    pub path: &'a Path,
    pub medium: Medium,
    /// What is drawn of it; only browsers show that.
    pub charts: &'a [Chart],
}

impl<'a> Deref for Input<'a> {
    type Target = RunAndPlan<'a>;

    fn deref(&self) -> &RunAndPlan<'a> {
        self.subject
    }
}
