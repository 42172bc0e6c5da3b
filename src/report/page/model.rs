//! What a page is made of.

use super::table::Table;
use super::tone::Tone;
use crate::report::chart::Chart;
use crate::report::words::Timeline;
use crate::result::Severity;

/// Who reads: a terminal shows what decides, a comment in a pull request folds the evidence away, a browser has room
/// for everything. The sections of a page depend on it, what they say does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// A terminal.
    Terminal,
    /// A comment or a job summary.
    Comment,
    /// A file for a browser.
    Browser,
}

/// A page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// What it is about in a word: `disk`, `compare`. A bot finds its own comment by it.
    pub kind: String,
    /// In the browser's tab.
    pub title: String,
    /// The answers, each with what stands behind it.
    pub articles: Vec<Article>,
    /// The command that shows all of what a comment has no room for.
    pub elsewhere: &'static str,
}

/// An answer and what stands behind it.
#[derive(Debug, Clone, Default)]
pub struct Article {
    /// Unique in the page.
    pub id: String,
    /// The name that tells it from the others of a page.
    pub name: String,
    /// What it came to.
    pub answer: Answer,
    /// Whose it is, above the answer.
    pub above: Vec<String>,
    /// What it is about.
    pub about: About,
    /// What limits the answer.
    pub notes: Vec<String>,
    /// Everything else, in order.
    pub sections: Vec<Section>,
}

/// The answer of an article.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Its emphasis.
    pub tone: Tone,
    /// Its sign.
    pub mark: &'static str,
    /// The answer itself.
    pub word: String,
    /// The rest of the headline.
    pub reason: String,
}

/// What an article is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A few items in a line: where, on what, how long.
    Line(Vec<String>),
    /// A line for each side: its letter, and what it is.
    Sides(Vec<(String, Vec<String>)>),
    /// A line each.
    Lines(Vec<String>),
}

impl Default for About {
    fn default() -> Self {
        About::Line(Vec::new())
    }
}

/// A part of an article.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// Unique in the article; `rules`, `findings`.
    pub id: &'static str,
    /// Its heading. Browsers always show it.
    pub title: String,
    /// How the other media show it.
    pub shown: Shown,
    /// What it holds.
    pub blocks: Vec<Block>,
}

/// How a section is shown where headings are few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shown {
    /// Without its title.
    #[default]
    Plain,
    /// Below its title.
    Titled,
    /// As [`Shown::Titled`], at the level of a part of the page.
    Headed,
    /// In a comment folded away below its title, after every answer; in a terminal as [`Shown::Plain`].
    Folded,
}

/// What a section is made of.
#[derive(Debug, Clone)]
pub enum Block {
    /// Rows and columns.
    Table(Table),
    /// Labels with what belongs to each.
    Entries(Entries),
    /// Running text.
    Text(Text),
    /// What is worth knowing.
    Findings(Vec<Note>),
    /// Items one below the other.
    List(Vec<String>),
    /// Drawings; only browsers show them.
    Charts(Vec<Chart>),
    /// A quantile over time; only terminals show it.
    Timeline(Timeline),
    /// What is there to be copied.
    Command(Command),
    /// What is folded away until it is asked for, below a summary; terminals have no such place and leave it out.
    Fold(String, Vec<Block>),
}

/// Labels with what belongs to each.
#[derive(Debug, Clone, Default)]
pub struct Entries {
    /// How long labels like these are, so that blocks of one kind stand in line.
    pub labels: Labels,
    /// The entries.
    pub entries: Vec<Entry>,
}

/// How long the labels of entries are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Labels {
    /// Up to six letters: `result`.
    Short,
    /// Up to ten letters: `compared`.
    Medium,
    /// Names of series: `backend.commit`.
    #[default]
    Long,
}

/// A label with what belongs to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// The label.
    pub label: String,
    /// Items; none is broken into lines as long as it fits into one.
    pub items: Vec<String>,
    /// What stands between them.
    pub between: Between,
}

/// What stands between the items of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Between {
    /// A comma: parts of one statement.
    #[default]
    Comma,
    /// Room: figures.
    Room,
    /// Much room: items of several words.
    WideRoom,
    /// Each begins a line.
    Line,
    /// Each is a line, and is never broken: it is there to be copied.
    Whole,
}

/// Running text, of one paragraph or several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// What it is about, for media without headings; may be empty.
    pub label: &'static str,
    /// How long labels like that are.
    pub labels: Labels,
    /// Paragraphs.
    pub paragraphs: Vec<String>,
}

/// Something worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How much it matters.
    pub severity: Severity,
    /// What was seen.
    pub message: String,
    /// What to do about it.
    pub advice: Option<String>,
}

/// What is there to be copied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// What it is for, for media without headings; may be empty.
    pub label: &'static str,
    /// The lines.
    pub text: String,
    /// What else could be done.
    pub hint: Option<String>,
}

impl Section {
    /// A section of these blocks, but for those that hold nothing.
    pub fn new(id: &'static str, title: impl Into<String>, blocks: Vec<Block>) -> Self {
        let blocks = blocks.into_iter().filter(|block| !block.is_empty()).collect();
        Section { id, title: title.into(), shown: Shown::Plain, blocks }
    }

    /// The same, shown so where headings are few.
    pub fn shown(self, shown: Shown) -> Self {
        Section { shown, ..self }
    }
}

impl Block {
    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        match self {
            Block::Table(table) => table.rows.is_empty(),
            Block::Entries(entries) => entries.entries.is_empty(),
            Block::Text(text) => text.paragraphs.is_empty(),
            Block::Findings(notes) => notes.is_empty(),
            Block::List(items) => items.is_empty(),
            Block::Charts(charts) => charts.is_empty(),
            Block::Timeline(timeline) => timeline.points.is_empty(),
            Block::Command(command) => command.text.is_empty(),
            Block::Fold(_, blocks) => blocks.iter().all(Block::is_empty),
        }
    }

    /// Text without a label.
    pub fn paragraphs(paragraphs: Vec<String>) -> Block {
        Block::Text(Text { paragraphs, ..Text::default() })
    }

    /// Labels with one fact each; those that are empty are left out.
    pub fn facts(labels: Labels, facts: impl IntoIterator<Item = (String, String)>) -> Block {
        let entry = |(label, fact): (String, String)| Entry {
            label,
            items: vec![fact],
            between: Between::Line,
        };
        let known = facts.into_iter().filter(|(_, fact)| !fact.is_empty());
        Block::Entries(Entries { labels, entries: known.map(entry).collect() })
    }
}

impl Entry {
    /// A label with these items.
    pub fn new(label: impl Into<String>, items: Vec<String>, between: Between) -> Entry {
        Entry { label: label.into(), items, between }
    }
}
