//! Reading of header blocks (RFC 7541), as far as an answer needs it: its status and the outcome that gRPC tells.
//! Of all other fields only their sizes are kept, which decide what the table of the connection holds.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::rc::Rc;

use super::frame::Violation;
use super::huffman;
use super::static_table::FIELDS;
use crate::etcd::ErrorClass;
use crate::wire::Failure;
use crate::wire::grpc;

/// Bytes of the table of somebody who says nothing of it, as we do.
pub const TABLE: usize = 4096;
/// What a field costs beyond its bytes (RFC 7541, 4.1).
const OVERHEAD: usize = 32;

/// What an answer's headers or trailers say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// `:status`, where it is a number.
    pub status: Option<u16>,
    grpc_status: Option<Rc<[u8]>>,
    grpc_message: Option<Rc<[u8]>>,
}

impl Fields {
    /// The outcome that gRPC tells, if it does.
    pub fn outcome(&self) -> Option<Result<(), Failure>> {
        grpc::outcome(self.grpc_status.as_deref()?, self.grpc_message.as_deref())
    }

    fn take(&mut self, field: &Field) {
        // Of a name that comes twice the first counts.
        match field {
            Field::Status(status) => self.status = self.status.or(*status),
            Field::GrpcStatus(code) => drop(self.grpc_status.get_or_insert_with(|| code.clone())),
            Field::GrpcMessage(text) => drop(self.grpc_message.get_or_insert_with(|| text.clone())),
            Field::Other => {}
        }
    }
}

/// The names that mean something to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    Status,
    GrpcStatus,
    GrpcMessage,
    Other,
}

impl Name {
    fn of(name: &[u8]) -> Name {
        match name {
            b":status" => Name::Status,
            b"grpc-status" => Name::GrpcStatus,
            b"grpc-message" => Name::GrpcMessage,
            _ => Name::Other,
        }
    }

