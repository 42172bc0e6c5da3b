//! etcd's logs, of any version and in whatever they were wrapped: read in one pass and bounded memory into what each
//! member tells.

mod document;
mod entry;
mod envelope;
mod export;
mod fields;
mod framed;
mod known;
mod lines;
mod member;
mod message;
mod nested;
mod source;
mod stamp;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::diagnosis::{MemberId, Observed};
use crate::error::{Error, Result};

use entry::{Entry, Form};
use export::Export;
use framed::Framed;
use lines::Lines;

pub use lines::packed;
use member::Gathered;
pub use source::member_of;
use stamp::Stamp;

/// So many members are told apart; no cluster has more, and lines of more are told together.
const MOST_MEMBERS: usize = 24;
/// Names are cut to so many letters.
const LONGEST_NAME: usize = 80;
/// What those are called.
const OTHERS: &str = "others";
/// A line that a container runtime split is joined up to this length.
const LONGEST_JOINED: usize = 1 << 20;
/// A time without a zone that is so far from the time of whoever took the line is in another zone; further than zones
/// are apart it is from another day, and the line was taken later.
const OTHER_ZONE_NS: std::ops::Range<u64> = 60_000_000_000..15 * 3_600_000_000_000;

/// Reads these files, `-` for stdin.
///
/// # Errors
/// [`Error::Io`] for a file that cannot be read, [`Error::Refused`] for one that is no log, and where no line of etcd's
/// is in any of them.
pub fn read(files: &[PathBuf]) -> Result<Observed> {
    let mut reader = Reader::default();
    for path in files {
        if path == Path::new("-") {
            reader.near_ns = now_ns();
            reader.source("stdin", io::stdin().lock()).map_err(Error::io("read", "stdin"))?;
            continue;
        }
        let (file, meta) = source::open(path)?;
        reader.dated(path, file, &meta).map_err(Error::io("read", path))?;
    }
    let logs = reader.finish();
    if logs.members.is_empty() {
        return Err(Error::Refused(format!(
            "none of {} is etcd's; its log is what it prints to stderr: 'journalctl -u etcd', 'kubectl -n kube-system \
             logs etcd-…', or /var/log/pods/kube-system_etcd-*/etcd/*.log",
            crate::units::counted(logs.lines, "line")
        )));
    }
    Ok(logs)
}

/// Reads what is at hand as one member's log: for tests, and for whoever has the text already.
///
/// # Errors
/// Those of the reader.
pub fn read_from(sources: &[(&str, &[u8])], near_ns: i64) -> io::Result<Observed> {
    let mut reader = Reader::default();
    for (name, text) in sources {
        reader.near_ns = near_ns;
        reader.source(name, *text)?;
    }
    Ok(reader.finish())
}

/// Reads lines one after the other; what it keeps does not grow with their number.
#[derive(Default)]
pub struct Reader {
    members: BTreeMap<String, Gathered>,
    logs: Observed,
    /// About when the next line was written: tells the year of lines without one.
    near_ns: i64,
    /// The beginning of a line that was split.
    joined: Vec<u8>,
    export: Export,
}

fn now_ns() -> i64 {
    jiff::Timestamp::now().as_nanosecond() as i64
}

impl Reader {
    /// Reads a file, as the log of the member that it is named after where its lines do not tell.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::InvalidData`] for what has to be unpacked first.
    pub fn file(&mut self, path: &Path) -> io::Result<()> {
        let (file, _) = crate::files::open(path)?;
        let meta = file.metadata()?;
        self.dated(path, file, &meta)
    }

    fn dated(&mut self, path: &Path, file: impl Read, meta: &Metadata) -> io::Result<()> {
        let written = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let written = written.and_then(|at| i64::try_from(at.as_nanos()).ok());
        self.near_ns = written.unwrap_or_else(now_ns);
        self.source(&source::member_of(path), file)
    }

    fn source(&mut self, name: &str, file: impl Read) -> io::Result<()> {
        let mut lines = Lines::of(file)?;
        self.joined.clear();
        self.export = Export::default();
        if document::is_document(lines.beginning()?) {
            return self.document(name, lines);
        }
        while let Some(line) = lines.next()? {
            self.logs.lines += 1;
            match self.export.line(line) {
                (true, whole) => whole.iter().for_each(|framed| self.framed(name, framed)),
                (false, _) => self.framed(name, &envelope::unframe(line)),
            }
        }
        self.logs.cut += lines.cut;
        self.logs.bytes += lines.bytes;
        if let Some(last) = std::mem::take(&mut self.export).whole() {
            self.framed(name, &last);
        }
        let rest = std::mem::take(&mut self.joined);
        if !rest.is_empty() {
            self.line(name, &Framed { text: Cow::Owned(rest), ..Framed::default() });
        }
        Ok(())
    }

