//! CSV, quoted as RFC 4180 has it; lines end in a newline, a header row, durations in nanoseconds. Several runs are rows
//! of one table. The columns are told in `docs/formats.md`.

mod columns;
mod intervals;
mod percentiles;
mod summary;

use columns::{KEY, columns, key};
use csv::Writer;

use crate::cli::Table;
use crate::printable::clean;
use crate::result::{Run, Summary};

/// The figures of a run as CSV.
pub fn csv(run: &Run, summary: &Summary) -> String {
    let rows = summary::rows(run, summary);
    written(summary::head(), rows)
}

/// A table of several runs.
pub fn table(runs: &[(Run, Summary)], table: Table) -> String {
    match table {
        Table::Summary => written(
            summary::head(),
            runs.iter().flat_map(|(run, summary)| summary::rows(run, summary)),
        ),
        Table::Intervals => {
            written(intervals::head(), runs.iter().flat_map(|(run, _)| intervals::rows(run)))
        }
        Table::Percentiles => {
            written(percentiles::head(), runs.iter().flat_map(|(run, _)| percentiles::rows(run)))
        }
    }
}

/// A header row and the rows of a table.
pub(super) fn written<R>(
    head: impl IntoIterator<Item = impl AsRef<[u8]>>,
    rows: impl Iterator<Item = R>,
) -> String
where
    R: IntoIterator<Item = String>,
{
    let mut writer = Writer::from_writer(Vec::new());
    // Rows are of equal length and memory takes any amount.
    let _ = writer.write_record(head);
    for row in rows {
        let _ = writer.write_record(row.into_iter().map(cell));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Text in a cell of its own. A spreadsheet takes what begins with one of four characters for a formula, which may send
/// the sheet to somebody; an apostrophe says that it is none, and stays out of sight there.
fn cell(text: String) -> String {
    let formula = text.starts_with(['=', '+', '-', '@']) && !is_number(&text);
    match clean(&text) {
        text if formula => format!("'{text}"),
        text => text,
    }
}

/// Numbers, also with a unit or a sign of their own behind them: no letter of a function can come first.
fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-', '.', '\u{2212}']);
    text.parse::<f64>().is_ok()
        || (text.len() - digits.len() <= 2
            && digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.chars().all(|c| c.is_alphanumeric() || " .,%_µ".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_is_no_formula_and_holds_nothing_that_is_obeyed() {
        for (told, shown) in [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
            ("a\u{1b}[2Jb\r\nc", "a\u{fffd}[2Jb\u{fffd}\u{fffd}c"),
            ("-5", "-5"),
            ("-0.5", "-0.5"),
            ("+3.1 %", "+3.1 %"),
            ("-1e-9", "-1e-9"),
            ("wal.fsync", "wal.fsync"),
            ("", ""),
        ] {
            assert_eq!(cell(told.to_owned()), shown);
        }
    }
}
