//! A backup, or a log: large files, written as fast as asked and synced when they are full.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::job::{Job, noise};
use super::words::Work;
use crate::error::{Error, Result};
use crate::files;
use crate::plan::neighbour::{CHUNK_BYTES, FILE_BYTES};

/// Writes one file after the other.
pub(super) struct Bulk {
    dir: PathBuf,
    chunk: Vec<u8>,
    current: Option<Current>,
    number: u64,
}

struct Current {
    file: File,
    path: PathBuf,
    bytes: u64,
}

impl Bulk {
    /// Nothing is written yet.
    pub fn new(dir: &Path) -> Self {
        Bulk { dir: dir.to_path_buf(), chunk: noise(CHUNK_BYTES), current: None, number: 0 }
    }

    fn path(&self, number: u64) -> PathBuf {
        self.dir.join(format!("bulk-{number}"))
    }

    /// The file that is written, or a new one.
    fn current(&mut self) -> Result<Current> {
        if let Some(current) = self.current.take() {
            return Ok(current);
        }
        self.number += 1;
        let path = self.path(self.number);
        let file = files::create_new(&path).map_err(Error::io("create", &path))?;
        Ok(Current { file, path, bytes: 0 })
    }

    /// The one before goes only now: a file that is removed before it was synced might never have reached the disk.
    fn finish(&mut self, current: &Current) -> Result<()> {
        let path = &current.path;
        current.file.sync_all().map_err(Error::io("sync", path))?;
        let before = self.path(self.number - 1);
        if self.number > 1 {
            fs::remove_file(&before).map_err(Error::io("remove", &before))?;
        }
        Ok(())
    }
}

impl Job for Bulk {
    fn piece(&mut self, work: &mut Work) -> Result<()> {
        let mut current = self.current()?;
        let written = current.file.write_all(&self.chunk);
        written.map_err(Error::io("write", &current.path))?;
        current.bytes += CHUNK_BYTES;
        work.written_bytes += CHUNK_BYTES;
        if current.bytes < FILE_BYTES {
            self.current = Some(current);
            return Ok(());
        }
        self.finish(&current)?;
        work.files += 1;
        work.syncs += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::NeighbourKind;

    #[test]
    fn no_more_than_two_files_are_there() {
        let dir = tempfile::tempdir().unwrap();
        let (mut bulk, mut work) = (Bulk::new(dir.path()), Work::default());
        let mut most = 0;
        for _ in 0..3 * FILE_BYTES / CHUNK_BYTES + 1 {
            bulk.piece(&mut work).unwrap();
            let entries = fs::read_dir(dir.path()).unwrap();
            let bytes = entries.map(|entry| entry.unwrap().metadata().unwrap().len());
            most = most.max(bytes.sum::<u64>());
        }
        assert_eq!((work.files, work.syncs), (3, 3));
        assert_eq!(work.written_bytes, 3 * FILE_BYTES + CHUNK_BYTES);
        assert!(most <= NeighbourKind::Bulk.footprint_bytes(), "{most}");
    }
}
