//! A page as a value: what is told, in which order and with which emphasis, whatever it is shown on. [`terminal`],
//! [`markdown`] and [`html`] walk it. Here is no width, no colour code and no tag; text is as it was measured, and each
//! walker cleans and escapes it.
//!
//! [`terminal`]: terminal::terminal
//! [`markdown`]: markdown::markdown
//! [`html`]: html::html

pub mod html;
pub mod markdown;
mod model;
mod table;
pub mod terminal;
#[cfg(test)]
mod tests;
mod tone;

pub use model::{
    About, Answer, Article, Between, Block, Command, Entries, Entry, Labels, Medium, Note, Page,
    Section, Shown, Text,
};
pub use table::{Cell, Column, Mark, Row, Short, Table, Words};
pub use tone::Tone;
