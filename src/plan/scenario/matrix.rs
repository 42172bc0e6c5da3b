//! The cells of a matrix: every combination of the values of its keys.

use super::document::{Document, Entry, Value};
use super::parameters::Settings;
use crate::error::Result;
use crate::units::format_count;

/// More runs than this are a mistake, or a month.
const MOST_CELLS: u64 = 1_000;

/// Settings of each cell: the parameters, and one value of each key of the matrix. `matrix` of them come last.
pub(super) fn cells(document: &Document) -> Result<Vec<Settings>> {
    let parameters = document.parameters.entries.iter().map(|entry| {
        is_scalar(&entry.value)
            .then(|| (entry.key.clone(), entry.value.clone()))
            .ok_or_else(|| {
                entry.error(format!(
                    "{}: a parameter is text, a number, true or false; what takes several values belongs into [matrix]",
                    entry.key
                ))
            })
    });
    let mut cells = vec![Settings(parameters.collect::<Result<_>>()?)];
    let mut count = 1_u64;
    for entry in &document.matrix.entries {
        if document.parameters.get(&entry.key).is_some() {
            return Err(entry.error(format!("{} is in [parameters] too: drop one", entry.key)));
        }
        let values = values(entry)?;
        count = count.saturating_mul(values.len() as u64);
        if count > MOST_CELLS {
            return Err(entry.error(format!(
                "with {} the matrix has {} cells or more, at most {} are run: take values out",
                entry.key,
                format_count(count),
                format_count(MOST_CELLS)
            )));
        }
        cells = cells
            .iter()
            .flat_map(|cell| values.iter().map(|value| with(cell, &entry.key, value)))
            .collect();
    }
    Ok(cells)
}

fn with(cell: &Settings, key: &str, value: &Value) -> Settings {
    let mut settings = cell.clone();
    settings.0.push((key.to_owned(), value.clone()));
    settings
}

fn values(entry: &Entry) -> Result<&[Value]> {
    let Value::List(values) = &entry.value else {
        return Err(entry.error(format!("{} takes a list of values: {0} = [1, 10]", entry.key)));
    };
    if values.is_empty() {
        return Err(entry.error(format!("{} is empty: the matrix has no cells", entry.key)));
    }
    for (index, value) in values.iter().enumerate() {
        if !is_scalar(value) {
            return Err(
                entry.error(format!("{} holds {value}; its values are text or numbers", entry.key))
            );
        }
        let text = value.to_string();
        if values[..index].iter().any(|other| other.to_string() == text) {
            return Err(entry.error(format!("{} holds {text} twice", entry.key)));
        }
    }
    Ok(values)
}

fn is_scalar(value: &Value) -> bool {
    matches!(value, Value::Text(_) | Value::Number(_) | Value::Bool(_))
}
