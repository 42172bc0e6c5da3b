//! Foreign output as text: read within bounds, decoded, and freed of what a paste put around it.

mod bytes;
mod source;
mod stream;
mod unquote;

pub(super) use source::Source;
pub(super) use stream::{Stream, digits_before, number};
