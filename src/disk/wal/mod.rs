//! The write-ahead log, written as etcd writes it (`server/storage/wal/wal.go`).
//!
//! [`Wal`] holds everything but the timing: it encodes a save, says which bytes are one write(2) each, and where a
//! rotation is due. An engine issues the calls.

mod frame;
mod page_writer;
mod segment;

use std::fs::File;
use std::io::Write as _;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::value::Values;
use crate::error::{Error, Result};

use frame::Encoder;
use page_writer::PageWriter;
pub use segment::{MAX_WALS, SEGMENT_BYTES};
use segment::{Pipeline, Spare};

/// One member's write-ahead log in a directory of its own.
pub struct Wal {
    dir: PathBuf,
    dir_file: File,
    tail: File,
    /// End of what the kernel has been given.
    offset: u64,
    sequence: u64,
    block_bytes: u64,
    encoder: Encoder,
    writer: PageWriter,
    pipeline: Pipeline,
    values: Values,
    reserved: bool,
}

/// Where one save went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Bytes of the save.
    pub bytes: u64,
    /// Bytes that it makes the device write: whole pages, and the journal's where a block comes into use.
    pub at_device: u64,
    /// Whether it entered a file-system block that was never written before.
    pub fresh_block: bool,
}

/// Bytes of a page: what the kernel writes at least.
const PAGE_BYTES: u64 = 4096;
/// What the file system's journal writes when blocks that were only reserved come into use: on ext4 a descriptor, the
/// blocks of the inode and of its extents, a commit record (Documentation/filesystems/ext4/journal.rst).
pub const JOURNAL_BYTES: u64 = 4 * PAGE_BYTES;

/// How many pages lie between two offsets, in part or whole.
fn pages_touched(start: u64, end: u64) -> u64 {
    end.div_ceil(PAGE_BYTES) - start / PAGE_BYTES
}

impl Wal {
    /// Creates `member/wal` below `member_dir`, in the same steps as etcd: built as `wal.tmp`, renamed, the parent
    /// synced.
    pub fn create(member_dir: &Path, values: Values) -> Result<Self> {
        let building = member_dir.join("wal.tmp");
        std::fs::create_dir_all(&building).map_err(Error::io("create", &building))?;
        let first = building.join(segment::name(0, 0));
        let tail = segment::create(&first)?;
        let reserved = segment::is_reserved(&tail).map_err(Error::io("stat", &first))?;
        let stat = rustix::fs::fstat(&tail).map_err(Error::io("stat", &first))?;
        let mut writer = PageWriter::new(0);
        let mut encoder = Encoder::new(1);
        encoder.first_head(&mut writer);
        write_all(&tail, &mut writer).map_err(Error::io("write", &first))?;
        let offset = writer.take().0.len() as u64;
        writer.clear();
        rustix::fs::fdatasync(&tail).map_err(Error::io("sync", &first))?;
        let dir = member_dir.join("wal");
        std::fs::rename(&building, &dir).map_err(Error::io("rename", &building))?;
        let parent = File::open(member_dir).map_err(Error::io("open", member_dir))?;
        parent.sync_all().map_err(Error::io("sync", member_dir))?;
        let dir_file = File::open(&dir).map_err(Error::io("open", &dir))?;
        Ok(Wal {
            pipeline: Pipeline::start(&dir)?,
            dir,
            dir_file,
            tail,
            offset,
            sequence: 0,
            block_bytes: (stat.st_blksize as u64).max(512),
            encoder,
            writer,
            values,
            reserved,
        })
    }

    /// False where the file system could not reserve space and only the length was set.
    pub fn is_reserved(&self) -> bool {
        self.reserved
    }

