//! The ladder itself: the same write without a sync, with fdatasync, and with `O_DSYNC`, timed, with the device's
//! counters read around the middle one.

use super::observer::{Seen, WRITE_BYTES};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::{FallocateFlags, Mode, OFlags};

use crate::disk::value::Values;
use crate::disk::wal::JOURNAL_BYTES;
use crate::error::{Error, Result};
use crate::host::device::DeviceCounters;

use super::observer::SyncObserver;

/// Writes per rung: enough for a steady median, 4 MiB in all.
const MOST_WRITES: u64 = 1024;

/// Rungs that write.
const RUNGS: u64 = 4;

/// What a write makes the device write: each goes into a fresh block.
const WRITE_AT_DEVICE: u64 = WRITE_BYTES + JOURNAL_BYTES;

/// Writes per rung however slow the disk is: a slow disk gets an answer too.
const FEWEST_WRITES: u64 = 8;

/// The file whose writes are left to the page cache.
const UNSYNCED: &str = "unsynced";

/// Syncs through the C library, to see whether something stands in front of it.
const LIBRARY_SYNCS: u64 = 16;

/// What the ladder has seen. Medians are absent where a rung was not reached.
#[derive(Debug, Clone, Default)]
pub(super) struct Measured {
    pub(super) unsynced_p50_ns: Option<u64>,
    /// Write and fdatasync together.
    pub(super) synced_p50_ns: Option<u64>,
    /// The fdatasync alone.
    pub(super) fdatasync_p50_ns: Option<u64>,
    pub(super) dsync_p50_ns: Option<u64>,
    /// The fdatasync alone, when made through the C library, as etcd and this program do not.
    pub(super) library_p50_ns: Option<u64>,
    pub(super) syncs: u64,
    /// What the device did during the fdatasync rung.
    pub(super) device: Option<Seen>,
    /// At the device.
    pub(super) written_bytes: u64,
}

/// Climbs all rungs within about `budget`, and tells of each synced write when it began and how long it took.
pub(super) fn run_ladder(
    workdir: &Path,
    counters: Option<&DeviceCounters>,
    (budget, most_bytes): (Duration, u64),
    stop: &AtomicBool,
    told: &mut dyn FnMut(Instant, Duration),
) -> Result<Measured> {
    let mut run = LadderRun {
        workdir,
        stop,
        most_writes: MOST_WRITES.min(most_bytes / RUNGS / WRITE_AT_DEVICE),
        told,
        values: Values::new(8, WRITE_BYTES as u32, 0),
        measured: Measured::default(),
    };
    run.unsynced(budget / 20)?;
    run.synced(counters, budget / 2)?;
    run.dsync(budget / 4)?;
    run.through_the_library(budget / 20)?;
    Ok(run.measured)
}

struct LadderRun<'a> {
    workdir: &'a Path,
    stop: &'a AtomicBool,
    /// Writes per rung at most.
    most_writes: u64,
    told: &'a mut dyn FnMut(Instant, Duration),
    values: Values,
    measured: Measured,
}

/// What each write took, and its sync.
#[derive(Default)]
struct Times {
    write: Vec<u64>,
    sync: Vec<u64>,
    both: Vec<u64>,
}

