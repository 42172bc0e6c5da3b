//! What a section is made from.

use std::ops::Deref;
use std::path::Path;

use crate::report::page::Medium;
use crate::report::subject::Subject;

/// A run, the file it is in, and what its page is shown on.
pub(super) struct Input<'a> {
    pub subject: &'a Subject<'a>,
    pub path: &'a Path,
    pub medium: Medium,
}

impl<'a> Deref for Input<'a> {
    type Target = Subject<'a>;

    fn deref(&self) -> &Subject<'a> {
        self.subject
    }
}
