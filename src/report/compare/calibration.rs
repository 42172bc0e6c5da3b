//! The page of a machine's noise, and its table.

use std::path::Path;

use crate::report::csv::written;
use crate::report::page::{
    Answer, Article, Block, Cell, Column, Labels, Medium, Page, Row, Section, Table,
};
use crate::rule::comparison::{Calibration, Noise};
use crate::units::format_share;

/// What the figures mean.
const MEANING: &str = "standard deviation between runs, and the smallest change that six interleaved pairs would detect \
     (80 % power) among all metrics that are tested together; later comparisons of one run a side allow for the \
     deviation";

/// The page of what was learnt, and of the file it is in.
pub(super) fn page(noise: &Calibration, place: &Path, medium: Medium) -> Page {
    let title = title(noise);
    let written = place.display().to_string();
    let sections = match medium {
        Medium::Browser => vec![
            Section::new("noise", "Between runs", vec![table(noise)]),
            Section::new(
                "written",
                "Where it is kept",
                vec![Block::paragraphs(vec![format!("Written to {written}")])],
            ),
        ],
        Medium::Terminal | Medium::Comment => {
            let facts = [("meaning", MEANING.to_owned()), ("written", written)];
            let facts = facts.map(|(label, fact)| (label.to_owned(), fact));
            vec![
                Section::new("noise", "Between runs", vec![table(noise)]),
                Section::new("written", "", vec![Block::facts(Labels::Medium, facts)]),
            ]
        }
    };
    let word = if medium == Medium::Terminal { "" } else { "NOISE" };
    let article = Article {
        id: "noise".to_owned(),
        answer: Answer {
            mark: "±",
            word: word.to_owned(),
            reason: title.clone(),
            ..Answer::default()
        },
        above: vec!["etcdbench compare --calibrate".to_owned()],
        sections,
        ..Article::default()
    };
    Page {
        kind: "calibration".to_owned(),
        title: format!("{title} · etcdbench"),
        articles: vec![article],
        elsewhere: "etcdbench compare --calibrate … -o page.html",
    }
}

/// What the noise was learnt from.
fn title(noise: &Calibration) -> String {
    let [from, to] = &noise.from_to;
    format!("{} identical {} runs on {} from {from} to {to}", noise.runs, noise.kind, noise.host,)
}

/// A metric, how much it differs between runs, and what six pairs would find.
fn table(noise: &Calibration) -> Block {
    let row = |noise: &Noise| {
        let name = [noise.series.as_str(), noise.stat.name()];
        let name: Vec<&str> = name.into_iter().filter(|part| !part.is_empty()).collect();
        Row::new([
            Cell::new(format!("{}: {}", noise.phase, name.join(" "))),
            Cell::new(format_share(noise.deviation)),
            Cell::new(format_share(noise.detectable)),
        ])
    };
    Block::Table(Table {
        caption: MEANING.to_owned(),
        columns: vec![
            Column::text("metric"),
            Column::number("between runs"),
            Column::number("six pairs find"),
        ],
        rows: noise.noise.iter().map(row).collect(),
        ..Table::default()
    })
}

/// One row per metric; deviations of logarithms (of shares: as they are).
pub(super) fn csv(noise: &Calibration) -> String {
    let head = ["host", "phase", "series", "stat", "runs", "deviation", "between", "detectable"];
    let row = |one: &Noise| {
        vec![
            noise.host.clone(),
            one.phase.clone(),
            one.series.clone(),
            one.stat.name().to_owned(),
            one.runs.to_string(),
            one.deviation.to_string(),
            one.between.to_string(),
            one.detectable.to_string(),
        ]
    };
    written(head, noise.noise.iter().map(row))
}
