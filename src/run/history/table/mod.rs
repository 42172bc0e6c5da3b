//! Any tool's history: tables with a column of times and columns of values, and the JSON of some tools.

mod cells;
mod direction;
mod json;
mod long;
mod sheet;
mod times;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

use cells::{Decimal, Quantity, is_nothing, number};
use json::Part;
use sheet::Sheet;
use times::{DayFirst, time};

use crate::error::{Error, Result, usage};
use crate::files;
use crate::rule::history::TableOptions;
use crate::suggest;
use crate::trend::MIN_DIFFERENCE;
use crate::trend::{Direction, History, Night, Track, Unit};

/// Words in the name of a column of times.
const TIME_NAMES: [&str; 16] = [
    "time",
    "timestamp",
    "date",
    "datetime",
    "ts",
    "started_at",
    "start",
    "created_at",
    "night",
    "day",
    "week",
    "epoch",
    "commit_time",
    "commit_date",
    "when",
    "run_date",
];

/// A row of a hundred figures for every night of ten years is 4 MB.
const MOST_BYTES: u64 = 64 << 20;

/// Reads a table into histories. Notes say what was guessed.
///
/// # Errors
/// [`Error::Io`] when it cannot be read, [`Error::Usage`] for a column that is not there, [`Error::Damaged`] naming the
/// line otherwise.
pub fn read_table(path: &Path, options: &TableOptions) -> Result<(Vec<History>, Vec<String>)> {
    let bytes = files::read(path, MOST_BYTES).map_err(Error::io("read", path))?;
    let text = decoded(path, bytes)?;
    let text = text.trim_start_matches('\u{feff}');
    let trimmed = text.trim_start();
    let parts = match json::is_json(trimmed) {
        true => json::read(path, trimmed)?,
        false => {
            let sheet = Sheet::parse(path, text)?;
            vec![Part { name: Vec::new(), sheet, higher_is_better: None }]
        }
    };
    let (mut histories, mut notes) = (Vec::new(), Vec::new());
    for Part { name, sheet, higher_is_better } in parts {
        if !sheet.named {
            let columns = sheet.columns.join(", ");
            notes.push(format!("the table has no heading; its columns are called {columns}"));
        }
        let time = time_column(&sheet, options)?;
        let sheet = long::with_units(sheet, time);
        let places = match options.columns.is_empty() {
            true => long::places(&sheet, time),
            false => Vec::new(),
        };
        for (told, part) in long::split(sheet, &places) {
            let part = match long::metric(&part, time) {
                Some(metric) => long::widen(&part, time, metric),
                None => part,
            };
            let settings = [name.clone(), told].concat();
            let table = Table { sheet: part, settings, higher_is_better };
            histories.push(table.history(options, &mut notes)?);
        }
    }
    notes.dedup();
    Ok((histories, notes))
}

/// UTF-8, or UTF-16 as PowerShell writes it.
fn decoded(path: &Path, bytes: Vec<u8>) -> Result<String> {
    let wide = |read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> =
            bytes[2..].chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes.get(..2) {
        Some([0xff, 0xfe]) => return Ok(wide(u16::from_le_bytes)),
        Some([0xfe, 0xff]) => return Ok(wide(u16::from_be_bytes)),
        _ => {}
    }
    String::from_utf8(bytes).map_err(|error| Error::Damaged {
        path: path.to_path_buf(),
        line: line_of(error.as_bytes(), error.utf8_error().valid_up_to()),
        message: "this is no text in UTF-8".to_owned(),
    })
}

fn line_of(bytes: &[u8], offset: usize) -> usize {
    bytes[..offset].iter().filter(|&&b| b == b'\n').count() + 1
}

fn named(sheet: &Sheet, flag: &'static str, names: &[String]) -> Result<Vec<usize>> {
    let find = |name: &String| {
        let place = sheet.columns.iter().position(|column| column == name);
        place.ok_or_else(|| {
            let known: Vec<&str> = sheet.columns.iter().map(String::as_str).collect();
            usage(&[flag], format!("{flag} {name}: {}", suggest::unknown("column", name, &known)))
        })
    };
    names.iter().map(find).collect()
}

