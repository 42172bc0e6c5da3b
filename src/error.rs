//! The errors a person can meet, each with the exit code it ends in.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::exit::Exit;

/// Anything that stops a command before it has an answer.
///
/// A message names the flag, file, line or key, and the way out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Wrong usage or configuration; nothing was touched. Made by [`usage`].
    #[error("{0}")]
    Usage(Box<Usage>),
    /// The measurement was refused or could not go on.
    #[error("{0}")]
    Refused(String),
    /// The machines of a load did not come together, so that none began.
    #[error("{0}")]
    NotTogether(String),
    /// No etcd that was named answers.
    #[error("{0}")]
    Unanswered(String),
    /// An operation on a file failed.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// What was being done, as a verb phrase: "create", "write".
        action: &'static str,
        /// The file or directory it was done to.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
    /// A result file that cannot be read.
    #[error("{}:{line}: {message}", path.display())]
    Damaged {
        /// The result file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
}

/// Wrong usage or configuration: what is wrong, and where it was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// What is wrong and the way out, in words.
    pub message: String,
    /// The flags it is about, as typed (`--val-size`), arguments without one by their name (`directory`). The first
    /// that was given is the one to change.
    pub flags: Vec<&'static str>,
    /// The class of the load that it is about.
    pub class: Option<String>,
    /// The key of a file that says it.
    pub key: Option<String>,
    /// Where in the file.
    pub position: Option<Position>,
    /// What to type, where that is known.
    pub way_out: Option<WayOut>,
}

/// How what was typed is to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WayOut {
    /// Another value of the first of the flags.
    Value(String),
    /// Without these words.
    Without(Vec<String>),
}

/// A place in a file that a person wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The file, as it is named in messages.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
}

/// What is opened through the handle of a directory has a path that tells a person nothing; the system knows where the
/// directory is, as long as the handle is open.
fn real(path: PathBuf) -> PathBuf {
    const HANDLES: &str = "/proc/self/fd";
    let Ok(inner) = path.strip_prefix(HANDLES) else {
        return path;
    };
    let mut parts = inner.components();
    let handle = parts.next().map(|number| Path::new(HANDLES).join(number));
    match handle.and_then(|handle| std::fs::read_link(handle).ok()) {
        // A pipe or a socket has no place.
        Some(place) if place.is_absolute() => place.join(parts.as_path()),
        _ => path,
    }
}

impl fmt::Display for Position {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}:{}", self.file, self.line)
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = &self.position {
            write!(to, "{position}: ")?;
        }
        if let Some(class) = &self.class {
            write!(to, "--class {class}: ")?;
        }
        to.write_str(&self.message)
    }
}

/// A result whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Wrong usage of these flags, the one to blame first; of none where it is about something else. The message names
/// them where a person needs that, and ends with the way out.
pub fn usage(flags: &[&'static str], message: impl Into<String>) -> Error {
    Error::Usage(Box::new(Usage {
        message: message.into(),
        flags: flags.to_vec(),
        ..Usage::default()
    }))
}

impl Error {
    /// Where it is wrong usage: what to type instead.
    pub fn or_type(mut self, way_out: WayOut) -> Self {
        if let Error::Usage(usage) = &mut self {
            usage.way_out = Some(way_out);
        }
        self
    }

    /// Where it is an etcd that does not answer: what to do about it, on a line of its own.
    pub fn or_else_type(self, way_out: &str) -> Self {
        match self {
            Error::Unanswered(words) => Error::Unanswered(format!("{words}\n{way_out}")),
            error => error,
        }
    }

    /// Wraps a system error with what was done to which path; for `map_err`.
    pub fn io<E: Into<std::io::Error>>(
        action: &'static str,
        path: impl AsRef<Path>,
    ) -> impl FnOnce(E) -> Error {
        let path = path.as_ref().to_path_buf();
        move |source| Error::Io { action, path: real(path), source: source.into() }
    }

    /// The same about a class of a load.
    #[must_use]
    pub fn of_class(self, class: &str) -> Error {
        self.with(|usage| usage.class = Some(class.to_owned()))
    }

    /// The same, said by this key of a file, at this place in it.
    #[must_use]
    pub fn at(self, key: Option<&str>, position: Position) -> Error {
        self.with(|usage| {
            usage.key = key.map(str::to_owned);
            usage.position = Some(position);
        })
    }

    fn with(mut self, change: impl FnOnce(&mut Usage)) -> Error {
        if let Error::Usage(usage) = &mut self {
            change(usage);
        }
        self
    }

    /// The exit code this error ends in.
    pub fn exit(&self) -> Exit {
        match self {
            Error::Usage(_) => Exit::Usage,
            Error::NotTogether(_) => Exit::NoVerdict,
            Error::Refused(_) | Error::Unanswered(_) | Error::Io { .. } | Error::Damaged { .. } => {
                Exit::CannotMeasure
            }
        }
    }
}
