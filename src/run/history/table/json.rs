//! Histories in JSON: `data.js` of github-action-benchmark, the samples of Otava and Nyrkiö, what perf-dash of Kubernetes
//! serves, and lists of flat objects, also as one object a line.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::sheet::Sheet;
use crate::error::{Error, Result, usage};

/// How data.js begins.
const DATA_JS: &str = "window.BENCHMARK_DATA";
/// Tools of github-action-benchmark whose values are better when bigger; of all others smaller ones are
/// (its `src/write.ts`).
const BIGGER_IS_BETTER: [&str; 3] = ["benchmarkjs", "pytest", "customBiggerIsBetter"];
/// Ids of Prow's builds tell their time: milliseconds since this, 22 bits up (bwmarrin/snowflake).
const SNOWFLAKE: i64 = 1_288_834_974_657;

/// A table, what it is of, and whether its values are known to be better when higher.
pub(super) struct Part {
    pub name: Vec<String>,
    pub sheet: Sheet,
    pub higher_is_better: Option<bool>,
}

/// Whether a text is one of these.
pub(super) fn is_json(text: &str) -> bool {
    text.starts_with(['{', '[']) || text.starts_with(DATA_JS)
}

/// Reads one.
///
/// # Errors
/// [`Error::Damaged`] for broken JSON, a refusal for JSON that is no history.
pub(super) fn read(path: &Path, text: &str) -> Result<Vec<Part>> {
    let body = match text.strip_prefix(DATA_JS) {
        Some(rest) => rest.trim_start().trim_start_matches('=').trim().trim_end_matches(';'),
        None => text,
    };
    let value = parsed(body).map_err(|error| Error::Damaged {
        path: path.to_path_buf(),
        line: error.line(),
        message: format!("broken JSON: {error}"),
    })?;
    let parts = match &value {
        Value::Object(all) if all.get("entries").is_some_and(Value::is_object) => {
            data_js(path, all)
        }
        Value::Object(all) if all.get("builds").is_some_and(Value::is_object) => {
            perf_dash(path, all)
        }
        Value::Array(rows) => rows_of(path, rows),
        _ => Vec::new(),
    };
    if parts.is_empty() {
        let message = format!(
            "{}: no history that is known; data.js of github-action-benchmark, perf-dash's builds, Otava's samples and \
             lists of objects with a time are, and so is any table as CSV",
            path.display()
        );
        return Err(usage(&["--csv"], message));
    }
    Ok(parts)
}

/// One document, or several objects after one another as a list.
fn parsed(body: &str) -> serde_json::Result<Value> {
    let documents = serde_json::Deserializer::from_str(body).into_iter();
    let mut all: Vec<Value> = documents.collect::<serde_json::Result<_>>()?;
    match all.len() {
        1 => Ok(all.remove(0)),
        _ => Ok(Value::Array(all)),
    }
}

/// Rows of cells by their names, in the order in which the names come up.
#[derive(Default)]
struct Rows {
    columns: Vec<String>,
    places: BTreeMap<String, usize>,
    rows: Vec<BTreeMap<usize, String>>,
}

impl Rows {
    fn row(&mut self) {
        self.rows.push(BTreeMap::new());
    }

    fn cell(&mut self, column: &str, cell: String) {
        let place = *self.places.entry(column.to_owned()).or_insert_with(|| {
            self.columns.push(column.to_owned());
            self.columns.len() - 1
        });
        if let Some(row) = self.rows.last_mut() {
            row.insert(place, cell);
        }
    }

