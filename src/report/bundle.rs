//! Everything an execution of a scenario leaves for people and for the tools around it, as files of one directory.
//! Pure.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::export::{self, Document, ExportInput};
use super::page::{Medium, html, markdown};
use super::run;
use super::style::Style;
use super::trend::render;
use crate::cli::{Export, TrendFormat};
use crate::error::Result;
use crate::result::{Run, Summary};
use crate::trend::Trend;

/// How the two files for github-action-benchmark begin, beside others of other tools.
const GITHUB: &str = "github-action-benchmark-";

/// The files: `page.html` and `summary.md` of the nights, or of the runs where there is no history; of the nights
/// `junit.xml` and `metrics.prom` too; a page of each run; and what github-action-benchmark joins nights by.
///
/// `paths` are those of the runs' results below the execution's directory.
///
/// # Errors
/// None but what an export refuses.
pub fn bundle(
    trend: Option<&Trend>,
    runs: &[(Run, Summary)],
    paths: &[PathBuf],
) -> Result<Vec<Document>> {
    let mut documents = match trend {
        Some(trend) => nights(trend)?,
        None => vec![
            document("page.html", browser(runs, paths)),
            document("summary.md", markdown::markdown(&run::page(runs, paths, Medium::Comment))),
        ],
    };
    for (one, path) in runs.iter().zip(paths) {
        let page = browser(std::slice::from_ref(one), std::slice::from_ref(path));
        documents.push(document(&format!("{}.html", flat(path)), page));
    }
    documents.extend(github(runs)?);
    Ok(documents)
}

fn browser(runs: &[(Run, Summary)], paths: &[PathBuf]) -> String {
    html::html(&run::page(runs, paths, Medium::Browser))
}

fn nights(trend: &Trend) -> Result<Vec<Document>> {
    // Neither has a width or colours.
    let style = Style { width: Style::UNKNOWN_WIDTH, color: false, height: None };
    let mut documents = vec![
        document("page.html", render(trend, TrendFormat::Html, &style)),
        document("summary.md", render(trend, TrendFormat::Markdown, &style)),
    ];
    for (kind, name) in [(Export::Junit, "junit.xml"), (Export::Textfile, "metrics.prom")] {
        let exported = export::export(kind, ExportInput::Trend(trend))?;
        documents.extend(exported.into_iter().map(|one| document(name, one.text)));
    }
    Ok(documents)
}

fn document(name: &str, text: String) -> Document {
    Document { file_name: name.to_owned(), text }
}

/// `all/put/001.jsonl` as the stem of a name in one directory: `all-put-001`.
fn flat(path: &Path) -> String {
    path.with_extension("").to_string_lossy().replace('/', "-")
}

/// One list per direction for all runs: the action takes one file of each.
fn github(runs: &[(Run, Summary)]) -> Result<Vec<Document>> {
    let mut lists: Vec<(String, Vec<Value>)> = Vec::new();
    for (run, summary) in runs {
        let subject = ExportInput::Run { run, summary, intervals: &[] };
        // A run without figures has no entries.
        let Ok(exported) = export::export(Export::GithubActionBenchmark, subject) else {
            continue;
        };
        for Document { file_name, text } in exported {
            let entries: Vec<Value> = serde_json::from_str(&text).unwrap_or_default();
            match lists.iter_mut().find(|(name, _)| *name == file_name) {
                Some((_, list)) => list.extend(entries),
                None => lists.push((file_name, entries)),
            }
        }
    }
    let texts = lists.into_iter().map(|(name, list)| {
        let text = serde_json::to_string_pretty(&list).unwrap_or_default();
        document(&format!("{GITHUB}{name}"), format!("{text}\n"))
    });
    Ok(texts.collect())
}
