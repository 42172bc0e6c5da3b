//! What other programs put around etcd's lines, in two layers: a frame that may split lines (container runtimes, the
//! journal as JSON), and what stands before a line (journald, syslog, `kubectl logs --prefix`, compose).

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::framed::Framed;
use super::nested;
use super::stamp::{self, Stamp};

/// More layers than these are nobody's.
const LAYERS: usize = 4;
/// Docker splits lines longer than this.
const DOCKER_SPLITS: usize = 16 << 10;

/// A line that was packed into JSON: by docker's `json-file` driver, by `journalctl -o json`, by shippers of logs.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Packed<'a> {
    #[serde(borrow)]
    log: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message: Option<Content<'a>>,
    #[serde(borrow, rename = "MESSAGE")]
    journal: Option<Content<'a>>,
    #[serde(borrow)]
    time: Option<Content<'a>>,
    #[serde(rename = "__REALTIME_TIMESTAMP", borrow)]
    micros: Option<Content<'a>>,
    #[serde(rename = "_HOSTNAME", borrow)]
    host: Option<Content<'a>>,
    #[serde(rename = "SYSLOG_IDENTIFIER", borrow)]
    program: Option<Content<'a>>,
    kubernetes: Option<Kubernetes>,
}

/// What shippers say of where a line is from.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Kubernetes {
    pod_name: Option<String>,
}

/// The journal tells text that is no UTF-8 as a list of bytes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Content<'a> {
    #[serde(borrow)]
    Text(Cow<'a, str>),
    Bytes(Vec<u8>),
    Else(IgnoredAny),
}

impl<'a> Content<'a> {
    fn bytes(self) -> Cow<'a, [u8]> {
        match self {
            Content::Text(Cow::Borrowed(text)) => Cow::Borrowed(text.as_bytes()),
            Content::Text(Cow::Owned(text)) => Cow::Owned(text.into_bytes()),
            Content::Bytes(bytes) => Cow::Owned(bytes),
            Content::Else(_) => Cow::Borrowed(&[]),
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A line out of the frame that it is in, if it is in one.
pub(super) fn unframe(line: &[u8]) -> Framed<'_> {
    let is_object = line.starts_with(b"{");
    if is_object && line.starts_with(b"{\"level\":") {
        return Framed { text: Cow::Borrowed(line), ..Framed::default() };
    }
    if is_object && let Some(framed) = packed(line) {
        return framed;
    }
    let is_element = line.starts_with(b"[{") || line.starts_with(b",{");
    let nested = match is_object || is_element {
        true => nested::in_json(line),
        false => nested::in_cell(line),
    };
    if let Some(framed) = nested {
        return framed;
    }
    runtime(line).unwrap_or(Framed { text: Cow::Borrowed(line), ..Framed::default() })
}

fn packed(line: &[u8]) -> Option<Framed<'_>> {
    let keys: [&[u8]; 3] = [b"\"MESSAGE\"", b"\"log\"", b"\"message\""];
    if !keys.iter().any(|key| memchr::memmem::find(line, key).is_some()) {
        return None;
    }
    let packed: Packed<'_> = serde_json::from_slice(line).ok()?;
    let from = |told: Option<Content<'_>>| told.and_then(|told| told.text().map(str::to_owned));
    let micros = packed.micros.and_then(|told| told.text()?.parse::<i64>().ok()?.checked_mul(1000));
    let time = packed.time.and_then(|told| stamp::dated(told.text()?.as_bytes()).map(|(at, _)| at));
    let is_docker = packed.log.is_some();
    let log = packed.log.map(Content::Text);
    let content = packed.journal.or(log).or(packed.message)?.bytes();
    let ended = content.ends_with(b"\n");
    let begun = content.starts_with(b"{\"level\":") && !content.ends_with(b"}");
    let text = match content {
        Cow::Borrowed(bytes) => Cow::Borrowed(bytes.trim_ascii_end()),
        Cow::Owned(mut bytes) if ended => {
            bytes.truncate(bytes.trim_ascii_end().len());
            Cow::Owned(bytes)
        }
        owned @ Cow::Owned(_) => owned,
    };
    // Other programs that write "log" do not end it with a newline: then only what is plainly a part is one.
    let partial = is_docker && !ended && (text.len() >= DOCKER_SPLITS - 64 || begun);
    Some(Framed {
        text,
        at: micros.map(|ns| Stamp { ns, zoned: true }).or(time),
        origin: packed.kubernetes.and_then(|pod| pod.pod_name).or_else(|| from(packed.host)),
        program: from(packed.program),
        partial,
    })
}

