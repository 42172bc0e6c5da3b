//! One line of etcd's, in any of its forms: zap JSON, zap console, capnslog, and raft's own logger.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

use super::fields::Fields;
use super::known;
use super::stamp::{self, Stamp};

/// A line, taken apart.
#[derive(Debug, Default)]
pub(super) struct Entry<'a> {
    /// The message, without the package that capnslog puts before it.
    pub message: Cow<'a, str>,
    /// The fields of a structured line.
    pub fields: Fields<'a>,
}

/// What a line is, as far as its beginning tells; its message is what decides whether it is read on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form<'a> {
    /// A JSON object, from here on.
    Json(&'a str),
    /// Any other: time, whether it is an error, message, fields; the latter empty but in zap's console form.
    Text { at: Option<Stamp>, error: bool, message: &'a str, fields: &'a str },
}

/// How every line of zap's JSON begins.
const BEGINNING: &str = "{\"level\":";
/// The keys that every line is looked through for.
static MSG: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"msg\":"));
static TS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"ts\":"));

/// Words for lines that are errors or worse; capnslog's letters for them.
const ERRORS: [&str; 4] = ["ERROR", "DPANIC", "PANIC", "FATAL"];
const ERROR_LETTERS: [char; 2] = ['E', 'C'];
/// Words for how grave a line is.
const LEVELS: [&str; 8] = ["DEBUG", "INFO", "WARN", "WARNING", "ERROR", "DPANIC", "PANIC", "FATAL"];
/// capnslog's names of packages that print what is read here.
const PACKAGES: [&str; 16] = [
    "etcdserver",
    "rafthttp",
    "raft",
    "wal",
    "mvcc",
    "snap",
    "etcdmain",
    "embed",
    "osutil",
    "lease",
    "auth",
    "etcdhttp",
    "mvcc/backend",
    "api",
    "pkg/fileutil",
    "backend",
];

/// The form of a line that is etcd's; `None` for other programs' lines.
///
/// `bare` takes text without any mark of etcd's: below journald capnslog prints no time of its own.
pub(super) fn form(line: &str, bare: bool) -> Option<Form<'_>> {
    if line.starts_with('{') {
        return json(line);
    }
    if let Some(rest) = line.strip_prefix("raft")
        && let Some((at, end)) = stamp::dated(rest.as_bytes())
    {
        let message = rest[end..].trim_start();
        let message = message.split_once(": ").map_or(message, |(_, message)| message);
        return Some(text(Some(at), message));
    }
    let dated = stamp::dated(line.as_bytes()).or_else(|| number(line));
    if let Some((at, end)) = dated {
        let rest = line.get(end..)?;
        // `2026-02-10 08:02:46.911730 W | wal: …`
        if let Some(message) =
            rest.strip_prefix(' ').and_then(|rest| rest.get(1..)?.strip_prefix(" | "))
        {
            let error = rest.trim_start().starts_with(ERROR_LETTERS);
            let message = unpackaged(message).1;
            return Some(Form::Text { at: Some(at), error, message, fields: "" });
        }
        return console(at, rest).or_else(|| embedded(line));
    }
    embedded(line).or_else(|| {
        let (package, message) = unpackaged(line);
        let known = package.is_some_and(|package| PACKAGES.contains(&package))
            && known::may_matter(message);
        (bare || known).then(|| text(None, message))
    })
}

fn text<'a>(at: Option<Stamp>, message: &'a str) -> Form<'a> {
    Form::Text { at, error: false, message, fields: "" }
}

/// A JSON object with what every line of zap's has; shippers of logs put other fields before it.
fn json(line: &str) -> Option<Form<'_>> {
    let is_zap =
        line.starts_with(BEGINNING) || memmem::find(line.as_bytes(), b"\"level\":").is_some();
    let has = |key: &Finder<'_>| key.find(line.as_bytes()).is_some();
    (is_zap && has(&MSG) && has(&TS)).then_some(Form::Json(line))
}

/// A JSON line behind what a tool for reading logs put before it: a time, the names of node, pod and container.
fn embedded(line: &str) -> Option<Form<'_>> {
    let start = memmem::find(line.as_bytes(), BEGINNING.as_bytes())?;
    // Somebody else's line may quote one of etcd's: not one word but sentences stand before it then.
    let before = line[..start].split_ascii_whitespace().count();
    (before <= 4 && !line[..start].contains('"')).then(|| Form::Json(&line[start..]))
}

