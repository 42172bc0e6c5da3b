//! The page of one result, or of several: then an overview and charts that lay them over each other come first.

use std::path::PathBuf;

use super::parts::{Article, Cell, Page, Section, Table, charts, html, tone};
use super::run;
use crate::report::chart;
use crate::report::subject::Subject;
use crate::report::text::clean;
use crate::report::words;
use crate::result::{Run, Summary, Verdict};
use crate::units::{date_and_time, format_duration};

/// The page, in the order the results were given.
pub fn runs(runs: &[(Run, Summary)], paths: &[PathBuf]) -> String {
    let subjects: Vec<Subject<'_>> =
        runs.iter().map(|(run, summary)| Subject::new(run, summary)).collect();
    let mut articles = Vec::new();
    let several = subjects.len() > 1;
    if several {
        articles.push(overview(runs, &subjects));
    }
    for (index, (subject, path)) in subjects.iter().zip(paths).enumerate() {
        let level = if several { 2 } else { 1 };
        articles.push(run::article(subject, path, &id(index), level));
    }
    let title = match subjects.as_slice() {
        [only] => {
            let (word, _) = words::headline(&only.summary.headline);
            format!("{word} · {} · etcdbench", clean(&only.run.header.name))
        }
        all => format!("{} results · etcdbench", all.len()),
    };
    html(&Page::new(title, articles))
}

fn id(index: usize) -> String {
    format!("run-{}", index + 1)
}

fn overview(runs: &[(Run, Summary)], subjects: &[Subject<'_>]) -> Article {
    let verdicts = || subjects.iter().map(|subject| subject.summary.verdict);
    let worst = verdicts().max().unwrap_or_default();
    let sections = [
        Section::new("results", "Results", html(&results(subjects))),
        Section::new("together", "Side by side", charts(&chart::of_runs(runs))),
    ];
    Article {
        id: "overview".to_owned(),
        level: 1,
        tone: tone(worst),
        mark: words::mark(worst),
        word: format!("{} results", subjects.len()),
        reason: counts(&verdicts().collect::<Vec<_>>()),
        above: Vec::new(),
        notes: Vec::new(),
        about: Vec::new(),
        lines: false,
        sections: sections.into_iter().flatten().collect(),
    }
}

/// `2 pass, 1 fail`.
fn counts(verdicts: &[Verdict]) -> String {
    let all = [Verdict::Fail, Verdict::Inconclusive, Verdict::Warn, Verdict::Pass];
    let told = all.into_iter().filter_map(|verdict| {
        let count = verdicts.iter().filter(|other| **other == verdict).count();
        (count > 0).then(|| format!("{count} {}", words::verdict(verdict)))
    });
    told.collect::<Vec<_>>().join(", ")
}

fn results(subjects: &[Subject<'_>]) -> Table {
    let row = |(index, subject): (usize, &Subject<'_>)| {
        let header = &subject.run.header;
        let (word, reason) = words::headline(&subject.summary.headline);
        vec![
            Cell::verdict(subject.summary.verdict),
            Cell { link: format!("#{}", id(index)), ..Cell::text(clean(&header.name)) },
            Cell::text(clean(&header.kind)),
            Cell::text(clean(&header.environment.host)),
            Cell::text(clean(&date_and_time(&header.started_at))).class("nowrap"),
            Cell::number(format_duration(subject.run.length_ns())),
            Cell::text(format!("{word}  {reason}")).class("long"),
        ]
    };
    let head = ["verdict", "name", "kind", "host", "started", "length", "answer"];
    Table {
        caption: "What each came to".to_owned(),
        head: head.map(Cell::text).to_vec(),
        rows: subjects.iter().enumerate().map(row).collect(),
        naming: 1,
    }
}