    fn sheet(self, path: &Path) -> Sheet {
        let columns = self.columns;
        let cells = |mut row: BTreeMap<usize, String>| {
            (0..columns.len()).map(|place| row.remove(&place).unwrap_or_default()).collect()
        };
        let rows = self.rows.into_iter().enumerate();
        let rows = rows.map(|(index, row)| (index + 1, cells(row))).collect();
        Sheet { path: path.to_path_buf(), columns, rows, named: true }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A value as a cell with its unit, where the unit is one that cells are read with.
fn measured(value: &Value, unit: &str) -> String {
    match super::cells::unit(unit) {
        Some(_) => format!("{}{unit}", text(value)),
        None => text(value),
    }
}

fn data_js(path: &Path, all: &Map<String, Value>) -> Vec<Part> {
    let suites = all.get("entries").and_then(Value::as_object).into_iter().flatten();
    let part = |(suite, entries): (&String, &Value)| {
        let mut rows = Rows::default();
        let mut tool = String::new();
        for entry in entries.as_array().into_iter().flatten() {
            rows.row();
            rows.cell("date", text(&entry["date"]));
            rows.cell("commit", text(&entry["commit"]["id"]).chars().take(12).collect());
            tool = text(&entry["tool"]);
            for bench in entry["benches"].as_array().into_iter().flatten() {
                let unit = text(&bench["unit"]);
                rows.cell(&text(&bench["name"]), measured(&bench["value"], &unit));
            }
        }
        let higher = BIGGER_IS_BETTER.contains(&tool.as_str());
        let sheet = rows.sheet(path);
        let known = (!tool.is_empty()).then_some(higher);
        Part { name: vec![suite.clone()], sheet, higher_is_better: known }
    };
    suites.map(part).filter(|part| !part.sheet.rows.is_empty()).collect()
}

/// `{"builds": {"17…": [{"data": {"Perc99": 4.1}, "unit": "ms", "labels": {"Metric": …}}]}}`.
fn perf_dash(path: &Path, all: &Map<String, Value>) -> Vec<Part> {
    let builds = all.get("builds").and_then(Value::as_object).into_iter().flatten();
    let mut builds: Vec<(i64, &Value)> =
        builds.filter_map(|(build, items)| Some((build.parse().ok()?, items))).collect();
    builds.sort_by_key(|(build, _)| *build);
    let mut rows = Rows::default();
    for (build, items) in builds {
        rows.row();
        let millis = (build >> 22) + SNOWFLAKE;
        rows.cell("time", if build > 1 << 50 { millis.to_string() } else { build.to_string() });
        rows.cell("build", format!("build {build}"));
        for item in items.as_array().into_iter().flatten() {
            let labels = item["labels"].as_object().into_iter().flatten();
            let mut name: Vec<String> = labels.map(|(_, label)| text(label)).collect();
            let unit = text(&item["unit"]);
            for (quantile, value) in item["data"].as_object().into_iter().flatten() {
                name.push(quantile.clone());
                rows.cell(&name.join(" "), measured(value, &unit));
                name.pop();
            }
        }
    }
    let sheet = rows.sheet(path);
    let part = Part { name: Vec::new(), sheet, higher_is_better: None };
    if part.sheet.rows.is_empty() { Vec::new() } else { vec![part] }
}

/// Samples of Otava and Nyrkiö, `[{"timestamp": …, "metrics": [{"name", "value", "unit"}], "attributes": {…}}]`, or flat
/// objects.
fn rows_of(path: &Path, all: &[Value]) -> Vec<Part> {
    const NESTED: [&str; 2] = ["attributes", "extra_info"];
    let mut rows = Rows::default();
    for row in all.iter().filter_map(Value::as_object) {
        rows.row();
        for (key, value) in row {
            match value {
                Value::Array(metrics) if key == "metrics" => {
                    for metric in metrics {
                        let unit = text(&metric["unit"]);
                        rows.cell(&text(&metric["name"]), measured(&metric["value"], &unit));
                    }
                }
                Value::Object(inner) if NESTED.contains(&key.as_str()) => {
                    for (key, value) in inner.iter().filter(|(_, value)| !value.is_object()) {
                        rows.cell(key, text(value));
                    }
                }
                Value::Object(_) | Value::Array(_) => {}
                value => rows.cell(key, text(value)),
            }
        }
    }
    let sheet = rows.sheet(path);
    if sheet.rows.is_empty() || sheet.columns.is_empty() {
        return Vec::new();
    }
    vec![Part { name: Vec::new(), sheet, higher_is_better: None }]
}
