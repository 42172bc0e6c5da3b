//! Byte-exact records of etcd's write-ahead log.
//!
//! A frame is an 8-byte little-endian length word, a protobuf `walpb.Record` (type, rolling CRC-32C, data) and zero
//! padding to a multiple of 8 (etcd `server/storage/wal/encoder.go`). Entries carry a `raftpb.Entry` around an
//! `InternalRaftRequest` around a `PutRequest`, with identifiers of the size that a real member has, so that frames
//! are of exactly etcd's length.

use super::page_writer::PageWriter;

const RECORD_METADATA: u64 = 1;
const RECORD_ENTRY: u64 = 2;
const RECORD_STATE: u64 = 3;
const RECORD_CRC: u64 = 4;
const RECORD_SNAPSHOT: u64 = 5;

/// The raft term of a member that was elected once.
const TERM: u64 = 2;
/// A member id: random 64 bits in etcd, nearly always ten bytes as a varint.
const MEMBER_ID: u64 = 0x8e9e_05c5_2164_694d;
/// A cluster id, likewise.
const CLUSTER_ID: u64 = 0xcdf8_1819_4e3a_8c32;

/// Encodes records and keeps what rolls on from one to the next: checksum, entry index, request counter.
pub struct Encoder {
    crc: u32,
    index: u64,
    request: u64,
    record: Vec<u8>,
    entry: Vec<u8>,
}

impl Encoder {
    /// An encoder for a log whose first entry will have this index.
    pub fn new(first_index: u64) -> Self {
        Encoder {
            crc: 0,
            index: first_index,
            // etcd: member id (16 bit) | milliseconds (40 bit) | counter (8 bit), pkg/idutil.
            request: (MEMBER_ID << 48) | (1_790_000_000_000 & 0xff_ffff_ffff) << 8,
            record: Vec::new(),
            entry: Vec::new(),
        }
    }

    /// Index that the next entry will have.
    pub fn next_index(&self) -> u64 {
        self.index
    }

    /// The head of the first segment: checksum, metadata, an empty snapshot.
    pub fn first_head(&mut self, out: &mut PageWriter) {
        self.frame(RECORD_CRC, true, &[], out);
        self.metadata(out);
        let snapshot = [0x08, 0x00, 0x10, 0x00];
        self.frame(RECORD_SNAPSHOT, false, &snapshot, out);
    }

    /// The head of a later segment: the checksum so far, metadata, hard state.
    pub fn segment_head(&mut self, out: &mut PageWriter) {
        self.frame(RECORD_CRC, true, &[], out);
        self.metadata(out);
        self.hard_state(out);
    }

    /// Term, vote and commit index, as they go with every batch of entries.
    pub fn hard_state(&mut self, out: &mut PageWriter) {
        let mut state = Vec::with_capacity(32);
        field_varint(&mut state, 1, TERM);
        field_varint(&mut state, 2, MEMBER_ID);
        field_varint(&mut state, 3, self.index.saturating_sub(1));
        self.frame(RECORD_STATE, false, &state, out);
    }

    /// One put of this key and value.
    pub fn put(&mut self, key: &[u8], value: &[u8], out: &mut PageWriter) {
        let put_len = field_bytes_len(key.len()) + field_bytes_len(value.len());
        let mut header = [0u8; 11];
        let header_len = {
            let mut short = Vec::with_capacity(11);
            field_varint(&mut short, 1, self.request);
            header[..short.len()].copy_from_slice(&short);
            short.len()
        };
        // InternalRaftRequest: put is field 4, header is field 100.
        let request_len = field_bytes_len(put_len) + 2 + varint_len(header_len as u64) + header_len;
        let mut entry = std::mem::take(&mut self.entry);
        entry.clear();
        field_varint(&mut entry, 1, 0);
        field_varint(&mut entry, 2, TERM);
        field_varint(&mut entry, 3, self.index);
        field_head(&mut entry, 4, request_len);
        field_head(&mut entry, 4, put_len);
        field_head(&mut entry, 1, key.len());
        entry.extend_from_slice(key);
        field_head(&mut entry, 2, value.len());
        entry.extend_from_slice(value);
        field_head(&mut entry, 100, header_len);
        entry.extend_from_slice(&header[..header_len]);
        self.frame(RECORD_ENTRY, false, &entry, out);
        self.entry = entry;
        self.index += 1;
        self.request += 1;
    }

