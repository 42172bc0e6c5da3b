//! Foreign output as text, with errors that name its lines.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::plan::Input;

/// More than this is no summary of anything.
const MOST_BYTES: u64 = 256 << 20;

/// The output of a foreign program.
#[derive(Debug)]
pub(super) struct Source {
    /// As it was named.
    pub path: PathBuf,
    /// What it holds; what is no UTF-8 in it is replaced.
    pub text: String,
    /// When the file was last written; nothing for stdin.
    pub written_at: Option<Timestamp>,
}

impl Source {
    /// Reads it whole.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read, [`Error::Damaged`] when it is empty or far too long.
    pub fn read(input: &Input) -> Result<Source> {
        let path = input.shown().to_path_buf();
        let mut bytes = Vec::new();
        let written_at = match input {
            Input::Stdin => {
                let mut stdin = io::stdin().lock().take(MOST_BYTES + 1);
                stdin.read_to_end(&mut bytes).map_err(Error::io("read", "stdin"))?;
                None
            }
            Input::File(file) => {
                let open = File::open(file).map_err(Error::io("open", file))?;
                let times = open.metadata().and_then(|found| found.modified());
                open.take(MOST_BYTES + 1)
                    .read_to_end(&mut bytes)
                    .map_err(Error::io("read", file))?;
                times.ok().and_then(|time| Timestamp::try_from(time).ok())
            }
        };
        let source =
            Source { path, text: String::from_utf8_lossy(&bytes).into_owned(), written_at };
        if source.text.trim().is_empty() {
            return Err(
                source.damaged(1, "it is empty: the program had not ended, or told nothing")
            );
        }
        if bytes.len() as u64 > MOST_BYTES {
            return Err(source.damaged(1, "it is longer than 256 MiB; that is no summary"));
        }
        Ok(source)
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
