//! A table of figures. Where the page is too narrow for it, each row becomes a line of named figures: nothing is left
//! out, and no number is cut.

use super::{GUTTER, Page};
use crate::report::text::{entry, flow, left, right, width};

const GAP: &str = "  ";
const INDENT: &str = "  ";

/// A table of figures: names on the left, numbers to the right.
pub(super) struct Table {
    /// What stands above each column; above the first, what the rows are.
    pub head: Vec<String>,
    /// Rows as long as the head.
    pub rows: Vec<Vec<String>>,
    /// Columns whose cells begin at the left: the first so many.
    pub names: usize,
}

impl Table {
    /// Writes it, unless it is empty.
    pub fn write(&self, page: &Page<'_>, out: &mut String) {
        if self.rows.is_empty() {
            return;
        }
        let shown: Vec<usize> = (0..self.head.len())
            .filter(|&column| self.has_something(column))
            .collect();
        let widths: Vec<usize> = shown.iter().map(|&column| self.width(column)).collect();
        let all = INDENT.len() + widths.iter().sum::<usize>() + (shown.len() - 1) * GAP.len();
        if all > page.style.columns() {
            self.narrow(page, &shown, out);
            return;
        }
        for row in std::iter::once(&self.head).chain(&self.rows) {
            let cells: Vec<String> = shown
                .iter()
                .zip(&widths)
                .map(|(&column, &cells)| match column < self.names {
                    true => left(&row[column], cells),
                    false => right(&row[column], cells),
                })
                .collect();
            let line = format!("{INDENT}{}", cells.join(GAP));
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }

    fn has_something(&self, column: usize) -> bool {
        self.rows.iter().any(|row| !row[column].is_empty())
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|row| width(&row[column]));
        cells.chain([width(&self.head[column])]).max().unwrap_or(0)
    }

    fn narrow(&self, page: &Page<'_>, shown: &[usize], out: &mut String) {
        if !self.head[0].is_empty() {
            out.push_str(&format!("{INDENT}{}\n", self.head[0]));
        }
        for row in &self.rows {
            let items: Vec<String> = shown
                .iter()
                .skip(1)
                .filter(|&&column| !row[column].is_empty())
                .map(|&column| match self.head[column].as_str() {
                    "" => row[column].clone(),
                    head => format!("{head} {}", row[column]),
                })
                .collect();
            let name = &row[0];
            if width(name) < GUTTER {
                entry(out, name, GUTTER, &flow(&items, GAP, page.beside_gutter()));
            } else {
                out.push_str(&format!("{INDENT}{name}\n"));
                entry(out, "", GUTTER, &flow(&items, GAP, page.beside_gutter()));
            }
        }
    }
}
