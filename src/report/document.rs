//! The document that was asked for, of one result or of several.

use std::path::{Path, PathBuf};

use super::page::{Medium, html, markdown, terminal};
use super::style::Style;
use super::{csv, json, run};
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
    let page = |medium| run::page(runs, paths, medium);
    match plan.format {
        Format::Text => terminal::terminal(&page(Medium::Terminal), style),
        Format::Json => match runs {
            [(run, summary)] => json::json(run, summary),
            several => json::several(several),
        },
        Format::Csv => csv::table(runs, plan.table),
        Format::Markdown => markdown::markdown(&page(Medium::Comment)),
        Format::Html => html::html(&page(Medium::Browser)),
    }
}

/// The page of a result for a terminal, ending in a newline.
pub fn terminal(run: &Run, summary: &Summary, result: &Path, style: &Style) -> String {
    terminal::terminal(&run::page_of(run, summary, result, Medium::Terminal), style)
}
