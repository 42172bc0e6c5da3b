//! A table as a value.

use super::tone::Tone;
use crate::exit::Verdict;
use crate::report::words;

/// Rows and columns. A column in which no row has anything is not shown.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// What it holds.
    pub caption: String,
    /// Whether the caption is shown where tables have none, as a heading.
    pub headed: bool,
    /// The columns.
    pub columns: Vec<Column>,
    /// Rows of as many cells as there are columns.
    pub rows: Vec<Row>,
    /// The column that names a row.
    pub naming: usize,
}

/// A column of a table.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// What stands above it; may be empty.
    pub head: String,
    /// What its cells hold, and with that on which side they begin.
    pub words: Words,
    /// How a cell is told where there is no room for columns.
    pub short: Short,
}

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Words {
    /// Names and a few words.
    #[default]
    Some,
    /// What must stay in one line: times, figures with their unit in words.
    Line,
    /// Numbers, which end at the right.
    Number,
    /// Sentences, which take the room that is left; a terminal writes them below their row where that is too little.
    /// Only the last shown column may be so.
    Prose,
    /// A history in block characters, as long as there is room.
    History,
}

/// How a cell is told in a row without columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Short {
    /// Behind the head of its column: `p99 3 ms`.
    #[default]
    Headed,
    /// As it is.
    Bare,
    /// As it is, in the first line of its row.
    First,
    /// As [`Short::First`], behind the head of its column where it begins with a word.
    FirstHeaded,
    /// Before the head of its column: `300 samples`.
    Counted,
}

/// A row of a table.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// The verdict on it, in a column of its own before all others.
    pub mark: Option<Mark>,
    /// Its cells.
    pub cells: Vec<Cell>,
}

/// A verdict as a sign and a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The sign.
    pub sign: &'static str,
    /// The word; empty where the row says it anyway.
    pub word: &'static str,
    /// Its emphasis.
    pub tone: Tone,
}

/// A cell of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// What belongs to it: an interval, a note.
    pub small: String,
    /// Its emphasis.
    pub tone: Tone,
    /// Whether that is what the table is there for.
    pub strong: bool,
    /// The id of what it is the name or the place of, in the same page.
    pub link: String,
    /// Values in the order of time, of a column of [`Words::History`].
    pub history: Vec<Option<f64>>,
}

impl Column {
    /// A column of names or a few words.
    pub fn text(head: impl Into<String>) -> Column {
        Column { head: head.into(), ..Column::default() }
    }

    /// A column of what must stay in one line.
    pub fn line(head: impl Into<String>) -> Column {
        Column { words: Words::Line, ..Column::text(head) }
    }

    /// A column of numbers.
    pub fn number(head: impl Into<String>) -> Column {
        Column { words: Words::Number, ..Column::text(head) }
    }

    /// A column of sentences.
    pub fn prose(head: impl Into<String>) -> Column {
        Column { words: Words::Prose, short: Short::Bare, ..Column::text(head) }
    }

    /// A column of histories.
    pub fn history(head: impl Into<String>) -> Column {
        Column { words: Words::History, ..Column::text(head) }
    }

    /// The same, told so where there are no columns.
    pub fn short(self, short: Short) -> Column {
        Column { short, ..self }
    }
}

impl Mark {
    /// A verdict's sign and word.
    pub fn of(verdict: Verdict) -> Mark {
        Mark { sign: words::mark(verdict), word: words::verdict(verdict), tone: verdict.into() }
    }
}

impl Cell {
    /// A cell that says this.
    pub fn new(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }

    /// A history.
    pub fn history(values: Vec<Option<f64>>) -> Cell {
        Cell { history: values, ..Cell::default() }
    }

    /// The same with what belongs to it.
    pub fn small(self, small: impl Into<String>) -> Cell {
        Cell { small: small.into(), ..self }
    }

    /// The same, leading to what has this id in the page.
    pub fn link(self, id: impl Into<String>) -> Cell {
        Cell { link: id.into(), ..self }
    }

    /// The same with emphasis.
    pub fn tone(self, tone: Tone) -> Cell {
        Cell { tone, ..self }
    }

    /// The same, as what the table is there for.
    pub fn strong(self, strong: bool) -> Cell {
        Cell { strong, ..self }
    }

    /// Whether it says nothing.
    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.small.is_empty() && self.history.is_empty()
    }
}

impl Row {
    /// A row without a verdict.
    pub fn new(cells: impl Into<Vec<Cell>>) -> Row {
        Row { mark: None, cells: cells.into() }
    }

    /// A row on which there is one.
    pub fn marked(mark: Mark, cells: impl Into<Vec<Cell>>) -> Row {
        Row { mark: Some(mark), cells: cells.into() }
    }
}

impl Table {
    /// A table of figures: names on the left, numbers on the right; a column without a name holds words.
    pub fn of(caption: impl Into<String>, table: words::Table) -> Table {
        let column = |(index, head): (usize, String)| match index < table.names || head.is_empty() {
            true => Column::text(head),
            false => Column::number(head),
        };
        let row = |row: Vec<String>| Row::new(row.into_iter().map(Cell::new).collect::<Vec<_>>());
        Table {
            caption: caption.into(),
            headed: false,
            columns: table.head.into_iter().enumerate().map(column).collect(),
            rows: table.rows.into_iter().map(row).collect(),
            naming: 0,
        }
    }

    /// The columns in which any row has something.
    pub fn shown(&self) -> Vec<usize> {
        let has = |&column: &usize| self.rows.iter().any(|row| !row.cells[column].is_empty());
        (0..self.columns.len()).filter(has).collect()
    }

    /// Whether any row has a verdict.
    pub fn is_marked(&self) -> bool {
        self.rows.iter().any(|row| row.mark.is_some())
    }
}
