//! A table of figures. Where the page is too narrow for it, each row becomes a line of named figures: nothing is left
//! out, and no number is cut.

use super::{GUTTER, Page};
use crate::report::text::{entry, flow, left, right, width};
use crate::report::words::Table;

const GAP: &str = "  ";
const INDENT: &str = "  ";

impl Table {
    /// Writes it, unless it is empty.
    pub(super) fn write(&self, page: &Page<'_>, out: &mut String) {
        if self.rows.is_empty() {
            return;
        }
        let shown = self.shown();
        let widths: Vec<usize> = shown.iter().map(|&column| self.cells(column)).collect();
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

    fn cells(&self, column: usize) -> usize {
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