    /// Reads a log that is one JSON document.
    fn document(&mut self, name: &str, lines: Lines<'_>) -> io::Result<()> {
        let whole = document::read(lines.rest(), &mut |value| {
            self.logs.lines += 1;
            if let Some(framed) = nested::of(value) {
                self.line(name, &framed);
            }
        })?;
        self.logs.cut += u64::from(!whole);
        Ok(())
    }

    fn framed(&mut self, name: &str, found: &Framed<'_>) {
        if !found.partial && self.joined.is_empty() {
            self.line(name, found);
            return;
        }
        let room = LONGEST_JOINED.saturating_sub(self.joined.len());
        self.joined.extend_from_slice(&found.text[..found.text.len().min(room)]);
        if found.partial {
            return;
        }
        let whole = Framed {
            text: Cow::Owned(std::mem::take(&mut self.joined)),
            at: found.at,
            origin: found.origin.clone(),
            program: found.program.clone(),
            partial: false,
        };
        self.line(name, &whole);
    }

    fn line(&mut self, name: &str, found: &Framed<'_>) {
        let text = readable(&found.text);
        let peeled = envelope::peel(&text, self.near_ns);
        let program = found.program.as_deref().or(peeled.program);
        let Some(form) = entry::form(peeled.text, program == Some("etcd")) else {
            return;
        };
        let at = when(form.at(), found.at.or(peeled.at));
        self.near_ns = at.map_or(self.near_ns, |at| at.ns);
        let origin = found.origin.as_deref().or(peeled.origin);
        let gathered = self.member(origin.unwrap_or(name));
        gathered.line(at, form.is_error());
        if known::may_matter(form.message()) {
            understood(gathered, form, at.map(|at| at.ns));
        } else if let Some(fault) = known::fault(peeled.text) {
            gathered.fault(at.map(|at| at.ns), fault);
        }
    }

    fn member(&mut self, key: &str) -> &mut Gathered {
        let key = key.char_indices().nth(LONGEST_NAME).map_or(key, |(end, _)| &key[..end]);
        let full = self.members.len() >= MOST_MEMBERS && !self.members.contains_key(key);
        let key = if full { OTHERS } else { key };
        // Looked up twice so that nothing is allocated for a member that is known, line after line.
        if !self.members.contains_key(key) {
            self.members.insert(key.to_owned(), Gathered::default());
        }
        self.members.get_mut(key).expect("it was just put there")
    }

    /// What was read.
    pub fn finish(self) -> Observed {
        let members = self.members.into_iter().filter(|(_, gathered)| gathered.member.lines > 0);
        let members = members.map(|(key, gathered)| gathered.finish(&key));
        Observed { members: members.collect(), ..self.logs }
    }
}

/// A line as text, without colours and with the tabs that syslog wrote as numbers.
fn readable(line: &[u8]) -> Cow<'_, str> {
    let text =
        std::str::from_utf8(line).map_or_else(|_| String::from_utf8_lossy(line), Cow::Borrowed);
    if line.starts_with(b"{") {
        // JSON has neither, but as an escape.
        return text;
    }
    let is_coloured = memchr::memchr(0x1b, line).is_some();
    let has_tabs = memchr::memmem::find(line, b"#011").is_some();
    if !is_coloured && !has_tabs {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.strip_prefix(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest);
    }
    plain.push_str(rest);
    Cow::Owned(plain.replace("#011", "\t"))
}

/// When a line was printed: as it says itself, unless that has no zone and is in another than the outer one.
fn when(inner: Option<Stamp>, outer: Option<Stamp>) -> Option<Stamp> {
    match (inner, outer) {
        (Some(inner), Some(outer)) if !inner.zoned && outer.zoned => {
            let other_zone = OTHER_ZONE_NS.contains(&inner.ns.abs_diff(outer.ns));
            Some(if other_zone { outer } else { Stamp { zoned: true, ..inner } })
        }
        (inner, outer) => inner.or(outer),
    }
}

fn understood(gathered: &mut Gathered, form: Form<'_>, at: Option<i64>) {
    if form.is_debug() {
        return;
    }
    let Some(entry) = form.read() else {
        gathered.member.damaged += 1;
        return;
    };
    if let Some(message) = message::understand(&entry) {
        gathered.message(at, local(&entry), message);
    }
}

/// The id of the member that printed a line, where a field tells it.
fn local(entry: &Entry<'_>) -> Option<MemberId> {
    let id = u64::from_str_radix(entry.fields.get("local-member-id")?, 16).ok()?;
    (id != 0).then_some(MemberId(id))
}
