//! CSV, quoted as RFC 4180 has it; lines end in a newline, a header row, durations in nanoseconds. Several runs are rows
//! of one table. The columns are told in `docs/formats.md`.

mod columns;
mod intervals;
mod percentiles;
mod summary;

use columns::{KEY, columns, key};
use csv::Writer;

use crate::cli::Table;
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
        let _ = writer.write_record(row);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
