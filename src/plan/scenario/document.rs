//! A scenario file as it was written: tables of keys and values, each with its place, includes taken in.

use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::shipped;
use crate::error::{Error, Position, Result, usage};
use crate::files;
use crate::suggest;

/// Files that include one another deeper than this do it by mistake.
const DEEPEST: usize = 8;
/// A scenario includes no more files than this, and none is longer than that.
const MOST_FILES: usize = 64;
const MOST_BYTES: u64 = 1 << 20;

/// A file that was read.
#[derive(Debug)]
pub(super) struct Source {
    /// How the file is named in messages.
    label: String,
    text: String,
}

/// Where something was written.
#[derive(Debug, Clone)]
pub(super) struct SourcePosition {
    source: Rc<Source>,
    offset: usize,
}

impl SourcePosition {
    /// An error about what stands here.
    pub(super) fn error(&self, message: impl Into<String>) -> Error {
        usage(&[], message).at(None, self.position())
    }

    pub(super) fn position(&self) -> Position {
        let before = self.source.text.get(..self.offset).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Position { file: self.source.label.clone(), line }
    }
}

/// A value. Numbers stay as they were written: the flag they become decides what they may be.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    Number(String),
    Bool(bool),
    List(Vec<Value>),
    Table(Table),
}

impl fmt::Display for Value {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) | Value::Number(text) => to.write_str(text),
            Value::Bool(value) => value.fmt(to),
            Value::List(_) => to.write_str("a list"),
            Value::Table(_) => to.write_str("a table"),
        }
    }
}

/// A key and what it is set to.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub key: String,
    pub value: Value,
    pub at: SourcePosition,
}

impl Entry {
    /// An error about this key.
    pub(super) fn error(&self, message: impl Into<String>) -> Error {
        self.about(usage(&[], message))
    }

    /// The same error, said by this key.
    pub(super) fn about(&self, error: Error) -> Error {
        error.at(Some(&self.key), self.at.position())
    }

    /// Takes in tables of classes: those of the same name are merged, the others come after.
    fn overlay_classes(&mut self, other: &Entry) {
        let (Value::Table(own), Value::Table(theirs)) = (&mut self.value, &other.value) else {
            *self = other.clone();
            return;
        };
        for class in &theirs.entries {
            let same = own.entries.iter_mut().find(|one| one.key == class.key);
            match (same.map(|one| &mut one.value), &class.value) {
                (Some(Value::Table(own)), Value::Table(theirs)) => own.overlay(theirs),
                (Some(own), theirs) => *own = theirs.clone(),
                (None, _) => own.entries.push(class.clone()),
            }
        }
    }
}

/// The field that a key stands for: `val-size` is `val_size`.
pub(super) fn field(key: &str) -> String {
    key.replace('-', "_")
}

/// A table, in the order it was written.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub entries: Vec<Entry>,
}

impl Table {
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The key that stands for a field, or for a flag.
    pub(super) fn of_field(&self, name: &str) -> Option<&Entry> {
        let wanted = field(name.trim_start_matches("--"));
        self.entries.iter().find(|entry| field(&entry.key) == wanted)
    }

    /// Takes in another table, whose keys win. Of classes, each wins key by key.
    pub(super) fn overlay(&mut self, other: &Table) {
        for entry in &other.entries {
            match self.entries.iter_mut().find(|own| own.key == entry.key) {
                Some(own) if entry.key == CLASS => own.overlay_classes(entry),
                Some(own) => *own = entry.clone(),
                None => self.entries.push(entry.clone()),
            }
        }
    }
}

/// The kinds of runs a scenario is made of: the names of their subcommands.
pub(super) const KINDS: [&str; 2] = ["disk", "load"];

/// One run of each cell: `[disk.NAME]` or `[load.NAME]`.
#[derive(Debug, Clone)]
pub(super) struct RawStep {
    pub kind: &'static str,
    pub name: String,
    pub at: SourcePosition,
    pub table: Table,
}

/// A scenario file with all it includes.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub top: Table,
    pub parameters: Table,
    /// Of each parameter that is a choice, the parameters that each value brings.
    pub choices: Table,
    pub matrix: Table,
    pub labels: Table,
    pub target: Table,
    /// For every step of a kind, by [`KINDS`].
    pub defaults: [Table; 2],
    pub steps: Vec<RawStep>,
}

/// Keys outside of tables.
const TOP: [&str; 5] = ["description", "include", "repeats", "order", "output"];
/// Tables.
const TABLES: [&str; 8] =
    ["parameters", "choice", "matrix", "labels", "target", "defaults", "disk", "load"];

/// Where a scenario comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    File(PathBuf),
    Shipped(&'static str),
}

impl Origin {
    fn read(&self) -> Result<Source> {
        let (label, text) = match self {
            Origin::File(path) => {
                let text = files::read_text(path, MOST_BYTES).map_err(Error::io("read", path))?;
                no_result(path, &text)?;
                (path.display().to_string(), text)
            }
            Origin::Shipped(name) => {
                let text = shipped::text(name).unwrap_or_default().to_owned();
                (format!("scenarios/{name}.toml"), text)
            }
        };
        Ok(Source { label, text })
    }

