//! Markdown for pull requests and job summaries.

pub mod document;
mod run;

pub use run::runs;
