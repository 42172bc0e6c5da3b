//! Reading a file that somebody names: it may be a FIFO nobody writes into, a device that never ends, or a bomb.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::pipe::SpliceFlags;

use crate::units::format_bytes;

/// How long somebody may take to begin to write into a FIFO.
const WRITER_PATIENCE: Duration = Duration::from_secs(2);
/// How long a FIFO or a device may give nothing before a read is given up.
const SILENCE: Duration = Duration::from_secs(30);
/// How often a FIFO without a writer is looked at.
const STEP: Duration = Duration::from_millis(20);

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A pipe, or a terminal: what another program or a person writes.
    Stream,
}

/// Opens what a name stands for, to be read once from beginning to end. Waits two seconds for the writer of a FIFO, and
/// no longer.
///
/// # Errors
/// What the system says; [`ErrorKind::InvalidInput`] for what is neither a file nor a stream.
pub fn open(path: &Path) -> io::Result<(File, Kind)> {
    let (file, kind) = open_without_waiting(path)?;
    if kind == Kind::Stream {
        let flags = rustix::fs::fcntl_getfl(&file)?;
        rustix::fs::fcntl_setfl(&file, flags - OFlags::NONBLOCK)?;
    }
    Ok((file, kind))
}

fn open_without_waiting(path: &Path) -> io::Result<(File, Kind)> {
    let mut options = File::options();
    options.read(true).custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32);
    let file = options.open(path)?;
    let kind = file.metadata()?.file_type();
    let refused = |what: &str| Err(io::Error::new(ErrorKind::InvalidInput, what.to_owned()));
    match kind {
        _ if kind.is_file() => Ok((file, Kind::File)),
        _ if kind.is_fifo() => {
            await_writer(&file)?;
            Ok((file, Kind::Stream))
        }
        _ if kind.is_char_device() => Ok((file, Kind::Stream)),
        _ if kind.is_dir() => refused("this is a directory"),
        _ if kind.is_block_device() => refused("this is a disk"),
        _ => refused("this is no file"),
    }
}

/// A FIFO that nobody has open for writing polls neither as readable nor as hung up until its first writer has come.
fn await_writer(file: &File) -> io::Result<()> {
    let began = Instant::now();
    let mut byte = [PollFd::from_borrowed_fd(file.as_fd(), PollFlags::IN)];
    while began.elapsed() < WRITER_PATIENCE {
        let step = Timespec { tv_sec: 0, tv_nsec: STEP.as_nanos() as _ };
        if poll(&mut byte, Some(&step))? > 0 {
            return Ok(());
        }
    }
    match has_writer(file) {
        true => Ok(()),
        false => {
            Err(io::Error::new(ErrorKind::InvalidInput, "this is a FIFO into which nobody writes"))
        }
    }
}

/// Duplicating what is in a FIFO takes nothing out of it; it ends where nobody has it open, and would wait where somebody
/// has.
fn has_writer(file: &File) -> bool {
    let Ok((_copied, copy)) = rustix::pipe::pipe() else {
        return false;
    };
    !matches!(rustix::pipe::tee(file, &copy, 1, SpliceFlags::NONBLOCK), Ok(0))
}

/// Reads what a name stands for whole, if it is no longer than `most` bytes.
///
/// # Errors
/// What the system says; [`ErrorKind::FileTooLarge`] beyond `most`, [`ErrorKind::TimedOut`] for a stream that is silent
/// for half a minute, [`ErrorKind::InvalidInput`] for what is neither a file nor a stream.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_for(path, most, Some(SILENCE))
}

/// [`read`], from whoever takes his time: a stream that has a writer may be silent as long as it likes.
///
/// # Errors
/// As [`read`], but for the silence.
pub fn read_patiently(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_for(path, most, None)
}

fn read_for(path: &Path, most: u64, silence: Option<Duration>) -> io::Result<Vec<u8>> {
    let (mut file, _) = open_without_waiting(path)?;
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    let mut heard = Instant::now();
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(bytes),
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if silence.is_some_and(|longest| heard.elapsed() > longest) {
                    return Err(io::Error::new(ErrorKind::TimedOut, "nothing came for 30 s"));
                }
                thread::sleep(STEP);
                continue;
            }
            Err(error) => return Err(error),
        }
        heard = Instant::now();
        if bytes.len() as u64 > most {
            return Err(io::Error::new(
                ErrorKind::FileTooLarge,
                format!("this is longer than {}, which is more than it can be", format_bytes(most)),
            ));
        }
    }
}

/// [`read`], for text.
///
/// # Errors
/// As [`read`]; [`ErrorKind::InvalidData`] for what is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read(path, most)?)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "this is no text in UTF-8"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    fn fifo(directory: &Path) -> PathBuf {
        let path = directory.join("fifo");
        let mode = rustix::fs::Mode::RWXU;
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        path
    }

    #[test]
    fn what_never_ends_is_not_read_to_its_end() {
        let error = read(Path::new("/dev/zero"), 1 << 20).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, [0; 1000]).unwrap();
        assert_eq!(read(&path, 1000).unwrap().len(), 1000);
        assert_eq!(read(&path, 999).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(read(directory.path(), 9).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(read(Path::new("/dev/null"), 9).unwrap(), b"");
    }

    #[test]
    fn a_fifo_nobody_writes_into_is_told_after_two_seconds() {
        let directory = tempfile::tempdir().unwrap();
        let path = fifo(directory.path());
        let began = Instant::now();
        assert!(open(&path).unwrap_err().to_string().contains("nobody writes"));
        assert!(began.elapsed() < 3 * WRITER_PATIENCE);
    }

    #[test]
    fn a_fifo_with_a_writer_who_takes_his_time_is_read_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = fifo(directory.path());
        let write = {
            let path = path.clone();
            move || {
                use std::io::Write as _;
                let mut to = File::options().write(true).open(path).unwrap();
                thread::sleep(WRITER_PATIENCE + WRITER_PATIENCE / 4);
                to.write_all(&[7; 100_000]).unwrap();
            }
        };
        let writer = thread::spawn(write);
        assert_eq!(read(&path, 1 << 20).unwrap(), [7; 100_000]);
        writer.join().unwrap();
    }
}
