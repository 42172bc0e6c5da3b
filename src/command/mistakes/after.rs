//! Mistakes that are seen once flags have been read: their messages name the way out in words; what is to be typed then
//! follows from them.

use std::path::Path;

use super::tables::{MAKES, WORDS, example};
use super::typed::{Typed, for_place};
use crate::error::{Error, WayOut};
use crate::suggest::nearest;

/// What to type after an error; `None` where the message has said it: it names a command, a flag to be added, or the
/// line of a file to be changed. `typed` is everything that was typed, without the program's name.
pub fn after(error: &Error, typed: &[String]) -> Option<String> {
    let typed = Typed(typed.to_vec());
    // Hidden commands are typed by nobody.
    let fallback = example(typed.subcommand())?;
    let told = error.to_string();
    if let Error::Unanswered(_) = error {
        return Some(unanswered(&typed, fallback));
    }
    if let Error::Usage(usage) = error
        && let Some(way_out) = &usage.way_out
    {
        return Some(changed(way_out, usage.flags.first()?, &typed).line());
    }
    if told.contains("etcdbench ") {
        return None;
    }
    if typed.0.len() == 1 {
        return Some(fallback.to_owned());
    }
    if let Error::Usage(usage) = error
        && usage.position.is_some()
        && elsewhere(&typed, &told).is_none()
    {
        return None;
    }
    let flag = match error {
        Error::Usage(usage) => usage.flags.first().copied().filter(|flag| flag.starts_with("--")),
        _ => None,
    };
    elsewhere(&typed, &told)
        .or_else(|| of_file(error, &typed))
        .or_else(|| mended(&told, flag, &typed))
        .or_else(|| match error {
            _ if names_flag(&told) => None,
            Error::Usage(_) | Error::Io { .. } | Error::Damaged { .. } => Some(fallback.to_owned()),
            // A run that came to nothing is not mended by typing something else, but for another place.
            _ if told.contains("name one") || told.contains("name another") => {
                Some(fallback.to_owned())
            }
            _ => None,
        })
}

fn changed(way_out: &WayOut, flag: &str, typed: &Typed) -> Typed {
    match way_out {
        WayOut::Value(value) => typed.with(flag, value),
        WayOut::Without(words) => {
            words.iter().fold(typed.clone(), |typed, word| typed.without(word))
        }
    }
}

/// No etcd is there: one is started, or another named.
fn unanswered(typed: &Typed, fallback: &str) -> String {
    let named = ["--endpoints", "--endpoint"].iter().any(|flag| typed.value(flag).is_some());
    match typed.subcommand() {
        "load" if !named => format!("{} --local", typed.line()),
        "load" => fallback.to_owned(),
        _ => typed.with("--endpoints", "HOST:2379").line(),
    }
}

/// A file or an address that another command takes.
fn elsewhere(typed: &Typed, told: &str) -> Option<String> {
    let own: &[&str] = match typed.subcommand() {
        "disk" => &[],
        "report" | "compare" | "merge" => &["jsonl"],
        "logs" => &["log"],
        "run" => &["toml"],
        "import" => &["json", "txt", "log", "fio", "benchmark"],
        _ => return None,
    };
    let mentioned =
        |word: &&str| told.contains(word.trim_start_matches("./")) || word.contains("://");
    // What is wrong with a log is told of all that were named.
    let only = || typed.positionals().next().filter(|_| typed.subcommand() == "logs");
    let at_fault = typed.positionals().find(mentioned).or_else(only)?;
    if typed.subcommand() == "run" && WORDS.iter().any(|(word, _)| *word == at_fault) {
        let found =
            WORDS.iter().find(|(word, command)| *word == at_fault && !command.contains(" or "));
        return found.map(|(_, command)| (*command).to_owned());
    }
    let path = Path::new(at_fault);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let is_other = !ending.is_empty() && !own.contains(&ending) && path.is_file();
    let is_address = at_fault.contains("://");
    let beside = typed.subcommand() == "disk" && path.is_file() && !at_fault.starts_with("/dev/");
    let merged = typed.subcommand() == "merge" && path.is_file() && told.contains("only loads");
    (is_other || is_address || beside || merged).then(|| for_place(at_fault))?
}

/// A file that is not there, is a directory, or is there already.
fn of_file(error: &Error, typed: &Typed) -> Option<String> {
    let Error::Io { path, source, .. } = error else {
        return None;
    };
    let word = path.display().to_string();
    let is_first = ["results", "./results", "results/"].contains(&word.as_str());
    match source.kind() {
        std::io::ErrorKind::NotFound if is_first || word.contains('*') => {
            // There is no result yet: this makes one.
            Some("etcdbench disk /var/lib/etcd".to_owned())
        }
        std::io::ErrorKind::NotFound => {
            let near = neighbour(path).and_then(|near| typed.swap_within(&word, &near));
            let makes = MAKES.iter().find(|(flag, _)| typed.value(flag) == Some(word.as_str()));
            near.map(|typed| typed.line()).or(makes.map(|(_, command)| (*command).to_owned()))
        }
        _ if typed.value("--charts") == Some(word.as_str()) => {
            Some(typed.with("--charts", "charts").line())
        }
        _ if path.is_dir() => {
            let all = format!("{}/*.jsonl", word.trim_end_matches('/'));
            Some(typed.swap(&word, &all).line())
        }
        _ => None,
    }
}

