//! The requests of etcd's API that a load sends, and what it reads in their answers
//! (etcd `api/etcdserverpb/rpc.proto`, `api/mvccpb/kv.proto`; the field numbers are the same in 3.4, 3.5 and 3.6).

use super::protobuf::{
    Fields, Malformed, Value, bytes_field_len, message_field_len, put_bytes, put_message,
    put_varint, varint_field_len,
};

/// A method of etcd's gRPC services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `KV/Put`
    Put,
    /// `KV/Range`
    Range,
    /// `KV/DeleteRange`
    DeleteRange,
    /// `KV/Txn`
    Txn,
    /// `Lease/LeaseGrant`
    LeaseGrant,
    /// `Lease/LeaseRevoke`
    LeaseRevoke,
    /// `Lease/LeaseKeepAlive`
    LeaseKeepAlive,
    /// `Watch/Watch`
    Watch,
    /// `Maintenance/Status`
    Status,
    /// `Auth/Authenticate`
    Authenticate,
}

impl Method {
    /// Every method, in the order of their numbers.
    pub const ALL: [Method; 10] = [
        Method::Put,
        Method::Range,
        Method::DeleteRange,
        Method::Txn,
        Method::LeaseGrant,
        Method::LeaseRevoke,
        Method::LeaseKeepAlive,
        Method::Watch,
        Method::Status,
        Method::Authenticate,
    ];

    /// Its HTTP/2 path.
    pub fn path(self) -> &'static str {
        match self {
            Method::Put => "/etcdserverpb.KV/Put",
            Method::Range => "/etcdserverpb.KV/Range",
            Method::DeleteRange => "/etcdserverpb.KV/DeleteRange",
            Method::Txn => "/etcdserverpb.KV/Txn",
            Method::LeaseGrant => "/etcdserverpb.Lease/LeaseGrant",
            Method::LeaseRevoke => "/etcdserverpb.Lease/LeaseRevoke",
            Method::LeaseKeepAlive => "/etcdserverpb.Lease/LeaseKeepAlive",
            Method::Watch => "/etcdserverpb.Watch/Watch",
            Method::Status => "/etcdserverpb.Maintenance/Status",
            Method::Authenticate => "/etcdserverpb.Auth/Authenticate",
        }
    }
}

/// What can be encoded.
pub trait Request {
    /// Bytes of its encoding.
    fn size(&self) -> usize;
    /// Appends its encoding.
    fn write(&self, to: &mut Vec<u8>);
}

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
    fn size(&self) -> usize {
        bytes_field_len(1, self.key.len()) + varint_field_len(3, self.prev_kv.into())
    }

    fn write(&self, to: &mut Vec<u8>) {
        put_bytes(to, 1, self.key);
        put_varint(to, 3, self.prev_kv.into());
    }
}

/// `Compare`: the key was last changed at this revision; 0 means that it does not exist.
#[derive(Debug, Clone, Copy)]
pub struct Unchanged<'a> {
    /// The key.
    pub key: &'a [u8],
    /// Its `mod_revision`.
    pub revision: i64,
}

/// `Compare.CompareTarget.MOD`.
const TARGET_MOD: u64 = 2;

impl Request for Unchanged<'_> {
    fn size(&self) -> usize {
        varint_field_len(2, TARGET_MOD)
            + bytes_field_len(3, self.key.len())
            // Member of a oneof: written also when it is 0.
            + varint_field_len(6, (self.revision as u64).max(1))
    }

    fn write(&self, to: &mut Vec<u8>) {
        put_varint(to, 2, TARGET_MOD);
        put_bytes(to, 3, self.key);
        match self.revision {
            0 => to.extend_from_slice(&[6 << 3, 0]),
            revision => put_varint(to, 6, revision as u64),
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
    pub compare: &'a [Unchanged<'a>],
    /// What is done if it does.
    pub success: &'a [Op<'a>],
    /// What is done if it does not.
    pub failure: &'a [Op<'a>],
}

impl Request for Txn<'_> {
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

/// `LeaseGrantRequest`; the server chooses the id.
#[derive(Debug, Clone, Copy)]
pub struct LeaseGrant {
    /// Seconds it lives without a keep-alive.
    pub ttl_s: u64,
}

impl Request for LeaseGrant {
    fn size(&self) -> usize {
        varint_field_len(1, self.ttl_s)
    }

    fn write(&self, to: &mut Vec<u8>) {
        put_varint(to, 1, self.ttl_s);
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
}

impl WatchCreate<'_> {
    fn create_len(&self) -> usize {
        bytes_field_len(1, self.key.len())
            + bytes_field_len(2, self.end.len())
            + varint_field_len(3, self.start_revision as u64)
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
            put_varint(to, 6, self.prev_kv.into());
        });
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

/// `ResponseHeader`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Head {
    /// Who answered.
    pub member_id: u64,
    /// The store's revision; of a write, its own.
    pub revision: i64,
    /// The raft term.
    pub raft_term: u64,
}

/// A `KeyValue` in an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pair<'a> {
    /// The key.
    pub key: &'a [u8],
    /// Revision of its last change.
    pub mod_revision: i64,
    /// The value.
    pub value: &'a [u8],
}

/// `RangeResponse`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RangeAnswer<'a> {
    /// The header; absent inside a transaction.
    pub head: Head,
    /// The pairs.
    pub pairs: Vec<Pair<'a>>,
    /// Whether the limit left some out.
    pub more: bool,
    /// All keys in the range.
    pub count: u64,
}

