//! A line out of whatever it was packed in.

use std::borrow::Cow;

use super::stamp::Stamp;

/// A line out of its frame.
#[derive(Debug, Default)]
pub(super) struct Framed<'a> {
    /// What was in it.
    pub text: Cow<'a, [u8]>,
    /// When the runtime got it.
    pub at: Option<Stamp>,
    /// The host or pod it is from, if that was told.
    pub origin: Option<String>,
    /// The program it is from, if that was told.
    pub program: Option<String>,
    /// Whether the rest of it follows in the next line.
    pub partial: bool,
}
