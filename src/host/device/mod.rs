//! Directory → mount → block devices: what lies under a directory, found the way that holds in containers, on
//! stacked file systems and on btrfs, and told without guessing.

mod block;
mod cloud;
mod counters;
mod filesystem;
mod walk;
mod zfs;

#[cfg(test)]
mod tests;

use std::path::Path;

use crate::error::{Error, Result};
use crate::result::DiskFacts;
use crate::system::System;

pub(crate) use cloud::Dmi;
pub use counters::{DeviceCounters, DeviceReading, confirm_mapping};
pub use filesystem::{Storage, storage};
pub(crate) use zfs::sync_property as zfs_sync_property;

/// Everything that can be found out about the disk under `dir`. What cannot is said in
/// [`DiskFacts::unknown`].
///
/// # Errors
/// When `dir` does not exist or cannot be looked at.
pub fn describe(dir: &Path) -> Result<DiskFacts> {
    let directory = std::fs::canonicalize(dir).map_err(Error::io("open", dir))?;
    describe_in(&System::live(), &directory)
}

/// The disks at the bottom of what is known of a directory, by their kernel names.
pub fn disks(facts: &DiskFacts) -> Vec<String> {
    counters::bottom(&facts.devices).iter().map(|device| device.name.clone()).collect()
}

/// The disks at the bottom of the block device with this number, `254:0`; none where it has no block device.
pub fn disks_under(number: &str) -> Vec<String> {
    disks(&walk::from(&System::live(), number))
}

fn describe_in(system: &System, directory: &Path) -> Result<DiskFacts> {
    let mut facts = walk::under(system, directory);
    facts.directory = directory.to_string_lossy().into_owned();
    let space =
        rustix::fs::statvfs(system.place(directory)).map_err(Error::io("examine", directory))?;
    facts.block_size = Some(space.f_frsize);
    facts.size_bytes = Some(space.f_blocks * space.f_frsize);
    facts.available_bytes = Some(space.f_bavail * space.f_frsize);
    // A file system that makes inodes as it goes (btrfs, some network ones) counts none.
    facts.available_inodes = (space.f_files > 0).then_some(space.f_favail);
    Ok(facts)
}
