//! Results that can be shown to strangers: names of hosts, devices, addresses and directories under other names.
//!
//! What is to be hidden is learnt from the header, where each has a key of its own, and then replaced wherever it stands
//! in a line: in sentences, texts of errors, names of members. Numbers are left as they are, byte by byte. The same thing
//! has the same name in all results of one call, counted in the order in which they are met.

mod learn;
mod literal;

use std::collections::HashMap;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use crate::error::{Error, Result};

use super::reader::Lines;

/// A kind of thing that is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hidden {
    /// Host names, and names of members.
    Host,
    /// Models, vendors, firmware and what is mounted.
    Device,
    /// Where members are reached: host names and addresses.
    Endpoint,
    /// Directories.
    Path,
}

impl Hidden {
    /// All of them.
    pub const ALL: [Hidden; 4] = [Hidden::Host, Hidden::Device, Hidden::Endpoint, Hidden::Path];

    fn word(self) -> &'static str {
        match self {
            Hidden::Host => "host",
            Hidden::Device => "device",
            Hidden::Endpoint => "address",
            Hidden::Path => "/path",
        }
    }
}

/// What is hidden, and the names that stand for it.
#[derive(Debug, Clone)]
pub struct Redaction {
    kinds: Vec<Hidden>,
    names: HashMap<String, String>,
    /// Their keys, the longest first.
    known: Vec<String>,
    counts: HashMap<Hidden, usize>,
    /// What names of hosts end in: `.example.org`.
    domains: Vec<String>,
}

impl Redaction {
    /// Of these kinds.
    pub fn of(kinds: &[Hidden]) -> Self {
        Redaction {
            kinds: kinds.to_vec(),
            names: HashMap::new(),
            known: Vec::new(),
            counts: HashMap::new(),
            domains: Vec::new(),
        }
    }

    /// Writes a result with other names in it.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be read or written; [`Error::Damaged`] for a line beyond all bounds.
    pub fn copy(&mut self, path: &Path, mut to: impl Write) -> Result<()> {
        let mut lines = Lines::open(path)?;
        while let Some(whole) = lines.next()? {
            // A last line without its end may hold half a name; readers leave it out as well.
            if whole {
                self.learn(&lines.bytes);
                let hidden = literal::mapped(&lines.bytes, &["histogram"], |text| self.hide(text));
                to.write_all(&hidden).map_err(Error::io("write the copy of", path))?;
            }
        }
        to.flush().map_err(Error::io("write the copy of", path))
    }

    /// The name of a file without what is hidden, and without its directory.
    pub fn file_name(&self, path: &Path) -> String {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
        let dot = if ending.is_empty() { "" } else { "." };
        format!("{}{dot}{ending}", self.hide(stem))
    }

    fn hides(&self, kind: Hidden) -> bool {
        self.kinds.contains(&kind)
    }

    /// Gives a thing its other name, if it is of a kind that is hidden.
    fn add(&mut self, kind: Hidden, text: &str) {
        let text = text.trim();
        if !self.hides(kind) || text.is_empty() || self.names.contains_key(text) {
            return;
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let name = format!("{}-{count}", kind.word());
        self.names.insert(text.to_owned(), name);
        self.known.push(text.to_owned());
        self.known.sort_by_key(|known| std::cmp::Reverse(known.len()));
    }

    /// A text without what is hidden.
    fn hide(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let begins = !ends_within_word(&text[..at]);
            let found = || self.known_at(rest).or_else(|| self.stranger(rest));
            if begins && let Some((length, name)) = found() {
                out.push_str(&name);
                at += length;
                continue;
            }
            let first = rest.chars().next().map_or(1, char::len_utf8);
            out.push_str(&rest[..first]);
            at += first;
        }
        out
    }

    /// A thing that is known at the beginning of a text, and its other name.
    fn known_at(&self, rest: &str) -> Option<(usize, String)> {
        let found = self.known.iter().find(|known| {
            rest.strip_prefix(known.as_str()).is_some_and(|after| !begins_within_word(after))
        })?;
        Some((found.len(), self.names[found].clone()))
    }

    /// An address, or a host of a domain that is known, at the beginning of a text: one that no header has told.
    fn stranger(&self, rest: &str) -> Option<(usize, String)> {
        if !self.hides(Hidden::Endpoint) {
            return None;
        }
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || ".-:[]_".contains(c)));
        let token = rest[..length.unwrap_or(rest.len())].trim_end_matches(['.', ':', '-', ',']);
        let plain = token.trim_start_matches('[').trim_end_matches(']');
        if let Ok(at) = token.parse::<SocketAddr>() {
            return shown(at.ip()).then(|| (token.len(), format!("address-x:{}", at.port())));
        }
        if let Ok(ip) = plain.parse::<IpAddr>() {
            return shown(ip).then(|| (token.len(), "address-x".to_owned()));
        }
        let host = token.split(':').next().unwrap_or_default();
        let of_domain = self.domains.iter().any(|domain| host.ends_with(domain.as_str()));
        of_domain.then(|| (host.len(), "address-x".to_owned()))
    }
}

/// Whether an address tells anything: the machine's own is the same everywhere.
fn shown(ip: IpAddr) -> bool {
    !ip.is_loopback() && !ip.is_unspecified()
}

/// Whether the next letter would go on with a word.
fn ends_within_word(before: &str) -> bool {
    before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Whether a word goes on; `vm` is no host in `vm.dirty_ratio`.
fn begins_within_word(after: &str) -> bool {
    let mut letters = after.chars();
    match letters.next() {
        Some('.') => letters.next().is_some_and(char::is_alphanumeric),
        Some(c) => c.is_alphanumeric() || c == '_',
        None => false,
    }
}
