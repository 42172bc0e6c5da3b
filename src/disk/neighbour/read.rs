//! A backup that reads, or a scrub: a large file over and over, past the page cache.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{Advice, Mode, OFlags};
use rustix::io::Errno;

use super::job::{Job, noise};
use super::words::Work;
use crate::error::{Error, Result};
use crate::files;
use crate::plan::neighbour::{CHUNK_BYTES, FILE_BYTES};

/// Direct reads want memory at such an address.
const ALIGNMENT: usize = 4096;

/// Reads the file from one end to the other, and again.
pub(super) struct Read {
    path: PathBuf,
    file: File,
    memory: Vec<u8>,
    offset: u64,
    bypasses: bool,
}

impl Read {
    /// Writes what is going to be read.
    pub fn prepare(dir: &Path, work: &mut Work, stop: &AtomicBool) -> Result<Self> {
        let path = dir.join("read");
        let chunk = noise(CHUNK_BYTES);
        let mut file = files::create_new(&path).map_err(Error::io("create", &path))?;
        for _ in 0..FILE_BYTES / CHUNK_BYTES {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            file.write_all(&chunk).map_err(Error::io("write", &path))?;
            work.written_bytes += CHUNK_BYTES;
        }
        file.sync_all().map_err(Error::io("sync", &path))?;
        let (file, bypasses) = open(&path)?;
        Ok(Read {
            path,
            file,
            memory: vec![0; CHUNK_BYTES as usize + ALIGNMENT],
            offset: 0,
            bypasses,
        })
    }
}

/// Past the page cache where the file system can; elsewhere it is told to forget.
fn open(path: &Path) -> Result<(File, bool)> {
    let with =
        |flags| rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC | flags, Mode::empty());
    match with(OFlags::DIRECT) {
        Ok(file) => Ok((file.into(), true)),
        Err(Errno::INVAL) => {
            let file = with(OFlags::empty()).map_err(Error::io("open", path))?;
            Ok((file.into(), false))
        }
        Err(error) => Err(Error::io("open", path)(error)),
    }
}

impl Job for Read {
    fn piece(&mut self, work: &mut Work) -> Result<()> {
        let skip = self.memory.as_ptr().align_offset(ALIGNMENT);
        let memory = &mut self.memory[skip..skip + CHUNK_BYTES as usize];
        let read = rustix::io::pread(&self.file, memory, self.offset);
        let read = read.map_err(Error::io("read", &self.path))? as u64;
        if !self.bypasses {
            rustix::fs::fadvise(&self.file, 0, None, Advice::DontNeed)
                .map_err(Error::io("forget", &self.path))?;
        }
        work.read_bytes += read;
        self.offset = (self.offset + CHUNK_BYTES) % FILE_BYTES;
        Ok(())
    }
}