/// Unix seconds at the beginning of a line, before a blank.
fn number(line: &str) -> Option<(Stamp, usize)> {
    let end = line.find(['\t', ' ']).filter(|end| *end <= 24)?;
    stamp::unix(&line[..end]).map(|at| (at, end))
}

/// `TIME LEVEL [LOGGER] CALLER MESSAGE {FIELDS}`, separated by tabs, or by what a terminal made of them.
fn console(at: Stamp, rest: &str) -> Option<Form<'_>> {
    let is_blank = |c: char| c == '\t' || c == ' ';
    let word = |text: &'_ str| text.find(is_blank).unwrap_or(text.len());
    let rest = rest.trim_start_matches(is_blank);
    let level = &rest[..word(rest)];
    if !LEVELS.iter().any(|known| level.eq_ignore_ascii_case(known)) {
        return None;
    }
    let mut message = rest[level.len()..].trim_start_matches(is_blank);
    for _ in 0..2 {
        let end = word(message);
        let is_caller = message[..end].contains(".go:");
        let is_logger = message[end..].starts_with('\t') || message[..end].ends_with("raft");
        if !is_caller && !is_logger {
            break;
        }
        let after = message[end..].trim_start_matches(is_blank);
        // A message of one word is no logger.
        if after.is_empty() || after.starts_with('{') {
            break;
        }
        message = after;
        if is_caller {
            break;
        }
    }
    let split = ["\t{", " {"]
        .iter()
        .filter_map(|mark| memmem::find(message.as_bytes(), mark.as_bytes()))
        .min();
    let (message, fields) = split.map_or((message, ""), |at| (&message[..at], &message[at + 1..]));
    let error = ERRORS.iter().any(|known| level.eq_ignore_ascii_case(known));
    Some(Form::Text { at: Some(at), error, message: message.trim_end_matches(is_blank), fields })
}

/// The package that capnslog prints before its text, and the text.
fn unpackaged(message: &str) -> (Option<&str>, &str) {
    let is_package = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'/')
    };
    match message.split_once(": ") {
        Some((package, rest)) if is_package(package) => (Some(package), rest),
        _ => (None, message),
    }
}

