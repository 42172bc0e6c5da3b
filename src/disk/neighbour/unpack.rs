//! An image that is unpacked: many small files in a directory tree, each written under another name and renamed, layer
//! by layer, and old layers removed.
//!
//! Nothing is synced, as container runtimes do it unless told otherwise (containerd's image_pull_with_sync_fs is off):
//! the data waits for write-back, and the names for the next commit of the journal, which is etcd's.

use std::fs::{self, FileTimes, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rustix::fs::Advice;

use super::job::{Job, noise};
use super::words::Work;
use crate::error::{Error, Result};
use crate::files;

/// Sizes of files, each the middle of a tenth of those below /usr of a Debian 12 of 145,000 files.
const SIZES: [u64; 10] = [177, 543, 907, 1249, 1743, 2634, 4085, 7352, 15_691, 59_712];
/// Next to 7, so that the sizes come in no order.
const STEP: u64 = 7;
/// There a directory holds seven files.
const FILES_PER_DIRECTORY: u64 = 7;
/// Files of a layer, and how many layers stay: enough that the next commit of the journal always finds some of all.
const FILES_PER_LAYER: u64 = 500;
const LAYERS: u64 = 4;
/// What a file takes on the disk is a multiple of this.
const BLOCK: u64 = 4096;

/// Makes files.
pub(super) struct Unpack {
    dir: PathBuf,
    noise: Vec<u8>,
    made: u64,
}

impl Unpack {
    /// Nothing is made yet.
    pub fn new(dir: &Path) -> Self {
        Unpack { dir: dir.to_path_buf(), noise: noise(SIZES[SIZES.len() - 1]), made: 0 }
    }

    fn layer(&self, number: u64) -> PathBuf {
        self.dir.join(format!("layer-{number}"))
    }

    /// The directory of the next file, made where it is not there yet.
    fn directory(&self) -> Result<PathBuf> {
        let layer = self.layer(self.made / FILES_PER_LAYER);
        let directory =
            layer.join(format!("{}", self.made % FILES_PER_LAYER / FILES_PER_DIRECTORY));
        let is_first = (self.made % FILES_PER_LAYER).is_multiple_of(FILES_PER_DIRECTORY);
        if is_first {
            fs::create_dir_all(&directory).map_err(Error::io("create", &directory))?;
        }
        Ok(directory)
    }

    /// Writes a file as an unpacker does: content, mode and time, then its own name.
    fn file(&self, directory: &Path, bytes: u64) -> Result<()> {
        let under_way = directory.join(format!(".{}.part", self.made));
        let path = directory.join(format!("{}", self.made));
        let mut file = files::create_new(&under_way).map_err(Error::io("create", &under_way))?;
        file.write_all(&self.noise[..bytes as usize])
            .and_then(|()| file.set_permissions(Permissions::from_mode(0o644)))
            .and_then(|()| file.set_times(FileTimes::new().set_modified(UNIX_EPOCH)))
            .map_err(Error::io("write", &under_way))?;
        // Begins the write-back, which the kernel would begin half a minute later, when this run may be over.
        rustix::fs::fadvise(&file, 0, None, Advice::DontNeed)
            .map_err(Error::io("write back", &under_way))?;
        fs::rename(&under_way, &path).map_err(Error::io("rename", &under_way))
    }

    /// Removes the oldest layer when one more is complete.
    fn forget(&self) -> Result<()> {
        let complete = self.made / FILES_PER_LAYER;
        if !self.made.is_multiple_of(FILES_PER_LAYER) || complete < LAYERS {
            return Ok(());
        }
        let oldest = self.layer(complete - LAYERS);
        fs::remove_dir_all(&oldest).map_err(Error::io("remove", &oldest))
    }
}

impl Job for Unpack {
    fn piece(&mut self, work: &mut Work) -> Result<()> {
        let bytes = SIZES[(self.made * STEP % SIZES.len() as u64) as usize];
        let directory = self.directory()?;
        self.file(&directory, bytes)?;
        self.made += 1;
        work.files += 1;
        work.written_bytes += bytes.next_multiple_of(BLOCK);
        self.forget()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::NeighbourKind;
    use crate::plan::neighbour::UNPACK_FILE_BYTES;

    #[test]
    fn layers_come_and_go_and_nothing_is_left_half_made() {
        let dir = tempfile::tempdir().unwrap();
        let (mut unpack, mut work) = (Unpack::new(dir.path()), Work::default());
        for _ in 0..6 * FILES_PER_LAYER + 1 {
            unpack.piece(&mut work).unwrap();
        }
        assert_eq!(work.files, 6 * FILES_PER_LAYER + 1);
        let mut layers: Vec<String> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        layers.sort();
        assert_eq!(layers, ["layer-3", "layer-4", "layer-5", "layer-6"]);
        let pattern = dir.path().join("**/.*.part");
        assert_eq!(glob::glob(pattern.to_str().unwrap()).unwrap().count(), 0);
    }

    #[test]
    fn the_plan_knows_what_its_files_take() {
        let blocks: u64 = SIZES.iter().map(|size| size.next_multiple_of(BLOCK)).sum();
        let mean = blocks / SIZES.len() as u64;
        assert!(mean <= UNPACK_FILE_BYTES && mean * 10 > UNPACK_FILE_BYTES * 9);
        // Half as much again for directories and what a file is besides its content.
        let most = (LAYERS + 1) * FILES_PER_LAYER * mean * 3 / 2;
        assert!(most <= NeighbourKind::Unpack.footprint_bytes());
    }
}
