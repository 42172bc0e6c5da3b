//! A command line as it was typed, and the same with a word changed.

use std::path::Path;

use super::tables::{OPERATIONS, WORDS};

/// Everything that was typed, without the program's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Typed(pub Vec<String>);

impl Typed {
    /// The subcommand; empty where none was typed.
    pub fn subcommand(&self) -> &str {
        self.0.first().map(String::as_str).unwrap_or_default()
    }

    /// The words that are no flags and no flags' values as far as one sees it, without the subcommand.
    pub fn positionals(&self) -> impl Iterator<Item = &str> {
        self.0.iter().skip(1).filter(|word| !word.starts_with('-')).map(String::as_str)
    }

    /// The command line, quoted for a shell, without passwords.
    pub fn line(&self) -> String {
        let words = without_passwords(&self.0).into_iter().map(|word| quote(&word));
        std::iter::once("etcdbench".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
    }

    /// Another word in the place of one.
    pub fn swap(&self, word: &str, other: &str) -> Typed {
        let swapped = self.0.iter().map(|one| if one == word { other } else { one });
        Typed(swapped.map(str::to_owned).collect())
    }

    /// Another word before one.
    pub fn before(&self, word: &str, other: &str) -> Typed {
        let at = self.0.iter().position(|one| one == word).unwrap_or(self.0.len());
        let mut words = self.0.clone();
        words.insert(at, other.to_owned());
        Typed(words)
    }

    /// Another part in the place of one, wherever it stands.
    pub fn swap_within(&self, part: &str, other: &str) -> Option<Typed> {
        let found = self.0.iter().skip(1).any(|word| word.contains(part));
        let swapped = self.0.iter().map(|word| word.replacen(part, other, 1));
        found.then(|| Typed(swapped.collect()))
    }

    /// Without a word.
    pub fn without(&self, word: &str) -> Typed {
        Typed(self.0.iter().filter(|one| *one != word).cloned().collect())
    }

    /// The value of a flag, whichever way it was typed.
    pub fn value(&self, flag: &str) -> Option<&str> {
        let at = self.0.iter().position(|word| word == flag || starts(word, flag))?;
        match self.0[at].split_once('=') {
            Some((_, value)) => Some(value),
            None => self.0.get(at + 1).map(String::as_str),
        }
    }

    /// Another value of a flag; the flag as well where it is not there.
    pub fn with(&self, flag: &str, value: &str) -> Typed {
        let mut words = self.0.clone();
        match words.iter().position(|word| word == flag || starts(word, flag)) {
            Some(at) if words[at].contains('=') => words[at] = format!("{flag}={value}"),
            Some(at) if words.get(at + 1).is_some_and(|next| !next.starts_with("--")) => {
                words[at + 1] = value.to_owned();
            }
            Some(at) => words.insert(at + 1, value.to_owned()),
            None => words.extend([flag.to_owned(), value.to_owned()]),
        }
        Typed(words)
    }
}

/// Quoted for a shell where that is needed; what a shell fills in stays as it is.
fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=,@+%*".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => shlex::try_quote(word).map_or_else(|_| format!("'{word}'"), Into::into),
    }
}

/// What may be shown: errors end up in logs. Where a user is named without a password, it is asked for.
fn without_passwords(words: &[String]) -> Vec<String> {
    let mut told = Vec::with_capacity(words.len());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--password" => drop(words.next()),
            "--user" => {
                told.push(word.clone());
                told.extend(words.next().map(|user| name_of(user).to_owned()));
            }
            _ if starts(word, "--password") => {}
            _ => told.push(match word.strip_prefix("--user=") {
                Some(user) => format!("--user={}", name_of(user)),
                None => without_login(word),
            }),
        }
    }
    told
}

/// The user of `NAME:PASSWORD`.
fn name_of(user: &str) -> &str {
    user.split(':').next().unwrap_or_default()
}

/// Addresses without the user and the password that some have before the host.
fn without_login(word: &str) -> String {
    let mut parts = word.split("://");
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['/', ',']).unwrap_or(part.len());
        let host = part[..end].rfind('@').map_or(0, |at| at + 1);
        told += "://";
        told += &part[host..];
    }
    told
}

/// `--flag=value`.
fn starts(word: &str, flag: &str) -> bool {
    word.strip_prefix(flag).is_some_and(|rest| rest.starts_with('='))
}

