//! Rows of cells under named columns, from text with any usual separator, with or without a heading.

use std::path::{Path, PathBuf};

use super::cells::{is_nothing, looks_measured};
use super::times::{DayFirst, time};
use crate::error::{Error, Result};

/// Rows of text under names.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    pub path: PathBuf,
    pub columns: Vec<String>,
    /// Each with the line it begins on.
    pub rows: Vec<(usize, Vec<String>)>,
    /// Whether the file names its columns.
    pub named: bool,
}

impl Sheet {
    /// Reads a table.
    ///
    /// # Errors
    /// [`Error::Damaged`] with the line.
    pub fn parse(path: &Path, text: &str) -> Result<Sheet> {
        let text = plain(text);
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator(&text))
            .trim(csv::Trim::All)
            .comment(Some(b'#'))
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let damaged = |line: usize, message: String| Error::Damaged {
            path: path.to_path_buf(),
            line,
            message,
        };
        let mut rows: Vec<(usize, Vec<String>)> = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| {
                let line = error.position().map_or(0, |position| position.line() as usize);
                damaged(line, error.to_string())
            })?;
            let line = record.position().map_or(0, |position| position.line() as usize);
            rows.push((line, record.iter().map(str::to_owned).collect()));
        }
        if rows.first().is_none_or(|(_, cells)| cells.iter().all(String::is_empty)) {
            return Err(damaged(1, "the table is empty; its first line names the columns".into()));
        }
        let named = !is_row(&rows[0].1);
        let columns = match named {
            true => rows.remove(0).1,
            false => (1..=rows[0].1.len()).map(|number| format!("column {number}")).collect(),
        };
        if let Some(twice) = (1..columns.len()).find(|&i| columns[..i].contains(&columns[i])) {
            return Err(damaged(1, format!("two columns are called '{}'", columns[twice])));
        }
        let uneven = rows.iter().find(|(_, cells)| cells.len() != columns.len());
        if let Some((line, cells)) = uneven {
            let message = format!("{} values under {} columns", cells.len(), columns.len());
            return Err(damaged(*line, message));
        }
        if rows.is_empty() {
            return Err(damaged(1, "the table has no rows".into()));
        }
        Ok(Sheet { path: path.to_path_buf(), columns, rows, named })
    }

    pub fn cells(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().map(move |(_, row)| row[column].as_str())
    }

    pub fn damaged(&self, line: usize, message: String) -> Error {
        Error::Damaged { path: self.path.clone(), line, message }
    }

    /// Whether most cells that hold anything begin as numbers do: those that are none are slips then.
    pub fn is_numbers(&self, column: usize) -> bool {
        let (mut numbers, mut others) = (0_usize, 0_usize);
        for cell in self.cells(column).filter(|cell| !is_nothing(cell)) {
            let number = super::cells::unit_of(cell).is_some();
            *(if number { &mut numbers } else { &mut others }) += 1;
        }
        // Commits may look like numbers here and there.
        numbers > 0 && numbers >= others
    }
}

/// A first line that holds a time and a number names nothing.
fn is_row(cells: &[String]) -> bool {
    let times = cells.iter().filter(|cell| time(cell, DayFirst::No).is_some()).count();
    times > 0 && cells.iter().any(|cell| looks_measured(cell))
}

/// A table of markdown, and a heading behind a `#`, as lines of a plain one.
fn plain(text: &str) -> String {
    let body = text.lines().filter(|line| !line.trim().is_empty());
    let mut body = body.take(2);
    let (first, second) = (body.next().unwrap_or_default(), body.next().unwrap_or_default());
    let is_rule = |line: &str| {
        line.contains("--") && line.trim().chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '+'))
    };
    if first.trim_start().starts_with('|') {
        let inner = |line: &str| match is_rule(line) {
            // Lines keep their numbers.
            true => String::new(),
            false => line.trim().trim_matches('|').replace('|', "\t"),
        };
        return text.lines().map(|line| inner(line) + "\n").collect();
    }
    let heading = first.strip_prefix('#').map(str::trim_start);
    match heading {
        Some(heading)
            if count(heading, separator(second)) > 0
                && count(heading, separator(second)) == count(second, separator(second)) =>
        {
            text.replacen(first, heading, 1)
        }
        _ => text.to_owned(),
    }
}

fn count(line: &str, separator: u8) -> usize {
    line.bytes().filter(|byte| *byte == separator).count()
}

/// What separates the cells of a table. Where the first line has semicolons or tabs, commas are parts of numbers.
fn separator(text: &str) -> u8 {
    let is_told = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    let first = text.lines().find(is_told).unwrap_or_default();
    let found = [b'\t', b';', b'|', b','].into_iter().find(|byte| count(first, *byte) > 0);
    match found {
        Some(byte) => byte,
        None if first.trim().contains(' ') => b' ',
        None => b',',
    }
}
