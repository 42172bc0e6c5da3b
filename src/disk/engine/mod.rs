//! Engines issue the writes and syncs that the model asks for, and time them.

mod sync;
mod turn;
mod uring;

use crate::clock::Clock;
use crate::disk::backend::Backend;
use crate::disk::control::Control;
use crate::disk::costs::Costs;
use crate::disk::wal::Wal;
use crate::error::Result;
use crate::plan::Load;
use crate::record::{RecorderSettings, Series};

pub use sync::SyncEngine;
pub use uring::UringEngine;

/// One etcd-shaped writer: its log and its database.
pub struct Member {
    /// Its number where there are several.
    pub id: Option<u32>,
    /// Its write-ahead log.
    pub wal: Wal,
    /// Its database.
    pub backend: Backend,
}

/// What an engine is to do until a moment of the run's clock.
#[derive(Clone)]
pub struct Task {
    /// The run's clock.
    pub clock: Clock,
    /// What can end it early.
    pub control: Control,
    /// Where samples go.
    pub recorder: RecorderSettings,
    /// When puts arrive, for each member.
    pub load: Load,
    /// What a put costs beside the disk.
    pub costs: Costs,
    /// Seed of the arrivals; each member has its own from it.
    pub seed: u64,
    /// End of the task.
    pub until_ns: u64,
    /// When the backend commits; `None` is the write-ahead log alone.
    pub commits: Option<Commits>,
}

/// When the backend commits.
#[derive(Debug, Clone, Copy)]
pub struct Commits {
    /// Time from the end of a commit to the start of the next.
    pub interval_ns: u64,
    /// Operations that force one at once.
    pub limit: u64,
    /// Puts that a commit writes whatever has arrived: set where commits are made more often than etcd makes them
    /// and should still have etcd's size.
    pub fixed_puts: Option<u64>,
}

/// Runs members on a task.
pub trait Engine {
    /// Blocks until the task's end, the last sync and the last backend commit.
    ///
    /// # Errors
    /// The first error of any member; the others are stopped.
    fn run(&mut self, members: &mut [Member], task: &Task) -> Result<()>;
}

/// Series of the write-ahead log, by index.
pub mod wal_series {
    use super::Series;

    /// write(2) calls of one save.
    pub const WRITE: usize = 0;
    /// One fdatasync (at a rotation also the sync of the directory), as in `etcd_disk_wal_fsync_duration_seconds`.
    pub const FSYNC: usize = 1;
    /// Those whose write entered a fresh file-system block.
    pub const FSYNC_FRESH: usize = 2;
    /// Those whose write stayed inside a block that was written before.
    pub const FSYNC_SAME: usize = 3;
    /// Write and sync of a save: how long etcd's raft loop stands still.
    pub const SYNC: usize = 4;
    /// A save that ended in a rotation.
    pub const CUT: usize = 5;
    /// From a put's intended arrival to its acknowledgement.
    pub const PUT_COMMIT: usize = 6;

    /// Names, in the order of the indices.
    pub const ALL: [Series; 7] = [
        plain("wal.write"),
        plain("wal.fsync"),
        plain("wal.fsync.fresh"),
        plain("wal.fsync.same"),
        keeping_stalls("wal.sync"),
        keeping_stalls("wal.cut"),
        plain("put.commit"),
    ];

    const fn plain(name: &'static str) -> Series {
        Series { name, keep_stalls: false }
    }

    const fn keeping_stalls(name: &'static str) -> Series {
        Series { name, keep_stalls: true }
    }
}

/// Synced writes of the durability phase.
pub const DURABILITY_SYNC: Series = Series { name: "durability.sync", keep_stalls: true };

/// The series of the backend.
pub const BACKEND_COMMIT: Series = Series { name: "backend.commit", keep_stalls: true };
