//! What to type instead: every mistake is answered with a command, the one that was probably meant where that is known.

mod after;
mod flags;
mod tables;
mod typed;

pub use after::after;
pub use flags::{instead, without_guesses};
