//! The parts that pages are made of. Each is a template; what they hold is escaped there.

use askama::Template;

use crate::report::chart::Chart;
use crate::report::text::clean;
use crate::report::words;
use crate::result::{Finding, Severity, Verdict};

/// A page in one file.
#[derive(Template)]
#[template(path = "page.html")]
pub struct Page {
    /// In the browser's tab.
    pub title: String,
    /// This program and its version.
    pub generator: String,
    /// All of the CSS.
    pub style: String,
    /// What it is about.
    pub articles: Vec<Article>,
}

/// An answer and what stands behind it.
#[derive(Template)]
#[template(path = "article.html")]
pub struct Article {
    /// Unique in the page.
    pub id: String,
    /// Level of its heading: 1 where it is alone.
    pub level: u8,
    /// Class of its colour.
    pub tone: &'static str,
    /// Sign of the answer.
    pub mark: &'static str,
    /// The answer.
    pub word: String,
    /// The rest of the headline.
    pub reason: String,
    /// Above the headline.
    pub above: Vec<String>,
    /// Below it: what limits it.
    pub notes: Vec<String>,
    /// What was measured.
    pub about: Vec<String>,
    /// Whether each of that has a line of its own.
    pub lines: bool,
    /// Everything else.
    pub sections: Vec<Section>,
}

/// A part of an article with a heading of its own.
pub struct Section {
    /// Unique in the article.
    pub id: &'static str,
    /// Its heading.
    pub title: String,
    /// HTML.
    pub body: String,
}

/// A table in a box of its own, that scrolls where the page is narrow.
#[derive(Template, Default)]
#[template(path = "table.html")]
pub struct Table {
    /// What it holds.
    pub caption: String,
    /// What stands above the columns.
    pub head: Vec<Cell>,
    /// Rows as long as the head.
    pub rows: Vec<Vec<Cell>>,
    /// The column that names a row.
    pub naming: usize,
}

/// A cell of a table.
#[derive(Template, Default, Clone)]
#[template(path = "cell.html")]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// Below that, smaller.
    pub small: String,
    /// Class: `n` for numbers, or a tone.
    pub class: &'static str,
    /// Where it leads, if anywhere.
    pub link: String,
}

#[derive(Template)]
#[template(path = "charts.html")]
struct Charts<'a> {
    charts: &'a [Chart],
}

#[derive(Template)]
#[template(path = "findings.html")]
struct Findings {
    findings: Vec<Told>,
}

/// A finding in words; message and advice are HTML.
struct Told {
    tone: &'static str,
    mark: &'static str,
    word: &'static str,
    message: String,
    advice: String,
}

#[derive(Template)]
#[template(path = "facts.html")]
struct Facts<'a> {
    title: &'a str,
    level: u8,
    facts: Vec<&'a (String, String)>,
}

/// Names longer than this may be broken into lines, but not into narrow ones.
const SENTENCE: usize = 30;

/// Renders a part. Writing into memory does not fail.
pub fn html(part: &impl Template) -> String {
    part.render().unwrap_or_default()
}

/// Text as HTML.
pub fn escaped(text: &str) -> String {
    askama::filters::escape(text, askama::filters::Html)
        .map_or_else(|never| match never {}, |text| text.to_string())
}

/// Running text as HTML; flags are set as what is typed, and never broken.
fn prose(text: &str) -> String {
    let word = |word: &str| {
        let flag = word.trim_start_matches('(');
        let end = flag.trim_end_matches(|c: char| ".,;:)".contains(c));
        match end.starts_with("--") {
            true => {
                escaped(word).replacen(&escaped(end), &format!("<code>{}</code>", escaped(end)), 1)
            }
            false => escaped(word),
        }
    };
    let words: Vec<String> = text.split(' ').map(word).collect();
    words.join(" ")
}

/// A paragraph.
pub fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", prose(text))
}

/// Lines as they are, to be copied.
pub fn verbatim(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(clean).collect();
    format!("<pre>{}</pre>\n", escaped(&lines.join("\n")))
}

/// Something that is folded away until it is asked for, and printed always.
pub fn folded(summary: &str, body: &str) -> String {
    format!("<details><summary>{}</summary>\n{body}</details>\n", escaped(summary))
}

/// Charts in a grid; nothing without any.
pub fn charts(charts: &[Chart]) -> String {
    if charts.is_empty() {
        return String::new();
    }
    html(&Charts { charts })
}

/// Facts in a grid, but for those that are empty; nothing without any.
pub fn facts(level: u8, title: &str, facts: &[(String, String)]) -> String {
    let facts: Vec<&(String, String)> = facts.iter().filter(|(_, fact)| !fact.is_empty()).collect();
    if facts.is_empty() {
        return String::new();
    }
    html(&Facts { title, level, facts })
}

/// What is worth knowing.
pub fn findings(findings: &[&Finding]) -> String {
    let told = |finding: &&Finding| Told {
        tone: match finding.severity {
            Severity::Critical => "fail",
            Severity::Warning => "warn",
            Severity::Info => "info",
        },
        mark: words::severity_mark(finding.severity),
        word: words::severity(finding.severity),
        message: prose(&clean(&finding.message)),
        advice: prose(&clean(finding.advice.as_deref().unwrap_or_default())),
    };
    html(&Findings { findings: findings.iter().map(told).collect() })
}

/// The class of a verdict's colour.
pub fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Warn => "warn",
        Verdict::Inconclusive => "open",
        Verdict::Fail => "fail",
    }
}

impl Article {
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

impl Cell {
    /// Text.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }

    /// A number.
    pub fn number(text: impl Into<String>) -> Cell {
        Cell::text(text).class("n")
    }

    /// A verdict, as a sign and a word in its colour.
    pub fn verdict(verdict: Verdict) -> Cell {
        let text = format!("{} {}", words::mark(verdict), words::verdict(verdict));
        Cell::text(text).class(tone(verdict))
    }

    /// The same cell in a class.
    pub fn class(self, class: &'static str) -> Cell {
        Cell { class, ..self }
    }

    /// The same cell with something smaller below.
    pub fn small(self, small: impl Into<String>) -> Cell {
        Cell { small: small.into(), ..self }
    }
}

impl Table {
    /// A table of figures that renderers share: names on the left, numbers to the right.
    pub fn of(caption: &str, table: &words::Table) -> Table {
        let shown = table.shown();
        // A column without a name holds words.
        let names = |column: usize| column < table.names || table.head[column].is_empty();
        let cell = |column: usize, text: &str| match names(column) {
            true if text.len() > SENTENCE => Cell::text(text).class("long"),
            true => Cell::text(text),
            false => Cell::number(text),
        };
        let row =
            |row: &Vec<String>| shown.iter().map(|&column| cell(column, &row[column])).collect();
        Table {
            caption: caption.to_owned(),
            head: row(&table.head),
            rows: table.rows.iter().map(row).collect(),
            naming: 0,
        }
    }
}

impl Section {
    /// A section; nothing where it would be empty.
    pub fn new(id: &'static str, title: impl Into<String>, body: String) -> Option<Section> {
        (!body.is_empty()).then(|| Section { id, title: title.into(), body })
    }
}

impl Page {
    /// A page of this title with these articles.
    pub fn new(title: String, articles: Vec<Article>) -> Page {
        let style = concat!(include_str!("../../../templates/style.css"));
        Page {
            title,
            generator: format!("etcdbench {}", env!("CARGO_PKG_VERSION")),
            style: format!("{style}{}", crate::report::chart::STYLE),
            articles,
        }
    }
}