    /// The log's directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The segment being written.
    pub fn tail(&self) -> BorrowedFd<'_> {
        self.tail.as_fd()
    }

    /// The path of the segment being written, for messages.
    pub fn tail_path(&self) -> PathBuf {
        self.dir.join(format!("segment {}", self.sequence))
    }

    /// Key and value bytes of one put.
    pub fn put_bytes(&self) -> u64 {
        self.values.put_bytes()
    }

    /// Puts staged so far.
    pub fn puts(&self) -> u64 {
        self.encoder.next_index() - 1
    }

    /// Where in the segment the next byte goes.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Encodes a save of `puts` entries and the hard state.
    pub fn stage(&mut self, puts: usize) {
        for _ in 0..puts {
            let (key, value) = self.values.next_put();
            self.encoder.put(key, value, &mut self.writer);
        }
        self.encoder.hard_state(&mut self.writer);
    }

    /// True when the segment was full before this save: the save ends in a rotation instead of a plain sync. etcd
    /// compares the offset before the flush, so a segment overshoots.
    pub fn is_full(&self) -> bool {
        self.offset >= SEGMENT_BYTES
    }

    /// The staged bytes, and the range of each write(2). Whoever writes them asynchronously keeps a share until the
    /// write is over.
    pub fn staged(&mut self) -> (&Arc<Vec<u8>>, impl Iterator<Item = Range<usize>> + '_) {
        self.writer.take()
    }

    /// Writes the staged bytes, each piece with one write(2).
    pub fn write_staged(&mut self) -> std::io::Result<()> {
        write_all(&self.tail, &mut self.writer)
    }

    /// To be called when the staged bytes have been written: says where they went and makes room for the next save.
    pub fn written(&mut self) -> Extent {
        let bytes = self.writer.take().0.len() as u64;
        self.writer.clear();
        let block = |offset: u64| offset.div_ceil(self.block_bytes);
        let (start, end) = (self.offset, self.offset + bytes);
        let fresh_block = block(end) > block(start);
        let journal = if fresh_block { JOURNAL_BYTES } else { 0 };
        self.offset = end;
        Extent { bytes, at_device: pages_touched(start, end) * PAGE_BYTES + journal, fresh_block }
    }

    /// Cuts the segment's length to what was written; the first step of a rotation.
    pub fn truncate_tail(&self) -> Result<()> {
        rustix::fs::ftruncate(&self.tail, self.offset)
            .map_err(Error::io("truncate", self.tail_path()))
    }

    /// Takes the spare as the new tail and stages its head. The old tail stays open in the return value until the
    /// rotation is over, as etcd keeps it.
    pub fn begin_segment(&mut self) -> Result<Rotation> {
        let spare = self.pipeline.take()?;
        Ok(self.adopt(spare))
    }

    /// [`Wal::begin_segment`] for an engine that cannot wait here: `None` while the spare is still being reserved.
    pub fn try_begin_segment(&mut self) -> Result<Option<Rotation>> {
        let spare = self.pipeline.try_take()?;
        Ok(spare.map(|spare| self.adopt(spare)))
    }

    fn adopt(&mut self, spare: Spare) -> Rotation {
        let old = std::mem::replace(&mut self.tail, spare.file);
        self.sequence += 1;
        self.offset = 0;
        self.writer = PageWriter::new(0);
        self.encoder.segment_head(&mut self.writer);
        let first_index = self.encoder.next_index();
        Rotation {
            from: spare.path,
            to: self.dir.join(segment::name(self.sequence, first_index)),
            _old: old,
        }
    }

    /// The directory, to be synced after the rename.
    pub fn dir_file(&self) -> BorrowedFd<'_> {
        self.dir_file.as_fd()
    }

    /// Closes the new tail and opens it under its final name, as etcd does at the end of a rotation.
    pub fn reopen_tail(&mut self, rotation: &Rotation) -> Result<()> {
        let path = &rotation.to;
        let tail = File::options().write(true).open(path).map_err(Error::io("open", path))?;
        self.tail = tail;
        segment::lock(&self.tail).map_err(Error::io("lock", path))?;
        self.seek_tail()
    }

    /// Sets the file position of write(2) to where the next byte goes; needed after writes at explicit offsets.
    pub fn seek_tail(&self) -> Result<()> {
        rustix::fs::seek(&self.tail, rustix::fs::SeekFrom::Start(self.offset))
            .map_err(Error::io("seek in", self.tail_path()))?;
        Ok(())
    }
}

/// A rotation under way: the new segment has its head and waits for its name.
pub struct Rotation {
    /// The spare's name.
    pub from: PathBuf,
    /// The segment's final name.
    pub to: PathBuf,
    _old: File,
}

fn write_all(mut file: &File, writer: &mut PageWriter) -> std::io::Result<()> {
    let (bytes, ranges) = writer.take();
    for range in ranges {
        file.write_all(&bytes[range])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_save_knows_whether_it_entered_a_fresh_block() {
        let dir = tempfile::tempdir().unwrap();
        let mut wal = Wal::create(dir.path(), Values::new(8, 256, 1)).unwrap();
        let mut fresh = 0;
        for _ in 0..1000 {
            wal.stage(1);
            let bytes = wal.staged().0.len();
            // A short index or checksum, as varints, can save a word or two.
            assert!((336..=360).contains(&bytes) && bytes.is_multiple_of(8), "{bytes}");
            fresh += u32::from(wal.written().fresh_block);
        }
        // 1000 saves of 360 bytes cross into a new 4 KiB block about 88 times.
        assert!((85..=90).contains(&fresh), "{fresh}");
    }

    #[test]
    fn the_log_looks_like_etcds_on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let mut wal = Wal::create(dir.path(), Values::new(8, 256, 1)).unwrap();
        let first = wal.dir().join("0000000000000000-0000000000000000.wal");
        assert_eq!(std::fs::metadata(first).unwrap().len(), SEGMENT_BYTES);
        let spare = wal.pipeline.take().unwrap();
        assert_eq!(spare.path, wal.dir().join("0.tmp"));
        assert_eq!(spare.file.metadata().unwrap().len(), SEGMENT_BYTES);
    }
}
