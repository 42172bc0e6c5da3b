//! From the keys of a run's table to the words of the command line that means the same: every flag of `disk` and `load`
//! is a key, `--val-size` is `val_size`. Checked by the same parser and the same plans as what a person types.

use clap::error::ContextKind;
use clap::{Arg, ArgAction, CommandFactory, Parser};

use super::classes::{self, CLASS};
use super::document::{Entry, Place, Table, Value};
use crate::cli::{Cli, Command};
use crate::error::{Error, Result, usage};
use crate::plan::{DiskPlan, LoadPlan};
use crate::suggest;

/// Flags that are not the run's own to choose here.
const OURS: [&str; 8] =
    ["result", "format", "quiet", "no-color", "name", "password", "output", "help"];

/// A run, resolved and checked.
#[derive(Debug, Clone)]
pub enum Resolved {
    /// Of `etcdbench disk`.
    Disk(Box<DiskPlan>),
    /// Of `etcdbench load`.
    Load(Box<LoadPlan>),
}

/// The keys that a table may have: that of a run, or of a class of a load.
struct Known<'a> {
    kind: &'static str,
    /// The table's name.
    place: &'a str,
    args: Vec<Arg>,
    /// Flags that are known, but said elsewhere.
    elsewhere: Vec<Arg>,
}

impl<'a> Known<'a> {
    fn of(kind: &'static str, place: &'a str) -> Known<'a> {
        let cli = Cli::command();
        let args = cli.find_subcommand(kind).map(|command| {
            let args = command.get_arguments();
            let own = args.filter(|arg| !OURS.contains(&name(arg).as_str()));
            own.cloned().collect()
        });
        Known { kind, place, args: args.unwrap_or_default(), elsewhere: Vec::new() }
    }

    fn of_class(place: &'a str) -> Known<'a> {
        let known = Known::of("load", place);
        let own = |arg: &Arg| classes::is_own(&name(arg));
        let (args, elsewhere) = known.args.into_iter().partition(own);
        Known { args, elsewhere, ..known }
    }

    fn find(&self, entry: &Entry) -> Result<&Arg> {
        let wanted = entry.key.replace('_', "-");
        if let Some(arg) = self.args.iter().find(|arg| name(arg) == wanted) {
            return Ok(arg);
        }
        if OURS.contains(&wanted.as_str()) {
            let why = match wanted.as_str() {
                "password" => {
                    "secrets do not belong into files: set ETCDCTL_PASSWORD or ETCDCTL_USER"
                }
                _ => "this is chosen by run",
            };
            return Err(entry.error(format!("'{}': {why}", entry.key)));
        }
        if self.elsewhere.iter().any(|arg| name(arg) == wanted) {
            return Err(entry.error(format!(
                "'{}' in [{}]: this is said for the whole load, not for one of its classes",
                entry.key, self.place
            )));
        }
        let keys: Vec<String> = self.args.iter().map(|arg| name(arg).replace('-', "_")).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let hint = match suggest::nearest(&entry.key, &keys) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("its keys are the flags of 'etcdbench {}'", self.kind),
        };
        Err(entry.error(format!("unknown key '{}' in [{}]; {hint}", entry.key, self.place)))
    }
}

/// How an argument is typed, without its dashes.
fn name(arg: &Arg) -> String {
    arg.get_long().map_or_else(|| arg.get_id().as_str().replace('_', "-"), str::to_owned)
}

/// The words after `etcdbench disk` or `etcdbench load`.
pub(super) fn words(kind: &'static str, run: &str, table: &Table) -> Result<Vec<String>> {
    let place = format!("{kind}.{run}");
    let known = Known::of(kind, &place);
    let mut words = Vec::new();
    for entry in &table.entries {
        if entry.key == CLASS {
            words.extend(classes::words(kind, run, entry)?);
        } else {
            words.extend(flag(known.find(entry)?, entry)?);
        }
    }
    Ok(words)
}

