//! Writing of the headers of requests: the same few fields again and again, which the server learns from the first
//! request and knows by a byte each from then on (RFC 7541). Nothing that it has learnt is ever forgotten: what finds no
//! room in its table is written out each time.

use http::HeaderValue;

use super::frame::{FrameHead, HEAD, flag, kind};
use super::hpack::TABLE;
use super::static_table::FIELDS;
use crate::etcd::Endpoint;
use crate::wire::Token;
use crate::wire::message::Method;

/// `:method POST` and the schemes, by their index.
const POST: u8 = 0x83;
const HTTP: u8 = 0x86;
const HTTPS: u8 = 0x87;
/// Indices of names in the table that needs no telling.
const AUTHORITY: usize = 1;
const PATH: usize = 4;
const CONTENT_TYPE: usize = 31;
const USER_AGENT: usize = 58;
/// What a field costs beyond its bytes (RFC 7541, 4.1).
const OVERHEAD: usize = 32;

#[derive(Debug)]
enum Name {
    Known(usize),
    New(&'static str),
}

#[derive(Debug)]
struct Field {
    name: Name,
    value: Vec<u8>,
    /// Which it is among those the server has learnt, from 0.
    learnt: Option<usize>,
}

impl Field {
    fn known(name: usize, value: impl Into<Vec<u8>>) -> Field {
        Field { name: Name::Known(name), value: value.into(), learnt: None }
    }

    fn new(name: &'static str, value: impl Into<Vec<u8>>) -> Field {
        Field { name: Name::New(name), value: value.into(), learnt: None }
    }

    fn size(&self) -> usize {
        let name = match self.name {
            Name::Known(index) => FIELDS[index - 1].0.len(),
            Name::New(name) => name.len(),
        };
        name + self.value.len() + OVERHEAD
    }
}

/// A token that was given to [`Headers::token`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenField(usize);

/// What goes before a request.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// What is asked for.
    pub method: Method,
    /// Who asks.
    pub token: Option<TokenField>,
    /// Whether the stream is to end when the member loses its leader.
    pub needs_leader: bool,
}

/// The headers of all requests of a connection.
#[derive(Debug)]
pub struct Headers {
    scheme: u8,
    paths: [Field; Method::ALL.len()],
    authority: Field,
    common: [Field; 3],
    needs_leader: Field,
    tokens: Vec<Field>,
    table: Table,
}

/// What the server knows.
#[derive(Debug)]
struct Table {
    learnt: usize,
    bytes: usize,
    limit: usize,
    /// The server has asked for a smaller one: told with the next block.
    shrunk: bool,
}

impl Headers {
    /// For requests to this endpoint.
    pub fn new(endpoint: &Endpoint) -> Self {
        Headers {
            scheme: if endpoint.tls() { HTTPS } else { HTTP },
            paths: Method::ALL.map(|method| Field::known(PATH, method.path())),
            authority: Field::known(AUTHORITY, endpoint.authority()),
            common: [
                Field::new("te", "trailers"),
                Field::known(CONTENT_TYPE, "application/grpc"),
                Field::known(USER_AGENT, "etcdbench"),
            ],
            // etcd's metadata key that makes a stream end when its member loses the leader.
            needs_leader: Field::new("hasleader", "true"),
            tokens: Vec::new(),
            table: Table { learnt: 0, bytes: 0, limit: TABLE, shrunk: false },
        }
    }

    /// A token that requests may bear from now on.
    pub fn token(&mut self, value: &HeaderValue) -> TokenField {
        let known = self.tokens.iter().position(|token| token.value == value.as_bytes());
        TokenField(known.unwrap_or_else(|| {
            self.tokens.push(Field::new(Token::HEADER, value.as_bytes()));
            self.tokens.len() - 1
        }))
    }

    /// The server's table takes so many bytes at most.
    pub fn limit(&mut self, bytes: usize) {
        let limit = bytes.min(TABLE);
        if limit >= self.table.limit {
            return;
        }
        self.table = Table { learnt: 0, bytes: 0, limit, shrunk: true };
        let single = [&mut self.authority, &mut self.needs_leader];
        let lists = self.paths.iter_mut().chain(&mut self.common).chain(&mut self.tokens);
        single.into_iter().chain(lists).for_each(|field| field.learnt = None);
    }

    /// Appends the frames of a request's headers.
    pub fn write(&mut self, start: Start, stream: u32, max_frame: usize, to: &mut Vec<u8>) {
        let begin = to.len();
        to.extend_from_slice(&[0; HEAD]);
        self.block(start, to);
        let length = to.len() - begin - HEAD;
        if length > max_frame {
            let block = to.split_off(begin + HEAD);
            to.truncate(begin);
            return in_pieces(&block, stream, max_frame, to);
        }
        let head = FrameHead { length, kind: kind::HEADERS, flags: flag::END_HEADERS, stream };
        head.patch(&mut to[begin..]);
    }

