//! What people know about a history: `trend-marks.toml`, to be edited by hand.
//!
//! ```toml
//! [[acknowledge]]              # this change is known: the nights from here on are the new usual
//! series = "etcd/wal.fsync.*"
//! date = 2026-10-03
//! note = "kernel 6.8.0-48, accepted in OPS-12"
//!
//! [[expect]]                   # a change is coming: from this day on everything may be different
//! date = 2026-12-01
//! note = "new disks in cp1"
//!
//! [[exclude]]                  # this night does not count
//! date = 2026-11-02
//! note = "a backup ran"
//! ```

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use glob::Pattern;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use crate::error::{Error, Position, Result};
use crate::files;
use crate::suggest;
use crate::trend::history::{History, Night};

/// Everything a marks file says.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    /// In the order of the file, one kind after the other.
    pub all: Vec<Mark>,
}

/// One mark.
#[derive(Debug, Clone)]
pub struct Mark {
    /// What it says.
    pub kind: MarkKind,
    /// The series it is about, `*` for any part of a name.
    pub series: Pattern,
    /// The history it is about, by its title; any when absent.
    pub history: Option<Pattern>,
    /// The night, or the first night of the change.
    pub when: When,
    /// Why.
    pub note: String,
    /// `trend-marks.toml:12`.
    pub place: String,
}

/// What a mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkKind {
    /// This change is known.
    Acknowledge,
    /// A change is coming.
    Expect,
    /// This night does not count.
    Exclude,
}

/// When.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// All of this day, UTC.
    Day(Date),
    /// From this moment on.
    Moment(Timestamp),
    /// The run of this id, or of the directory of this name.
    Run(String),
}

impl MarkKind {
    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            MarkKind::Acknowledge => "acknowledge",
            MarkKind::Expect => "expect",
            MarkKind::Exclude => "exclude",
        }
    }
}

impl When {
    /// Reads `2026-10-03` or `2026-10-03T02:00:00Z`; anything else is the id of a run.
    pub fn parse(text: &str) -> When {
        if let Ok(moment) = text.parse::<Timestamp>() {
            return When::Moment(moment);
        }
        match text.parse::<Date>() {
            Ok(day) if !text.contains(['T', ' ']) => When::Day(day),
            _ => When::Run(text.to_owned()),
        }
    }

    /// The index of the first night that this is about or that comes after; `None` when all were before, or for a
    /// run that is not there.
    pub fn night(&self, nights: &[Night]) -> Option<usize> {
        nights.iter().position(|night| match self {
            When::Day(day) => day_of(night.at) >= *day,
            When::Moment(moment) => night.at >= *moment,
            When::Run(id) => is_run(night, id),
        })
    }

    /// Whether a single night is meant.
    pub fn is(&self, night: &Night) -> bool {
        match self {
            When::Day(day) => day_of(night.at) == *day,
            When::Moment(moment) => night.at == *moment,
            When::Run(id) => is_run(night, id),
        }
    }
}

/// By its id, or by that of the directory which its execution left.
fn is_run(night: &Night, id: &str) -> bool {
    night.run_id == id || Path::new(&night.source).iter().any(|part| part == id)
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

impl Mark {
    /// Whether it is about this history.
    pub fn is_about(&self, history: &History) -> bool {
        let title = history.title();
        self.history.as_ref().is_none_or(|pattern| pattern.matches(&title))
    }
}

/// Acknowledgements of decades take less.
const MOST_BYTES: u64 = 4 << 20;

impl Marks {
    /// Reads a marks file.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read, [`Error::Usage`] naming file, line and key otherwise.
    pub fn read(path: &Path) -> Result<Marks> {
        let text = files::read_text(path, MOST_BYTES).map_err(Error::io("read", path))?;
        Marks::parse(&text, path)
    }

    /// Reads a marks file's text; `path` is for the messages.
    ///
    /// # Errors
    /// [`Error::Usage`] naming file, line and key.
    pub fn parse(text: &str, path: &Path) -> Result<Marks> {
        let source = Source { text, path };
        let file: File = toml::from_str(text).map_err(|error| source.refuse(&error))?;
        let kinds = [
            (MarkKind::Acknowledge, file.acknowledge),
            (MarkKind::Expect, file.expect),
            (MarkKind::Exclude, file.exclude),
        ];
        let mut all = Vec::new();
        for (kind, entries) in kinds {
            for entry in entries {
                all.push(source.mark(kind, entry)?);
            }
        }
        Ok(Marks { all })
    }

    /// The marks of a kind about a series of a history.
    pub fn about<'a>(
        &'a self,
        history: &'a History,
        series: &'a str,
    ) -> impl Iterator<Item = &'a Mark> {
        let here = move |mark: &&Mark| mark.series.matches(series) && mark.is_about(history);
        self.all.iter().filter(here)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    acknowledge: Vec<Spanned<Entry>>,
    #[serde(default)]
    expect: Vec<Spanned<Entry>>,
    #[serde(default)]
    exclude: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    series: Option<Spanned<String>>,
    history: Option<Spanned<String>>,
    date: Option<Spanned<DateOrText>>,
    run: Option<Spanned<String>>,
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum DateOrText {
    Date(Datetime),
    Text(String),
}

/// Names a file knows, for "did you mean".
const KEYS: [&str; 8] =
    ["acknowledge", "expect", "exclude", "series", "history", "date", "run", "note"];

/// A marks file being read, for messages.
struct Source<'a> {
    text: &'a str,
    path: &'a Path,
}

