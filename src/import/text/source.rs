//! Foreign output as text, with errors that name its lines.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::plan::Input;

use super::bytes::{self, MOST_BYTES};
use super::unquote::unquote;
use crate::files::decode;

/// The output of a foreign program.
#[derive(Debug)]
pub(in crate::import) struct Source {
    /// As it was named.
    pub path: PathBuf,
    /// What it holds, without what a paste put around it; what is no text in it is replaced.
    pub text: String,
    /// When the file was last written; nothing for stdin.
    pub written_at: Option<Timestamp>,
}

impl Source {
    /// Reads it whole.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read, [`Error::Refused`] when it is no file, [`Error::Damaged`] when it is empty
    /// or far too long.
    pub fn read(input: &Input) -> Result<Source> {
        let path = input.shown().to_path_buf();
        let read = bytes::read(input)?;
        let is_long = read.bytes.is_none();
        let shown = read.bytes.as_deref().unwrap_or_default();
        let source = Source { path, text: unquote(decode(shown)), written_at: read.written_at };
        if is_long {
            let mib = MOST_BYTES >> 20;
            return Err(source.damaged(
                1,
                format!("it is longer than {mib} MiB; that is no summary. Cut out the last report, and import that"),
            ));
        }
        if source.text.trim().is_empty() {
            return Err(
                source.damaged(1, "it is empty: the program had not ended, or told nothing")
            );
        }
        Ok(source)
    }

    /// A text found inside this one, such as a string of a JSON document.
    pub fn inner(&self, text: &str) -> Source {
        Source {
            path: self.path.clone(),
            text: unquote(decode(text.as_bytes())),
            written_at: self.written_at,
        }
    }

    /// The same, with another text in the place of this one: its lines are those of the file still.
    pub fn with(&self, text: String) -> Source {
        Source { path: self.path.clone(), text, written_at: self.written_at }
    }

    /// An error about a line, counted from 1.
    pub fn damaged(&self, line: usize, message: impl Into<String>) -> Error {
        Error::Damaged { path: self.path.clone(), line, message: message.into() }
    }

    /// The line on which a byte lies, counted from 1.
    pub fn line_of(&self, offset: usize) -> usize {
        1 + self.text.as_bytes()[..offset.min(self.text.len())]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count()
    }

    /// The line of the first place where a text stands, from a byte on; the line of that byte when it stands nowhere.
    pub fn line_with(&self, from: usize, text: &str) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        self.line_of(from + rest.find(text).unwrap_or(0))
    }

    /// Tells this output from others: FNV-1a of its text, so that the same file taken in twice is the same run.
    pub fn fingerprint(&self) -> u64 {
        self.text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }
}