/// `TxnResponse`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TxnAnswer<'a> {
    /// The header.
    pub head: Head,
    /// Whether the comparisons held.
    pub succeeded: bool,
    /// What the ranges among the operations read.
    pub ranges: Vec<RangeAnswer<'a>>,
}

/// `LeaseGrantResponse` or `LeaseKeepAliveResponse`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeaseAnswer {
    /// The header.
    pub head: Head,
    /// The lease.
    pub id: i64,
    /// Seconds it lives from now; 0 is a lease that does not exist.
    pub ttl_s: i64,
}

/// `WatchResponse`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchAnswer<'a> {
    /// The header.
    pub head: Head,
    /// The watch.
    pub watch_id: i64,
    /// It tells that the watch was made.
    pub created: bool,
    /// It tells that the watch ended.
    pub canceled: bool,
    /// Why it ended.
    pub cancel_reason: &'a [u8],
    /// Pairs that were put.
    pub puts: Vec<Pair<'a>>,
}

/// The header of any answer.
pub fn head(answer: &[u8]) -> Result<Head, Malformed> {
    for field in Fields::of(answer) {
        if let (1, Value::Bytes(header)) = field? {
            return header_fields(header);
        }
    }
    Ok(Head::default())
}

fn header_fields(header: &[u8]) -> Result<Head, Malformed> {
    let mut head = Head::default();
    for field in Fields::of(header) {
        match field? {
            (2, Value::Number(id)) => head.member_id = id,
            (3, Value::Number(revision)) => head.revision = revision as i64,
            (4, Value::Number(term)) => head.raft_term = term,
            _ => {}
        }
    }
    Ok(head)
}

/// Reads a `DeleteRangeResponse`: the header, and how many keys were removed.
pub fn deleted(answer: &[u8]) -> Result<(Head, u64), Malformed> {
    let (mut found, mut count) = (Head::default(), 0);
    for field in Fields::of(answer) {
        match field? {
            (1, Value::Bytes(header)) => found = header_fields(header)?,
            (2, Value::Number(deleted)) => count = deleted,
            _ => {}
        }
    }
    Ok((found, count))
}

/// Reads a `KeyValue`.
fn pair(message: &[u8]) -> Result<Pair<'_>, Malformed> {
    let mut pair = Pair::default();
    for field in Fields::of(message) {
        match field? {
            (1, Value::Bytes(key)) => pair.key = key,
            (3, Value::Number(revision)) => pair.mod_revision = revision as i64,
            (5, Value::Bytes(value)) => pair.value = value,
            _ => {}
        }
    }
    Ok(pair)
}

impl<'a> RangeAnswer<'a> {
    /// Reads a `RangeResponse`.
    pub fn read(answer: &'a [u8]) -> Result<Self, Malformed> {
        let mut read = RangeAnswer::default();
        for field in Fields::of(answer) {
            match field? {
                (1, Value::Bytes(header)) => read.head = header_fields(header)?,
                (2, Value::Bytes(kv)) => read.pairs.push(pair(kv)?),
                (3, Value::Number(more)) => read.more = more != 0,
                (4, Value::Number(count)) => read.count = count,
                _ => {}
            }
        }
        Ok(read)
    }
}

impl<'a> TxnAnswer<'a> {
    /// Reads a `TxnResponse`.
    pub fn read(answer: &'a [u8]) -> Result<Self, Malformed> {
        let mut read = TxnAnswer::default();
        for field in Fields::of(answer) {
            match field? {
                (1, Value::Bytes(header)) => read.head = header_fields(header)?,
                (2, Value::Number(succeeded)) => read.succeeded = succeeded != 0,
                (3, Value::Bytes(response)) => {
                    for inner in Fields::of(response) {
                        if let (1, Value::Bytes(range)) = inner? {
                            read.ranges.push(RangeAnswer::read(range)?);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(read)
    }
}

impl LeaseAnswer {
    /// Reads a `LeaseGrantResponse` or `LeaseKeepAliveResponse`.
    pub fn read(answer: &[u8]) -> Result<Self, Malformed> {
        let mut read = LeaseAnswer::default();
        for field in Fields::of(answer) {
            match field? {
                (1, Value::Bytes(header)) => read.head = header_fields(header)?,
                (2, Value::Number(id)) => read.id = id as i64,
                (3, Value::Number(ttl)) => read.ttl_s = ttl as i64,
                _ => {}
            }
        }
        Ok(read)
    }
}

impl<'a> WatchAnswer<'a> {
    /// Reads a `WatchResponse`.
    pub fn read(answer: &'a [u8]) -> Result<Self, Malformed> {
        let mut read = WatchAnswer::default();
        for field in Fields::of(answer) {
            match field? {
                (1, Value::Bytes(header)) => read.head = header_fields(header)?,
                (2, Value::Number(id)) => read.watch_id = id as i64,
                (3, Value::Number(created)) => read.created = created != 0,
                (4, Value::Number(canceled)) => read.canceled = canceled != 0,
                (6, Value::Bytes(reason)) => read.cancel_reason = reason,
                (11, Value::Bytes(event)) => read.puts.extend(put_event(event)?),
                _ => {}
            }
        }
        Ok(read)
    }
}

/// The pair of an `Event` of type `PUT`; nothing for a `DELETE`.
fn put_event(event: &[u8]) -> Result<Option<Pair<'_>>, Malformed> {
    let (mut put, mut found) = (true, None);
    for field in Fields::of(event) {
        match field? {
            (1, Value::Number(kind)) => put = kind == 0,
            (2, Value::Bytes(kv)) => found = Some(pair(kv)?),
            _ => {}
        }
    }
    Ok(found.filter(|_| put))
}