/// The words of a class, whose table is named so.
pub(super) fn class_words(place: &str, table: &Table) -> Result<Vec<String>> {
    let known = Known::of_class(place);
    let mut words = Vec::new();
    for entry in &table.entries {
        words.extend(flag(known.find(entry)?, entry)?);
    }
    Ok(words)
}

fn flag(arg: &Arg, entry: &Entry) -> Result<Vec<String>> {
    let key = &entry.key;
    let long = format!("--{}", name(arg));
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        return match entry.value {
            Value::Bool(true) => Ok(vec![long]),
            Value::Bool(false) => Ok(Vec::new()),
            _ => Err(entry.error(format!("{key} is true or false, not {}", entry.value))),
        };
    }
    if let Value::Bool(value) = entry.value {
        let bare = arg.get_num_args().is_some_and(|range| range.min_values() == 0);
        return match (bare, value) {
            // As if it were not there: so a file drops what one that it includes says.
            (_, false) => Ok(Vec::new()),
            (true, true) => Ok(vec![long]),
            (false, true) => Err(entry.error(format!("{key} takes a value, not true"))),
        };
    }
    let items = items(entry)?;
    if arg.is_positional() {
        return Ok(items);
    }
    if matches!(arg.get_action(), ArgAction::Append) && arg.get_value_delimiter().is_none() {
        return Ok(items.iter().map(|item| format!("{long}={item}")).collect());
    }
    Ok(vec![format!("{long}={}", items.join(","))])
}

/// A value as texts: a list item by item, a table as KEY=VALUE.
fn items(entry: &Entry) -> Result<Vec<String>> {
    let scalar = |value: &Value| match value {
        Value::Text(text) | Value::Number(text) => Ok(text.clone()),
        other => {
            Err(entry.error(format!("{} holds {other}; it takes text or a number", entry.key)))
        }
    };
    match &entry.value {
        Value::List(list) => list.iter().map(scalar).collect(),
        Value::Table(table) => table
            .entries
            .iter()
            .map(|inner| Ok(format!("{}={}", inner.key, scalar(&inner.value)?)))
            .collect(),
        one => Ok(vec![scalar(one)?]),
    }
}

/// Checks the words as those of a command line.
pub(super) fn resolve(kind: &str, words: &[String], table: &Table, at: &Place) -> Result<Resolved> {
    let typed = ["etcdbench", kind].map(str::to_owned);
    let parsed = Cli::try_parse_from(typed.iter().chain(words)).map_err(|error| {
        let about = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
        let flag = about.split([' ', '=', '[']).next().unwrap_or_default();
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let entry = table.get(&key(flag));
        entry.map_or_else(|| at.error(line), |entry| entry.error(line))
    })?;
    let resolved = match parsed.command {
        Command::Disk(args) => DiskPlan::resolve(&args).map(|plan| Resolved::Disk(Box::new(plan))),
        Command::Load(args) => LoadPlan::resolve(&args).map(|plan| Resolved::Load(Box::new(plan))),
        _ => Err(usage(&[], format!("no runs of kind '{kind}'"))),
    };
    resolved.map_err(|error| located(table, at, error))
}

/// An error at the line of the first key that it is about, at that of its class or of the table where there is none.
fn located(table: &Table, at: &Place, error: Error) -> Error {
    let Error::Usage(usage) = &error else {
        return error;
    };
    let class = usage.class.as_deref().and_then(|name| classes::find(table, name));
    let own = match class {
        Some(Entry { value: Value::Table(own), .. }) => own,
        _ => table,
    };
    let blamed = usage.flags.iter().find_map(|flag| own.get(&key(flag)));
    match blamed.or(class) {
        Some(entry) => entry.about(error),
        None => error.at(None, at.position()),
    }
}

/// The key that stands for a flag, or for an argument without one.
fn key(flag: &str) -> String {
    flag.trim_start_matches(['-', '<']).trim_end_matches('>').replace('-', "_").to_lowercase()
}
