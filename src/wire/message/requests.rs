//! What a load asks of etcd.

use super::Request;
use crate::wire::protobuf::{
    bytes_field_len, message_field_len, put_bytes, put_message, put_varint, varint_field_len,
};

/// `PutRequest`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Put<'a> {
    /// The key.
    pub key: &'a [u8],
    /// The value.
    pub value: &'a [u8],
    /// The lease the key is bound to; 0 is none.
    pub lease: i64,
    /// Ask for the pair before.
    pub prev_kv: bool,
}

impl Request for Put<'_> {
    fn size(&self) -> usize {
        bytes_field_len(1, self.key.len())
            + bytes_field_len(2, self.value.len())
            + varint_field_len(3, self.lease as u64)
            + varint_field_len(4, self.prev_kv.into())
    }

    fn versions(&self) -> u64 {
        1
    }

    fn write(&self, to: &mut Vec<u8>) {
        put_bytes(to, 1, self.key);
        put_bytes(to, 2, self.value);
        put_varint(to, 3, self.lease as u64);
        put_varint(to, 4, self.prev_kv.into());
    }
}

/// `RangeRequest`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Range<'a> {
    /// The first key.
    pub key: &'a [u8],
    /// The first key not read any more; empty reads one key.
    pub end: &'a [u8],
    /// At most so many pairs; 0 is no limit.
    pub limit: u64,
    /// At this revision; 0 is now.
    pub revision: i64,
    /// Answered by the member that is asked.
    pub serializable: bool,
    /// No values.
    pub keys_only: bool,
    /// Only the number of keys.
    pub count_only: bool,
}

impl Request for Range<'_> {
    fn size(&self) -> usize {
        bytes_field_len(1, self.key.len())
            + bytes_field_len(2, self.end.len())
            + varint_field_len(3, self.limit)
            + varint_field_len(4, self.revision as u64)
            + varint_field_len(7, self.serializable.into())
            + varint_field_len(8, self.keys_only.into())
            + varint_field_len(9, self.count_only.into())
    }

    fn write(&self, to: &mut Vec<u8>) {
        put_bytes(to, 1, self.key);
        put_bytes(to, 2, self.end);
        put_varint(to, 3, self.limit);
        put_varint(to, 4, self.revision as u64);
        put_varint(to, 7, self.serializable.into());
        put_varint(to, 8, self.keys_only.into());
        put_varint(to, 9, self.count_only.into());
    }
}

/// `DeleteRangeRequest` of one key.
#[derive(Debug, Clone, Copy, Default)]
pub struct Delete<'a> {
    /// The key.
    pub key: &'a [u8],
    /// Ask for the pair before.
    pub prev_kv: bool,
}

impl Request for Delete<'_> {
    fn versions(&self) -> u64 {
        1
    }

    fn size(&self) -> usize {
        bytes_field_len(1, self.key.len()) + varint_field_len(3, self.prev_kv.into())
    }

    fn write(&self, to: &mut Vec<u8>) {
        put_bytes(to, 1, self.key);
        put_varint(to, 3, self.prev_kv.into());
    }
}

/// `Compare`: a number that a key must have for a transaction to succeed; a key that does not exist has 0 of each.
#[derive(Debug, Clone, Copy)]
pub struct Compare<'a> {
    key: &'a [u8],
    number: Number,
    is: i64,
}

/// Which number: `Compare.CompareTarget`.
#[derive(Debug, Clone, Copy)]
enum Number {
    Version,
    ModRevision,
}

impl Number {
    /// Its number in the enumeration, and that of the field with the value to compare with.
    fn target_and_field(self) -> (u64, u32) {
        match self {
            Number::Version => (0, 4),
            Number::ModRevision => (2, 6),
        }
    }
}

impl<'a> Compare<'a> {
    /// The key was last changed at this revision; with 0 it does not exist.
    pub fn unchanged(key: &'a [u8], revision: i64) -> Self {
        Compare { key, number: Number::ModRevision, is: revision }
    }

    /// The key was written so many times since it was created.
    pub fn version(key: &'a [u8], version: i64) -> Self {
        Compare { key, number: Number::Version, is: version }
    }
}

impl Request for Compare<'_> {
    fn size(&self) -> usize {
        let (target, field) = self.number.target_and_field();
        varint_field_len(2, target)
            + bytes_field_len(3, self.key.len())
            // Member of a oneof: written also when it is 0.
            + varint_field_len(field, (self.is as u64).max(1))
    }

    fn write(&self, to: &mut Vec<u8>) {
        let (target, field) = self.number.target_and_field();
        put_varint(to, 2, target);
        put_bytes(to, 3, self.key);
        match self.is {
            0 => to.extend_from_slice(&[(field as u8) << 3, 0]),
            is => put_varint(to, field, is as u64),
        }
    }
}

/// `RequestOp`: an operation of a transaction.
#[derive(Debug, Clone, Copy)]
pub enum Op<'a> {
    /// Reads.
    Range(Range<'a>),
    /// Writes a key.
    Put(Put<'a>),
    /// Removes a key.
    Delete(Delete<'a>),
}

impl Op<'_> {
    fn field(&self) -> (u32, &dyn Request) {
        match self {
            Op::Range(range) => (1, range),
            Op::Put(put) => (2, put),
            Op::Delete(delete) => (3, delete),
        }
    }
}

impl Request for Op<'_> {
    fn versions(&self) -> u64 {
        self.field().1.versions()
    }

    fn size(&self) -> usize {
        let (field, request) = self.field();
        message_field_len(field, request.size())
    }

    fn write(&self, to: &mut Vec<u8>) {
        let (field, request) = self.field();
        put_message(to, field, request.size(), |to| request.write(to));
    }
}

