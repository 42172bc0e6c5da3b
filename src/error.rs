//! The errors a person can meet, each with the exit code it ends in.

use std::path::{Path, PathBuf};

use crate::exit::Exit;

/// Anything that stops a command before it has an answer.
///
/// A message names the flag, file, line or key, and the way out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Wrong usage or configuration; nothing was touched.
    #[error("{0}")]
    Usage(String),
    /// The measurement was refused or could not go on.
    #[error("{0}")]
    Refused(String),
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

/// A result whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Wraps a system error with what was done to which path; for `map_err`.
    pub fn io<E: Into<std::io::Error>>(
        action: &'static str,
        path: impl AsRef<Path>,
    ) -> impl FnOnce(E) -> Error {
        let path = path.as_ref().to_path_buf();
        move |source| Error::Io { action, path, source: source.into() }
    }

    /// The exit code this error ends in.
    pub fn exit(&self) -> Exit {
        match self {
            Error::Usage(_) => Exit::Usage,
            Error::Refused(_) | Error::Io { .. } | Error::Damaged { .. } => Exit::CannotMeasure,
        }
    }
}