fn time_column(sheet: &Sheet, options: &TableOptions) -> Result<usize> {
    if let Some(name) = &options.time {
        return Ok(named(sheet, "--time", std::slice::from_ref(name))?[0]);
    }
    let by_name = |column: &String| {
        TIME_NAMES.contains(&column.trim().to_lowercase().replace([' ', '-'], "_").as_str())
    };
    let is_times =
        |column: &usize| sheet.cells(*column).all(|cell| time(cell, DayFirst::No).is_some());
    let named = sheet.columns.iter().position(by_name);
    named.or_else(|| (0..sheet.columns.len()).find(is_times)).ok_or_else(|| {
        usage(
            &["--time"],
            format!(
                "{}: no column of times; name it with --time (there are {})",
                sheet.path.display(),
                sheet.columns.join(", ")
            ),
        )
    })
}

/// One history's rows.
struct Table {
    sheet: Sheet,
    /// What tells it from others of the same file.
    settings: Vec<String>,
    higher_is_better: Option<bool>,
}

/// Columns that a person has named.
struct Named {
    chosen: Vec<usize>,
    lower: Vec<usize>,
    higher: Vec<usize>,
}

impl Named {
    fn of(sheet: &Sheet, options: &TableOptions) -> Result<Named> {
        let chosen = named(sheet, "--columns", &options.columns)?;
        let lower = named(sheet, "--lower-is-better", &options.lower_is_better)?;
        let higher = named(sheet, "--higher-is-better", &options.higher_is_better)?;
        if let Some(both) = lower.iter().find(|column| higher.contains(column)) {
            let name = &sheet.columns[*both];
            let message = format!(
                "--lower-is-better {name} and --higher-is-better {name} contradict each other; drop one"
            );
            return Err(usage(&["--lower-is-better", "--higher-is-better"], message));
        }
        Ok(Named { chosen, lower, higher })
    }

    fn direction(&self, column: usize) -> Option<Direction> {
        match (self.lower.contains(&column), self.higher.contains(&column)) {
            (true, _) => Some(Direction::LowerIsBetter),
            (_, true) => Some(Direction::HigherIsBetter),
            _ => None,
        }
    }

    fn is_asked(&self, column: usize) -> bool {
        [&self.chosen, &self.lower, &self.higher].iter().any(|named| named.contains(&column))
    }
}

impl Table {
    fn history(mut self, options: &TableOptions, notes: &mut Vec<String>) -> Result<History> {
        let time = time_column(&self.sheet, options)?;
        let times = self.times(time)?;
        let times = self.sort(times, notes);
        let asked = Named::of(&self.sheet, options)?;
        let (mut tracks, mut texts) = (Vec::new(), Vec::new());
        for column in (0..self.sheet.columns.len()).filter(|&column| column != time) {
            if !asked.is_asked(column) && !self.sheet.is_numbers(column) {
                texts.push(column);
                continue;
            }
            if !asked.chosen.is_empty() && !asked.chosen.contains(&column) {
                continue;
            }
            let said = asked.direction(column);
            let told = self.higher_is_better.map(|higher| match higher {
                true => Direction::HigherIsBetter,
                false => Direction::LowerIsBetter,
            });
            let (track, unit) = self.track(column, said.or(told))?;
            if let Some(unit) = unit {
                notes.push(format!("{}: in {unit}, as its first cell", track.name));
            }
            if said.or(told).is_none() {
                notes.push(direction::note(&track));
            }
            tracks.push(track);
        }
        if tracks.is_empty() {
            let message = "no column of numbers beside the times".to_owned();
            return Err(self.sheet.damaged(1, message));
        }
        let path = self.sheet.path.display().to_string();
        Ok(History {
            key: [vec![path.clone()], self.settings.clone()].concat().join(" "),
            scenario: path,
            nights: self.nights(&times, &texts),
            settings: self.settings,
            tracks,
            ..History::default()
        })
    }