/// `2026-06-02T11:20:03.118203311Z stderr F TEXT` (Kubernetes CRI logging format).
fn runtime(line: &[u8]) -> Option<Framed<'_>> {
    let (at, end) = stamp::dated(line)?;
    let rest = &line[end..];
    let tagged = rest.strip_prefix(b" stderr ").or_else(|| rest.strip_prefix(b" stdout "))?;
    let end = memchr::memchr(b' ', tagged)?;
    let tags = &tagged[..end];
    let partial = match tags.first()? {
        b'P' => true,
        b'F' => false,
        _ => return None,
    };
    Some(Framed {
        text: Cow::Borrowed(&tagged[end + 1..]),
        at: Some(at),
        partial,
        ..Framed::default()
    })
}

/// A line without what stands before it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Peeled<'a> {
    /// What etcd printed.
    pub text: &'a str,
    /// When the outer program got it.
    pub at: Option<Stamp>,
    /// The host or pod it is from, if that was told.
    pub origin: Option<&'a str>,
    /// The program it is from, if that was told.
    pub program: Option<&'a str>,
}

/// Takes off what stands before a line; `near_ns` tells the year of times without one.
pub(super) fn peel(line: &str, near_ns: i64) -> Peeled<'_> {
    let mut found = Peeled { text: line, ..Peeled::default() };
    for _ in 0..LAYERS {
        let before = found.text.len();
        found.text = found.text.trim_start_matches([' ', '\u{feff}']);
        if found.text.starts_with('{') {
            break;
        }
        prefixed(&mut found);
        syslog(&mut found, near_ns);
        timestamped(&mut found);
        if found.text.len() == before {
            break;
        }
    }
    tool(&mut found);
    found
}

/// `[pod/etcd-cp1/etcd] TEXT` (`kubectl logs --prefix`) and `etcd-cp1  | TEXT` (compose).
fn prefixed(found: &mut Peeled<'_>) {
    let line = found.text;
    if let Some((pod, rest)) = line.strip_prefix("[pod/").and_then(|rest| rest.split_once(']')) {
        found.origin = pod.split('/').next().or(found.origin);
        found.text = rest.trim_start();
        return;
    }
    // A name, spaces, a bar: not capnslog's bar, before which a time stands.
    let named = line.bytes().take(64).position(|byte| !is_name(byte)).unwrap_or(0);
    let after = line[named..].trim_start();
    if named > 1
        && after.len() < line.len() - named
        && let Some(text) = after.strip_prefix("| ")
    {
        found.origin = Some(&line[..named]);
        found.text = text;
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)
}

/// `May 18 14:09:59 HOST etcd[2932]: TEXT`, with any form of time (`journalctl -o short…`, syslog).
fn syslog<'a>(found: &mut Peeled<'a>, near_ns: i64) {
    if structured(found).is_some() {
        return;
    }
    let line = priority(found.text).unwrap_or(found.text);
    let Some((at, end)) = journal_time(line, near_ns) else {
        return;
    };
    let Some((host, rest)) =
        line.get(end..).and_then(|rest| rest.strip_prefix(' ')?.split_once(' '))
    else {
        return;
    };
    let named = rest.bytes().take(64).position(|byte| !is_name(byte)).unwrap_or(0);
    let after = match rest[named..].strip_prefix('[').and_then(|pid| pid.split_once(']')) {
        Some((_, after)) => after,
        None => &rest[named..],
    };
    let Some(text) = after.strip_prefix(": ").filter(|_| named > 0) else {
        return;
    };
    if !host.is_empty() && host.bytes().all(|byte| is_name(byte) || byte == b':') {
        found.at = at.or(found.at);
        found.origin = Some(host);
        found.program = Some(&rest[..named]);
        found.text = text;
    }
}

