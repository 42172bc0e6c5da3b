//! Everything that can be refused before anything is touched.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::StatVfs;

use crate::disk::beside::{Kind, Other};
use crate::disk::live::{self, LiveEtcd};
use crate::disk::wal::SEGMENT_BYTES;
use crate::error::{Error, Result};
use crate::plan::DiskPlan;
use crate::units::format_bytes;
use crate::workdir;

/// Segments a member has reserved before its first purge: the one it writes, the spare, and one that was full.
const FIRST_SEGMENTS: u64 = 3;
/// The phase that drives the disk to its limit.
pub const CAPACITY: &str = "capacity";
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
    // What a killed run left beside a live etcd goes also where the next one is refused.
    refusals(plan).inspect_err(|_| drop(workdir::remove_leftovers(&plan.directory)))
}

fn refusals(plan: &DiskPlan) -> Result<()> {
    let dir = plan.directory.as_path();
    place(dir, plan.beside_live)?;
    for neighbour in &plan.neighbours {
        let named = |error: Error| Error::Refused(format!("--neighbour {neighbour}: {error}"));
        place(neighbour.place(dir), plan.beside_live).map_err(named)?;
    }
    let members = u64::from(plan.members);
    let needed = members * (FIRST_SEGMENTS * SEGMENT_BYTES + plan.db_size_bytes);
    let mut needs = vec![(dir, needed)];
    for neighbour in &plan.neighbours {
        needs.push((neighbour.place(dir), neighbour.kind.footprint_bytes()));
    }
    room(&needs)
}

/// Whether the search for the capacity is left out because a live etcd works on the same disk: it would be driven to
/// the limit of that disk, too.
///
/// # Errors
/// [`Error::Refused`] where the plan has nothing else.
pub fn spares_etcd(plan: &DiskPlan, others: &[Other]) -> Result<bool> {
    let etcd = others.iter().find(|other| other.kind == Kind::Etcd);
    let (Some(etcd), false) = (etcd, plan.beside_live) else {
        return Ok(false);
    };
    let searches = |name: &str| name == CAPACITY;
    if plan.phases.iter().all(|phase| searches(&phase.name) || phase.name == "idle") {
        let path =
            etcd.path.as_ref().map_or_else(String::new, |path| format!(", {}", path.display()));
        return Err(Error::Refused(format!(
            "{}: a live etcd (process {}{path}) works on this disk, and the search for the capacity would drive it to \
             its limit; leave the phase out, or say --beside-live",
            plan.directory.display(),
            etcd.pid,
        )));
    }
    Ok(plan.phases.iter().any(|phase| searches(&phase.name)))
}

/// A directory to work in that nobody else's data is at stake in.
fn place(dir: &Path, beside_live: bool) -> Result<()> {
    workdir::check(dir)?;
    match live::detect(dir) {
        LiveEtcd::DataDir { path, live } if !beside_live => Err(live_etcd(&path, live)),
        _ => Ok(()),
    }
}

/// Room for what each directory is to hold, of all that lie on one file system together.
fn room(needs: &[(&Path, u64)]) -> Result<()> {
    let device = |dir: &Path| std::fs::metadata(dir).map(|meta| meta.dev());
    let device = |dir| device(dir).map_err(Error::io("look at", dir));
    for (dir, _) in needs {
        let (space, here) = (Space::of(dir)?, device(dir)?);
        let mut needed = 0;
        for (other, bytes) in needs {
            needed += if device(other)? == here { *bytes } else { 0 };
        }
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
    }
    Ok(())
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