/// `TxnRequest`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Txn<'a> {
    /// What must hold.
    pub compare: &'a [Compare<'a>],
    /// What is done if it does.
    pub success: &'a [Op<'a>],
    /// What is done if it does not.
    pub failure: &'a [Op<'a>],
}

impl Request for Txn<'_> {
    fn versions(&self) -> u64 {
        let of = |operations: &[Op<'_>]| operations.iter().map(Op::versions).sum::<u64>();
        of(self.success).max(of(self.failure))
    }

    fn size(&self) -> usize {
        fn all<R: Request>(field: u32, requests: &[R]) -> usize {
            let lengths = requests.iter().map(|r| message_field_len(field, r.size()));
            lengths.sum()
        }
        all(1, self.compare) + all(2, self.success) + all(3, self.failure)
    }

    fn write(&self, to: &mut Vec<u8>) {
        fn all<R: Request>(to: &mut Vec<u8>, field: u32, requests: &[R]) {
            for request in requests {
                put_message(to, field, request.size(), |to| request.write(to));
            }
        }
        all(to, 1, self.compare);
        all(to, 2, self.success);
        all(to, 3, self.failure);
    }
}

/// `CompactionRequest`.
#[derive(Debug, Clone, Copy)]
pub struct Compact {
    /// Everything older is forgotten.
    pub revision: i64,
    /// Answered when it is done, not already when it is decided.
    pub physical: bool,
}

impl Request for Compact {
    fn size(&self) -> usize {
        varint_field_len(1, self.revision as u64) + varint_field_len(2, self.physical.into())
    }

    fn write(&self, to: &mut Vec<u8>) {
        put_varint(to, 1, self.revision as u64);
        put_varint(to, 2, self.physical.into());
    }
}

/// `LeaseGrantRequest`.
#[derive(Debug, Clone, Copy)]
pub struct LeaseGrant {
    /// Seconds it lives without a keep-alive.
    pub ttl_s: u64,
    /// Its id; with 0 the server chooses one.
    pub id: i64,
}

impl Request for LeaseGrant {
    fn versions(&self) -> u64 {
        // Not of a key, but a record of its own.
        1
    }

    fn size(&self) -> usize {
        varint_field_len(1, self.ttl_s) + varint_field_len(2, self.id as u64)
    }

    fn write(&self, to: &mut Vec<u8>) {
        put_varint(to, 1, self.ttl_s);
        put_varint(to, 2, self.id as u64);
    }
}

/// `LeaseRevokeRequest` or `LeaseKeepAliveRequest`.
#[derive(Debug, Clone, Copy)]
pub struct LeaseId(pub i64);

impl Request for LeaseId {
    fn size(&self) -> usize {
        varint_field_len(1, self.0 as u64)
    }

    fn write(&self, to: &mut Vec<u8>) {
        put_varint(to, 1, self.0 as u64);
    }
}

/// `WatchRequest` with a `WatchCreateRequest`.
#[derive(Debug, Clone, Copy, Default)]
pub struct WatchCreate<'a> {
    /// The first key.
    pub key: &'a [u8],
    /// The first key not watched any more; empty watches one key.
    pub end: &'a [u8],
    /// Events from this revision on; 0 is from now on.
    pub start_revision: i64,
    /// Events carry the pair before.
    pub prev_kv: bool,
    /// The revision is told from time to time, also where there are no events.
    pub progress_notify: bool,
}

impl WatchCreate<'_> {
    fn create_len(&self) -> usize {
        bytes_field_len(1, self.key.len())
            + bytes_field_len(2, self.end.len())
            + varint_field_len(3, self.start_revision as u64)
            + varint_field_len(4, self.progress_notify.into())
            + varint_field_len(6, self.prev_kv.into())
    }
}

impl Request for WatchCreate<'_> {
    fn size(&self) -> usize {
        message_field_len(1, self.create_len())
    }

    fn write(&self, to: &mut Vec<u8>) {
        put_message(to, 1, self.create_len(), |to| {
            put_bytes(to, 1, self.key);
            put_bytes(to, 2, self.end);
            put_varint(to, 3, self.start_revision as u64);
            put_varint(to, 4, self.progress_notify.into());
            put_varint(to, 6, self.prev_kv.into());
        });
    }
}

/// `WatchRequest` with a `WatchProgressRequest`: the revision that the watches of a stream have come to is told at once.
#[derive(Debug, Clone, Copy)]
pub struct WatchProgress;

impl Request for WatchProgress {
    fn size(&self) -> usize {
        // A message without fields is there by its tag and its length of 0.
        2
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&[(3 << 3) | 2, 0]);
    }
}

/// A request without fields.
#[derive(Debug, Clone, Copy)]
pub struct Empty;

impl Request for Empty {
    fn size(&self) -> usize {
        0
    }

    fn write(&self, _: &mut Vec<u8>) {}
}
