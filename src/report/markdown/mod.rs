//! Markdown for pull requests and job summaries.

mod document;
mod run;

pub use run::runs;
