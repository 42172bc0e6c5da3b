//! Another database: a small append to its log, and an fsync, for each of its commits.
//!
//! The file grows with each, so that each is a commit of the file system's journal as well.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::job::{Job, noise};
use super::words::Work;
use crate::error::{Error, Result};
use crate::files;
use crate::plan::neighbour::SYNC_BYTES;

/// Then another file is begun and this one removed.
const FILE_BYTES: u64 = 16 << 20;

/// Appends and syncs.
pub(super) struct Sync {
    dir: PathBuf,
    record: Vec<u8>,
    log: Option<(File, u64)>,
    number: u64,
}

impl Sync {
    /// Nothing is written yet.
    pub fn new(dir: &Path) -> Self {
        Sync { dir: dir.to_path_buf(), record: noise(SYNC_BYTES), log: None, number: 0 }
    }

    fn path(&self) -> PathBuf {
        self.dir.join(format!("sync-{}", self.number))
    }

    /// The log that is written, and how long it is.
    fn log(&mut self) -> Result<(File, u64)> {
        match self.log.take() {
            Some((file, bytes)) if bytes < FILE_BYTES => Ok((file, bytes)),
            full => {
                if full.is_some() {
                    let path = self.path();
                    fs::remove_file(&path).map_err(Error::io("remove", &path))?;
                }
                self.number += 1;
                let path = self.path();
                let file = files::create_new(&path).map_err(Error::io("create", &path))?;
                Ok((file, 0))
            }
        }
    }
}

impl Job for Sync {
    fn piece(&mut self, work: &mut Work) -> Result<()> {
        let (mut log, bytes) = self.log()?;
        let path = self.path();
        log.write_all(&self.record).map_err(Error::io("write", &path))?;
        log.sync_all().map_err(Error::io("sync", &path))?;
        self.log = Some((log, bytes + SYNC_BYTES));
        work.written_bytes += SYNC_BYTES;
        work.syncs += 1;
        Ok(())
    }
}