/// The command for a word where a subcommand belongs, or for a file that another command reads; `None` for a word that
/// tells nothing.
pub(super) fn command_for(word: &str) -> Option<String> {
    for_place(word).or_else(|| for_word(word))
}

/// The command for a file, a directory or an address.
pub(super) fn for_place(word: &str) -> Option<String> {
    let path = Path::new(word);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let quoted = quote(word);
    Some(match ending {
        _ if word.contains("://") => format!("etcdbench load put --endpoints {quoted}"),
        _ if path.is_dir() => format!("etcdbench disk {quoted}"),
        "jsonl" => format!("etcdbench report {quoted}"),
        "toml" => format!("etcdbench run {quoted}"),
        "log" => format!("etcdbench logs {quoted}"),
        "json" => format!("etcdbench import fio {quoted}"),
        "csv" => format!("etcdbench trend --csv {quoted}"),
        _ if is_address(word) => format!("etcdbench load put --endpoints {quoted}"),
        // Only a directory can be qualified: that in which the file is.
        _ if path.is_file() && word.contains('/') => {
            format!("etcdbench disk {}", path.parent().unwrap_or(path).display())
        }
        _ if word.contains('/') => format!("etcdbench disk {quoted}"),
        _ => return None,
    })
}

/// `10.0.0.1:2379`.
fn is_address(word: &str) -> bool {
    let port = word.rsplit_once(':').map(|(host, port)| (host, port.parse::<u16>()));
    matches!(port, Some((host, Ok(_))) if !host.is_empty() && !host.contains('/'))
}

fn for_word(word: &str) -> Option<String> {
    let ours = WORDS.iter().find(|(theirs, _)| *theirs == word);
    ours.map(|(_, command)| (*command).to_owned()).or_else(|| operation(word))
}

/// What other tools call an operation.
pub(super) fn operation(word: &str) -> Option<String> {
    let found = OPERATIONS.iter().find(|(theirs, _)| *theirs == word);
    found.map(|(_, ours)| format!("etcdbench load {ours}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> Typed {
        Typed(shlex::split(line).unwrap())
    }

    #[test]
    fn one_word_is_changed_and_the_others_stay() {
        let line = typed("load put --rate=5 --label 'a=b c'");
        assert_eq!(line.value("--rate"), Some("5"));
        assert_eq!(line.value("--label"), Some("a=b c"));
        assert_eq!(line.value("--val-size"), None);
        assert_eq!(
            line.with("--rate", "100").line(),
            "etcdbench load put --rate=100 --label 'a=b c'"
        );
        assert_eq!(typed("disk a --rate").with("--rate", "9").line(), "etcdbench disk a --rate 9");
        assert_eq!(typed("disk a b").without("b").line(), "etcdbench disk a");
        assert_eq!(typed("logs d/*").line(), "etcdbench logs d/*");
        let rule =
            typed("disk a --rule 'wal.fsnyc.p99 < 9ms'").swap_within("wal.fsnyc", "wal.fsync");
        assert_eq!(rule.unwrap().line(), "etcdbench disk a --rule 'wal.fsync.p99 < 9ms'");
    }

    #[test]
    fn passwords_are_not_told_again() {
        let told = |line: &str| typed(line).line();
        for line in [
            "load put --password hunter2 --user root --rate 5",
            "load put --password=hunter2 --user=root:hunter2 --rate 5",
            "load put --user root:hunter2:hunter3 --rate 5",
            "load put --endpoints http://root:hunter2@a:1,https://me:hunter3@b:2 --rate 5",
            "load put --rate 5 --password hunter2",
            "load put --rate 5 --password",
        ] {
            let told = told(line);
            assert!(!told.contains("hunter") && told.contains("--rate 5"), "{told}");
        }
        assert_eq!(told("check --user a:b"), "etcdbench check --user a");
        assert_eq!(
            told("check --endpoints http://u:p@a:1,http://b:2/x@y"),
            "etcdbench check --endpoints http://a:1,http://b:2/x@y"
        );
    }

    #[test]
    fn places_tell_by_their_form_which_command_reads_them() {
        let command = |word: &str| command_for(word).unwrap_or_default();
        assert_eq!(command("/etc/hostname"), "etcdbench disk /etc");
        assert_eq!(command("localhost:2379"), "etcdbench load put --endpoints localhost:2379");
        assert_eq!(command("a b.log"), "etcdbench logs 'a b.log'");
        assert_eq!(command("diff"), "etcdbench compare old.jsonl new.jsonl");
        assert_eq!(command("gibberish"), "");
    }
}