    /// What a file names to be included: a file beside itself, or what comes with the program.
    fn beside(&self, name: &str) -> Option<Origin> {
        let stem = name.strip_suffix(".toml").unwrap_or(name);
        let shipped = shipped::included(stem).map(Origin::Shipped);
        let Origin::File(path) = self else {
            return shipped;
        };
        let file = path.parent().unwrap_or(Path::new("")).join(name);
        match shipped {
            Some(shipped) if !file.exists() => Some(shipped),
            _ => Some(Origin::File(file)),
        }
    }

    /// The same file by whatever name.
    fn is(&self, other: &Origin) -> bool {
        match (self, other) {
            (Origin::File(a), Origin::File(b)) => match (a.canonicalize(), b.canonicalize()) {
                (Ok(a), Ok(b)) => a == b,
                _ => a == b,
            },
            _ => self == other,
        }
    }
}

/// A result is no scenario.
fn no_result(path: &Path, text: &str) -> Result<()> {
    if !text.trim_start().starts_with("{\"type\":\"header\"") {
        return Ok(());
    }
    let path = path.display();
    Err(usage(&[], format!("{path} is a result, no scenario; type: etcdbench report {path}")))
}

/// Reads a scenario and all it includes.
///
/// # Errors
/// [`Error::Usage`] naming the file and line of what makes no sense, [`Error::Io`] for a file that cannot be read.
pub(super) fn read(origin: &Origin) -> Result<Document> {
    let mut document = Document::default();
    take_in(origin, &mut Vec::new(), &mut Vec::new(), &mut document)?;
    Ok(document)
}

/// `open` are the files that are being read, outermost first; `taken` those that were, so that what two files have in
/// common comes before both of them, and not between.
fn take_in(
    origin: &Origin,
    open: &mut Vec<Origin>,
    taken: &mut Vec<Origin>,
    document: &mut Document,
) -> Result<()> {
    let source = Rc::new(origin.read()?);
    let table = parse(&source)?;
    open.push(origin.clone());
    for (name, at) in included(&table)? {
        let Some(next) = origin.beside(&name) else {
            return Err(at.error(format!("include: no scenario '{name}' is shipped")));
        };
        if open.iter().any(|one| one.is(&next)) {
            return Err(at.error(format!(
                "include: '{name}' includes this file in turn, round in a circle"
            )));
        }
        if open.len() == DEEPEST {
            return Err(
                at.error(format!("include: files include one another more than {DEEPEST} deep"))
            );
        }
        if taken.iter().any(|one| one.is(&next)) {
            continue;
        }
        if taken.len() + open.len() >= MOST_FILES {
            return Err(at.error(format!("include: more than {MOST_FILES} files in all")));
        }
        take_in(&next, open, taken, document).map_err(|error| match error {
            Error::Io { path, source, .. } => {
                at.error(format!("include: cannot read {}: {source}", path.display()))
            }
            other => other,
        })?;
    }
    open.pop();
    taken.push(origin.clone());
    table.iter().try_for_each(|entry| document.fill(entry))
}

fn parse(source: &Rc<Source>) -> Result<Vec<Entry>> {
    let table = DeTable::parse(&source.text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        let source = Rc::clone(source);
        SourcePosition { source, offset }.error(error.message())
    })?;
    entries(table.get_ref(), source)
}

/// The keys of a table, in the order they were written.
fn entries(table: &DeTable<'_>, source: &Rc<Source>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for (key, value) in table {
        let at = SourcePosition { source: Rc::clone(source), offset: key.span().start };
        entries.push(Entry { key: key.get_ref().to_string(), value: plain(value, &at)?, at });
    }
    entries.sort_by_key(|entry| entry.at.offset);
    Ok(entries)
}

fn plain(value: &Spanned<DeValue<'_>>, at: &SourcePosition) -> Result<Value> {
    Ok(match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => Value::Number(number.to_string()),
        DeValue::Float(number) => Value::Number(number.to_string()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(time) => Value::Text(time.to_string()),
        DeValue::Array(items) => {
            Value::List(items.iter().map(|item| plain(item, at)).collect::<Result<_>>()?)
        }
        DeValue::Table(table) => Value::Table(Table { entries: entries(table, &at.source)? }),
    })
}

fn included(table: &[Entry]) -> Result<Vec<(String, SourcePosition)>> {
    let Some(entry) = table.iter().find(|entry| entry.key == "include") else {
        return Ok(Vec::new());
    };
    let items = match &entry.value {
        Value::List(items) => items.clone(),
        one => vec![one.clone()],
    };
    let names = items.into_iter().map(|item| match item {
        Value::Text(name) => Ok((name, entry.at.clone())),
        other => Err(entry.error(format!("include takes names of files, not {other}"))),
    });
    names.collect()
}

