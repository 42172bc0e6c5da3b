//! The document that was asked for, of one result or of several.

use std::path::PathBuf;

use super::style::Style;
use super::{csv, html, json, markdown, terminal};
use crate::cli::Format;
use crate::plan::DocumentPlan;
use crate::result::{Run, Summary};

/// Runs and the files they are in → the document. Several texts stand one below the other, several JSON documents in
/// an array, the rows of several in one table.
pub fn document(
    runs: &[(Run, Summary)],
    paths: &[PathBuf],
    plan: &DocumentPlan,
    style: &Style,
) -> String {
    match plan.format {
        Format::Text => texts(runs, paths, style),
        Format::Json => match runs {
            [(run, summary)] => json::json(run, summary),
            several => json::several(several),
        },
        Format::Csv => csv::table(runs, plan.table),
        Format::Markdown => markdown::runs(runs, paths),
        Format::Html => html::runs(runs, paths),
    }
}

fn texts(runs: &[(Run, Summary)], paths: &[PathBuf], style: &Style) -> String {
    let pages =
        runs.iter().zip(paths).map(|((run, summary), path)| terminal(run, summary, path, style));
    let rule = format!("\n{}\n\n", "─".repeat(style.prose()));
    pages.collect::<Vec<_>>().join(&rule)
}
