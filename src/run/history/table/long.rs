//! Long tables, in which a column says what a row measures, or on what: told apart into histories and series.

use std::collections::{BTreeMap, BTreeSet};

use super::cells;
use super::sheet::Sheet;

/// Names of columns that say what a row measures …
const METRIC_NAMES: [&str; 9] = [
    "metric",
    "metric_name",
    "series",
    "test",
    "test_name",
    "benchmark",
    "bench",
    "measurement",
    "name",
];
/// … and on what: rows of different ones are different histories where they alternate. Where one follows the other
/// for good, a machine was replaced: that is told with a change.
const PLACE_NAMES: [&str; 14] = [
    "branch", "machine", "host", "hostname", "node", "runner", "os", "arch", "env", "cluster",
    "instance", "region", "suite", "platform",
];

fn is_called(column: &str, names: &[&str]) -> bool {
    names.contains(&column.trim().to_lowercase().replace([' ', '-'], "_").as_str())
}

/// The column that says what a row measures: by its name, and because it says more than one thing again and again.
pub(super) fn metric(sheet: &Sheet, time: usize) -> Option<usize> {
    let columns = (0..sheet.columns.len()).filter(|column| *column != time);
    let several = |column: &usize| {
        let distinct: BTreeSet<&str> = sheet.cells(*column).collect();
        distinct.len() > 1 && 2 * distinct.len() <= sheet.rows.len()
    };
    let text = |column: &usize| !sheet.is_numbers(*column);
    columns
        .filter(|column| is_called(&sheet.columns[*column], &METRIC_NAMES))
        .filter(text)
        .find(several)
}

/// Names of a column that says in what unit the numbers of its row are.
const UNIT_NAMES: [&str; 4] = ["unit", "units", "uom", "unit_of_measure"];

/// Writes the unit that a column names behind the number of its row, where there is one column of numbers alone.
pub(super) fn with_units(mut sheet: Sheet, time: usize) -> Sheet {
    let columns = || (0..sheet.columns.len()).filter(|column| *column != time);
    let unit = columns()
        .filter(|column| is_called(&sheet.columns[*column], &UNIT_NAMES))
        .find(|column| sheet.cells(*column).all(|cell| cells::unit(cell).is_some()));
    let numbers: Vec<usize> = columns().filter(|column| sheet.is_numbers(*column)).collect();
    let (Some(unit), [value]) = (unit, numbers.as_slice()) else {
        return sheet;
    };
    for (_, row) in &mut sheet.rows {
        if row[*value].ends_with(|c: char| c.is_ascii_digit()) && !row[unit].is_empty() {
            row[*value] = format!("{} {}", row[*value], row[unit]);
        }
    }
    sheet
}

/// Columns by which rows are different histories.
pub(super) fn places(sheet: &Sheet, time: usize) -> Vec<usize> {
    let columns = (0..sheet.columns.len()).filter(|column| *column != time);
    columns
        .filter(|column| is_called(&sheet.columns[*column], &PLACE_NAMES))
        .filter(|column| alternates(sheet, *column))
        .collect()
}

/// Whether a value comes back after others: `main`, `feature`, `main`.
fn alternates(sheet: &Sheet, column: usize) -> bool {
    let mut over: BTreeSet<&str> = BTreeSet::new();
    let mut last: Option<&str> = None;
    for cell in sheet.cells(column) {
        if last == Some(cell) {
            continue;
        }
        if over.contains(cell) {
            return true;
        }
        over.extend(last);
        last = Some(cell);
    }
    false
}

/// The sheets of a sheet, each with what tells it from the others.
pub(super) fn split(sheet: Sheet, columns: &[usize]) -> Vec<(Vec<String>, Sheet)> {
    if columns.is_empty() {
        return vec![(Vec::new(), sheet)];
    }
    let mut order: Vec<(Vec<String>, Sheet)> = Vec::new();
    for row in sheet.rows {
        let told: Vec<String> = columns
            .iter()
            .map(|column| format!("{} {}", sheet.columns[*column], row.1[*column]))
            .collect();
        match order.iter_mut().find(|(known, _)| *known == told) {
            Some((_, part)) => part.rows.push(row),
            None => {
                let part = Sheet {
                    path: sheet.path.clone(),
                    columns: sheet.columns.clone(),
                    rows: vec![row],
                    named: sheet.named,
                };
                order.push((told, part));
            }
        }
    }
    order
}

/// A row per time instead of one per time and measurement: columns of numbers are named by what they measure, and the
/// others keep their first cell of the time.
pub(super) fn widen(sheet: &Sheet, time: usize, metric: usize) -> Sheet {
    let values: Vec<usize> = (0..sheet.columns.len())
        .filter(|column| *column != time && *column != metric && sheet.is_numbers(*column))
        .collect();
    let others: Vec<usize> = (0..sheet.columns.len())
        .filter(|column| *column != metric && !values.contains(column))
        .collect();
    let mut names: Vec<String> = Vec::new();
    let mut places: BTreeMap<(String, usize), usize> = BTreeMap::new();
    for cell in sheet.cells(metric) {
        for value in &values {
            places.entry((cell.to_owned(), *value)).or_insert_with(|| {
                names.push(match values.len() {
                    1 => cell.to_owned(),
                    _ => format!("{cell}.{}", sheet.columns[*value]),
                });
                names.len() - 1
            });
        }
    }
    let mut columns: Vec<String> = others.iter().map(|c| sheet.columns[*c].clone()).collect();
    let first = columns.len();
    columns.extend(names);
    let mut rows: Vec<(usize, Vec<String>)> = Vec::new();
    let mut by_time: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (line, row) in &sheet.rows {
        let at = |value: &usize| first + places[&(row[metric].clone(), *value)];
        // The same measurement twice at one time is another run.
        let there = by_time.entry(&row[time]).or_default();
        let free =
            |place: &&usize| values.iter().all(|value| rows[**place].1[at(value)].is_empty());
        let place = match there.iter().find(free) {
            Some(place) => *place,
            None => {
                let mut cells: Vec<String> = others.iter().map(|c| row[*c].clone()).collect();
                cells.resize(columns.len(), String::new());
                rows.push((*line, cells));
                there.push(rows.len() - 1);
                rows.len() - 1
            }
        };
        let place = &mut rows[place].1;
        for value in &values {
            place[at(value)].clone_from(&row[*value]);
        }
    }
    Sheet { path: sheet.path.clone(), columns, rows, named: sheet.named }
}
