//! The least that is a valid answer to each of etcd's calls (etcd `api/etcdserverpb/rpc.proto`).

use std::cell::Cell;
use std::net::SocketAddr;

use bytes::{BufMut, Bytes, BytesMut};

use super::Behaviour;

const MEMBER: u64 = 1;
const TERM: u64 = 2;

/// Answers with a revision that grows with each write.
pub struct Answers {
    revision: Cell<u64>,
    tokens: Cell<u64>,
    value: Vec<u8>,
    endpoint: String,
    endless: bool,
    version: String,
    cancels: Option<&'static str>,
}

impl Answers {
    /// Those of a single member at this address.
    pub fn new(address: SocketAddr, behaviour: &Behaviour) -> Self {
        Answers {
            revision: Cell::new(1),
            tokens: Cell::new(0),
            value: vec![b'v'; behaviour.val_size],
            endless: behaviour.endless,
            version: behaviour.version.clone().unwrap_or_else(|| "3.5.0".to_owned()),
            cancels: behaviour.cancels,
            endpoint: format!("http://{address}"),
        }
    }

    /// How many tokens it gave; they are numbers, counted from 1.
    pub fn tokens(&self) -> u64 {
        self.tokens.get()
    }

    /// The framed answer to a unary call; none if there is no such call.
    pub fn to_call(&self, path: &str, request: &[u8]) -> Option<Bytes> {
        let (_, method) = path.rsplit_once('/')?;
        let mut answer = Vec::with_capacity(64);
        if ["Put", "Txn", "DeleteRange"].contains(&method) {
            self.revision.set(self.revision.get() + 1);
        }
        self.header(&mut answer);
        match method {
            "Put" | "Compact" | "Defragment" | "LeaseRevoke" | "Alarm" => {}
            "Authenticate" => {
                self.tokens.set(self.tokens.get() + 1);
                let token = self.tokens.get().to_string();
                bytes(&mut answer, 2, token.as_bytes());
            }
            "DeleteRange" => number(&mut answer, 2, 1),
            "Range" => self.range(&mut answer, request),
            "Txn" => {
                number(&mut answer, 2, 1);
                let mut put = Vec::new();
                self.header(&mut put);
                // responses[0].response_put
                let mut response = Vec::new();
                bytes(&mut response, 2, &put);
                bytes(&mut answer, 3, &response);
            }
            "LeaseGrant" => {
                number(&mut answer, 2, field(request, 2).number().max(7));
                number(&mut answer, 3, field(request, 1).number());
            }
            "Status" => {
                bytes(&mut answer, 2, self.version.as_bytes());
                number(&mut answer, 3, 1 << 20);
                number(&mut answer, 4, MEMBER);
                number(&mut answer, 5, self.revision.get());
                number(&mut answer, 6, TERM);
            }
            "MemberList" => {
                let mut member = Vec::new();
                number(&mut member, 1, MEMBER);
                bytes(&mut member, 2, b"null");
                bytes(&mut member, 4, self.endpoint.as_bytes());
                bytes(&mut answer, 2, &member);
            }
            _ => return None,
        }
        Some(frame(&answer))
    }

    /// The framed answer to a message of a watch or of a lease's keep-alive.
    pub fn to_message(&self, path: &str, message: &[u8]) -> Option<Bytes> {
        let mut answer = Vec::new();
        self.header(&mut answer);
        if path.ends_with("LeaseKeepAlive") {
            number(&mut answer, 2, field(message, 1).number());
            number(&mut answer, 3, 60);
            return Some(frame(&answer));
        }
        let create = field(message, 1);
        let Field::Bytes(create) = create else {
            return None;
        };
        number(&mut answer, 2, field(create, 7).number());
        number(&mut answer, 3, 1);
        let mut framed = frame(&answer).to_vec();
        if let Some(reason) = self.cancels {
            let mut cancelled = Vec::new();
            self.header(&mut cancelled);
            number(&mut cancelled, 2, field(create, 7).number());
            number(&mut cancelled, 4, 1);
            bytes(&mut cancelled, 6, reason.as_bytes());
            framed.extend_from_slice(&frame(&cancelled));
        }
        Some(framed.into())
    }

    /// One key, the one that is asked for; a range of keys is empty, or without end.
    fn range(&self, answer: &mut Vec<u8>, request: &[u8]) {
        if let (Field::Bytes(from), Field::Bytes(_)) = (field(request, 1), field(request, 2)) {
            if self.endless && self.revision.get() > 1 {
                let mut found = Vec::new();
                bytes(&mut found, 1, &[from, b"x"].concat());
                number(&mut found, 3, 1);
                bytes(answer, 2, &found);
                number(answer, 3, 1);
                number(answer, 4, 1 << 40);
            }
            return;
        }
        let (Field::Bytes(key), Field::None) = (field(request, 1), field(request, 2)) else {
            return;
        };
        let mut found = Vec::new();
        bytes(&mut found, 1, key);
        number(&mut found, 2, 1);
        number(&mut found, 3, 1);
        number(&mut found, 4, 1);
        bytes(&mut found, 5, &self.value);
        bytes(answer, 2, &found);
        number(answer, 4, 1);
    }

    fn header(&self, answer: &mut Vec<u8>) {
        let mut header = Vec::with_capacity(16);
        number(&mut header, 1, 1);
        number(&mut header, 2, MEMBER);
        number(&mut header, 3, self.revision.get());
        number(&mut header, 4, TERM);
        bytes(answer, 1, &header);
    }
}

/// A message with its gRPC prefix.
pub fn frame(message: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(5 + message.len());
    framed.put_u8(0);
    framed.put_u32(message.len() as u32);
    framed.put_slice(message);
    framed.freeze()
}

/// Takes the first whole message out of what has come.
pub fn unframe(come: &mut BytesMut) -> Option<Bytes> {
    let length = come.get(1..5)?.try_into().map(u32::from_be_bytes).ok()? as usize;
    (come.len() >= 5 + length).then(|| come.split_to(5 + length).freeze().slice(5..))
}

fn varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// Appends a field of type int64, uint64, bool or enum.
pub fn number(to: &mut Vec<u8>, field: u64, value: u64) {
    varint(to, field << 3);
    varint(to, value);
}

/// Appends a field of type bytes, string or message.
pub fn bytes(to: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(to, field << 3 | 2);
    varint(to, value.len() as u64);
    to.extend_from_slice(value);
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'a> {
    /// It is not there.
    None,
    /// A number.
    Number(u64),
    /// Bytes, text or a message.
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    /// The number; 0 where it is not there, as the protocol has it.
    pub fn number(self) -> u64 {
        match self {
            Field::Number(number) => number,
            _ => 0,
        }
    }

    /// The bytes; empty where they are not there.
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Field::Bytes(bytes) => bytes,
            _ => &[],
        }
    }
}

/// A field of a message; none if it is not there, or what comes before is no message of etcd's.
pub fn field(mut message: &[u8], wanted: u64) -> Field<'_> {
    while !message.is_empty() {
        let Some(key) = take_varint(&mut message) else {
            return Field::None;
        };
        let Some(value) = take_varint(&mut message) else {
            return Field::None;
        };
        let found = match key & 7 {
            0 => Field::Number(value),
            2 => {
                let Some((bytes, rest)) = message.split_at_checked(value as usize) else {
                    return Field::None;
                };
                message = rest;
                Field::Bytes(bytes)
            }
            _ => return Field::None,
        };
        if key >> 3 == wanted {
            return found;
        }
    }
    Field::None
}

fn take_varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for at in 0..10 {
        let (&byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
