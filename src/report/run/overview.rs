//! Several results: what each came to, and charts that lay them over each other.

use crate::exit::Verdict;
use crate::report::chart;
use crate::report::page::{Answer, Article, Block, Cell, Column, Mark, Row, Section, Table};
use crate::report::subject::RunAndPlan;
use crate::report::words;
use crate::result::{Run, Summary};
use crate::units::{date_and_time, format_duration};

/// The article above those of the results; `id` is that of the result with this index.
pub(super) fn article(
    runs: &[(Run, Summary)],
    subjects: &[RunAndPlan<'_>],
    id: fn(usize) -> String,
) -> Article {
    let verdicts: Vec<Verdict> = subjects.iter().map(|subject| subject.summary.verdict).collect();
    let worst = verdicts.iter().copied().max().unwrap_or_default();
    Article {
        id: "overview".to_owned(),
        answer: Answer {
            tone: worst.into(),
            mark: words::mark(worst),
            word: format!("{} results", subjects.len()),
            reason: counts(&verdicts),
        },
        sections: vec![
            Section::new("results", "Results", vec![Block::Table(results(subjects, id))]),
            Section::new("together", "Side by side", vec![Block::Charts(chart::of_runs(runs))]),
        ],
        ..Article::default()
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

fn results(subjects: &[RunAndPlan<'_>], id: fn(usize) -> String) -> Table {
    let row = |(index, subject): (usize, &RunAndPlan<'_>)| {
        let header = &subject.run.header;
        let (word, reason) = words::headline(subject.summary);
        Row::marked(
            Mark::of(subject.summary.verdict),
            [
                Cell { link: id(index), ..Cell::new(&header.name) },
                Cell::new(&header.kind),
                Cell::new(&header.environment.host),
                Cell::new(date_and_time(&header.started_at)),
                Cell::new(format_duration(subject.run.length_ns())),
                Cell::new(format!("{word}  {reason}")),
            ],
        )
    };
    Table {
        caption: "What each came to".to_owned(),
        columns: vec![
            Column::text("name"),
            Column::text("kind"),
            Column::text("host"),
            Column::line("started"),
            Column::number("length"),
            Column::prose("answer"),
        ],
        rows: subjects.iter().enumerate().map(row).collect(),
        ..Table::default()
    }
}