    fn with(self, value: &[u8]) -> Field {
        match self {
            Name::Status => {
                let number = std::str::from_utf8(value).ok().filter(|digits| digits.len() == 3);
                Field::Status(number.and_then(|digits| digits.parse().ok()))
            }
            Name::GrpcStatus => Field::GrpcStatus(value.into()),
            Name::GrpcMessage => Field::GrpcMessage(value.into()),
            Name::Other => Field::Other,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    Status(Option<u16>),
    GrpcStatus(Rc<[u8]>),
    GrpcMessage(Rc<[u8]>),
    Other,
}

impl Field {
    fn name(&self) -> Name {
        match self {
            Field::Status(_) => Name::Status,
            Field::GrpcStatus(_) => Name::GrpcStatus,
            Field::GrpcMessage(_) => Name::GrpcMessage,
            Field::Other => Name::Other,
        }
    }
}

#[derive(Debug)]
struct Entry {
    field: Field,
    name_bytes: usize,
    /// What it takes of the table.
    size: usize,
}

/// Reads the blocks of one connection, in the order they come.
#[derive(Debug)]
pub struct Decoder {
    /// The newest is the first.
    table: VecDeque<Entry>,
    size: usize,
    /// What the other side says it uses of the table.
    limit: usize,
    /// Longest list of fields, in bytes as the table counts them.
    longest: usize,
}

impl Decoder {
    /// For a new connection; a list of more bytes than `longest` is refused.
    pub fn new(longest: usize) -> Self {
        Decoder { table: VecDeque::new(), size: 0, limit: TABLE, longest }
    }

    /// Reads a whole block.
    ///
    /// # Errors
    /// After one the table is no longer the other side's, and the connection of no use.
    pub fn decode(&mut self, block: &[u8]) -> Result<Fields, Violation> {
        let mut input = Input(block);
        let mut fields = Fields::default();
        let (mut bytes, mut begun) = (0, false);
        while let Some(&first) = input.0.first() {
            if first & 0xe0 == 0x20 {
                if begun {
                    return Err(Violation::compression("a table's size among fields"));
                }
                self.resize(input.integer(5)?)?;
                continue;
            }
            begun = true;
            bytes += match first {
                0x80.. => self.indexed(&mut input, &mut fields)?,
                _ => self.literal(&mut input, &mut fields)?,
            };
            if bytes > self.longest {
                return Err(Violation::excess("headers longer than any answer's"));
            }
        }
        Ok(fields)
    }

    fn resize(&mut self, limit: usize) -> Result<(), Violation> {
        if limit > TABLE {
            return Err(Violation::compression("a table larger than allowed"));
        }
        self.limit = limit;
        self.evict(limit);
        Ok(())
    }

    fn evict(&mut self, down_to: usize) {
        while self.size > down_to
            && let Some(oldest) = self.table.pop_back()
        {
            self.size -= oldest.size;
        }
    }

    /// A field that the table knows; its size.
    fn indexed(&self, input: &mut Input<'_>, fields: &mut Fields) -> Result<usize, Violation> {
        let index = input.integer(7)?;
        match self.at(index)? {
            Known::Static(name, value) => {
                // Of what needs no telling only `:status` means anything to us.
                if index < 15 {
                    fields.take(&Name::of(name.as_bytes()).with(value.as_bytes()));
                }
                Ok(name.len() + value.len() + OVERHEAD)
            }
            Known::Entry(entry) => {
                fields.take(&entry.field);
                Ok(entry.size)
            }
        }
    }

    /// A field that is written out, at least its value; its size.
    fn literal(&mut self, input: &mut Input<'_>, fields: &mut Fields) -> Result<usize, Violation> {
        let first = input.0.first().copied().unwrap_or_default();
        let to_table = first & 0x40 != 0;
        let (name, name_bytes) = match input.integer(if to_table { 6 } else { 4 })? {
            0 => {
                let name = input.string()?;
                (Name::of(&name), name.len())
            }
            index => match self.at(index)? {
                Known::Static(name, _) => (Name::of(name.as_bytes()), name.len()),
                Known::Entry(entry) => (entry.field.name(), entry.name_bytes),
            },
        };
        let value = input.string()?;
        let size = name_bytes + value.len() + OVERHEAD;
        let field = name.with(&value);
        fields.take(&field);
        if to_table {
            self.insert(Entry { field, name_bytes, size });
        }
        Ok(size)
    }

    /// One that is larger than the table empties it.
    fn insert(&mut self, entry: Entry) {
        self.evict(self.limit.saturating_sub(entry.size));
        if entry.size <= self.limit {
            self.size += entry.size;
            self.table.push_front(entry);
        }
    }

    fn at(&self, index: usize) -> Result<Known<'_>, Violation> {
        let unknown = Violation::compression("a field that is not in the table");
        let index = index.checked_sub(1).ok_or(unknown)?;
        match FIELDS.get(index) {
            Some(&(name, value)) => Ok(Known::Static(name, value)),
            None => self.table.get(index - FIELDS.len()).map(Known::Entry).ok_or(unknown),
        }
    }
}

enum Known<'a> {
    Static(&'static str, &'static str),
    Entry(&'a Entry),
}

/// What is left of a block.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Result<u8, Violation> {
        let (&byte, rest) = self.0.split_first().ok_or(CUT_OFF)?;
        self.0 = rest;
        Ok(byte)
    }

    /// A number that begins in so many bits of the next byte (RFC 7541, 5.1).
    fn integer(&mut self, bits: u8) -> Result<usize, Violation> {
        /// Bits of the largest number that has any use here.
        const LARGEST: u32 = 28;
        let mask = usize::from(u8::MAX >> (8 - bits));
        let mut value = usize::from(self.byte()?) & mask;
        if value < mask {
            return Ok(value);
        }
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            value += usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
            shift += 7;
            if shift >= LARGEST {
                return Err(Violation::compression("a number without end"));
            }
        }
    }

    fn string(&mut self) -> Result<Cow<'a, [u8]>, Violation> {
        let huffman = self.0.first().ok_or(CUT_OFF)? & 0x80 != 0;
        let length = self.integer(7)?;
        let (text, rest) = self.0.split_at_checked(length).ok_or(CUT_OFF)?;
        self.0 = rest;
        if !huffman {
            return Ok(Cow::Borrowed(text));
        }
        let decoded = huffman::decode(text);
        decoded.map(Cow::Owned).ok_or(Violation::compression("a string in no Huffman code"))
    }
}

const CUT_OFF: Violation =
    Violation { reason: h2::Reason::COMPRESSION_ERROR, what: "a block of headers that is cut off" };

/// A failure of this answer alone: its headers are not those of an answer.
pub fn no_answer(what: &str) -> Failure {
    let reason = h2::Reason::PROTOCOL_ERROR;
    Failure::new(ErrorClass::Transport, format!("stream error detected: {reason} ({what})"))
}

#[cfg(test)]
#[path = "hpack_tests.rs"]
mod tests;
