//! Everything that can be refused before anything is touched.

use std::io;
use std::path::Path;

use rustix::fs::{Access, StatVfs};

use crate::disk::live::{self, LiveEtcd};
use crate::disk::wal::SEGMENT_BYTES;
use crate::error::{Error, Result};
use crate::plan::DiskPlan;
use crate::units::format_bytes;

/// Segments a member has reserved before its first purge: the one it writes, the spare, and one that was full.
const FIRST_SEGMENTS: u64 = 3;
/// The share of a file system that a run leaves free for everybody else, in percent …
const FLOOR_PERCENT: u64 = 5;
/// … but not less than this …
const FLOOR_MIN_BYTES: u64 = 64 << 20;
/// … and not more.
const FLOOR_MAX_BYTES: u64 = 1 << 30;

/// Checks the directory, its space and who lives there.
///
/// # Errors
/// [`Error::Usage`] when the directory is not one, [`Error::Refused`] when it must not be used.
pub fn check(plan: &DiskPlan) -> Result<()> {
    let dir = plan.directory.as_path();
    directory(dir)?;
    if !plan.beside_live
        && let LiveEtcd::DataDir { path, live } = live::detect(dir)
    {
        return Err(live_etcd(&path, live));
    }
    let space = Space::of(dir)?;
    let members = u64::from(plan.members);
    let needed = members * (FIRST_SEGMENTS * SEGMENT_BYTES + plan.db_size_bytes);
    if space.available < needed + space.floor {
        return Err(Error::Refused(format!(
            "{} has {} free; this run needs {} to begin with and leaves {} for others. Free some space or name \
             another directory",
            dir.display(),
            format_bytes(space.available),
            format_bytes(needed),
            format_bytes(space.floor),
        )));
    }
    Ok(())
}

fn directory(dir: &Path) -> Result<()> {
    let meta = std::fs::metadata(dir).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::Refused(format!(
            "{}: no such directory; create it on the disk that is to be measured: mkdir -p {}",
            dir.display(),
            dir.display()
        )),
        _ => Error::io("look at", dir)(error),
    })?;
    if !meta.is_dir() {
        return Err(Error::Refused(format!(
            "{} is not a directory; the probe works in a directory on the disk, never on a device or a file",
            dir.display()
        )));
    }
    rustix::fs::access(dir, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
        let reason = io::Error::from(error);
        Error::Refused(format!(
            "{}: cannot create files here: {reason}; name a directory on the same file system that you may write to",
            dir.display()
        ))
    })
}

fn live_etcd(path: &Path, live: bool) -> Error {
    let what = if live {
        "holds a live etcd (its WAL is locked)"
    } else {
        "is the data directory of an etcd"
    };
    Error::Refused(format!(
        "{} {what}; name a scratch directory on the same file system, or --beside-live to work in a sub-directory of it",
        path.display()
    ))
}

/// Free space of a file system and how much of it stays untouched.
#[derive(Debug, Clone, Copy)]
pub struct Space {
    /// What an unprivileged process may still use.
    pub available: u64,
    /// What a run must leave free.
    pub floor: u64,
}

impl Space {
    /// The space below a directory now.
    ///
    /// # Errors
    /// When the file system does not tell.
    pub fn of(dir: &Path) -> Result<Self> {
        let stat: StatVfs = rustix::fs::statvfs(dir).map_err(Error::io("ask the space of", dir))?;
        let size = stat.f_blocks * stat.f_frsize;
        Ok(Space {
            available: stat.f_bavail * stat.f_frsize,
            floor: (size / 100 * FLOOR_PERCENT).clamp(FLOOR_MIN_BYTES, FLOOR_MAX_BYTES),
        })
    }
}
