//! Segment files: reserved as etcd reserves them, one spare kept ready by a background thread.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::fs::{FallocateFlags, FlockOperation};

use crate::error::{Error, Result};
use crate::files;

/// etcd's `SegmentSizeBytes`: decimal, and a soft limit.
pub const SEGMENT_BYTES: u64 = 64_000_000;
/// etcd's `--max-wals` default: files kept by the purge.
pub const MAX_WALS: usize = 5;
/// etcd purges every 30 s (`purgeFileInterval`).
const PURGE_INTERVAL: Duration = Duration::from_secs(30);

/// Opens a fresh, locked segment file with its space reserved.
pub fn create(path: &Path) -> Result<File> {
    let file = files::create_new(path).map_err(Error::io("create", path))?;
    lock(&file).map_err(Error::io("lock", path))?;
    preallocate(&file).map_err(Error::io("reserve 64 MB for", path))?;
    Ok(file)
}

/// Takes etcd's lock on a segment file.
pub fn lock(file: &File) -> io::Result<()> {
    rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(())
}

/// `fallocate` mode 0, as etcd does; where the file system has none, etcd only sets the length, and so does this.
fn preallocate(file: &File) -> io::Result<()> {
    loop {
        match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, SEGMENT_BYTES) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {
                return file.set_len(SEGMENT_BYTES);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether the blocks of a file are really reserved: false where the file system only set its length.
pub fn is_reserved(file: &File) -> io::Result<bool> {
    let stat = rustix::fs::fstat(file)?;
    Ok(stat.st_blocks as u64 * 512 >= SEGMENT_BYTES)
}

/// A reserved segment that has no name in the log yet.
pub struct Spare {
    /// Where it lies: `0.tmp` or `1.tmp`.
    pub path: PathBuf,
    /// Locked and open for writing.
    pub file: File,
}

/// Keeps one spare segment ready, and purges old segments, from a thread of its own.
pub struct Pipeline {
    /// Dropped to end the thread.
    requests: Option<Sender<()>>,
    spares: Receiver<Result<Spare>>,
    /// A spare was asked for and not given yet.
    asked: bool,
    thread: Option<JoinHandle<()>>,
}

impl Pipeline {
    /// Starts to reserve `0.tmp`, then `1.tmp`, and so on in turn, in this directory.
    pub fn start(dir: &Path) -> Result<Self> {
        let (requests, requested) = channel();
        let (spare_tx, spares) = channel();
        let dir = dir.to_path_buf();
        let thread = std::thread::Builder::new()
            .name("wal-pipeline".into())
            .spawn(move || fill(&dir, &requested, &spare_tx))
            .map_err(Error::io("start a thread for", "wal pipeline"))?;
        Ok(Pipeline { requests: Some(requests), spares, asked: false, thread: Some(thread) })
    }

    /// Takes the spare; waits for it if it is not ready yet. The next one is reserved at once.
    pub fn take(&mut self) -> Result<Spare> {
        self.ask();
        self.asked = false;
        self.spares.recv().unwrap_or_else(|_| Err(ended()))
    }

    /// Takes the spare if it is ready.
    pub fn try_take(&mut self) -> Result<Option<Spare>> {
        self.ask();
        match self.spares.try_recv() {
            Err(TryRecvError::Empty) => Ok(None),
            Ok(spare) => {
                self.asked = false;
                spare.map(Some)
            }
            Err(TryRecvError::Disconnected) => Err(ended()),
        }
    }

    fn ask(&mut self) {
        if !self.asked
            && let Some(requests) = &self.requests
        {
            // Where the thread has ended the answer says so.
            let _ = requests.send(());
            self.asked = true;
        }
    }
}

fn ended() -> Error {
    Error::Refused("the thread that reserves WAL segments has ended".into())
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn fill(dir: &Path, requested: &Receiver<()>, spares: &Sender<Result<Spare>>) {
    let mut next_purge = Instant::now() + PURGE_INTERVAL;
    for turn in (0..2).cycle() {
        let path = dir.join(format!("{turn}.tmp"));
        let spare = create(&path).map(|file| Spare { path, file });
        loop {
            let wait = next_purge.saturating_duration_since(Instant::now());
            match requested.recv_timeout(wait) {
                Ok(()) => break,
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    purge(dir);
                    next_purge = Instant::now() + PURGE_INTERVAL;
                }
            }
        }
        if spares.send(spare).is_err() {
            return;
        }
    }
}

/// Unlinks all but the newest segments. One that cannot be unlinked stays for the next round, as in etcd.
fn purge(dir: &Path) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    let mut segments: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "wal"))
        .collect();
    segments.sort();
    let surplus = segments.len().saturating_sub(MAX_WALS);
    for path in &segments[..surplus] {
        let _ = std::fs::remove_file(path);
    }
}

/// etcd's name of a segment: sequence, index of its first entry.
pub fn name(sequence: u64, first_index: u64) -> String {
    format!("{sequence:016x}-{first_index:016x}.wal")
}
