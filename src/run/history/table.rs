//! Any tool's history: a CSV with a column of times and columns of values.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use csv::StringRecord;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::error::{Error, Result, usage};
use crate::rule::history::TableOptions;
use crate::suggest;
use crate::trend::MIN_DIFFERENCE;
use crate::trend::{Direction, History, Night, Track, Unit};

/// Names a column of times goes by.
const TIME_NAMES: [&str; 9] =
    ["time", "timestamp", "date", "datetime", "ts", "started_at", "start", "created_at", "night"];
/// Words in a column's name that say something went wrong: less of it is better, also as a rate …
const WRONG: [&str; 9] =
    ["error", "errors", "failed", "failures", "fails", "dropped", "lost", "stalls", "timeouts"];
/// … words of throughput …
const HIGHER: [&str; 11] =
    ["rate", "throughput", "ops", "qps", "rps", "tps", "iops", "bandwidth", "bw", "score", "mbps"];
/// … and of durations, which rates may hold too: `puts_per_s`.
const LOWER: [&str; 18] = [
    "latency", "lat", "duration", "elapsed", "time", "ns", "us", "ms", "s", "sec", "seconds",
    "p50", "p90", "p95", "p99", "p999", "max", "mean",
];
/// Ends of names of rates.
const PER_TIME: [&str; 4] = ["/s", "_per_s", "_per_sec", "_per_second"];
/// What stands for "no value".
const NOTHING: [&str; 7] = ["", "-", "na", "n/a", "nan", "null", "none"];

/// Reads a table into a history. Notes say what was guessed.
///
/// # Errors
/// [`Error::Io`] when it cannot be read, [`Error::Usage`] for a column that is not there, [`Error::Damaged`] naming the
/// line otherwise.
pub fn read_table(path: &Path, options: &TableOptions) -> Result<(History, Vec<String>)> {
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    let text = String::from_utf8(bytes).map_err(|error| Error::Damaged {
        path: path.to_path_buf(),
        line: line_of(error.as_bytes(), error.utf8_error().valid_up_to()),
        message: "this is no text in UTF-8".to_owned(),
    })?;
    Table::parse(path, text.trim_start_matches('\u{feff}'))?.history(options)
}

fn line_of(bytes: &[u8], offset: usize) -> usize {
    bytes[..offset].iter().filter(|&&b| b == b'\n').count() + 1
}

/// Rows of text under a header.
struct Table<'a> {
    path: &'a Path,
    columns: Vec<String>,
    /// Each with the line it begins on.
    rows: Vec<(usize, StringRecord)>,
}

