//! `journalctl -o export`: a record is a few lines `NAME=VALUE`, and ends with an empty one (systemd, "Journal Export
//! Format").

use std::borrow::Cow;

use super::framed::Framed;
use super::stamp::Stamp;

/// Puts the lines of a record together.
#[derive(Debug, Default)]
pub(super) struct Export {
    inside: bool,
    message: Option<Vec<u8>>,
    binary: bool,
    micros: Option<i64>,
    host: Option<String>,
    program: Option<String>,
}

impl Export {
    /// A line: whether it belongs to a record, and that record where it is complete.
    pub fn line(&mut self, line: &[u8]) -> (bool, Option<Framed<'static>>) {
        if !self.inside {
            self.inside = line.starts_with(b"__CURSOR=");
            return (self.inside, None);
        }
        if self.binary {
            // Eight bytes of length stand before a value that is not plain text.
            self.message = line.get(8..).map(<[u8]>::to_vec);
            self.binary = false;
            return (true, None);
        }
        if line.is_empty() {
            return (true, std::mem::take(self).whole());
        }
        let value = |name: &str| {
            let value = line.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
            Some(String::from_utf8_lossy(value).into_owned())
        };
        if line == b"MESSAGE" {
            self.binary = true;
        } else if let Some(message) = line.strip_prefix(b"MESSAGE=") {
            self.message = Some(message.to_vec());
        } else if let Some(micros) = value("__REALTIME_TIMESTAMP") {
            self.micros = micros.parse().ok();
        } else if let Some(host) = value("_HOSTNAME") {
            self.host = Some(host);
        } else if let Some(program) = value("SYSLOG_IDENTIFIER") {
            self.program = Some(program);
        }
        (true, None)
    }

    /// What a record tells, where the input ends within it too.
    pub fn whole(self) -> Option<Framed<'static>> {
        let ns = self.micros.and_then(|us| us.checked_mul(1000));
        Some(Framed {
            text: Cow::Owned(self.message?),
            at: ns.map(|ns| Stamp { ns, zoned: true }),
            origin: self.host,
            program: self.program,
            partial: false,
        })
    }
}
