//! What the control plane reads in etcd's answers: owned, and whole.

use bytes::Bytes;

use crate::wire::protobuf::{Fields, Malformed, Value};

/// `ResponseHeader`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Header {
    /// The cluster.
    pub cluster_id: u64,
    /// Who answered.
    pub member_id: u64,
    /// The store's revision; of a write, its own.
    pub revision: i64,
    /// The raft term.
    pub raft_term: u64,
}

/// `StatusResponse`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusTold {
    /// The header.
    pub header: Header,
    /// Version of the server.
    pub version: String,
    /// Bytes of the database file.
    pub db_size: i64,
    /// Of them, what is used; 3.4 and later.
    pub db_size_in_use: i64,
    /// The quota; 3.6 and later.
    pub db_size_quota: i64,
    /// Id of the leader; 0 is none.
    pub leader: u64,
    /// The raft term it is in.
    pub raft_term: u64,
    /// What is wrong: alarms, corruption, no leader.
    pub errors: Vec<String>,
    /// Whether it only learns.
    pub is_learner: bool,
}

/// `Member`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberTold {
    /// Its id.
    pub id: u64,
    /// Its name; empty before it has started.
    pub name: String,
    /// Where it says that it serves clients.
    pub client_urls: Vec<String>,
    /// Whether it only learns.
    pub is_learner: bool,
}

/// `LeaseTimeToLiveResponse`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeaseTold {
    /// The header.
    pub header: Header,
    /// Seconds that are left; -1 of a lease that does not exist.
    pub ttl_s: i64,
    /// Seconds it was granted for.
    pub granted_ttl_s: i64,
    /// How many keys are bound to it, where that was asked for.
    pub keys: u64,
}

/// `KeyValue`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyValue {
    key: Bytes,
    value: Bytes,
    create_revision: i64,
    mod_revision: i64,
    version: i64,
    lease: i64,
}

/// `RangeResponse`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RangeTold {
    /// The header.
    pub header: Header,
    /// The pairs.
    pub pairs: Vec<KeyValue>,
    /// Whether the limit left some out.
    pub more: bool,
    /// All keys in the range.
    pub count: u64,
}

/// `TxnResponse`, without what its operations read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TxnTold {
    /// The header.
    pub header: Header,
    /// Whether the comparisons held.
    pub succeeded: bool,
}

/// `WatchResponse`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchTold {
    /// It tells that the watch has ended.
    pub canceled: bool,
    /// Why it has.
    pub cancel_reason: String,
    /// What was changed, in its order.
    pub events: Vec<Event>,
}

/// `Event`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// The key is not there any more.
    pub deleted: bool,
    /// The pair as it is now; of one that was deleted, its key and the revision of that.
    pub pair: KeyValue,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Header {
    /// Reads a `ResponseHeader`.
    fn read(message: &[u8]) -> Result<Self, Malformed> {
        let mut read = Header::default();
        for field in Fields::of(message) {
            match field? {
                (1, Value::Number(id)) => read.cluster_id = id,
                (2, Value::Number(id)) => read.member_id = id,
                (3, Value::Number(revision)) => read.revision = revision as i64,
                (4, Value::Number(term)) => read.raft_term = term,
                _ => {}
            }
        }
        Ok(read)
    }
}

impl StatusTold {
    /// Reads a `StatusResponse`.
    pub fn read(answer: &[u8]) -> Result<Self, Malformed> {
        let mut read = StatusTold::default();
        for field in Fields::of(answer) {
            match field? {
                (1, Value::Bytes(header)) => read.header = Header::read(header)?,
                (2, Value::Bytes(version)) => read.version = text(version),
                (3, Value::Number(size)) => read.db_size = size as i64,
                (4, Value::Number(leader)) => read.leader = leader,
                (6, Value::Number(term)) => read.raft_term = term,
                (8, Value::Bytes(error)) => read.errors.push(text(error)),
                (9, Value::Number(size)) => read.db_size_in_use = size as i64,
                (10, Value::Number(learner)) => read.is_learner = learner != 0,
                (12, Value::Number(quota)) => read.db_size_quota = quota as i64,
                _ => {}
            }
        }
        Ok(read)
    }
}

impl MemberTold {
    /// Reads a `MemberListResponse`.
    pub fn read_list(answer: &[u8]) -> Result<Vec<Self>, Malformed> {
        let mut list = Vec::new();
        for field in Fields::of(answer) {
            if let (2, Value::Bytes(member)) = field? {
                list.push(MemberTold::read(member)?);
            }
        }
        Ok(list)
    }

