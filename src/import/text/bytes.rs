//! The bytes of one input. What is no file and never ends is refused, and nothing is read without bound.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::plan::Input;

/// More than this is no summary of anything. The JSON of a hundred jobs with all their bins is 10 MiB.
pub(super) const MOST_BYTES: u64 = 32 << 20;
/// How long somebody may take to begin to write into a FIFO.
const WRITER_PATIENCE: Duration = Duration::from_secs(2);
/// How often a FIFO is looked at meanwhile.
const WRITER_STEP: Duration = Duration::from_millis(20);

/// What was read, at most one byte more than [`MOST_BYTES`].
pub(super) struct Bytes {
    pub bytes: Vec<u8>,
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
            return Ok(Bytes { bytes, written_at: None });
        }
        Input::File(file) => file,
    };
    let found = fs::metadata(file).map_err(Error::io("open", file))?;
    let kind = found.file_type();
    if kind.is_fifo() {
        return Ok(Bytes { bytes: fifo(file)?, written_at: None });
    }
    let what = match kind {
        _ if kind.is_dir() => Some("a directory"),
        _ if kind.is_block_device() => Some("a disk"),
        _ if kind.is_socket() => Some("a socket"),
        _ if kind.is_char_device() && !is_terminal(file) => Some("a device"),
        _ => None,
    };
    if let Some(what) = what {
        return Err(Error::Refused(format!(
            "{}: this is {what}; name a file with the program's output, or - for stdin",
            file.display()
        )));
    }
    let mut bytes = Vec::new();
    let open = File::open(file).map_err(Error::io("open", file))?;
    open.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(Error::io("read", file))?;
    let written_at = found.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    Ok(Bytes { bytes, written_at })
}

/// `/dev/stdin` at a terminal is somebody who types.
fn is_terminal(file: &Path) -> bool {
    use std::io::IsTerminal;
    File::open(file).is_ok_and(|open| open.is_terminal())
}

/// Reads a FIFO until its writers are done. One that has no writer would keep a plain open waiting for ever.
fn fifo(path: &Path) -> Result<Vec<u8>> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NONBLOCK);
    let mut open = options.open(path).map_err(Error::io("open", path))?;
    let began = Instant::now();
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    while bytes.len() as u64 <= MOST_BYTES {
        match open.read(&mut buffer) {
            Ok(0) if bytes.is_empty() && began.elapsed() < WRITER_PATIENCE => {
                thread::sleep(WRITER_STEP);
            }
            Ok(0) if bytes.is_empty() => {
                return Err(Error::Refused(format!(
                    "{}: this is a FIFO into which nobody writes; start the program first, or name a file",
                    path.display()
                )));
            }
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // Somebody has it open, and may take as long as the measurement does.
                thread::sleep(WRITER_STEP);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::io("read", path)(error)),
        }
    }
    Ok(bytes)
}
