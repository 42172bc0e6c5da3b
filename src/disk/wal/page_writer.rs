//! When etcd's write-ahead log hands bytes to the kernel, and in which pieces.

use std::ops::Range;
use std::sync::Arc;

/// Logical page of etcd's writer (`walPageBytes`).
const PAGE_BYTES: usize = 4096;
/// Buffered bytes that may wait for a flush (`bufWatermarkBytes`, pkg/ioutil/pagewriter.go).
const WATERMARK_BYTES: usize = 128 * 1024;

/// Follows etcd's `PageWriter`: below the watermark nothing is written until the flush; above it the buffer is
/// filled up to a page boundary and written, whole pages go out directly, and the tail waits again.
///
/// The bytes of one save are kept in a row; the writer only decides where the cuts between write(2) calls are.
pub struct PageWriter {
    /// Position of the next unbuffered byte within its page.
    page_offset: usize,
    buffered: usize,
    /// Shared with the kernel's side of an asynchronous write until that is over.
    bytes: Arc<Vec<u8>>,
    cuts: Vec<usize>,
}

impl PageWriter {
    /// A writer at this offset of a file.
    pub fn new(file_offset: u64) -> Self {
        PageWriter {
            page_offset: (file_offset % PAGE_BYTES as u64) as usize,
            buffered: 0,
            bytes: Arc::new(Vec::with_capacity(2 * WATERMARK_BYTES)),
            cuts: Vec::new(),
        }
    }

    /// Takes bytes in, and notes a write(2) where etcd would issue one.
    pub fn write(&mut self, piece: &[u8]) {
        Arc::make_mut(&mut self.bytes).extend_from_slice(piece);
        let mut left = piece.len();
        while left + self.buffered > WATERMARK_BYTES {
            let slack = PAGE_BYTES - (self.page_offset + self.buffered) % PAGE_BYTES;
            if slack != PAGE_BYTES {
                let filled = slack.min(left);
                self.buffered += filled;
                left -= filled;
                if filled < slack {
                    return;
                }
            }
            self.flush_at(self.bytes.len() - left);
            if left > PAGE_BYTES {
                left %= PAGE_BYTES;
                self.cuts.push(self.bytes.len() - left);
            }
        }
        self.buffered += left;
    }

    /// Flushes, and gives the bytes of this save with the ranges that are one write(2) each.
    pub fn take(&mut self) -> (&Arc<Vec<u8>>, impl Iterator<Item = Range<usize>> + '_) {
        self.flush_at(self.bytes.len());
        let starts = std::iter::once(0).chain(self.cuts.iter().copied());
        let ranges = starts.zip(self.cuts.iter().copied()).map(|(start, end)| start..end);
        (&self.bytes, ranges)
    }

    /// Forgets the bytes that [`PageWriter::take`] gave out.
    pub fn clear(&mut self) {
        Arc::make_mut(&mut self.bytes).clear();
        self.cuts.clear();
    }

    fn flush_at(&mut self, end: usize) {
        if self.buffered == 0 {
            return;
        }
        self.page_offset = (self.page_offset + self.buffered) % PAGE_BYTES;
        self.buffered = 0;
        self.cuts.push(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes(start: u64, pieces: &[usize]) -> Vec<usize> {
        let mut writer = PageWriter::new(start);
        for &len in pieces {
            writer.write(&vec![7; len]);
        }
        let (_, ranges) = writer.take();
        ranges.map(|range| range.len()).collect()
    }

    #[test]
    fn a_small_save_is_one_unaligned_write() {
        assert_eq!(writes(80, &[8, 312, 8, 32]), [360]);
    }

    #[test]
    fn a_save_over_the_watermark_is_cut_at_a_page() {
        let sizes = writes(0, &[1000; 140]);
        assert_eq!(sizes.iter().sum::<usize>(), 140_000);
        assert_eq!(sizes.len(), 2);
        assert_eq!(sizes[0] % PAGE_BYTES, 0);
    }

    #[test]
    fn the_first_cut_of_an_unaligned_file_restores_alignment() {
        let sizes = writes(360, &[1000; 140]);
        assert_eq!((360 + sizes[0]) % PAGE_BYTES, 0);
    }

    #[test]
    fn a_huge_record_goes_out_in_whole_pages() {
        let sizes = writes(0, &[500, 300_000]);
        assert_eq!(sizes, [4096, 73 * 4096 - 4096, 500 + 300_000 - 73 * 4096]);
    }
}
