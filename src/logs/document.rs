//! A log as one JSON document, or as objects over several lines: what `gcloud logging read --format json` writes, and what is left of
//! a log behind `jq`.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use serde::Deserialize as _;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The most that one element of a document takes.
const LARGEST: u64 = 4 << 20;

/// Whether a text that begins so is a document rather than lines.
pub(super) fn is_document(beginning: &[u8]) -> bool {
    let text = beginning.trim_ascii_start();
    let Some((first, rest)) = text.split_first() else { return false };
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // An object of a line is a line.
    [b'{', b'['].contains(first) && line.trim_ascii().is_empty() && rest.contains(&b'\n')
}

/// Reads a document element by element; whether it came to its end.
///
/// # Errors
/// What the system says; [`io::ErrorKind::InvalidData`] for broken JSON and for an element that is too large.
pub(super) fn read(reader: impl BufRead, each: &mut dyn FnMut(&Value)) -> io::Result<bool> {
    let left = Rc::new(Cell::new(LARGEST));
    let bounded = Bounded { reader, left: Rc::clone(&left) };
    let mut stream = serde_json::Deserializer::from_reader(bounded);
    loop {
        left.set(LARGEST);
        match stream.end() {
            Ok(()) => return Ok(true),
            Err(error) if error.is_io() => return Err(error.into()),
            Err(_) => {}
        }
        let mut one = Elements { each: &mut *each, left: &left };
        match (&mut one).deserialize(&mut stream) {
            Ok(()) => {}
            Err(error) if error.is_eof() => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Gives no more than is left.
struct Bounded<R> {
    reader: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left.get()).unwrap_or(usize::MAX).min(buffer.len());
        if room == 0 && !buffer.is_empty() {
            let words = "an element of this document is larger than 4 MiB";
            return Err(io::Error::new(io::ErrorKind::InvalidData, words));
        }
        let read = self.reader.read(&mut buffer[..room])?;
        self.left.set(self.left.get() - read as u64);
        Ok(read)
    }
}

/// Objects, and those of arrays, one after the other.
struct Elements<'e> {
    each: &'e mut dyn FnMut(&Value),
    left: &'e Cell<u64>,
}

impl<'de> DeserializeSeed<'de> for &mut Elements<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let value = Value::deserialize(MapAccessDeserializer::new(map))?;
        (self.each)(&value);
        self.left.set(LARGEST);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(&mut *self)?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
