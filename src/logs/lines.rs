//! Lines of a file of any size in bounded memory: plain or gzip, as long as they come.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use memchr::memchr;

/// The longest line that is kept whole. etcd prints whole requests, of up to 1.5 MiB (`--max-request-bytes`), only in
/// part; of a longer line the beginning is enough to know what it is.
const LONGEST: usize = 1 << 20;
/// How much is read at a time.
const CHUNK: usize = 256 << 10;
/// What a gzip file begins with (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// What files begin with that have to be unpacked by others, and how that is done.
const PACKED: [(&[u8], &str); 6] = [
    (b"\x28\xb5\x2f\xfd", "it is compressed by zstd: zstd -dc FILE | etcdbench logs -"),
    (b"\xfd7zXZ", "it is compressed by xz: xz -dc FILE | etcdbench logs -"),
    (b"BZh", "it is compressed by bzip2: bzip2 -dc FILE | etcdbench logs -"),
    (b"PK\x03\x04", "it is a zip archive: unpack it, and name the logs in it"),
    (
        b"LPKSHHRH",
        "it is a file of the journal's own: journalctl --file FILE -o short-iso-precise | etcdbench logs -",
    ),
    (b"\xff\xfe", "it is UTF-16: iconv -f UTF-16 -t UTF-8 FILE | etcdbench logs -"),
];
/// Where a tar archive says that it is one.
const TAR: (usize, &[u8]) = (257, b"ustar");

/// Reads lines one after the other into one buffer.
pub(super) struct Lines<'a> {
    reader: Box<dyn BufRead + 'a>,
    line: Vec<u8>,
    /// Lines of which the end was left out.
    pub cut: u64,
    /// Bytes of text, after decompression.
    pub bytes: u64,
}

impl<'a> Lines<'a> {
    /// Of this file; gzip is told by its first bytes.
    pub fn of(file: impl Read + 'a) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(CHUNK, file);
        let packed = file.fill_buf()?.starts_with(&GZIP);
        let mut reader: Box<dyn BufRead + 'a> = if packed {
            Box::new(BufReader::with_capacity(CHUNK, MultiGzDecoder::new(file)))
        } else {
            Box::new(file)
        };
        refuse(reader.fill_buf()?)?;
        Ok(Lines { reader, line: Vec::new(), cut: 0, bytes: 0 })
    }

    /// What comes next, as far as it has been read.
    pub fn beginning(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    /// What comes next, as it is.
    pub fn rest(self) -> Box<dyn BufRead + 'a> {
        self.reader
    }

    /// The next line without its end; `None` at the end of the file.
    pub fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.line.clear();
        let mut any = false;
        let mut cut = false;
        loop {
            let ready = match self.reader.fill_buf() {
                Ok(ready) => ready,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if ready.is_empty() {
                break;
            }
            any = true;
            let end = memchr(b'\n', ready);
            let taken = end.map_or(ready.len(), |end| end + 1);
            let text = &ready[..end.unwrap_or(ready.len())];
            let room = LONGEST - self.line.len();
            cut |= text.len() > room;
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            self.bytes += taken as u64;
            self.reader.consume(taken);
            if end.is_some() {
                break;
            }
        }
        self.cut += u64::from(cut);
        while self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        Ok(any.then_some(self.line.as_slice()))
    }
}

/// Tells of what is no text how to make text of it.
fn refuse(beginning: &[u8]) -> io::Result<()> {
    let way = packed(beginning);
    way.map_or(Ok(()), |way| Err(io::Error::new(io::ErrorKind::InvalidData, way)))
}

/// How to make text of what begins so, if it has to be unpacked by others.
pub fn packed(beginning: &[u8]) -> Option<&'static str> {
    let known = PACKED.iter().find(|(mark, _)| beginning.starts_with(mark)).map(|(_, way)| *way);
    let (at, mark) = TAR;
    let is_tar = beginning.get(at..).is_some_and(|rest| rest.starts_with(mark));
    known.or(is_tar.then_some("it is a tar archive: unpack it, and name the logs in it"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn all(bytes: &[u8]) -> (Vec<String>, u64) {
        let mut lines = Lines::of(bytes).unwrap();
        let mut read = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            read.push(String::from_utf8_lossy(line).into_owned());
        }
        (read, lines.cut)
    }

    #[test]
    fn every_kind_of_end_ends_a_line() {
        assert_eq!(all(b"a\nb\r\n\nc").0, ["a", "b", "", "c"]);
        assert_eq!(all(b"").0, [""; 0]);
    }

    #[test]
    fn gzip_is_known_by_its_beginning_even_in_several_members() {
        let packed = |text: &[u8]| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(text).unwrap();
            packer.finish().unwrap()
        };
        let both = [packed(b"a\nb\n"), packed(b"c\n")].concat();
        assert_eq!(all(&both).0, ["a", "b", "c"]);
    }

    #[test]
    fn a_line_without_an_end_takes_no_more_than_its_bound() {
        let long = vec![b'x'; 3 * LONGEST];
        let (read, cut) = all(&[&long[..], b"\nnext\n"].concat());
        assert_eq!((read[0].len(), read[1].as_str(), cut), (LONGEST, "next", 1));
    }
}