impl LadderRun<'_> {
    fn unsynced(&mut self, time: Duration) -> Result<()> {
        let file = Scratch::create(self.workdir, UNSYNCED, OFlags::empty())?;
        let times = self.rung(&file, time, MOST_WRITES, |_| Ok(()), || ())?;
        self.measured.unsynced_p50_ns = median(times.write);
        Ok(())
    }

    fn synced(&mut self, counters: Option<&DeviceCounters>, time: Duration) -> Result<()> {
        let file = Scratch::create(self.workdir, "fdatasync", OFlags::empty())?;
        // What creating the file left behind is not to be charged to the first sync.
        rustix::fs::fsync(&file.fd).map_err(Error::io("sync", &file.path))?;
        let mut observer = counters.and_then(SyncObserver::new);
        let look = || {
            if let Some(observer) = &mut observer {
                observer.look();
            }
        };
        let times = self.rung(&file, time, MOST_WRITES, |fd| rustix::fs::fdatasync(fd), look)?;
        self.measured.syncs = times.sync.len() as u64;
        self.measured.synced_p50_ns = median(times.both);
        self.measured.fdatasync_p50_ns = median(times.sync);
        self.measured.device = observer.and_then(|observer| observer.summary());
        Ok(())
    }

    fn dsync(&mut self, time: Duration) -> Result<()> {
        let file = Scratch::create(self.workdir, "dsync", OFlags::DSYNC)?;
        let times = self.rung(&file, time, MOST_WRITES, |_| Ok(()), || ())?;
        self.measured.dsync_p50_ns = median(times.write);
        Ok(())
    }

    /// The rungs above call the kernel directly, as a Go program does. A library preloaded to swallow syncs
    /// (libeatmydata) shows only in front of the C library.
    fn through_the_library(&mut self, time: Duration) -> Result<()> {
        let scratch = Scratch::create(self.workdir, "library", OFlags::empty())?;
        let file = File::from(scratch.fd.try_clone().map_err(Error::io("open", &scratch.path))?);
        let times = self.rung(
            &scratch,
            time,
            LIBRARY_SYNCS,
            |_| {
                file.sync_data().map_err(|e| {
                    rustix::io::Errno::from_io_error(&e).unwrap_or(rustix::io::Errno::IO)
                })
            },
            || (),
        )?;
        self.measured.library_p50_ns = median(times.sync);
        Ok(())
    }

    fn rung(
        &mut self,
        file: &Scratch,
        time: Duration,
        most: u64,
        sync: impl Fn(&OwnedFd) -> rustix::io::Result<()>,
        mut afterwards: impl FnMut(),
    ) -> Result<Times> {
        let mut times = Times::default();
        let begin = Instant::now();
        for n in 0..most.min(self.most_writes) {
            let enough = n >= FEWEST_WRITES && begin.elapsed() >= time;
            if enough || self.stop.load(Ordering::Relaxed) {
                break;
            }
            let page = self.values.filler(WRITE_BYTES as usize);
            let start = Instant::now();
            write_all(&file.fd, page, n * WRITE_BYTES).map_err(Error::io("write", &file.path))?;
            let written = Instant::now();
            sync(&file.fd).map_err(Error::io("sync", &file.path))?;
            let end = Instant::now();
            times.write.push((written - start).as_nanos() as u64);
            times.sync.push((end - written).as_nanos() as u64);
            times.both.push((end - start).as_nanos() as u64);
            if file.synced {
                (self.told)(start, end - start);
            }
            self.measured.written_bytes += WRITE_AT_DEVICE;
            afterwards();
        }
        Ok(times)
    }
}

fn write_all(fd: &OwnedFd, mut bytes: &[u8], mut offset: u64) -> rustix::io::Result<()> {
    while !bytes.is_empty() {
        let n = match rustix::io::pwrite(fd, bytes, offset) {
            Ok(0) => return Err(rustix::io::Errno::IO),
            Err(rustix::io::Errno::INTR) => continue,
            other => other?,
        };
        bytes = &bytes[n..];
        offset += n as u64;
    }
    Ok(())
}

fn median(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

/// A fresh preallocated file that goes when it is dropped. It keeps its name until then: btrfs does not log files
/// that have none.
struct Scratch {
    path: PathBuf,
    fd: OwnedFd,
    /// Whether each of its writes is synced.
    synced: bool,
}

impl Scratch {
    fn create(workdir: &Path, name: &str, flags: OFlags) -> Result<Self> {
        let path = workdir.join(format!("durability-{name}"));
        let flags = flags | OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR)
            .map_err(Error::io("create", &path))?;
        let synced = name != UNSYNCED;
        let file = Scratch { path, fd, synced };
        let length = MOST_WRITES * WRITE_BYTES;
        match rustix::fs::fallocate(&file.fd, FallocateFlags::empty(), 0, length) {
            // A file system that cannot reserve (NFSv3, ZFS) lets the file grow; a sync is a sync there too.
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => Ok(file),
            Err(e) => Err(Error::io("reserve space in", &file.path)(e)),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left behind, it goes with the work directory.
        let _ = std::fs::remove_file(&self.path);
    }
}
