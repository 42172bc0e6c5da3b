//! Rows: writes and syncs of which each begins when the one before it is done, and what became of them.

use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd as _, BorrowedFd, RawFd};
use std::path::Path;
use std::sync::Arc;

use rustix::io::Errno;

use crate::error::Error;

/// One operation. The descriptor must stay open until the row has ended.
#[derive(Debug)]
pub enum Step {
    /// Writes a range of bytes at an offset of the file.
    Write {
        /// The file.
        fd: RawFd,
        /// Where in the file.
        offset: u64,
        /// The bytes; this share keeps them in place while the kernel reads them.
        bytes: Arc<Vec<u8>>,
        /// Which of them.
        range: Range<usize>,
    },
    /// fdatasync, or fsync.
    Sync {
        /// The file.
        fd: RawFd,
        /// Without metadata that reading does not need.
        data_only: bool,
    },
}

/// Operations in order.
#[derive(Debug, Default)]
pub struct Row(pub(super) Vec<Step>);

impl Row {
    /// Adds a write.
    pub fn write(
        &mut self,
        file: BorrowedFd,
        offset: u64,
        bytes: &Arc<Vec<u8>>,
        range: Range<usize>,
    ) {
        self.0.push(Step::Write { fd: file.as_raw_fd(), offset, bytes: Arc::clone(bytes), range });
    }

    /// Adds an fdatasync.
    pub fn fdatasync(&mut self, file: BorrowedFd) {
        self.sync(file, true);
    }

    /// Adds an fsync.
    pub fn fsync(&mut self, file: BorrowedFd) {
        self.sync(file, false);
    }

    fn sync(&mut self, file: BorrowedFd, data_only: bool) {
        self.0.push(Step::Sync { fd: file.as_raw_fd(), data_only });
    }
}

/// When the last write and the last sync of a row were seen to be done; 0 where there was none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    /// Of the last write.
    pub written_ns: u64,
    /// Of the last sync.
    pub synced_ns: u64,
}

/// Why a row ended before its last step.
#[derive(Debug)]
pub enum Failure {
    /// A write failed.
    Write(io::Error),
    /// A sync failed.
    Sync(io::Error),
    /// The ring itself failed.
    Ring(io::Error),
}

impl Failure {
    /// The error, told as these two actions on this path.
    pub fn into_error(self, write: &'static str, sync: &'static str, path: &Path) -> Error {
        match self {
            Failure::Write(source) => Error::io(write, path)(source),
            Failure::Sync(source) => Error::io(sync, path)(source),
            Failure::Ring(source) => ring_error(source),
        }
    }
}

/// An error of the ring itself, which belongs to no file.
pub fn ring_error(source: io::Error) -> Error {
    Error::Refused(format!("--engine uring: io_uring failed: {source}"))
}

impl Step {
    /// Judges a completion: true when the step is done, false when it, or the rest of it, has to be issued again.
    pub fn settle(&mut self, result: i32) -> Result<bool, Failure> {
        match self {
            _ if result == -Errno::INTR.raw_os_error() => Ok(false),
            Step::Sync { .. } if result < 0 => Err(Failure::Sync(system_error(result))),
            Step::Sync { .. } => Ok(true),
            Step::Write { .. } if result < 0 => Err(Failure::Write(system_error(result))),
            Step::Write { .. } if result == 0 => {
                Err(Failure::Write(io::ErrorKind::WriteZero.into()))
            }
            Step::Write { offset, range, .. } => {
                range.start = range.end.min(range.start + result as usize);
                *offset += result as u64;
                Ok(range.start == range.end)
            }
        }
    }
}

fn system_error(result: i32) -> io::Error {
    io::Error::from_raw_os_error(-result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_of_ten() -> Step {
        Step::Write { fd: 0, offset: 100, bytes: Arc::new(vec![0; 20]), range: 5..15 }
    }

    #[test]
    fn a_whole_write_is_done() {
        assert!(write_of_ten().settle(10).unwrap());
    }

    #[test]
    fn the_rest_of_a_short_write_is_issued_again_at_its_place() {
        let mut step = write_of_ten();
        assert!(!step.settle(4).unwrap());
        let Step::Write { offset, range, .. } = &step else {
            panic!("still a write");
        };
        assert_eq!((*offset, range.clone()), (104, 9..15));
        assert!(step.settle(6).unwrap());
    }

    #[test]
    fn an_interrupted_step_is_issued_again_unchanged() {
        let mut step = write_of_ten();
        assert!(!step.settle(-Errno::INTR.raw_os_error()).unwrap());
        assert!(step.settle(10).unwrap());
    }

    #[test]
    fn nothing_written_is_no_progress_but_an_error() {
        assert!(matches!(write_of_ten().settle(0), Err(Failure::Write(_))));
    }

    #[test]
    fn errors_tell_what_was_done_to_which_path() {
        let mut sync = Step::Sync { fd: 0, data_only: true };
        let failure = sync.settle(-Errno::IO.raw_os_error()).unwrap_err();
        let error = failure.into_error("write", "sync the WAL in", Path::new("/d/wal"));
        let text = error.to_string();
        assert!(text.starts_with("/d/wal: cannot sync the WAL in: "), "{text}");
    }
}