impl<'a> Table<'a> {
    fn parse(path: &'a Path, text: &str) -> Result<Self> {
        let first = text.lines().next().unwrap_or_default();
        let count = |separator: char| first.matches(separator).count();
        // Of separators that occur equally often, the last is taken: the comma.
        let separators = ['\t', ';', ','];
        let separator = separators.into_iter().max_by_key(|&s| count(s)).unwrap_or(',');
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator as u8)
            .trim(csv::Trim::All)
            .comment(Some(b'#'))
            .from_reader(text.as_bytes());
        let damaged = |line: usize, message: String| Error::Damaged {
            path: path.to_path_buf(),
            line,
            message,
        };
        let header = reader.headers().map_err(|e| damaged(1, e.to_string()))?;
        let columns: Vec<String> = header.iter().map(str::to_owned).collect();
        if columns.iter().all(String::is_empty) {
            return Err(damaged(1, "the table is empty; its first line names the columns".into()));
        }
        if let Some(twice) = (1..columns.len()).find(|&i| columns[..i].contains(&columns[i])) {
            return Err(damaged(1, format!("two columns are called '{}'", columns[twice])));
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| {
                let line = error.position().map_or(0, |position| position.line() as usize);
                let message = match error.kind() {
                    csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                        format!("{len} values under {expected_len} columns")
                    }
                    _ => error.to_string(),
                };
                damaged(line, message)
            })?;
            let line = record.position().map_or(0, |position| position.line() as usize);
            rows.push((line, record));
        }
        if rows.is_empty() {
            return Err(damaged(1, "the table has no rows".into()));
        }
        Ok(Table { path, columns, rows })
    }

    fn history(mut self, options: &TableOptions) -> Result<(History, Vec<String>)> {
        let mut notes = Vec::new();
        let time = self.time_column(options)?;
        let times = self.times(time)?;
        self.sort(times, &mut notes);
        let chosen = self.named("--columns", &options.columns)?;
        let lower = self.named("--lower-is-better", &options.lower_is_better)?;
        let higher = self.named("--higher-is-better", &options.higher_is_better)?;
        if let Some(both) = lower.iter().find(|column| higher.contains(column)) {
            return Err(usage(
                &["--lower-is-better", "--higher-is-better"],
                format!(
                    "--lower-is-better {0} and --higher-is-better {0} contradict each other; drop one",
                    self.columns[*both]
                ),
            ));
        }
        let (mut tracks, mut texts) = (Vec::new(), Vec::new());
        for column in (0..self.columns.len()).filter(|&column| column != time) {
            let asked = [&chosen, &lower, &higher].iter().any(|named| named.contains(&column));
            if asked || self.is_numbers(column) {
                if !chosen.is_empty() && !chosen.contains(&column) {
                    continue;
                }
                let said = match (lower.contains(&column), higher.contains(&column)) {
                    (true, _) => Some(Direction::LowerIsBetter),
                    (_, true) => Some(Direction::HigherIsBetter),
                    _ => None,
                };
                tracks.push(self.track(column, said)?);
                if said.is_none() {
                    notes.push(guess_note(tracks.last()));
                }
            } else {
                texts.push(column);
            }
        }
        if tracks.is_empty() {
            return Err(self.without_numbers(&texts));
        }
        let nights = self.nights(time, &texts)?;
        let history = History {
            key: self.path.display().to_string(),
            scenario: self.path.display().to_string(),
            nights,
            tracks,
            ..History::default()
        };
        Ok((history, notes.into_iter().flatten().collect()))
    }

    /// Why no column is one of numbers: the cells may have their unit in them.
    fn without_numbers(&self, texts: &[usize]) -> Error {
        let is_measured = |cell: &str| {
            let digits = cell.trim_end_matches(|c: char| !c.is_ascii_digit());
            digits.len() < cell.len() && digits.parse::<f64>().is_ok()
        };
        let mut cells = self
            .rows
            .iter()
            .flat_map(|(line, row)| texts.iter().map(move |&column| (*line, column, &row[column])));
        match cells.find(|(_, _, cell)| is_measured(cell)) {
            Some((line, column, cell)) => {
                let name = &self.columns[column];
                let message = format!(
                    "'{cell}' in column '{name}' is no number; leave the unit out of the cells, and put it into the name"
                );
                self.damaged(line, message)
            }
            None => self.damaged(1, "no column of numbers beside the times".to_owned()),
        }
    }

    fn damaged(&self, line: usize, message: String) -> Error {
        Error::Damaged { path: self.path.to_path_buf(), line, message }
    }

    fn named(&self, flag: &'static str, names: &[String]) -> Result<Vec<usize>> {
        let find = |name: &String| {
            let place = self.columns.iter().position(|column| column == name);
            place.ok_or_else(|| {
                let known: Vec<&str> = self.columns.iter().map(String::as_str).collect();
                usage(
                    &[flag],
                    format!("{flag} {name}: {}", suggest::unknown("column", name, &known)),
                )
            })
        };
        names.iter().map(find).collect()
    }

    fn time_column(&self, options: &TableOptions) -> Result<usize> {
        if let Some(name) = &options.time {
            return Ok(self.named("--time", std::slice::from_ref(name))?[0]);
        }
        let by_name = |column: &String| TIME_NAMES.contains(&column.to_lowercase().as_str());
        let is_times = |column: &usize| {
            let mut cells = self.rows.iter().map(|(_, row)| &row[*column]);
            cells.all(|cell| parse_time(cell).is_some())
        };
        let named = self.columns.iter().position(by_name);
        named.or_else(|| (0..self.columns.len()).find(is_times)).ok_or_else(|| {
            usage(
                &["--time"],
                format!(
                    "{}: no column of times; name it with --time (there are {})",
                    self.path.display(),
                    self.columns.join(", ")
                ),
            )
        })
    }

    fn times(&self, column: usize) -> Result<Vec<Timestamp>> {
        let parse = |(line, row): &(usize, StringRecord)| {
            parse_time(&row[column]).ok_or_else(|| {
                self.damaged(
                    *line,
                    format!(
                        "'{}' in column '{}' is no time; write it like 2026-11-21, 2026-11-21T02:00:00Z or in unix \
                         seconds",
                        &row[column], self.columns[column]
                    ),
                )
            })
        };
        self.rows.iter().map(parse).collect()
    }

    /// Oldest first; rows of the same time stay in their order.
    fn sort(&mut self, times: Vec<Timestamp>, notes: &mut Vec<Option<String>>) {
        if times.is_sorted() {
            return;
        }
        notes.push(Some("the rows were not in order of time; they are now".to_owned()));
        let mut keyed: Vec<_> = times.into_iter().zip(std::mem::take(&mut self.rows)).collect();
        keyed.sort_by_key(|(time, _)| *time);
        self.rows = keyed.into_iter().map(|(_, row)| row).collect();
    }

    /// Whether any cell is a number: then all that are not stand for nothing, or are slips.
    fn is_numbers(&self, column: usize) -> bool {
        let mut cells = self.rows.iter().map(|(_, row)| &row[column]);
        cells.any(|cell| cell.parse::<f64>().is_ok_and(f64::is_finite))
    }

    fn track(&self, column: usize, said: Option<Direction>) -> Result<Track> {
        let name = &self.columns[column];
        let value = |(line, row): &(usize, StringRecord)| {
            let cell = &row[column];
            if NOTHING.contains(&cell.to_lowercase().as_str()) {
                return Ok(None);
            }
            match cell.parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(Some(value)),
                _ => Err(self.damaged(*line, format!("'{cell}' in column '{name}' is no number"))),
            }
        };
        Ok(Track {
            name: name.clone(),
            unit: Unit::Plain,
            direction: said.unwrap_or_else(|| guess(name)),
            informational: false,
            min_difference: MIN_DIFFERENCE,
            values: self.rows.iter().map(value).collect::<Result<_>>()?,
        })
    }

    fn nights(&self, time: usize, texts: &[usize]) -> Result<Vec<Night>> {
        let times = self.times(time)?;
        let night = |((line, row), at): (&(usize, StringRecord), Timestamp)| {
            let cells = texts.iter().map(|&column| (column, &row[column]));
            let facts: BTreeMap<String, String> = cells
                .filter(|(_, cell)| !cell.is_empty())
                .map(|(column, cell)| (self.columns[column].clone(), cell.to_owned()))
                .collect();
            Night {
                at,
                run_id: format!("line {line}"),
                source: self.path.display().to_string(),
                facts,
                note: None,
                disturbed: None,
            }
        };
        Ok(self.rows.iter().zip(times).map(night).collect())
    }
}

