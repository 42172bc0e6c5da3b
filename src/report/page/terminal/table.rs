//! A table in a terminal. Where the page is too narrow for the last column its sentences go below their rows; where it
//! is too narrow for the others each row becomes a few lines of named figures. Nothing is left out, no number is cut.

use super::cells::{GAP, beside, gutter};
use crate::report::page::{Cell, Column, Labels, Row, Short, Table, Tone, Words};
use crate::report::sketch;
use crate::report::style::Style;
use crate::report::text::{clean, entry, flow, line, width, wrap};

/// Sentences in fewer cells are hard to read.
const PROSE_AT_LEAST: usize = 26;
/// Cells of a history at least and at most.
const HISTORY: (usize, usize) = (8, 36);
/// What stands where there is no value.
const DASH: &str = "–";

/// Writes a table, unless it is empty.
pub fn table(table: &Table, style: &Style, out: &mut String) {
    let shown = table.shown();
    if shown.is_empty() {
        return;
    }
    if table.headed {
        line(out, &format!("  {}", clean(&table.caption)));
    }
    match Layout::new(table, &shown, style.columns()) {
        Some(layout) => layout.write(style, out),
        None if table.is_marked() => {
            table.rows.iter().for_each(|row| marked(table, &shown, row, style, out));
        }
        None => named(table, &shown, style, out),
    }
}

/// Where everything stands.
struct Layout<'a> {
    table: &'a Table,
    /// The columns beside one another, and how wide each is.
    columns: Vec<(usize, usize)>,
    /// The column of sentences.
    prose: Option<usize>,
    /// Cells that are left for it beside the others; nothing where it goes below.
    beside: Option<usize>,
    /// Cells of the others with what is before them.
    indent: usize,
}

impl<'a> Layout<'a> {
    /// None where there is no room for the columns.
    fn new(table: &'a Table, shown: &[usize], columns: usize) -> Option<Layout<'a>> {
        let holds = |words: Words| move |&column: &usize| table.columns[column].words == words;
        let prose = shown.iter().copied().find(holds(Words::Prose));
        let figures = shown.iter().copied().filter(|column| Some(*column) != prose);
        let mut widths: Vec<(usize, usize)> =
            figures.map(|column| (column, widest(table, column))).collect();
        let gaps = widths.len().saturating_sub(1) * GAP.len();
        let mut indent =
            lead(table).len() + gaps + widths.iter().map(|(_, cells)| cells).sum::<usize>();
        let sentences = prose.map_or(0, |column| GAP.len() + widest(table, column));
        let fits = indent + sentences.min(GAP.len() + PROSE_AT_LEAST) <= columns;
        // A history takes what is left.
        if let Some((_, cells)) =
            widths.iter_mut().find(|(column, _)| holds(Words::History)(column))
        {
            let taken = indent + if fits { sentences } else { 0 };
            let more = columns.saturating_sub(taken).min(HISTORY.1.saturating_sub(*cells));
            *cells += more;
            indent += more;
        }
        let beside = (fits && prose.is_some()).then(|| columns - indent - GAP.len());
        (indent <= columns).then_some(Layout { table, columns: widths, prose, beside, indent })
    }

    fn write(&self, style: &Style, out: &mut String) {
        let head = |column: usize| self.table.columns[column].head.as_str();
        let behind = self.prose.filter(|_| self.beside.is_some()).map_or("", head);
        let heads: Vec<String> = self
            .columns
            .iter()
            .map(|&(column, cells)| {
                self.aligned(column, cells, &clean(head(column)), Tone::Plain, style)
            })
            .collect();
        let heads = format!("{}{}{GAP}{}", lead(self.table), heads.join(GAP), clean(behind));
        if !heads.trim().is_empty() {
            line(out, &heads);
        }
        self.table.rows.iter().for_each(|row| self.row(row, style, out));
    }

    fn row(&self, row: &Row, style: &Style, out: &mut String) {
        let figures: Vec<String> = self
            .columns
            .iter()
            .map(|&(column, cells)| {
                let cell = &row.cells[column];
                self.aligned(column, cells, &said(cell, cells), cell.tone, style)
            })
            .collect();
        let figures = format!("{}{}", led(self.table, row, style), figures.join(GAP));
        let sentences = self.prose.map(|column| &row.cells[column]);
        match (sentences, self.beside) {
            (None, _) => line(out, &figures),
            (Some(cell), None) => {
                line(out, &figures);
                below(self.table, &parts(cell), style, out);
            }
            (Some(cell), Some(cells)) => {
                let mut lead = format!("{figures}{GAP}");
                for text in wrap(&parts(cell).join("; "), cells) {
                    line(out, &format!("{lead}{}", style.tone(cell.tone, &text)));
                    lead = " ".repeat(self.indent + GAP.len());
                }
                if parts(cell).is_empty() {
                    line(out, &figures);
                }
            }
        }
    }

    fn aligned(
        &self,
        column: usize,
        cells: usize,
        text: &str,
        tone: Tone,
        style: &Style,
    ) -> String {
        let room = " ".repeat(cells.saturating_sub(width(text)));
        let text = style.tone(tone, text);
        match self.table.columns[column].words {
            Words::Number => format!("{room}{text}"),
            _ => format!("{text}{room}"),
        }
    }
}

/// What stands before the first column where a row has no sign.
fn lead(table: &Table) -> &'static str {
    if table.is_marked() { "    " } else { "  " }
}

