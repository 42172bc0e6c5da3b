//! The bytes of one input. What is no file and never ends is refused, and nothing is read without bound.

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::files;
use crate::plan::Input;

/// More than this is no summary of anything. The JSON of a hundred jobs with all their bins is 10 MiB.
pub(super) const MOST_BYTES: u64 = 32 << 20;

/// What was read.
pub(super) struct Bytes {
    /// Nothing where it is longer than [`MOST_BYTES`].
    pub bytes: Option<Vec<u8>>,
    /// When the file was last written; nothing for stdin and pipes.
    pub written_at: Option<Timestamp>,
}

/// Reads an input whole.
///
/// # Errors
/// [`Error::Io`] when it cannot be read, [`Error::Refused`] when it is a device, a socket or a directory, or a FIFO into
/// which nobody writes.
pub(super) fn read(input: &Input) -> Result<Bytes> {
    let file = match input {
        Input::Stdin => {
            let mut bytes = Vec::new();
            let mut stdin = io::stdin().lock().take(MOST_BYTES + 1);
            stdin.read_to_end(&mut bytes).map_err(Error::io("read", "stdin"))?;
            let fits = bytes.len() as u64 <= MOST_BYTES;
            return Ok(Bytes { bytes: fits.then_some(bytes), written_at: None });
        }
        Input::File(file) => file,
    };
    let found = fs::metadata(file).map_err(Error::io("open", file))?;
    if found.file_type().is_char_device() && !is_terminal(file) {
        return Err(refused(file, "this is a device"));
    }
    let written_at = found.is_file().then(|| found.modified().ok()).flatten();
    let written_at = written_at.and_then(|time| Timestamp::try_from(time).ok());
    match files::read_patiently(file, MOST_BYTES) {
        Ok(bytes) => Ok(Bytes { bytes: Some(bytes), written_at }),
        Err(error) if error.kind() == ErrorKind::FileTooLarge => {
            Ok(Bytes { bytes: None, written_at })
        }
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            Err(refused(file, &error.to_string()))
        }
        Err(error) => Err(Error::io("read", file)(error)),
    }
}

fn refused(file: &Path, what: &str) -> Error {
    Error::Refused(format!(
        "{}: {what}; name a file with the program's output, or - for stdin",
        file.display()
    ))
}

/// `/dev/stdin` at a terminal is somebody who types.
fn is_terminal(file: &Path) -> bool {
    use std::io::IsTerminal;
    files::open(file).is_ok_and(|(open, _)| open.is_terminal())
}
