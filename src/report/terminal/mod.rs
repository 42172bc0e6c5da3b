//! The page for people. Top down: answer, reasons, evidence, oddities, what to do next.

mod disk;
mod findings;
mod import;
mod ladder;
mod load;
mod rules;
mod table;

use std::ops::Deref;
use std::path::Path;

use super::answer;
use super::style::Style;
use super::subject::{Plan, Subject};
use super::text::{clean, entry, flow, width, wrap};
use super::words;
use crate::result::{Run, Summary};

/// Cells of the column that holds the labels of entries.
const GUTTER: usize = 16;

/// The page of a result, ending in a newline.
pub fn terminal(run: &Run, summary: &Summary, result: &Path, style: &Style) -> String {
    let page = Page { subject: Subject::new(run, summary), style: *style };
    let mut out = String::new();
    match &page.plan {
        Plan::Load(plan) => load::page(&page, plan, &mut out),
        Plan::Import(plan) => import::page(&page, plan, &mut out),
        _ => disk::page(&page, &mut out),
    }
    findings::findings(&page, &mut out);
    next(&page, result, &mut out);
    out
}

/// What every part of the page is made from.
struct Page<'a> {
    subject: Subject<'a>,
    style: Style,
}

impl<'a> Deref for Page<'a> {
    type Target = Subject<'a>;

    fn deref(&self) -> &Subject<'a> {
        &self.subject
    }
}

impl Page<'_> {
    /// Cells beside the gutter.
    fn beside_gutter(&self) -> usize {
        self.style.prose().saturating_sub(2 + GUTTER)
    }
}

/// What the run was about.
fn lines(page: &Page<'_>, items: &[String], out: &mut String) {
    for line in flow(items, " · ", page.style.columns()) {
        out.push_str(&line);
        out.push('\n');
    }
}

fn answer(page: &Page<'_>, out: &mut String) {
    let summary = page.summary;
    answer::answer(&summary.headline, summary.verdict, page.style, out);
    if let Some(how) = words::cut_short(page) {
        for line in wrap(&how, page.style.prose() - 2) {
            out.push_str(&format!("  {line}\n"));
        }
    }
    out.push('\n');
}

/// Where the result is, and how to do this again. A path or a command is never broken: it is there to be copied.
fn next(page: &Page<'_>, result: &Path, out: &mut String) {
    const LABEL: usize = 8;
    let cells = page.style.columns().saturating_sub(2 + LABEL);
    out.push('\n');
    entry(out, "result", LABEL, &[clean(&result.display().to_string())]);
    if let Plan::Import(_) = page.plan {
        let command =
            format!("etcdbench compare {} OTHER.jsonl", clean(&result.display().to_string()));
        entry(out, "beside", LABEL, &[command]);
    }
    let Some((command, hint)) = words::again(page) else {
        return;
    };
    let mut lines = vec![command];
    if let Some(hint) = hint {
        let beside = format!("{}   {hint}", lines[0]);
        if width(&beside) <= cells {
            lines[0] = beside;
        } else {
            lines.extend(wrap(hint, cells));
        }
    }
    entry(out, "again", LABEL, &lines);
}