fn guess_note(track: Option<&Track>) -> Option<String> {
    let track = track?;
    let name = &track.name;
    Some(match track.direction {
        Direction::LowerIsBetter => {
            format!(
                "{name}: lower is taken for better, by its name; --higher-is-better {name} says otherwise"
            )
        }
        Direction::HigherIsBetter => {
            format!(
                "{name}: higher is taken for better, by its name; --lower-is-better {name} says otherwise"
            )
        }
        Direction::Unknown => format!(
            "{name}: nobody says which way is good, so no change of it is a regression; pass --lower-is-better {name} \
             or --higher-is-better {name}"
        ),
    })
}

/// By the words of a column's name.
fn guess(name: &str) -> Direction {
    let lower_case = name.to_lowercase();
    let words: Vec<&str> = lower_case.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let has = |known: &[&str]| words.iter().any(|word| known.contains(word));
    let per_operation = lower_case.contains("/op") || lower_case.contains("_per_op");
    if has(&WRONG) || per_operation {
        Direction::LowerIsBetter
    } else if has(&HIGHER) || PER_TIME.iter().any(|end| lower_case.ends_with(end)) {
        Direction::HigherIsBetter
    } else if has(&LOWER) {
        Direction::LowerIsBetter
    } else {
        Direction::Unknown
    }
}