    fn times(&self, column: usize) -> Result<Vec<Timestamp>> {
        let day_first = DayFirst::of(self.sheet.cells(column));
        let parse = |(line, row): &(usize, Vec<String>)| {
            time(&row[column], day_first).ok_or_else(|| {
                let name = &self.sheet.columns[column];
                let either = time(&row[column], DayFirst::No).is_some();
                let way = match either {
                    true => "may be either of two days; write it like 2026-11-21",
                    false => {
                        "is no time; write it like 2026-11-21, 2026-11-21T02:00:00Z, 2026-W47 or in unix seconds"
                    }
                };
                self.sheet.damaged(*line, format!("'{}' in column '{name}' {way}", &row[column]))
            })
        };
        self.sheet.rows.iter().map(parse).collect()
    }

    /// Oldest first; rows of the same time stay in their order.
    fn sort(&mut self, times: Vec<Timestamp>, notes: &mut Vec<String>) -> Vec<Timestamp> {
        if times.is_sorted() {
            return times;
        }
        notes.push("the rows were not in order of time; they are now".to_owned());
        let rows = std::mem::take(&mut self.sheet.rows);
        let mut keyed: Vec<_> = times.into_iter().zip(rows).collect();
        keyed.sort_by_key(|(time, _)| *time);
        let (times, rows) = keyed.into_iter().unzip();
        self.sheet.rows = rows;
        times
    }

    /// The values of a column in the unit of its first cell, and that unit.
    fn track(&self, column: usize, said: Option<Direction>) -> Result<(Track, Option<String>)> {
        let name = &self.sheet.columns[column];
        let decimal = Decimal::of(self.sheet.cells(column));
        let first = self
            .sheet
            .cells(column)
            .filter(|cell| !is_nothing(cell))
            .find_map(|cell| number(cell, decimal));
        let (_, quantity, unit) = first.unwrap_or((0.0, Quantity::Bare, ""));
        let one = match quantity {
            Quantity::Bare => 1.0,
            _ => cells::unit(unit).map_or(1.0, |(_, one)| one),
        };
        let value = |(line, row): &(usize, Vec<String>)| {
            let cell = row[column].as_str();
            if is_nothing(cell) {
                return Ok(None);
            }
            match number(cell, decimal) {
                Some((value, found, _)) if found == quantity => Ok(Some(value / one)),
                Some((_, _, other)) => {
                    let message = format!(
                        "'{cell}' in column '{name}' is in '{other}', and cells before it in '{unit}'"
                    );
                    Err(self.sheet.damaged(*line, message))
                }
                None => {
                    let message = format!("'{cell}' in column '{name}' is no number");
                    Err(self.sheet.damaged(*line, message))
                }
            }
        };
        let track = Track {
            name: name.clone(),
            unit: Unit::Plain,
            direction: said.unwrap_or_else(|| direction::of(name, quantity)),
            informational: false,
            min_difference: MIN_DIFFERENCE,
            values: self.sheet.rows.iter().map(value).collect::<Result<_>>()?,
        };
        Ok((track, (quantity != Quantity::Bare).then(|| unit.to_owned())))
    }

    fn nights(&self, times: &[Timestamp], texts: &[usize]) -> Vec<Night> {
        let night = |((line, row), at): (&(usize, Vec<String>), &Timestamp)| {
            let cells = texts.iter().map(|&column| (column, &row[column]));
            let facts: BTreeMap<String, String> = cells
                .filter(|(_, cell)| !cell.is_empty())
                .map(|(column, cell)| (self.sheet.columns[column].clone(), cell.to_owned()))
                .collect();
            Night {
                at: *at,
                run_id: format!("line {line}"),
                source: self.sheet.path.display().to_string(),
                facts,
                ..Night::default()
            }
        };
        self.sheet.rows.iter().zip(times).map(night).collect()
    }
}
