//! Renderers: a [`Run`] and its [`Summary`] in, text out. Pure, so that a page looks the same whether the run has just
//! ended or is a year old.
//!
//! [`Run`]: crate::result::Run
//! [`Summary`]: crate::result::Summary

mod bundle;
pub mod chart;
mod check;
mod classes;
mod compare;
mod csv;
mod diagnosed;
mod document;
pub mod export;
mod json;
mod logs;
mod page;
mod run;
pub mod scenario;
mod sketch;
mod style;
mod subject;
#[cfg(test)]
mod testing;
mod text;
pub mod trend;
mod words;

pub use bundle::bundle;
pub use check::{
    QuotaSteps, check_begins, check_goes_on, check_json_schema, check_requests, checked, quota,
};
pub use compare::compared;
pub use csv::csv;
pub use document::{document, terminal};
pub use json::json;
pub use logs::{logs, logs_json_schema};
pub use style::Style;
pub use text::clean;
pub use words::conclude;
