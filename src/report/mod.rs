//! Renderers: a [`Run`] and its [`Summary`] in, text out. Pure, so that a page looks the same whether the run has just
//! ended or is a year old.
//!
//! [`Run`]: crate::result::Run
//! [`Summary`]: crate::result::Summary

mod answer;
mod compare;
mod csv;
mod json;
pub mod scenario;
mod sketch;
mod style;
mod terminal;
mod text;
pub mod trend;

pub use compare::compared;
pub use csv::csv;
pub use json::json;
pub use style::Style;
pub use terminal::terminal;
pub use text::clean;
