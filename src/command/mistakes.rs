//! What to type instead: the usual slips, each answered with a command that does what was probably meant.

use std::path::Path;

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// Words of other tools for an operation, and ours.
const OPERATIONS: [(&str, &str); 16] = [
    ("get", "range"),
    ("read", "range"),
    ("reads", "range"),
    ("list", "range"),
    ("scan", "range"),
    ("set", "put"),
    ("write", "put"),
    ("writes", "put"),
    ("update", "put"),
    ("insert", "put"),
    ("del", "delete"),
    ("rm", "delete"),
    ("remove", "delete"),
    ("subscribe", "watch"),
    ("transaction", "txn"),
    ("compaction", "compact"),
];

/// Flags that a subcommand lacks, and what does the same there.
const FLAGS: [(&str, &str, &str); 16] = [
    ("disk", "--duration", "etcdbench disk DIR --soak 5m"),
    ("disk", "--time", "etcdbench disk DIR --soak 5m"),
    ("disk", "--runtime", "etcdbench disk DIR --soak 5m"),
    ("disk", "--dir", "etcdbench disk /var/lib/etcd"),
    ("disk", "--directory", "etcdbench disk /var/lib/etcd"),
    ("disk", "--data-dir", "etcdbench disk /var/lib/etcd"),
    ("disk", "--endpoints", "etcdbench load put --endpoints http://127.0.0.1:2379"),
    ("load", "--profile", "etcdbench load put --rule 'put.response.p99 < 25ms'"),
    ("load", "--soak", "etcdbench load put --duration 1h"),
    ("load", "--time", "etcdbench load put --duration 1m"),
    ("load", "--qps", "etcdbench load put --rate 1000"),
    ("load", "--threads", "etcdbench load put --clients 100"),
    ("load", "--connections", "etcdbench load put --conns 10"),
    ("load", "--directory", "etcdbench load put --local --local-dir DIR"),
    ("run", "--duration", "etcdbench run nightly --set duration=5m"),
    ("run", "--rate", "etcdbench run nightly --set rate=1000"),
];

/// What to type where something is missing.
const MISSING: [(&str, &str); 5] = [
    ("disk", "etcdbench disk /var/lib/etcd"),
    ("report", "etcdbench report results/*.jsonl"),
    ("logs", "etcdbench logs /var/log/etcd.log"),
    ("import", "etcdbench import fio fio.json"),
    ("run", "etcdbench run --list"),
];

/// The command that was probably meant; `None` where clap's own words say all there is. `typed` is everything that was
/// typed, without the program's name.
pub fn instead(error: &Error, typed: &[String]) -> Option<String> {
    let subcommand = typed.first().map(String::as_str).unwrap_or_default();
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            first_word(error, &text(error, ContextKind::InvalidSubcommand)?)
        }
        ErrorKind::ArgumentConflict if subcommand == "load" => local(typed),
        ErrorKind::MissingRequiredArgument => {
            let found = MISSING.iter().find(|(name, _)| *name == subcommand);
            found.map(|(_, command)| (*command).to_owned())
        }
        ErrorKind::UnknownArgument => {
            let flag = text(error, ContextKind::InvalidArg)?;
            let found = FLAGS.iter().find(|(name, known, _)| *name == subcommand && *known == flag);
            found.map(|(.., command)| (*command).to_owned())
        }
        ErrorKind::InvalidValue => {
            let value = text(error, ContextKind::InvalidValue)?;
            operation(&value)
        }
        _ => None,
    }
}

fn text(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// A word where a subcommand belongs.
fn first_word(error: &Error, word: &str) -> Option<String> {
    if error.get(ContextKind::SuggestedSubcommand).is_some() {
        return None;
    }
    let path = Path::new(word);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    Some(match ending {
        _ if word.contains("://") => format!("etcdbench load put --endpoints {word}"),
        _ if path.is_dir() => format!("etcdbench disk {word}"),
        "jsonl" => format!("etcdbench report {word}"),
        "toml" => format!("etcdbench run {word}"),
        "log" => format!("etcdbench logs {word}"),
        "json" => format!("etcdbench import fio {word}"),
        "csv" => format!("etcdbench trend --csv {word}"),
        _ if word.contains('/') => format!("etcdbench disk {word}"),
        _ => return other_word(word),
    })
}

fn other_word(word: &str) -> Option<String> {
    const OURS: [&str; 5] = ["put", "range", "watch", "txn", "mixed"];
    let command = match word {
        _ if OURS.contains(&word) => return Some(format!("etcdbench load {word}")),
        "fio" => "etcdbench import fio fio.json, or etcdbench disk DIR to measure",
        "benchmark" => "etcdbench load put",
        "perf" | "bench" => "etcdbench load put, or etcdbench disk DIR before etcd is installed",
        "nightly" => "etcdbench run nightly --history DIR",
        "version" => "etcdbench --version",
        _ => return operation(word),
    };
    Some(command.to_owned())
}

fn operation(word: &str) -> Option<String> {
    let found = OPERATIONS.iter().find(|(theirs, _)| *theirs == word);
    found.map(|(_, ours)| format!("etcdbench load {ours}"))
}

/// `--local 3` without the sign of equality.
fn local(typed: &[String]) -> Option<String> {
    let at = typed.iter().position(|word| word == "--local")?;
    let number: u32 = typed.get(at + 1)?.parse().ok()?;
    let rest = typed.iter().enumerate().filter(|(index, _)| *index != at && *index != at + 1);
    let rest: Vec<&str> = rest.map(|(_, word)| word.as_str()).collect();
    Some(format!("etcdbench {} --local={number}", rest.join(" ")))
}