/// `<30>1 2026-05-18T14:09:59.1Z HOST etcd 2932 - - TEXT` (RFC 5424).
fn structured<'a>(found: &mut Peeled<'a>) -> Option<()> {
    let rest = priority(found.text).filter(|_| found.text.contains(">1 "))?;
    let mut words = rest.splitn(6, ' ');
    let (at, host, program) = (words.next()?, words.next()?, words.next()?);
    let (at, _) = stamp::dated(at.as_bytes())?;
    let (_process, _message, data) = (words.next()?, words.next()?, words.next()?);
    let text = match data.strip_prefix('[') {
        Some(elements) => elements.split_once("] ")?.1,
        None => data.strip_prefix("- ")?,
    };
    found.at = Some(at);
    found.origin = Some(host).filter(|host| *host != "-").or(found.origin);
    found.program = Some(program);
    found.text = text.trim_start_matches('\u{feff}');
    Some(())
}

/// The times that journald and syslog print; without one where it counts from the boot.
fn journal_time(line: &str, near_ns: i64) -> Option<(Option<Stamp>, usize)> {
    let bytes = line.as_bytes();
    if let Some((at, end)) = stamp::yearless(bytes, near_ns).or_else(|| stamp::dated(bytes)) {
        return Some((Some(at), end));
    }
    // `[12345.678901]` (-o short-monotonic)
    if let Some((inner, _)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        && inner.trim().parse::<f64>().is_ok()
    {
        return Some((None, inner.len() + 2));
    }
    let (word, rest) = line.split_once(' ')?;
    // `1780399203.118203` (-o short-unix)
    if let Some(at) = stamp::unix(word) {
        return Some((Some(at), word.len()));
    }
    // `Mon 2026-05-18 14:09:59 UTC` (-o short-full)
    let is_day = word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let (at, end) = stamp::dated(rest.as_bytes()).filter(|_| is_day)?;
    let zone = rest[end..].strip_prefix(' ').and_then(|rest| rest.split(' ').next())?;
    let is_zone = (1..=6).contains(&zone.len())
        && zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-".contains(&byte));
    is_zone.then(|| {
        let at = Stamp { zoned: at.zoned || zone == "UTC", ..at };
        (Some(at), word.len() + 1 + end + 1 + zone.len())
    })
}

/// Without the `<30>` or `<30>1 ` of a syslog message; nothing where there is none.
fn priority(line: &str) -> Option<&str> {
    let (number, rest) = line.strip_prefix('<')?.split_once('>')?;
    let is_number =
        (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| rest.strip_prefix("1 ").unwrap_or(rest))
}

/// `2026-06-02T11:20:03.118203311Z TEXT` (`kubectl logs --timestamps`, `docker logs -t`), where TEXT has its own time.
fn timestamped(found: &mut Peeled<'_>) {
    let Some((at, end)) = stamp::dated(found.text.as_bytes()).filter(|(at, _)| at.zoned) else {
        return;
    };
    let Some(rest) = found.text.get(end..).and_then(|rest| rest.strip_prefix(' ')) else {
        return;
    };
    let timed = rest.starts_with('{')
        || rest.starts_with("raft")
        || stamp::dated(rest.as_bytes()).is_some();
    if timed {
        found.at = Some(at);
        found.text = rest;
    }
}

/// `10.5.0.2: {…`, `etcd-cp1 etcd {…`, `m1.log:{…`: tools that read logs from several places name them.
fn tool<'a>(found: &mut Peeled<'a>) {
    let line = found.text;
    if line.starts_with('{') {
        return;
    }
    let Some(start) =
        memchr::memmem::find(line.as_bytes(), b"{\"level\":").filter(|start| *start <= 128)
    else {
        return;
    };
    let mut words = line[..start].split_ascii_whitespace().map(|word| word.trim_end_matches(':'));
    let is_origin = |word: &&str| {
        word.bytes().all(|byte| is_name(byte) || b":/".contains(&byte))
            && stamp::dated(word.as_bytes()).is_none()
    };
    let first = words.next().filter(is_origin);
    if words.count() <= 1 && first.is_some() {
        found.origin = found.origin.or(first);
        found.text = &line[start..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> (&str, Option<&str>) {
        let found = peel(line, 1_779_000_000_000_000_000);
        (found.text, found.origin)
    }

    #[test]
    fn what_is_around_a_line_is_taken_off() {
        assert_eq!(of("{\"level\":\"info\"}"), ("{\"level\":\"info\"}", None));
        let capnslog =
            "2026-02-10 08:02:46.911730 W | wal: sync duration of 1.3s, expected less than 1s";
        assert_eq!(of(capnslog), (capnslog, None));
        for before in [
            "May 18 14:09:59 cp-b etcd[2932]: ",
            "May 18 14:09:59.123456 cp-b etcd[2932]: ",
            "2026-05-18T14:09:59+0000 cp-b etcd[2932]: ",
            "2026-05-18T14:09:59.123456+0200 cp-b etcd[2932]: ",
            "Mon 2026-05-18 14:09:59 UTC cp-b etcd[2932]: ",
            "1779113399.123456 cp-b etcd[2932]: ",
            "[ 1234.567890] cp-b etcd[2932]: ",
            "<30>May 18 14:09:59 cp-b etcd: ",
            "<30>1 2026-05-18T14:09:59.123Z cp-b etcd 2932 - - ",
            "<30>1 2026-05-18T14:09:59.123Z cp-b etcd 2932 ID7 [x@1 a=\"b\"] ",
            "[pod/cp-b/etcd] ",
            "cp-b  | ",
        ] {
            let line = format!("{before}{capnslog}");
            assert_eq!(of(&line), (capnslog, Some("cp-b")), "{line}");
        }
        for before in ["cp-b: ", "cp-b etcd ", "cp-b:"] {
            let line = format!("{before}{{\"level\":\"info\"}}");
            assert_eq!(of(&line), ("{\"level\":\"info\"}", Some("cp-b")), "{line}");
        }
        let line = format!("2026-06-02T11:20:03.118203311Z {capnslog}");
        assert_eq!(of(&line), (capnslog, None));
    }

    #[test]
    fn lines_come_out_of_their_frames() {
        let text = |line: &str| {
            let framed = unframe(line.as_bytes());
            (String::from_utf8_lossy(&framed.text).into_owned(), framed.partial, framed.origin)
        };
        let whole = |text: &str| (text.to_owned(), false, None);
        assert_eq!(text("2026-06-02T11:20:03.118203311Z stderr F {\"a\":1}"), whole("{\"a\":1}"));
        assert!(text("2026-06-02T11:20:03.118203311Z stderr P {\"a\":1}").1);
        assert!(!text("2026-06-02T11:20:03.118203311Z stdout F:x {\"a\":1}").1);
        let docker =
            r#"{"log":"{\"level\":\"warn\"}\n","stream":"stderr","time":"2026-06-02T11:20:03.1Z"}"#;
        assert_eq!(text(docker), whole("{\"level\":\"warn\"}"));
        let begun =
            r#"{"log":"{\"level\":\"warn\",","stream":"stderr","time":"2026-06-02T11:20:03.1Z"}"#;
        assert!(text(begun).1);
        let shipped = r#"{"log":"hello","kubernetes":{"pod_name":"etcd-cp1"}}"#;
        assert_eq!(text(shipped), ("hello".to_owned(), false, Some("etcd-cp1".to_owned())));
        let journal = r#"{"MESSAGE":"x","_HOSTNAME":"cp1","__REALTIME_TIMESTAMP":"1780399203118203","SYSLOG_IDENTIFIER":"etcd"}"#;
        assert_eq!(text(journal), ("x".to_owned(), false, Some("cp1".to_owned())));
        assert_eq!(unframe(journal.as_bytes()).at.unwrap().ns, 1_780_399_203_118_203_000);
        assert_eq!(text(r#"{"MESSAGE":[104,105],"_HOSTNAME":"cp1"}"#).0, "hi");
        assert_eq!(text(r#"{"level":"info","msg":"x"}"#), whole(r#"{"level":"info","msg":"x"}"#));
    }
}