impl<'a> Form<'a> {
    /// The message as far as it can be had without reading everything. Escapes are left as they are.
    pub fn message(&self) -> &'a str {
        match self {
            Form::Json(text) => {
                let Some(start) = MSG.find(text.as_bytes()) else {
                    return "";
                };
                let rest = text[start + 6..].trim_start_matches([' ', '"']);
                &rest[..memchr::memchr(b'"', rest.as_bytes()).unwrap_or(rest.len())]
            }
            Form::Text { message, .. } => message,
        }
    }

    /// When it was printed, without reading everything.
    pub fn at(&self) -> Option<Stamp> {
        match self {
            Form::Json(text) => {
                let start = TS.find(text.as_bytes())?;
                let rest = text[start + 5..].trim_start();
                match rest.strip_prefix('"') {
                    Some(quoted) => {
                        stamp::dated(quoted.as_bytes()).map(|(at, _)| at).or_else(|| {
                            stamp::unix(&quoted[..memchr::memchr(b'"', quoted.as_bytes())?])
                        })
                    }
                    None => stamp::unix(rest.split([',', '}']).next()?.trim()),
                }
            }
            Form::Text { at, .. } => *at,
        }
    }

    /// Whether it is one of the lines that `--log-level debug` adds.
    pub fn is_debug(&self) -> bool {
        matches!(self, Form::Json(text) if text.starts_with("{\"level\":\"debug\""))
    }

    /// Whether it tells of an error, or of something worse.
    pub fn is_error(&self) -> bool {
        match self {
            Form::Json(text) => {
                const LEVEL: &str = "\"level\":";
                let start = match text.starts_with(BEGINNING) {
                    true => Some(BEGINNING.len()),
                    false => {
                        memmem::find(text.as_bytes(), LEVEL.as_bytes()).map(|at| at + LEVEL.len())
                    }
                };
                let level = start.map_or("", |start| text[start..].trim_start_matches([' ', '"']));
                ERRORS.iter().any(|known| {
                    level.get(..known.len()).is_some_and(|word| word.eq_ignore_ascii_case(known))
                })
            }
            Form::Text { error, .. } => *error,
        }
    }

    /// All of it; `None` where it is damaged.
    pub fn read(self) -> Option<Entry<'a>> {
        match self {
            Form::Json(text) => {
                let mut fields = Fields::read(text)?;
                Some(Entry { message: fields.take("msg"), fields })
            }
            Form::Text { message, fields, .. } => {
                let fields =
                    if fields.is_empty() { Fields::default() } else { Fields::read(fields)? };
                Some(Entry { message: Cow::Borrowed(message), fields })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Entry<'_> {
        form(line, false).and_then(Form::read).unwrap_or_default()
    }

    fn at(line: &str) -> Option<i64> {
        form(line, false).and_then(|form| form.at()).map(|at| at.ns)
    }

    #[test]
    fn every_form_gives_the_same() {
        let json = r#"{"level":"warn","ts":"2026-03-14T02:11:02.517Z","caller":"wal/wal.go:805","msg":"slow fdatasync","took":"1.7s","steps":["a"],"x":{"y":[1]}}"#;
        let wanted = stamp::dated(b"2026-03-14T02:11:02.517Z").map(|(at, _)| at.ns);
        for line in [
            json,
            "2026-03-14T02:11:02.517+0000\tWARN\twal/wal.go:802\tslow fdatasync\t{\"took\": \"1.7s\"}",
            "2026-03-14T02:11:02.517Z\twarn\tslow fdatasync\t{\"took\": \"1.7s\"}",
            "2026-03-14T02:11:02.517+0000\tWARN\tetcd\twal/wal.go:802\tslow fdatasync\t{\"took\": \"1.7s\"}",
            "2026-03-14T02:11:02.517+0000    WARN    wal/wal.go:802 slow fdatasync   {\"took\": \"1.7s\"}",
            "1773454262.517\twarn\twal/wal.go:802\tslow fdatasync\t{\"took\": \"1.7s\"}",
            &format!("10.5.0.2: {json}"),
            &format!("etcd-cp1 etcd {json}"),
            &format!("2026-03-14T02:11:02.617Z {json}"),
        ] {
            let entry = read(line);
            assert_eq!(entry.message, "slow fdatasync", "{line}");
            assert_eq!(entry.fields.get("took"), Some("1.7s"), "{line}");
            assert!(at(line).unwrap().abs_diff(wanted.unwrap()) < 1_000, "{line}");
        }
        let text =
            read("2026-03-14 02:11:02.517 W | wal: sync duration of 1.7s, expected less than 1s");
        assert_eq!(text.message, "sync duration of 1.7s, expected less than 1s");
        let raft = read("raft2026/03/14 02:11:02 INFO: a4 is starting a new election at term 6");
        assert_eq!(raft.message, "a4 is starting a new election at term 6");
        let console = read(
            "2026-03-14T02:11:02.517Z\tINFO\traft\tetcdserver/zap_raft.go:77\ta4 became follower at term 7",
        );
        assert_eq!(console.message, "a4 became follower at term 7");
    }

    #[test]
    fn text_without_a_time_is_etcds_where_its_package_and_message_are_known() {
        assert_eq!(
            read("wal: sync duration of 1.7s, expected less than 1s").message,
            "sync duration of 1.7s, expected less than 1s"
        );
        assert!(form("kubelet: sync duration of 1.7s, expected less than 1s", false).is_none());
        assert!(form("etcdserver: hello", false).is_none());
        assert!(form("etcdserver: hello", true).is_some());
    }

    #[test]
    fn other_programs_lines_are_none_of_etcds() {
        for line in [
            "I0518 14:09:59.1 1 kubelet.go:1] x",
            "",
            "hello",
            "2026-03-14 02:11:02 hello",
            r#"E0518 client.go:1] "failed" err="etcd said {\"level\":\"warn\"}" and {"level":"#,
            r#"time="2026-03-14T02:11:02Z" level=info msg="slow fdatasync""#,
            "{\"a\":1}",
        ] {
            assert!(form(line, false).is_none(), "{line}");
        }
    }
}