/// What stands before the first column of a row.
fn led(table: &Table, row: &Row, style: &Style) -> String {
    match &row.mark {
        Some(mark) => format!("  {} ", style.tone(mark.tone, mark.sign)),
        None => lead(table).to_owned(),
    }
}

/// Cells of the widest text of a column.
fn widest(table: &Table, column: usize) -> usize {
    let head = width(&table.columns[column].head);
    let cells = table.rows.iter().map(|row| width(&said(&row.cells[column], HISTORY.0)));
    cells.max().unwrap_or(0).max(head)
}

/// What a cell says; a history in so many cells.
fn said(cell: &Cell, cells: usize) -> String {
    match (cell.history.is_empty(), cell.small.as_str()) {
        (false, _) => sketch::history(&cell.history, cells),
        (true, "") => clean(&cell.text),
        (true, small) => clean(&format!("{} ({small})", cell.text)),
    }
}

/// Sentences and what belongs to them.
fn parts(cell: &Cell) -> Vec<String> {
    let parts = [&cell.text, &cell.small].into_iter().filter(|text| !text.is_empty());
    parts.map(|text| clean(text)).collect()
}

/// What did not fit beside the columns.
fn below(table: &Table, parts: &[String], style: &Style, out: &mut String) {
    let indent = lead(table).len() + 2;
    for text in flow(parts, " · ", style.columns().saturating_sub(indent)) {
        line(out, &format!("{}{text}", " ".repeat(indent)));
    }
}

/// A row with a sign, without columns: what matters first, the rest below.
fn marked(table: &Table, shown: &[usize], row: &Row, style: &Style, out: &mut String) {
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for &column in shown {
        let cell = &row.cells[column];
        let told = told(&table.columns[column], cell);
        match table.columns[column].short {
            Short::First => first.extend(told),
            // What is not known needs no words below its row.
            _ if cell.text == DASH => {}
            Short::FirstHeaded => first.extend(told),
            _ => rest.extend(told),
        }
    }
    let mut lead = led(table, row, style);
    for text in flow(&first, GAP, style.columns().saturating_sub(self::lead(table).len())) {
        line(out, &format!("{lead}{text}"));
        lead = self::lead(table).to_owned();
    }
    below(table, &rest, style, out);
}

/// A cell in a row without columns; nothing where there is nothing to tell.
fn told(column: &Column, cell: &Cell) -> Vec<String> {
    if column.words == Words::Prose {
        return parts(cell);
    }
    let text = said(cell, HISTORY.0);
    if text.is_empty() {
        return Vec::new();
    }
    let head = clean(&column.head);
    let is_word = text.chars().next().is_some_and(char::is_alphanumeric);
    let told = match column.short {
        _ if head.is_empty() => text,
        Short::First | Short::Bare => text,
        Short::FirstHeaded if !is_word => text,
        Short::FirstHeaded | Short::Headed => format!("{head} {text}"),
        Short::Counted => format!("{text} {head}"),
    };
    vec![told]
}

/// Rows without signs: the name of each, and beside it what the columns say.
fn named(table: &Table, shown: &[usize], style: &Style, out: &mut String) {
    let Some((&first, others)) = shown.split_first() else {
        return;
    };
    let (gutter, cells) = (gutter(Labels::Long), beside(Labels::Long, style));
    if !table.columns[first].head.is_empty() {
        line(out, &format!("  {}", clean(&table.columns[first].head)));
    }
    for row in &table.rows {
        let items =
            others.iter().flat_map(|&column| told(&table.columns[column], &row.cells[column]));
        let beside = flow(&items.collect::<Vec<_>>(), GAP, cells);
        let name = said(&row.cells[first], HISTORY.0);
        if width(&name) < gutter {
            entry(out, &name, gutter, &beside);
        } else {
            line(out, &format!("  {name}"));
            entry(out, "", gutter, &beside);
        }
    }
}
