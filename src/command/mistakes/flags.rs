//! Mistakes that are seen while flags and words are read.

use std::io::Read;
use std::path::Path;

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use super::tables::{ANYWHERE, FLAGS, PLACEHOLDERS, VALUES, example};
use super::typed::{Typed, command_for, for_place, operation};
use crate::cli::Cli;
use crate::suggest::nearest;

/// Shown where nothing was meant that is known.
const HELP: &str = "etcdbench --help";
/// As much of a file is looked at to tell whose it is.
const BEGIN: u64 = 64 << 10;

/// The command that was probably meant, else one that does something of the kind; `None` for what is no mistake, like a
/// call for help. `typed` is everything that was typed, without the program's name.
pub fn instead(error: &Error, typed: &[String]) -> Option<String> {
    let typed = Typed(typed.to_vec());
    let meant = match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return None,
        ErrorKind::InvalidSubcommand => subcommand(error, &typed),
        ErrorKind::ArgumentConflict => conflict(&typed),
        ErrorKind::UnknownArgument => unknown(error, &typed),
        ErrorKind::InvalidValue => value(error, &typed),
        ErrorKind::ValueValidation => malformed(error, &typed),
        ErrorKind::MissingRequiredArgument => missing(error, &typed),
        _ => None,
    };
    let fallback = || example(typed.subcommand()).unwrap_or(HELP).to_owned();
    Some(meant.unwrap_or_else(fallback))
}

/// The same error without guesses that are none: flags that merely have some letters in common with the one typed, and
/// the advice to pass a flag as a value.
pub fn without_guesses(mut error: Error, typed: &[String]) -> Error {
    let typed = Typed(typed.to_vec());
    match error.kind() {
        ErrorKind::UnknownArgument => {
            for kind in [ContextKind::SuggestedArg, ContextKind::Suggested, ContextKind::Usage] {
                error.remove(kind);
            }
            if let Some(near) = text(&error, ContextKind::InvalidArg).and_then(|f| near(&typed, &f))
            {
                error.insert(ContextKind::SuggestedArg, ContextValue::String(near));
            }
        }
        ErrorKind::InvalidSubcommand => {
            let word = text(&error, ContextKind::InvalidSubcommand).unwrap_or_default();
            if command_for(&word).is_some() {
                error.remove(ContextKind::SuggestedSubcommand);
            }
        }
        _ => {}
    }
    error
}

fn text(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    }
}

/// A word where a subcommand belongs.
fn subcommand(error: &Error, typed: &Typed) -> Option<String> {
    let word = text(error, ContextKind::InvalidSubcommand)?;
    // `check 10.0.0.1:2379`: the command is right, its address wants a flag.
    if typed.subcommand() == "check" {
        let other = for_place(&word).filter(|command| !command.contains("--endpoints"));
        let address = || word.contains(':').then(|| typed.swap(&word, "--endpoints").0);
        return other.or_else(|| {
            address().map(|mut words| {
                words.push(word.clone());
                Typed(words).line()
            })
        });
    }
    let names: Vec<String> = Cli::command()
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(|command| command.get_name().to_owned())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    command_for(&word).or_else(|| Some(typed.swap(&word, nearest(&word, &names)?).line()))
}

/// A flag that is not there, or a word too many.
fn unknown(error: &Error, typed: &Typed) -> Option<String> {
    let flag = text(error, ContextKind::InvalidArg)?;
    if !flag.starts_with('-') {
        return Some(match typed.subcommand() {
            "rendezvous" => typed.swap(&flag, "--shards").line() + " " + &flag,
            _ => typed.without(&flag).line(),
        });
    }
    let name = typed.subcommand();
    let found = FLAGS.iter().find(|(of, known, _)| *of == name && *known == flag);
    found.map(|(.., command)| in_its_place(command, typed)).or_else(|| {
        let near = near(typed, &flag)?;
        if near == "--version" {
            return Some("etcdbench --version".to_owned());
        }
        let plain = typed.swap(&flag, &near);
        let swapped = if plain == *typed { typed.swap_within(&flag, &near)? } else { plain };
        // A flag of two words was put into the place of one.
        Some(swapped.line().replace(&format!("'{near}'"), &near))
    })
}

/// The flag of this subcommand that is spelled nearly so, or that does what other tools have this one for.
fn near(typed: &Typed, flag: &str) -> Option<String> {
    let mut program = Cli::command();
    program.build();
    let command = program.find_subcommand(typed.subcommand()).unwrap_or(&program);
    let known: Vec<String> = command
        .get_arguments()
        .filter_map(|argument| argument.get_long_and_visible_aliases())
        .flatten()
        .map(|long| format!("--{long}"))
        .collect();
    let is_known = |flag: &str| known.iter().any(|known| known == flag);
    let elsewhere = ANYWHERE.iter().find(|(theirs, _)| *theirs == flag).map(|(_, ours)| *ours);
    let elsewhere = elsewhere
        .filter(|ours| *ours == "--version" || ours.split(' ').next().is_some_and(is_known));
    let spelled = || {
        let known: Vec<&str> = known.iter().map(|long| long.trim_start_matches('-')).collect();
        let word = flag.strip_prefix("--").filter(|word| word.len() > 2)?;
        nearest(word, &known).map(|word| format!("--{word}"))
    };
    elsewhere.map(str::to_owned).or_else(spelled)
}

