//! The backend database, written as bbolt writes it for etcd.
//!
//! [`Backend`] owns the file and says what a commit writes; an engine issues the calls and times them.

mod pages;
mod tree;

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::value::Values;
use crate::error::{Error, Result};

pub use pages::Commit;
use pages::Pages;
pub use tree::PAGE_BYTES;

/// How much of a database is built in one write when it is made up front.
const BUILD_CHUNK_BYTES: usize = 1 << 20;

/// One member's database.
pub struct Backend {
    path: PathBuf,
    file: File,
    pages: Pages,
    /// Incompressible bytes that pages are written from.
    filler: Arc<Vec<u8>>,
}

impl Backend {
    /// Creates `snap/db` below `member_dir`. With `db_bytes` it is first filled to that size: `progress` is told the
    /// bytes written so far and says whether to go on.
    pub fn create(
        member_dir: &Path,
        key_size: u32,
        val_size: u32,
        db_bytes: u64,
        seed: u64,
        mut progress: impl FnMut(u64) -> bool,
    ) -> Result<Self> {
        let dir = member_dir.join("snap");
        std::fs::create_dir_all(&dir).map_err(Error::io("create", &dir))?;
        let path = dir.join("db");
        let file = File::options()
            .write(true)
            .read(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(Error::io("create", &path))?;
        let pages = Pages::new(key_size, val_size, db_bytes);
        let filler = Values::new(8, 8, seed).filler(BUILD_CHUNK_BYTES).to_vec();
        let mut at = 0;
        while at < pages.file_bytes() {
            let len = (pages.file_bytes() - at).min(BUILD_CHUNK_BYTES as u64);
            file.write_all_at(&filler[..len as usize], at).map_err(Error::io("write", &path))?;
            at += len;
            if !progress(at) {
                break;
            }
        }
        file.sync_all().map_err(Error::io("sync", &path))?;
        Ok(Backend { path, file, pages, filler: Arc::new(filler) })
    }

    /// The database file.
    pub fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Its path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes up to the high-water mark: what etcd reports as its database size.
    pub fn db_bytes(&self) -> u64 {
        self.pages.db_bytes()
    }

    /// Commits laid out so far.
    pub fn commits(&self) -> u64 {
        self.pages.transaction()
    }

    /// Lays out the commit of this many puts.
    pub fn plan_commit(&mut self, puts: usize) -> Commit {
        let commit = self.pages.commit(puts);
        let longest = commit.writes.iter().map(|&(_, len)| len).max().unwrap_or(0);
        while self.filler.len() < longest {
            Arc::make_mut(&mut self.filler).extend_from_within(..BUILD_CHUNK_BYTES);
        }
        commit
    }

    /// The bytes that page runs are written from, as many as the longest takes. Whoever writes them asynchronously
    /// keeps a share until the write is over.
    pub fn filler(&self) -> &Arc<Vec<u8>> {
        &self.filler
    }

    /// Writes one page run with one pwrite(2).
    pub fn write_at(&self, offset: u64, len: usize) -> std::io::Result<()> {
        self.file.write_all_at(&self.filler[..len], offset)
    }
}