    fn block(&mut self, start: Start, to: &mut Vec<u8>) {
        let table = &mut self.table;
        if std::mem::take(&mut table.shrunk) {
            // Nothing is left of what it knew.
            integer(to, 0x20, 5, 0);
            integer(to, 0x20, 5, table.limit);
        }
        to.extend_from_slice(&[POST, self.scheme]);
        table.write(&mut self.paths[start.method as usize], to);
        table.write(&mut self.authority, to);
        self.common.iter_mut().for_each(|field| table.write(field, to));
        if start.needs_leader {
            table.write(&mut self.needs_leader, to);
        }
        if let Some(token) = start.token.and_then(|TokenField(at)| self.tokens.get_mut(at)) {
            table.write(token, to);
        }
    }
}

impl Table {
    fn write(&mut self, field: &mut Field, to: &mut Vec<u8>) {
        if let Some(learnt) = field.learnt {
            // The newest comes first.
            return integer(to, 0x80, 7, FIELDS.len() + self.learnt - learnt);
        }
        let learns = self.bytes + field.size() <= self.limit;
        let (pattern, bits) = if learns { (0x40, 6) } else { (0, 4) };
        match field.name {
            Name::Known(index) => integer(to, pattern, bits, index),
            Name::New(name) => {
                to.push(pattern);
                string(to, name.as_bytes());
            }
        }
        string(to, &field.value);
        if learns {
            field.learnt = Some(self.learnt);
            self.learnt += 1;
            self.bytes += field.size();
        }
    }
}

/// A block that is too long for one frame.
fn in_pieces(block: &[u8], stream: u32, max_frame: usize, to: &mut Vec<u8>) {
    let last = block.chunks(max_frame).len() - 1;
    for (number, piece) in block.chunks(max_frame).enumerate() {
        let kind = if number == 0 { kind::HEADERS } else { kind::CONTINUATION };
        let flags = if number == last { flag::END_HEADERS } else { 0 };
        super::frame::put(to, kind, flags, stream, piece);
    }
}

/// A number after a pattern that leaves so many bits (RFC 7541, 5.1).
fn integer(to: &mut Vec<u8>, pattern: u8, bits: u8, value: usize) {
    let mask = usize::from(u8::MAX >> (8 - bits));
    if value < mask {
        return to.push(pattern | value as u8);
    }
    to.push(pattern | mask as u8);
    let mut rest = value - mask;
    while rest >= 0x80 {
        to.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    to.push(rest as u8);
}

fn string(to: &mut Vec<u8>, text: &[u8]) {
    integer(to, 0, 7, text.len());
    to.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> Headers {
        Headers::new(&Endpoint::parse("127.0.0.1:2379").expect("an address"))
    }

    fn start(method: Method) -> Start {
        Start { method, token: None, needs_leader: false }
    }

    fn written(headers: &mut Headers, start: Start) -> Vec<u8> {
        let mut bytes = Vec::new();
        headers.write(start, 1, 16_384, &mut bytes);
        assert_eq!(FrameHead::read(&bytes).map(|head| head.length), Some(bytes.len() - HEAD));
        bytes.split_off(HEAD)
    }

    #[test]
    fn what_the_server_has_learnt_is_a_byte_each() {
        let mut headers = headers();
        let first = written(&mut headers, start(Method::Put));
        assert!(first.len() > 60);
        assert_eq!(
            written(&mut headers, start(Method::Put)),
            [POST, HTTP, 66, 65, 64, 63, 62].map(|index| if index < 0x80 {
                index | 0x80
            } else {
                index
            })
        );
        // Another path is the newest, and moves the others on.
        assert!(written(&mut headers, start(Method::Range)).len() > 20);
        assert_eq!(written(&mut headers, start(Method::Range))[2], 0x80 | 62);
        assert_eq!(written(&mut headers, start(Method::Put))[2], 0x80 | 67);
    }

    #[test]
    fn a_table_without_room_learns_nothing() {
        let mut headers = headers();
        written(&mut headers, start(Method::Put));
        headers.limit(0);
        let told = written(&mut headers, start(Method::Put));
        assert_eq!(told[..4], [0x20, 0x20, POST, HTTP]);
        let again = written(&mut headers, start(Method::Put));
        assert_eq!(again, told[2..]);
        assert_eq!(again[2], 4, "a path that is not to be learnt");
        headers.limit(4096);
        assert_eq!(written(&mut headers, start(Method::Put)), again, "no more than it was once");
    }

    #[test]
    fn a_token_longer_than_a_frame_goes_on_in_the_next() {
        let mut headers = headers();
        let token = headers.token(&HeaderValue::from_bytes(&[b'x'; 40_000]).unwrap());
        let start = Start { method: Method::Put, token: Some(token), needs_leader: true };
        let (mut bytes, mut block) = (Vec::new(), Vec::new());
        headers.write(start, 7, 16_384, &mut bytes);
        let mut kinds = Vec::new();
        let mut rest = &bytes[..];
        while let Some(head) = FrameHead::read(rest) {
            kinds.push((head.kind, head.flags, head.stream));
            block.extend_from_slice(&rest[HEAD..HEAD + head.length]);
            rest = &rest[HEAD + head.length..];
        }
        let more = (kind::CONTINUATION, 0, 7);
        let last = (kind::CONTINUATION, flag::END_HEADERS, 7);
        assert_eq!(kinds, [(kind::HEADERS, 0, 7), more, last]);
        assert!(block.ends_with(&[b'x'; 40_000]));
    }
}