/// `2026-06-01 03:00:00 +0200` as git's `%ci` writes it, and `2026.06.01 3:00:00 +0100`.
fn with_offset(text: &str) -> Option<Timestamp> {
    let (rest, offset) = text.trim().rsplit_once(' ')?;
    let (date, time) = rest.trim().split_once(' ')?;
    let digits = offset.strip_prefix(['+', '-'])?.replace(':', "");
    let is_offset = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (sign, date) = (&offset[..1], date.replace(['.', '/'], "-"));
    let zero = if time.find(':') == Some(1) { "0" } else { "" };
    let whole = format!("{date}T{zero}{time}{sign}{}:{}", digits.get(..2)?, digits.get(2..)?);
    whole.parse().ok().filter(|_| is_offset)
}

/// RFC 3339, a date, a date and time (UTC), a date and time with an offset, or unix seconds, milliseconds, microseconds or nanoseconds.
fn parse_time(text: &str) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<f64>() {
        return unix(number);
    }
    if let Some(moment) = text.parse::<Timestamp>().ok().or_else(|| with_offset(text)) {
        return Some(moment);
    }
    let civil = text
        .parse::<DateTime>()
        .or_else(|_| text.parse::<Date>().map(|day| day.at(0, 0, 0, 0)))
        .ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

/// The unit by the size: every moment from 1973 to 2286 has its own range in each.
fn unix(number: f64) -> Option<Timestamp> {
    let nanoseconds = match number {
        n if (1e8..1e10).contains(&n) => n * 1e9,
        n if (1e11..1e13).contains(&n) => n * 1e6,
        n if (1e14..1e16).contains(&n) => n * 1e3,
        n if (1e17..1e19).contains(&n) => n,
        _ => return None,
    };
    Timestamp::from_nanosecond(nanoseconds as i128).ok()
}

#[cfg(test)]
mod tests {
    use crate::run::history::table::Direction::{HigherIsBetter, LowerIsBetter, Unknown};
    use crate::run::history::table::*;

    #[test]
    fn names_say_which_way_is_good() {
        for (name, expected) in [
            ("put_p99_ms", LowerIsBetter),
            ("p99", LowerIsBetter),
            ("Latency (ms)", LowerIsBetter),
            ("ns/op", LowerIsBetter),
            ("ms_per_op", LowerIsBetter),
            ("error_rate", LowerIsBetter),
            ("failed_requests", LowerIsBetter),
            ("tps", HigherIsBetter),
            ("puts_per_s", HigherIsBetter),
            ("ops/s", HigherIsBetter),
            ("MB/s", HigherIsBetter),
            ("write throughput", HigherIsBetter),
            ("thing", Unknown),
            ("v", Unknown),
        ] {
            assert_eq!(guess(name), expected, "{name}");
        }
    }

    #[test]
    fn unix_times_are_told_apart_by_their_size() {
        let moment = "2026-01-01T02:00:00Z".parse::<Timestamp>().ok();
        for text in [
            "1767232800",
            "1767232800000",
            "1767232800000000",
            "1767232800000000000",
            "2026-01-01T02:00:00Z",
            "2026-01-01 02:00:00",
            "2026-01-01 04:00:00 +0200",
            "2026.01.01 3:00:00 +0100",
            "2025-12-31 21:30:00 -04:30",
        ] {
            assert_eq!(parse_time(text), moment, "{text}");
        }
        for text in ["", "2026", "1", "-5", "yesterday", "nan", "1e30", "a b +é00", "x +01"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }
}