impl Document {
    /// Takes in what stands at the top of a file; what was there before gives way.
    fn fill(&mut self, entry: &Entry) -> Result<()> {
        let key = entry.key.as_str();
        if TOP.contains(&key) {
            let one = Table { entries: vec![entry.clone()] };
            self.top.overlay(&one);
            return Ok(());
        }
        if !TABLES.contains(&key) {
            let known = [&TOP[..], &TABLES].concat();
            return Err(entry.error(suggest::unknown("key", key, &known)));
        }
        let table = as_table(entry)?;
        match key {
            "parameters" => self.parameters.overlay(table),
            "choice" => self.fill_choices(table)?,
            "matrix" => self.matrix.overlay(table),
            "labels" => self.labels.overlay(table),
            "target" => self.target.overlay(table),
            "defaults" => self.fill_defaults(table)?,
            _ => self.fill_steps(key, table)?,
        }
        Ok(())
    }

    /// Of files that include one another, each value of a choice wins key by key.
    fn fill_choices(&mut self, table: &Table) -> Result<()> {
        for entry in &table.entries {
            let options = as_table(entry)?;
            let Some(own) = self.choices.entries.iter_mut().find(|own| own.key == entry.key) else {
                self.choices.entries.push(entry.clone());
                continue;
            };
            let Value::Table(own) = &mut own.value else { continue };
            for option in &options.entries {
                let same = own.entries.iter_mut().find(|one| one.key == option.key);
                match (same.map(|one| &mut one.value), &option.value) {
                    (Some(Value::Table(own)), Value::Table(theirs)) => own.overlay(theirs),
                    (Some(own), theirs) => *own = theirs.clone(),
                    (None, _) => own.entries.push(option.clone()),
                }
            }
        }
        Ok(())
    }

    fn fill_defaults(&mut self, table: &Table) -> Result<()> {
        for entry in &table.entries {
            let Some(kind) = KINDS.iter().position(|kind| *kind == entry.key) else {
                let text = suggest::unknown("table", &entry.key, &KINDS);
                return Err(entry.error(format!("[defaults]: {text}")));
            };
            self.defaults[kind].overlay(as_table(entry)?);
        }
        Ok(())
    }

    fn fill_steps(&mut self, kind: &str, table: &Table) -> Result<()> {
        let Some(kind) = KINDS.into_iter().find(|known| *known == kind) else {
            return Ok(());
        };
        for entry in &table.entries {
            if entry.key == CLASS {
                return Err(entry.error(format!(
                    "[{kind}.{CLASS}]: a class belongs to a run, whose name comes first: [load.NAME.{CLASS}.…]"
                )));
            }
            let Value::Table(keys) = &entry.value else {
                return Err(entry.error(format!(
                    "'{}' stands right in [{kind}]; give the run a name, as in [{kind}.{}], or put what all of them \
                     share into [defaults.{kind}]",
                    entry.key,
                    if kind == "disk" { "wal" } else { "put" },
                )));
            };
            if !is_run_name(&entry.key) {
                return Err(entry.error(format!(
                    "'{}' is no name for a run: its results go into a directory of that name, so it has no / and no \
                     control characters, does not begin with a dot, and is at most {LONGEST_NAME} bytes long",
                    entry.key.escape_debug()
                )));
            }
            let same = |step: &&mut RawStep| step.kind == kind && step.name == entry.key;
            match self.steps.iter_mut().find(same) {
                Some(step) => step.table.overlay(keys),
                None => self.steps.push(RawStep {
                    kind,
                    name: entry.key.clone(),
                    at: entry.at.clone(),
                    table: keys.clone(),
                }),
            }
        }
        Ok(())
    }
}

/// Longer names of directories are refused by some file systems, and there are numbers and ends to be added.
const LONGEST_NAME: usize = 100;

/// Whether results can go into a directory of this name, below that of the scenario and nowhere else.
fn is_run_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST_NAME
        && !name.starts_with('.')
        && !name.chars().any(|c| c == '/' || c.is_control())
}

fn as_table(entry: &Entry) -> Result<&Table> {
    match &entry.value {
        Value::Table(table) => Ok(table),
        _ => Err(entry
            .error(format!("{} is a table: write [{}] with keys below it", entry.key, entry.key))),
    }
}

/// The key whose tables are classes. Files that include one another merge them key by key.
pub(super) const CLASS: &str = "class";

/// Whether a run or class is made; the key that says so is no flag.
pub(super) fn is_wanted(table: &mut Table, what: &str) -> Result<bool> {
    let Some(index) = table.entries.iter().position(|entry| entry.key == ONLY_IF) else {
        return Ok(true);
    };
    let entry = table.entries.remove(index);
    match &entry.value {
        Value::Bool(wanted) => Ok(*wanted),
        Value::Text(text) => Ok(!text.is_empty()),
        other => Err(entry.error(format!(
            "{ONLY_IF} is text, true or false, not {other}; the {what} is left out where it is empty or false"
        ))),
    }
}

/// The key of a run, or of a class of a load, that leaves it out where what it stands for is empty or false.
pub(super) const ONLY_IF: &str = "only_if";

pub(super) fn text(document: &Document, key: &str) -> Result<Option<String>> {
    let Some(entry) = document.top.get(key) else {
        return Ok(None);
    };
    match &entry.value {
        Value::Text(text) => Ok(Some(text.clone())),
        other => Err(entry.error(format!("{key} is text, not {other}"))),
    }
}
