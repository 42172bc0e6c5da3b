//! strace, run and read back.

use std::path::Path;

/// The calls that write, make durable, or change what files there are.
pub const FILE_CALLS: &str = "write,writev,pwrite64,pwritev,pwritev2,fdatasync,fsync,\
    sync_file_range,fallocate,ftruncate,rename,renameat,renameat2,unlink,unlinkat";

/// One system call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Entry, nanoseconds since 1970.
    pub start_ns: u64,
    /// From entry to return.
    pub duration_ns: u64,
    /// Its name.
    pub name: String,
    /// What its first descriptor points at, or the last path it names.
    pub path: String,
    /// All arguments as strace wrote them.
    pub arguments: String,
    /// What it returned.
    pub result: i64,
    /// Whether strace was told to delay it, and did.
    pub delayed: bool,
}

/// strace's arguments that write what [`read`] reads; the program to trace follows them.
pub fn arguments(calls: &str, output: &Path) -> Vec<String> {
    let output = output.to_str().expect("paths of tests are UTF-8");
    // --seccomp-bpf stops the process only for these calls; without it every call costs two stops.
    ["-f", "--seccomp-bpf", "-qq", "-y", "-ttt", "-T", "-s", "0", "-e", "signal=none"]
        .into_iter()
        .map(str::to_owned)
        .chain(["-e".to_owned(), format!("trace={calls}")])
        .chain(["-o".to_owned(), output.to_owned()])
        .collect()
}

/// All calls of a trace in the order of their entries.
pub fn read(output: &Path) -> Vec<Call> {
    let text = std::fs::read_to_string(output).expect("strace left a trace");
    let mut unfinished: Vec<(String, u64, String)> = Vec::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        let Some((thread, start_ns, rest)) = stamp(line) else {
            continue;
        };
        if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            unfinished.push((thread.to_owned(), start_ns, begun.trim_end().to_owned()));
        } else if rest.starts_with("<... ") {
            let Some((_, end)) = rest.split_once(" resumed>") else {
                continue;
            };
            if let Some(at) = unfinished.iter().position(|(who, ..)| who == thread) {
                let (_, began_ns, begun) = unfinished.swap_remove(at);
                calls.extend(call(began_ns, &format!("{begun}{end}")));
            }
        } else {
            calls.extend(call(start_ns, rest));
        }
    }
    calls.sort_by_key(|call| call.start_ns);
    calls
}

/// `1234 1795295224.314734 rest`.
fn stamp(line: &str) -> Option<(&str, u64, &str)> {
    let (thread, rest) = line.split_once(' ')?;
    let (stamp, rest) = rest.trim_start().split_once(' ')?;
    Some((thread, nanoseconds(stamp)?, rest))
}

/// `name(arguments) = result (DELAYED) <0.000123>`.
fn call(start_ns: u64, text: &str) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, end) = rest.rsplit_once(" = ")?;
    let arguments = arguments.trim_end().strip_suffix(')')?;
    let result = end.split_whitespace().next()?.split('<').next()?.parse().ok()?;
    let (_, duration) = end.strip_suffix('>')?.rsplit_once('<')?;
    Some(Call {
        start_ns,
        duration_ns: nanoseconds(duration)?,
        name: name.to_owned(),
        path: path_in(arguments),
        arguments: arguments.to_owned(),
        result,
        delayed: end.contains("(DELAYED)"),
    })
}

/// The file a descriptor stands for (`9</a/b>, …`), or of a call on names the last one (`"/a/b"`).
fn path_in(arguments: &str) -> String {
    let names: Vec<&str> = arguments.split('"').skip(1).step_by(2).collect();
    let named = names.last().filter(|name| name.starts_with('/'));
    let described = || arguments.split_once('<')?.1.split_once('>').map(|(path, _)| path);
    named.copied().or_else(described).unwrap_or_default().to_owned()
}

fn nanoseconds(seconds: &str) -> Option<u64> {
    let (whole, part) = seconds.split_once('.')?;
    let scale = 10u64.checked_pow(9u32.checked_sub(part.len() as u32)?)?;
    Some(whole.parse::<u64>().ok()? * 1_000_000_000 + part.parse::<u64>().ok()? * scale)
}

impl Call {
    /// When it returned.
    pub fn end_ns(&self) -> u64 {
        self.start_ns + self.duration_ns
    }

    /// The last component of the path.
    pub fn file(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Its last argument, as a number.
    pub fn last_number(&self) -> Option<u64> {
        self.arguments.rsplit(", ").next()?.trim().parse().ok()
    }
}