    fn metadata(&mut self, out: &mut PageWriter) {
        let mut ids = Vec::with_capacity(24);
        field_varint(&mut ids, 1, MEMBER_ID);
        field_varint(&mut ids, 2, CLUSTER_ID);
        self.frame(RECORD_METADATA, false, &ids, out);
    }

    /// Writes one frame. A checksum record carries the rolling checksum itself and no data.
    fn frame(&mut self, kind: u64, is_crc: bool, data: &[u8], out: &mut PageWriter) {
        if !is_crc {
            self.crc = crc32c::crc32c_append(self.crc, data);
        }
        let record = &mut self.record;
        record.clear();
        record.extend_from_slice(&[0; 8]);
        field_varint(record, 1, kind);
        field_varint(record, 2, u64::from(self.crc));
        if !is_crc {
            field_head(record, 3, data.len());
            record.extend_from_slice(data);
        }
        let length = record.len() - 8;
        let padding = length.next_multiple_of(8) - length;
        let mut word = length as u64;
        if padding > 0 {
            word |= (0x80 | padding as u64) << 56;
        }
        record[..8].copy_from_slice(&word.to_le_bytes());
        record.resize(8 + length + padding, 0);
        // etcd hands the length word and the record to the page writer one after the other.
        out.write(&record[..8]);
        out.write(&record[8..]);
    }
}

fn varint_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn field_varint(out: &mut Vec<u8>, number: u64, value: u64) {
    varint(out, number << 3);
    varint(out, value);
}

fn field_head(out: &mut Vec<u8>, number: u64, len: usize) {
    varint(out, number << 3 | 2);
    varint(out, len as u64);
}

/// Length of a bytes field with a one-byte tag.
fn field_bytes_len(len: usize) -> usize {
    1 + varint_len(len as u64) + len
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame_len(key: usize, value: usize) -> usize {
        let mut out = PageWriter::new(0);
        let mut encoder = Encoder::new(20_000);
        encoder.put(&vec![1; key], &vec![2; value], &mut out);
        out.take().0.len()
    }

    #[test]
    fn frames_have_etcds_length() {
        assert_eq!(frame_len(8, 8), 64);
        assert_eq!(frame_len(8, 256), 320);
        assert_eq!(frame_len(32, 256), 344);
        assert_eq!(frame_len(64, 1024), 1144);
        assert_eq!(frame_len(100, 4096), 4248);
        assert_eq!(frame_len(64, 10_240), 10_360);
    }

    #[test]
    fn heads_and_hard_state_have_etcds_length() {
        let mut encoder = Encoder::new(20_000);
        let mut out = PageWriter::new(0);
        encoder.first_head(&mut out);
        assert_eq!(out.take().0.len(), 80);
        out.clear();
        encoder.hard_state(&mut out);
        assert_eq!(out.take().0.len(), 40);
    }

    #[test]
    fn a_reader_of_etcds_kind_accepts_the_frames() {
        let mut out = PageWriter::new(0);
        let mut encoder = Encoder::new(1);
        encoder.first_head(&mut out);
        for _ in 0..3 {
            encoder.hard_state(&mut out);
            encoder.put(b"key", b"value", &mut out);
        }
        let bytes = out.take().0;
        let (mut at, mut kinds) = (0, Vec::new());
        while at < bytes.len() {
            let word = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
            let length = (word & 0x00ff_ffff_ffff_ffff) as usize;
            let padding = ((word >> 56) & 0x7f) as usize;
            assert_eq!((8 + length + padding) % 8, 0);
            assert_eq!(bytes[at + 8], 0x08, "a record begins with its type");
            kinds.push(bytes[at + 9]);
            at += 8 + length + padding;
        }
        assert_eq!(kinds, [4, 1, 5, 3, 2, 3, 2, 3, 2]);
    }
}
