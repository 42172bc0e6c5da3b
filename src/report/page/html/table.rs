//! A table in a box of its own, that scrolls where the window is narrow.

use askama::Template;

use super::parts::{class, rendered};
use crate::report::page::{Cell, Column, Row, Table, Words};
use crate::report::sketch;
use crate::report::text::clean;

/// Names longer than this may be broken into lines, but not into narrow ones.
const SENTENCE: usize = 30;
/// Cells of a history.
const HISTORY: usize = 36;

#[derive(Template)]
#[template(path = "table.html")]
struct TableView {
    caption: String,
    head: Vec<CellView>,
    rows: Vec<Vec<CellView>>,
    /// The cell that names a row.
    naming: usize,
}

impl TableView {
    fn has_heads(&self) -> bool {
        self.head.iter().any(|cell| !cell.text.is_empty())
    }
}

#[derive(Template, Default)]
#[template(path = "cell.html")]
struct CellView {
    text: String,
    small: String,
    class: &'static str,
    link: String,
}

/// A table as HTML.
pub fn table(table: &Table) -> String {
    let shown = table.shown();
    let mark = table.is_marked();
    let words = table.rows.iter().filter_map(|row| row.mark).any(|mark| !mark.word.is_empty());
    let verdict = CellView {
        text: if words { "verdict".to_owned() } else { String::new() },
        ..CellView::default()
    };
    let heads = shown.iter().map(|&column| head(&table.columns[column]));
    let rows = table.rows.iter().map(|row| {
        let cells = shown.iter().map(|&column| cell(&table.columns[column], &row.cells[column]));
        mark.then(|| sign(row)).into_iter().chain(cells).collect()
    });
    let naming = shown.iter().position(|&column| column == table.naming).unwrap_or(0);
    rendered(&TableView {
        caption: clean(&table.caption),
        head: mark.then_some(verdict).into_iter().chain(heads).collect(),
        rows: rows.collect(),
        naming: naming + usize::from(mark),
    })
}

fn head(column: &Column) -> CellView {
    let class = match column.words {
        Words::Number => "n",
        _ => "",
    };
    CellView { text: clean(&column.head), class, ..CellView::default() }
}

fn sign(row: &Row) -> CellView {
    let Some(mark) = row.mark else {
        return CellView::default();
    };
    let text = format!("{} {}", mark.sign, mark.word).trim_end().to_owned();
    CellView { text, class: class(mark.tone), ..CellView::default() }
}

fn cell(column: &Column, cell: &Cell) -> CellView {
    let text = match cell.history.is_empty() {
        true => clean(&cell.text),
        false => sketch::history(&cell.history, HISTORY),
    };
    let by_words = match column.words {
        Words::Number => "n",
        Words::Line => "nowrap",
        Words::Prose => "long",
        Words::History => "sketch",
        Words::Some if text.len() > SENTENCE => "long",
        Words::Some => "",
    };
    let class = match class(cell.tone) {
        "" => by_words,
        toned => toned,
    };
    let link = match cell.link.as_str() {
        "" => String::new(),
        id => format!("#{id}"),
    };
    CellView { text, small: clean(&cell.small), class, link }
}
