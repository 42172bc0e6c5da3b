//! A page in a single file: nothing loaded, readable on a telephone and on paper, whole without the one script that
//! zooms charts. What a template is given is escaped there.

mod parts;
mod script;
mod table;

use askama::Template;

use super::{About, Article, Between, Block, Command, Entry, Note, Page, Section};
use crate::report::chart::{self, Chart};
use crate::report::text::clean;
use crate::report::words;
use parts::{escaped, of_part, prose, rendered};

/// All of the CSS.
const STYLE: &str = include_str!("../../../../templates/style.css");

/// The page.
pub fn html(page: &Page) -> String {
    let level = if page.articles.len() > 1 { 2 } else { 1 };
    let articles = page.articles.iter().enumerate().map(|(index, article)| {
        // Of several the first has the heading of the page.
        rendered(&ArticleView::new(article, if index == 0 { 1 } else { level }))
    });
    rendered(&PageView {
        title: clean(&page.title),
        generator: format!("etcdbench {}", env!("CARGO_PKG_VERSION")),
        style: format!("{STYLE}{}", chart::STYLE),
        script: if has_charts(page) { script::SCRIPT } else { "" },
        articles: articles.collect(),
    })
}

#[derive(Template)]
#[template(path = "page.html")]
struct PageView {
    title: String,
    generator: String,
    style: String,
    articles: Vec<String>,
    /// Empty where there is nothing to zoom.
    script: &'static str,
}

impl PageView {
    /// What the page's policy allows beside its style: this script by its hash, and no other.
    fn allowed(&self) -> String {
        match self.script {
            "" => String::new(),
            _ => format!("; script-src '{}'", script::HASH),
        }
    }
}

/// Whether anything is drawn.
fn has_charts(page: &Page) -> bool {
    let drawn = |block: &Block| matches!(block, Block::Charts(charts) if !charts.is_empty());
    let sections = page.articles.iter().flat_map(|article| &article.sections);
    sections.flat_map(|section| &section.blocks).any(drawn)
}

#[derive(Template)]
#[template(path = "article.html")]
struct ArticleView<'a> {
    id: &'a str,
    level: u8,
    tone: &'static str,
    mark: &'static str,
    word: String,
    reason: String,
    above: Vec<String>,
    notes: Vec<String>,
    about: Vec<String>,
    /// Whether each of that has a line of its own.
    lines: bool,
    sections: Vec<SectionView<'a>>,
}

struct SectionView<'a> {
    id: &'static str,
    title: String,
    section: &'a Section,
}

#[derive(Template)]
#[template(path = "charts.html")]
struct ChartsView<'a> {
    charts: &'a [Chart],
}

#[derive(Template)]
#[template(path = "findings.html")]
struct FindingsView {
    findings: Vec<NoteView>,
}

struct NoteView {
    tone: &'static str,
    mark: &'static str,
    word: &'static str,
    message: String,
    advice: String,
}

#[derive(Template)]
#[template(path = "facts.html")]
struct FactsView {
    facts: Vec<(String, String)>,
}

impl<'a> ArticleView<'a> {
    fn new(article: &'a Article, level: u8) -> Self {
        let cleaned = |items: &[String]| items.iter().map(|item| clean(item)).collect();
        let (about, lines) = match &article.about {
            About::Line(items) => (cleaned(items), false),
            About::Lines(items) => (cleaned(items), true),
            About::Sides(sides) => {
                let side = |(letter, items): &(String, Vec<String>)| {
                    clean(&format!("{letter} is {}", items.join(" ")))
                };
                (sides.iter().map(side).collect(), true)
            }
        };
        let sections = article.sections.iter().filter(|section| !section.blocks.is_empty());
        ArticleView {
            id: &article.id,
            level,
            tone: of_part(article.answer.tone),
            mark: article.answer.mark,
            word: clean(&article.answer.word),
            reason: clean(&article.answer.reason),
            above: cleaned(&article.above),
            notes: cleaned(&article.notes),
            about,
            lines,
            sections: sections
                .map(|section| SectionView {
                    id: section.id,
                    title: clean(&section.title),
                    section,
                })
                .collect(),
        }
    }

    /// The rest of the headline as HTML.
    fn reason(&self) -> String {
        prose(&self.reason)
    }

    /// Whether all of the headline fits into a heading.
    fn is_short(&self) -> bool {
        const HEADING: usize = 120;
        self.reason.chars().count() <= HEADING
    }
}

impl SectionView<'_> {
    fn body(&self) -> String {
        blocks(&self.section.blocks)
    }
}

fn blocks(blocks: &[Block]) -> String {
    blocks.iter().map(block).collect()
}

fn block(block: &Block) -> String {
    match block {
        Block::Table(table) => table::table(table),
        Block::Entries(entries) => {
            rendered(&FactsView { facts: entries.entries.iter().map(fact).collect() })
        }
        Block::Text(text) => text.paragraphs.iter().map(|text| paragraph(text)).collect(),
        Block::Findings(notes) => {
            rendered(&FindingsView { findings: notes.iter().map(note).collect() })
        }
        Block::List(items) => items.iter().map(|item| paragraph(item)).collect(),
        Block::Charts(charts) => rendered(&ChartsView { charts }),
        Block::Command(one) => command(one),
        Block::Fold(summary, inner) => format!(
            "<details><summary>{}</summary>\n{}</details>\n",
            escaped(&clean(summary)),
            blocks(inner)
        ),
        Block::Timeline(_) => String::new(),
    }
}

fn fact(entry: &Entry) -> (String, String) {
    let between = match entry.between {
        Between::Comma => ", ",
        _ => " ",
    };
    (clean(&entry.label), clean(&entry.items.join(between)))
}

fn note(note: &Note) -> NoteView {
    NoteView {
        tone: of_part(note.severity.into()),
        mark: words::severity_mark(note.severity),
        word: words::severity(note.severity),
        message: prose(&clean(&note.message)),
        advice: prose(&clean(note.advice.as_deref().unwrap_or_default())),
    }
}

/// Lines as they are, to be copied.
fn command(command: &Command) -> String {
    let lines: Vec<String> = command.text.lines().map(clean).collect();
    let hint = command.hint.as_deref().map_or_else(String::new, paragraph);
    format!("<pre>{}</pre>\n{hint}", escaped(&lines.join("\n")))
}

fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", prose(&clean(text)))
}