    fn read(message: &[u8]) -> Result<Self, Malformed> {
        let mut read = MemberTold::default();
        for field in Fields::of(message) {
            match field? {
                (1, Value::Number(id)) => read.id = id,
                (2, Value::Bytes(name)) => read.name = text(name),
                (4, Value::Bytes(url)) => read.client_urls.push(text(url)),
                (5, Value::Number(learner)) => read.is_learner = learner != 0,
                _ => {}
            }
        }
        Ok(read)
    }
}

impl LeaseTold {
    /// Reads a `LeaseTimeToLiveResponse`.
    pub fn read(answer: &[u8]) -> Result<Self, Malformed> {
        let mut read = LeaseTold::default();
        for field in Fields::of(answer) {
            match field? {
                (1, Value::Bytes(header)) => read.header = Header::read(header)?,
                (3, Value::Number(ttl)) => read.ttl_s = ttl as i64,
                (4, Value::Number(ttl)) => read.granted_ttl_s = ttl as i64,
                (5, Value::Bytes(_)) => read.keys += 1,
                _ => {}
            }
        }
        Ok(read)
    }
}

impl KeyValue {
    /// Reads one that lies in an answer. No key of etcd's is empty.
    fn read(answer: &Bytes, message: &[u8]) -> Result<Self, Malformed> {
        let mut read = KeyValue::default();
        for field in Fields::of(message) {
            match field? {
                (1, Value::Bytes(key)) => read.key = answer.slice_ref(key),
                (2, Value::Number(revision)) => read.create_revision = revision as i64,
                (3, Value::Number(revision)) => read.mod_revision = revision as i64,
                (4, Value::Number(version)) => read.version = version as i64,
                (5, Value::Bytes(value)) => read.value = answer.slice_ref(value),
                (6, Value::Number(lease)) => read.lease = lease as i64,
                _ => {}
            }
        }
        if read.key.is_empty() { Err(Malformed) } else { Ok(read) }
    }

    /// The key.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The value; empty where only keys were asked for.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// The revision in which it was created.
    pub fn create_revision(&self) -> i64 {
        self.create_revision
    }

    /// The revision of its last change.
    pub fn mod_revision(&self) -> i64 {
        self.mod_revision
    }

    /// How often it was written since it was created.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The lease that it is bound to; 0 is none.
    pub fn lease(&self) -> i64 {
        self.lease
    }
}

impl RangeTold {
    /// Reads a `RangeResponse`.
    pub fn read(answer: &Bytes) -> Result<Self, Malformed> {
        let mut read = RangeTold::default();
        for field in Fields::of(answer) {
            match field? {
                (1, Value::Bytes(header)) => read.header = Header::read(header)?,
                (2, Value::Bytes(pair)) => read.pairs.push(KeyValue::read(answer, pair)?),
                (3, Value::Number(more)) => read.more = more != 0,
                (4, Value::Number(count)) => read.count = count,
                _ => {}
            }
        }
        Ok(read)
    }
}

impl TxnTold {
    /// Reads a `TxnResponse`.
    pub fn read(answer: &[u8]) -> Result<Self, Malformed> {
        let mut read = TxnTold::default();
        for field in Fields::of(answer) {
            match field? {
                (1, Value::Bytes(header)) => read.header = Header::read(header)?,
                (2, Value::Number(succeeded)) => read.succeeded = succeeded != 0,
                _ => {}
            }
        }
        Ok(read)
    }
}

impl WatchTold {
    /// Reads a `WatchResponse`.
    pub fn read(answer: &Bytes) -> Result<Self, Malformed> {
        let mut read = WatchTold::default();
        for field in Fields::of(answer) {
            match field? {
                (4, Value::Number(canceled)) => read.canceled = canceled != 0,
                (6, Value::Bytes(reason)) => read.cancel_reason = text(reason),
                (11, Value::Bytes(event)) => read.events.extend(Event::read(answer, event)?),
                _ => {}
            }
        }
        Ok(read)
    }
}

impl Event {
    /// Reads one that lies in an answer; none where it has no pair.
    fn read(answer: &Bytes, message: &[u8]) -> Result<Option<Self>, Malformed> {
        let (mut deleted, mut found) = (false, None);
        for field in Fields::of(message) {
            match field? {
                (1, Value::Number(kind)) => deleted = kind != 0,
                (2, Value::Bytes(pair)) => found = Some(KeyValue::read(answer, pair)?),
                _ => {}
            }
        }
        Ok(found.map(|pair| Event { deleted, pair }))
    }
}