impl Source<'_> {
    fn place(&self, offset: usize) -> Position {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        Position { file: self.path.display().to_string(), line }
    }

    fn usage(&self, offset: usize, message: &str) -> Error {
        crate::error::usage(&[], message).at(None, self.place(offset))
    }

    fn refuse(&self, error: &toml::de::Error) -> Error {
        let offset = error.span().map_or(0, |span| span.start);
        let message = error.message();
        let unknown =
            message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
        match unknown {
            Some(key) => {
                let known = if ["acknowledge", "expect", "exclude"]
                    .iter()
                    .any(|kind| message.contains(&format!("`{kind}`")))
                {
                    &KEYS[..3]
                } else {
                    &KEYS[3..]
                };
                self.usage(offset, &suggest::unknown("key", key, known))
            }
            None => self.usage(offset, message),
        }
    }

    fn mark(&self, kind: MarkKind, entry: Spanned<Entry>) -> Result<Mark> {
        let offset = entry.span().start;
        let entry = entry.into_inner();
        let name = kind.name();
        let when = match (entry.date, entry.run) {
            (Some(date), None) => self.when(&date)?,
            (None, Some(run)) => When::Run(run.into_inner()),
            (None, None) => {
                return Err(self.usage(
                    offset,
                    &format!("[[{name}]] has no date; write date = 2026-11-21, or run = \"…\""),
                ));
            }
            (Some(_), Some(run)) => {
                return Err(self.usage(
                    run.span().start,
                    &format!("[[{name}]] has both a date and a run; drop one"),
                ));
            }
        };
        Ok(Mark {
            kind,
            series: match entry.series {
                Some(series) => self.pattern("series", &series)?,
                None => self.pattern("series", &Spanned::new(0..0, "*".to_owned()))?,
            },
            history: match entry.history {
                Some(history) => Some(self.pattern("history", &history)?),
                None => None,
            },
            when,
            note: entry.note.unwrap_or_default(),
            place: self.place(offset).to_string(),
        })
    }

    fn when(&self, date: &Spanned<DateOrText>) -> Result<When> {
        let text = match date.get_ref() {
            DateOrText::Date(date) => date.to_string(),
            DateOrText::Text(text) => text.clone(),
        };
        match When::parse(&text) {
            When::Run(_) => Err(self.usage(
                date.span().start,
                &format!(
                    "'{text}' is no date; write date = 2026-11-21 (UTC) or 2026-11-21T02:00:00Z"
                ),
            )),
            when => Ok(when),
        }
    }

    fn pattern(&self, key: &str, text: &Spanned<String>) -> Result<Pattern> {
        pattern(text.get_ref()).map_err(|message| {
            let message = format!("{key} = \"{}\": {message}", text.get_ref());
            self.usage(text.span().start, &message)
        })
    }
}

fn pattern(text: &str) -> std::result::Result<Pattern, String> {
    Pattern::new(text).map_err(|error| error.msg.to_owned())
}

/// Appends an acknowledgement to a marks file, which is made if it is not there.
///
/// # Errors
/// [`Error::Io`] when the file cannot be written.
pub fn acknowledge(path: &Path, series: &str, date: &str, note: &str) -> Result<PathBuf> {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let key = match When::parse(date) {
        When::Run(_) => "run",
        When::Day(_) | When::Moment(_) => "date",
    };
    let entry = format!(
        "\n[[acknowledge]]\nseries = {}\n{key} = {}\nnote = {}\n",
        quoted(series),
        quoted(date),
        quoted(note)
    );
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(Error::io("open", path))?;
    file.write_all(entry.as_bytes()).map_err(Error::io("write", path))?;
    Ok(path.to_path_buf())
}
