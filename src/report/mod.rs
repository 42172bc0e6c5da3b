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
mod part;
mod profile;
mod recovery;
mod requests;
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
    QuotaSteps, check_begins, check_goes_on, check_json_schema, check_line, check_requests,
    checked, quota, quota_goes_on,
};
pub use compare::compared;
pub use csv::csv;
pub use document::{document, terminal};
pub use json::json;
pub use logs::{logs, logs_json_schema};
pub use part::load_planned;
pub use profile::{
    profile_begins, profile_gap, profile_goes_on, profile_requests, profile_scenario, profiled,
};
pub use style::Style;
pub use text::clean;
pub use words::conclude;