/// A value that is none of those that are possible, or that is missing.
fn value(error: &Error, typed: &Typed) -> Option<String> {
    let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
    let argument = text(error, ContextKind::InvalidArg)?;
    let (flag, placeholder) = argument.split_once([' ', '[']).unwrap_or((&argument, ""));
    if value.is_empty() {
        return Some(typed.with(flag, filled_in(placeholder)).line());
    }
    if argument == "[OPERATION]" {
        let shape = operation(&value).or_else(|| for_place(&value));
        return shape.or_else(|| Some(typed.swap(&value, nearest_of(error, &value)?).line()));
    }
    if argument == "<PROGRAM>" && (for_place(&value).is_some() || Path::new(&value).is_file()) {
        return Some(typed.before(&value, whose_output(Path::new(&value))).line());
    }
    let ours = VALUES.iter().find(|(theirs, _)| *theirs == value).map(|(_, ours)| *ours);
    let possible = possible(error);
    let ours = ours.filter(|ours| possible.iter().any(|possible| possible == ours));
    let better = ours.or_else(|| nearest_of(error, &value))?;
    Some(match flag.starts_with('-') {
        true => typed.with(flag, better).line(),
        false => typed.swap(&value, better).line(),
    })
}

/// A value that can be typed, for `<NAME>` of the help.
fn filled_in(placeholder: &str) -> &str {
    let name = placeholder.trim_matches(['<', '>', '[', ']', '.']);
    PLACEHOLDERS.iter().find(|(known, _)| *known == name).map_or(name, |(_, value)| value)
}

/// The program that wrote a file, by what only etcd's benchmark writes; fio where that is not there.
fn whose_output(path: &Path) -> &'static str {
    let mut begin = Vec::new();
    let read = std::fs::File::open(path).map(|file| file.take(BEGIN).read_to_end(&mut begin));
    let has = |mark: &[u8]| memchr::memmem::find(&begin, mark).is_some();
    match read.is_ok() && has(b"Summary:") && has(b"Slowest:") {
        true => "benchmark",
        false => "fio",
    }
}

fn possible(error: &Error) -> &[String] {
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) => values,
        _ => &[],
    }
}

/// The possible value that is spelled most like this one, else the first.
fn nearest_of<'a>(error: &'a Error, value: &str) -> Option<&'a str> {
    let possible: Vec<&str> = possible(error).iter().map(String::as_str).collect();
    nearest(value, &possible).or_else(|| possible.first().copied())
}

/// A flag that another one needs.
fn missing(error: &Error, typed: &Typed) -> Option<String> {
    let argument = text(error, ContextKind::InvalidArg)?;
    if !argument.starts_with("--") {
        return None;
    }
    Some(match argument.split_once(' ') {
        Some((flag, placeholder)) => {
            let usual = example(typed.subcommand()).and_then(shlex::split).map(Typed);
            let usual = usual.as_ref().and_then(|usual| usual.value(flag));
            typed.with(flag, usual.unwrap_or(filled_in(placeholder))).line()
        }
        None => format!("{} {argument}", typed.line()),
    })
}

/// A command with the directory that was typed, where one was.
fn in_its_place(command: &str, typed: &Typed) -> String {
    let directory = typed.positionals().find(|word| Path::new(word).is_dir());
    match directory {
        Some(directory) => command.replace("DIR", &Typed(vec![directory.to_owned()]).line()[10..]),
        None => command.to_owned(),
    }
}

/// A value of the wrong form; its message has an example, or an example is made of it.
fn malformed(error: &Error, typed: &Typed) -> Option<String> {
    let value = text(error, ContextKind::InvalidValue)?;
    let argument = text(error, ContextKind::InvalidArg)?;
    let flag = argument.split([' ', '[']).next()?;
    let told = std::error::Error::source(error)?.to_string();
    let example = super::after::example_in(&told, &value)?;
    Some(typed.with(flag, &example).line())
}

/// Two things that exclude one another.
fn conflict(typed: &Typed) -> Option<String> {
    if typed.subcommand() != "load" {
        return None;
    }
    if typed.0.iter().any(|word| word == "--class" || word.starts_with("--class=")) {
        return Some("etcdbench load --class 'writers: put --rate 100'".to_owned());
    }
    local(typed).or_else(|| {
        // `load put get`: both at once are a mix.
        let ours =
            |word: &str| operation(word).map_or(word.to_owned(), |found| found[15..].to_owned());
        let operations: Vec<String> = typed.positionals().take(2).map(ours).collect();
        let [one, other] = operations.as_slice() else {
            return None;
        };
        Some(format!("etcdbench load --mix {one}=50,{other}=50"))
    })
}

/// `--local 3` without the sign of equality.
fn local(typed: &Typed) -> Option<String> {
    let words = &typed.0;
    let at = words.iter().position(|word| word == "--local")?;
    let number: u32 = words.get(at + 1)?.parse().ok()?;
    let mut words = words.clone();
    words.remove(at + 1);
    words.remove(at);
    words.push(format!("--local={number}"));
    Some(Typed(words).line())
}
