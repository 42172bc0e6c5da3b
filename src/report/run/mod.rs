//! The page of a run, or of several: the answer, its reasons, the evidence, and what is needed to do it again. A
//! section is a function in a file of its own, and its place among the others stands here, for each medium.

mod again;
mod capacity;
mod events;
mod findings;
mod input;
mod load;
mod machine;
mod overview;
mod quantiles;
mod rules;
mod shards;
mod stalls;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use super::chart::{self, Chart};
use super::page::{About, Answer, Article, Block, Medium, Page, Section};
use super::subject::RunAndPlan;
use super::words;
use crate::result::{Run, Summary};
use crate::units::date_and_time;
use input::Input;

/// Makes a section, or several of one kind; those without blocks are not shown.
type Sections = fn(&Input<'_>) -> Vec<Section>;

/// What decides is above the evidence; what is worth knowing stands where the reader's eye is when the page is written:
/// at the end.
const TERMINAL: [Sections; 10] = [
    rules::rules,
    shards::shards,
    load::rates,
    stalls::stalls,
    load::client,
    quantiles::quantiles,
    load::members,
    load::outcome,
    findings::findings,
    again::again,
];

const COMMENT: [Sections; 10] = [
    rules::rules,
    findings::findings,
    shards::shards,
    capacity::capacity,
    load::all,
    load::rates,
    load::members,
    stalls::stalls,
    quantiles::quantiles,
    again::again,
];

const BROWSER: [Sections; 13] = [
    rules::rules,
    findings::findings,
    shards::shards,
    charts,
    quantiles::quantiles,
    stalls::stalls,
    events::events,
    load::all,
    capacity::capacity,
    load::members,
    machine::disk,
    machine::machine,
    again::again,
];

/// The page of runs, in the order they were given, and of the files they are in.
pub fn page(runs: &[(Run, Summary)], paths: &[PathBuf], medium: Medium) -> Page {
    let subjects: Vec<RunAndPlan<'_>> =
        runs.iter().map(|(run, summary)| RunAndPlan::new(run, summary)).collect();
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    let mut page = of_subjects(&subjects, &paths, medium);
    if subjects.len() > 1 && medium == Medium::Browser {
        page.articles.insert(0, overview::article(runs, &subjects, id));
    }
    page
}

/// The page of a run, and of the file it is in.
pub fn page_of(run: &Run, summary: &Summary, path: &Path, medium: Medium) -> Page {
    of_subjects(&[RunAndPlan::new(run, summary)], &[path], medium)
}

fn of_subjects(subjects: &[RunAndPlan<'_>], paths: &[&Path], medium: Medium) -> Page {
    let each = subjects.iter().zip(paths).enumerate();
    let each = each.map(|(index, (subject, path))| {
        let id = id(index);
        let charts = charts_of(subject, medium, &id);
        article(&Input { subject, path, medium, charts: &charts }, id)
    });
    let mut kinds: Vec<&str> =
        subjects.iter().map(|subject| subject.run.header.kind.as_str()).collect();
    kinds.dedup();
    Page {
        kind: match kinds.as_slice() {
            [only] => (*only).to_owned(),
            _ => "report".to_owned(),
        },
        title: title(subjects),
        articles: each.collect(),
        elsewhere: "etcdbench report FILE -o page.html",
    }
}

fn id(index: usize) -> String {
    format!("run-{}", index + 1)
}

fn title(subjects: &[RunAndPlan<'_>]) -> String {
    match subjects {
        [only] => {
            let (word, _) = words::headline(only.summary);
            format!("{word} · {} · etcdbench", only.run.header.name)
        }
        all => format!("{} results · etcdbench", all.len()),
    }
}

fn article(input: &Input<'_>, id: String) -> Article {
    let header = &input.run.header;
    let about = words::about(input);
    let above = [
        format!("etcdbench {}", header.kind),
        header.name.clone(),
        header.environment.host.clone(),
        date_and_time(&header.started_at),
    ];
    // A run without a name of its own is named for what the page tells anyway.
    let told = |item: &String| about.first() == Some(item);
    let sections: &[Sections] = match input.medium {
        Medium::Terminal => &TERMINAL,
        Medium::Comment => &COMMENT,
        Medium::Browser => &BROWSER,
    };
    Article {
        id,
        name: header.name.clone(),
        answer: answer(input.summary),
        above: above.into_iter().filter(|item| !item.is_empty() && !told(item)).collect(),
        notes: words::cut_short(input).into_iter().collect(),
        about: About::Line(about),
        sections: sections
            .iter()
            .flat_map(|sections| sections(input))
            .filter(|section| !section.blocks.is_empty())
            .collect(),
    }
}

fn answer(summary: &Summary) -> Answer {
    let (word, reason) = words::headline(summary);
    Answer { tone: summary.verdict.into(), mark: words::mark(summary.verdict), word, reason }
}

/// The charts of a run, each with an id in the page that is no section's.
fn charts_of(subject: &RunAndPlan<'_>, medium: Medium, article: &str) -> Vec<Chart> {
    if medium != Medium::Browser {
        return Vec::new();
    }
    let mut charts = chart::of_run(subject.run, subject.summary);
    for chart in &mut charts {
        chart.id = format!("{article}-chart-{}", chart.name);
    }
    charts
}

fn charts(input: &Input<'_>) -> Vec<Section> {
    vec![Section::new("charts", "Charts", vec![Block::Charts(input.charts.to_vec())])]
}