/// The file in the same directory whose name is nearly this.
fn neighbour(path: &Path) -> Option<String> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let entries = std::fs::read_dir(directory.unwrap_or(Path::new("."))).ok()?;
    let names: Vec<String> = entries
        .take(10_000)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| Path::new(name).extension() == path.extension())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let near = nearest(path.file_name()?.to_str()?, &names)?;
    Some(directory.map_or(near.to_owned(), |directory| directory.join(near).display().to_string()))
}

/// The same command with what the message says of it: another word, a value of the right form, a value within bounds.
fn mended(told: &str, flag: Option<&str>, typed: &Typed) -> Option<String> {
    if let Some((wrong, right)) = meant(told) {
        return typed.swap_within(wrong, right).map(|typed| typed.line());
    }
    let flag = flag?;
    if flag == "--rule" {
        let series = if typed.subcommand() == "disk" { "wal.fsync" } else { "put.response" };
        let rule = format!("{series}.p99 < 10ms");
        return Some(typed.with("--rule", &rule).line());
    }
    let value = typed.value(flag)?;
    if told.contains("drop one") {
        return Some(typed.without(value).without(flag).without(&format!("{flag}={value}")).line());
    }
    let better = example_in(told, value).or_else(|| bound_in(told, value)).or_else(|| {
        let wrong = between(told, "no ", "'; there are ")?.rsplit_once('\'')?.1;
        let first = told.split_once("'; there are ")?.1.split([',', '.']).next()?;
        Some(value.replacen(wrong, first, 1))
    })?;
    Some(typed.with(flag, &better).line())
}

/// `no series 'wal.fsnyc'; did you mean 'wal.fsync'?`
fn meant(told: &str) -> Option<(&str, &str)> {
    let (before, after) = told.split_once("did you mean '")?;
    let right = after.split('\'').next()?;
    let mut quoted = before.rsplit('\'');
    quoted.next()?;
    Some((quoted.next()?, right))
}

/// The example after "like", made of the value itself where that lacks nothing but a unit.
pub(super) fn example_in(told: &str, value: &str) -> Option<String> {
    let example = told.split_once("like ").map(|(_, rest)| rest)?;
    let example = match example.strip_prefix('\'') {
        Some(quoted) => quoted.split('\'').next()?,
        None => example.split([' ', ',']).next()?,
    };
    let example = example.trim_end_matches(['.', ';']);
    let number = value.parse::<u64>().is_ok();
    Some(match told.contains("not a duration") && number && value != "0" {
        true => format!("{value}s"),
        false => example.to_owned(),
    })
}

/// `must be 1 to 7`: the bound that is nearer.
fn bound_in(told: &str, value: &str) -> Option<String> {
    let (_, bounds) = told.split_once("must be ")?;
    let mut words = bounds.split([' ', ';', ',']);
    let (low, to, high) = (words.next()?, words.next()?, words.next()?);
    let (low, high): (f64, f64) = (low.parse().ok()?, high.parse().ok()?);
    let value: f64 = value.parse().ok()?;
    (to == "to").then(|| value.clamp(low, high).to_string())
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(inner, _)| inner)
}

/// Whether the last clause of a message says which flag does it.
fn names_flag(told: &str) -> bool {
    let last = told.rsplit(['\n', ';']).next().unwrap_or(told);
    last.contains("--") || last.contains("ETCDCTL_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_and_bounds_are_taken_from_the_message() {
        let told = "'30' is not a duration; write it with a unit, like 10ms, 1.5s or 30m";
        assert_eq!(example_in(told, "30").as_deref(), Some("30s"));
        assert_eq!(example_in(told, "abc").as_deref(), Some("10ms"));
        let quoted = "--class 'x' has no name; write it like 'leases: txn --guarded'";
        assert_eq!(example_in(quoted, "x").as_deref(), Some("leases: txn --guarded"));
        let bounds = "--local 9 is out of range; it must be 1 to 7";
        assert_eq!(bound_in(bounds, "9").as_deref(), Some("7"));
        assert_eq!(bound_in(bounds, "0").as_deref(), Some("1"));
        let slip = "no series 'wal.fsnyc'; did you mean 'wal.fsync'?";
        assert_eq!(meant(slip), Some(("wal.fsnyc", "wal.fsync")));
        assert!(names_flag("no key; pass --key, too (or ETCDCTL_KEY)") && !names_flag("gone"));
    }
}
