//! fio's text in its blocks: which of them belong to one job, which jobs to one run.

use std::collections::BTreeMap;

use crate::import::text::{Stream, number};
use crate::plan::DeviceWrites;

use super::figures::{FigureKind, JobText};

/// More jobs than this are no text that somebody wants judged.
const MOST_JOBS: usize = 4_096;
/// Reports of one run are of one moment; a second run takes a while.
const SAME_RUN_S: i64 = 5;

/// What a run told.
#[derive(Debug, Default)]
pub(super) struct RunText {
    pub version: Option<String>,
    /// Its first words are there: what it would say when it makes a file anew.
    pub has_beginning: bool,
    pub jobs: Vec<JobText>,
    pub devices: Vec<DeviceWrites>,
    /// A signal ended it.
    pub stopped: bool,
    /// Reports of the same jobs that were followed by later ones.
    pub dumps: usize,
    /// What stands above it like a name: `cp-a:`.
    pub place: Option<String>,
    /// Where it begins in the text.
    pub from: usize,
    options: Vec<(String, BTreeMap<String, String>)>,
    laid_out: Vec<(String, u64)>,
    /// Its summary of all groups came.
    is_closed: bool,
}

impl RunText {
    /// The options of a job, with how many processes it had.
    pub fn options_of(&self, name: &str, processes: u64) -> BTreeMap<String, String> {
        let named = self.options.iter().find(|(of, _)| of == name);
        let only = || self.options.first().filter(|_| self.options.len() == 1);
        let mut options =
            named.or_else(only).map(|(_, options)| options.clone()).unwrap_or_default();
        if processes > 1 {
            options.insert("numjobs".to_owned(), processes.to_string());
        }
        options
    }

    /// At least so large its new file was, told in whole MiB; `None` where it laid out none.
    pub fn laid_out_of(&self, name: &str, processes: u64) -> Option<u64> {
        let found = self.laid_out.iter().find(|(of, _)| of == name)?;
        Some(found.1.saturating_mul(processes.max(1)))
    }

    fn has_results(&self) -> bool {
        !self.jobs.is_empty()
    }
}

/// What begins a block; the order is that of [`PATTERNS`].
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mark {
    Options,
    Version,
    Starting,
    LaidOut,
    Heading,
    Direction(FigureKind),
    SyncSection,
    /// Minimum, maximum and mean, in a unit of so many ns.
    Extremes(f64),
    /// Percentiles, in a unit of so many ns.
    Percentiles(f64),
    Depths,
    Issued,
    Group,
    Devices,
    Stopped,
    /// Ends the block before it.
    End,
}

const PATTERNS: [(&str, Mark); 30] = [
    (":(g=", Mark::Options),
    ("fio-", Mark::Version),
    ("Starting", Mark::Starting),
    (":LayingoutIOfile", Mark::LaidOut),
    (":(groupid=", Mark::Heading),
    ("write:IOPS=", Mark::Direction(FigureKind::Write)),
    ("write:io=", Mark::Direction(FigureKind::Write)),
    ("read:IOPS=", Mark::Direction(FigureKind::Read)),
    ("read:io=", Mark::Direction(FigureKind::Read)),
    ("trim:IOPS=", Mark::Direction(FigureKind::Other)),
    ("mixed:IOPS=", Mark::Direction(FigureKind::Other)),
    ("fsync/fdatasync/", Mark::SyncSection),
    ("(nsec):min=", Mark::Extremes(1.0)),
    ("(usec):min=", Mark::Extremes(1e3)),
    ("(msec):min=", Mark::Extremes(1e6)),
    ("(sec):min=", Mark::Extremes(1e9)),
    ("percentiles(nsec):", Mark::Percentiles(1.0)),
    ("percentiles(usec):", Mark::Percentiles(1e3)),
    ("percentiles(msec):", Mark::Percentiles(1e6)),
    ("percentiles(sec):", Mark::Percentiles(1e9)),
    ("IOdepths:", Mark::Depths),
    ("submit:", Mark::End),
    ("issued", Mark::Issued),
    ("cpu:usr=", Mark::End),
    ("iops:min=", Mark::End),
    ("/s):min=", Mark::End),
    ("latency:target=", Mark::End),
    ("Runstatusgroup", Mark::Group),
    ("Diskstats(read/write):", Mark::Devices),
    ("terminatingonsignal", Mark::Stopped),
];

/// All runs of a text that tell of jobs.
pub(super) fn of(text: &str) -> Vec<RunText> {
    let stream = Stream::new(text);
    let patterns: Vec<&str> = PATTERNS.iter().map(|pattern| pattern.0).collect();
    let marks = stream.marks(&patterns);
    let mut reading = Reading { stream: &stream, runs: Vec::new(), now: RunText::default() };
    for (index, &(at, kind)) in marks.iter().enumerate() {
        let (pattern, mark) = PATTERNS[kind];
        let from = at + pattern.len();
        let end = marks.get(index + 1).map_or(stream.squeezed.len(), |next| next.0);
        // A block never needs more than this, and a file of headings must not be read once per heading.
        let end = end.min(from + 16_384);
        let end =
            (from..=end).rev().find(|&end| stream.squeezed.is_char_boundary(end)).unwrap_or(from);
        let body = stream.squeezed.get(from..end).unwrap_or_default();
        reading.take_in(mark, at, body);
        if reading.runs.len() + reading.now.jobs.len() > MOST_JOBS {
            break;
        }
    }
    reading.finish()
}

struct Reading<'a> {
    stream: &'a Stream<'a>,
    runs: Vec<RunText>,
    now: RunText,
}

impl Reading<'_> {
    fn take_in(&mut self, mark: Mark, at: usize, body: &str) {
        match mark {
            Mark::Options => {
                self.expect_beginning(at);
                let name = self.name(at);
                self.now.options.push((name, options(body)));
            }
            Mark::Version => self.version(at, body),
            Mark::Starting => {
                let rest = body.trim_start_matches(|c: char| c.is_ascii_digit());
                if rest.len() < body.len()
                    && (rest.starts_with("process") || rest.starts_with("thread"))
                {
                    self.expect_beginning(at);
                    self.now.has_beginning = true;
                }
            }
            Mark::LaidOut => {
                self.expect_beginning(at);
                let name = self.name(at);
                self.now.laid_out.push((name, laid_out(body)));
            }
            Mark::Heading => self.heading(at, body),
            Mark::Direction(part) => self.job(part, at).direction(part, body),
            Mark::SyncSection => self.job(FigureKind::Sync, at).part = FigureKind::Sync,
            Mark::Extremes(unit) => {
                self.times(at, |job| job.extremes(&format!("min={body}"), unit))
            }
            Mark::Percentiles(unit) => self.times(at, |job| job.percentiles(body, unit)),
            Mark::Depths => self.last(|job| job.depths(body)),
            Mark::Issued => self.last(|job| job.issued(body)),
            Mark::Group => {
                self.last(|job| job.part = FigureKind::Other);
                self.now.is_closed |= self.now.has_results();
            }
            Mark::Devices => self.now.devices.extend(devices(body)),
            Mark::Stopped => self.now.stopped = true,
            Mark::End => {}
        }
    }

    /// What belongs to the beginning of a run, after results of one: another begins.
    fn expect_beginning(&mut self, at: usize) {
        if self.now.has_results() {
            self.next_run(at);
        } else if self.now.options.is_empty() && self.now.version.is_none() {
            self.now.from = self.stream.origin(at);
            self.now.place = self.place(at);
        }
    }

    fn next_run(&mut self, at: usize) {
        let place = self.place(at);
        let next = RunText { from: self.stream.origin(at), place, ..RunText::default() };
        self.runs.push(std::mem::replace(&mut self.now, next));
    }

    fn last(&mut self, change: impl FnOnce(&mut JobText)) {
        if let Some(job) = self.now.jobs.last_mut() {
            change(job);
        }
    }

    fn name(&self, at: usize) -> String {
        let line = self.stream.line_before(at).trim();
        // Where lines were joined, what stands before the name is no part of it.
        let is_joined = line.len() > 100 || line.contains(['=', '%', '[', '(']);
        let name = if is_joined { line.rsplit(' ').next().unwrap_or(line) } else { line };
        name.to_owned()
    }

    /// The line above a run where it is one word, as people put above the output of each machine.
    fn place(&self, at: usize) -> Option<String> {
        let text = &self.stream.text[..self.stream.origin(at)];
        let above = text.rsplit('\n').skip(1).take(3).find(|line| !line.trim().is_empty())?;
        let above = above.trim().trim_matches(|c: char| "=-#*>[]`: \t".contains(c));
        let is_word = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
        let named = (1..=64).contains(&above.len()) && above.chars().all(is_word);
        (named && above.contains(|c: char| c.is_ascii_alphabetic())).then(|| above.to_owned())
    }

    fn version(&mut self, at: usize, body: &str) {
        let is_version = |c: &char| c.is_ascii_digit() || *c == '.';
        let number: String = body.chars().take_while(is_version).take(16).collect();
        let number = number.trim_end_matches('.');
        let origin = self.stream.origin(at);
        let before = self.stream.text[..origin].chars().next_back();
        let begins =
            before.is_none_or(char::is_whitespace) || self.stream.line_before(at).trim().is_empty();
        let line = self.stream.text[origin..].split(['\n', '\r', ' ']).next().unwrap_or_default();
        if begins && number.contains('.') && line.len() < 40 {
            self.expect_beginning(at);
            self.now.version.get_or_insert_with(|| line.trim().to_owned());
        }
    }

    fn heading(&mut self, at: usize, body: &str) {
        if !self.now.has_results() {
            self.expect_beginning(at);
        }
        let begins = self.stream.origin(at).saturating_sub(self.name(at).len());
        let job = JobText::begin(self.name(at), body, begins);
        let again = self.now.jobs.iter().position(|known| {
            known.name == job.name && known.pid == job.pid && !job.pid.is_empty()
        });
        match again {
            Some(index) => {
                if index == 0 {
                    self.now.dumps += 1;
                }
                self.now.jobs.remove(index);
                self.now.is_closed = false;
            }
            None if self.now.is_closed || self.is_of_another_run(&job) => self.next_run(at),
            None => {}
        }
        self.now.jobs.push(job);
    }

    /// A job of this name is there already, and wrote its report at another time.
    fn is_of_another_run(&self, job: &JobText) -> bool {
        let same = self.now.jobs.iter().filter(|known| known.name == job.name);
        let times = |known: &JobText| Some((known.ended_at()?.0, job.ended_at()?.0));
        same.filter_map(times).any(|(a, b)| a.duration_since(b).as_secs().abs() > SAME_RUN_S)
    }

    /// The job that figures of a part belong to; a new one of no name where the text has lost its heading.
    fn job(&mut self, part: FigureKind, at: usize) -> &mut JobText {
        let is_other = self.now.is_closed || self.now.jobs.last().is_some_and(|job| job.has(part));
        if is_other {
            self.next_run(at);
        }
        if self.now.jobs.is_empty() {
            let at = self.stream.origin(at);
            self.now.jobs.push(JobText::unnamed(at));
        }
        let last = self.now.jobs.len() - 1;
        &mut self.now.jobs[last]
    }

    /// A block of times, called by what stands before its unit: `sync (usec): min=`, `clat percentiles (usec):`.
    fn times(&mut self, at: usize, take: impl FnOnce(&mut JobText)) {
        let before = self.stream.squeezed[..at].trim_end_matches("percentiles");
        let ends = |name: &str| before.ends_with(name);
        if ends("sync") {
            // The section's heading may be cut off.
            if self.now.jobs.last().is_none_or(|job| job.part != FigureKind::Sync) {
                self.job(FigureKind::Sync, at).part = FigureKind::Sync;
            }
            self.last(take);
        } else if ends("clat") {
            let part = self.now.jobs.last().map_or(FigureKind::Other, |job| job.part);
            if part != FigureKind::Sync {
                self.last(take);
            }
        }
    }

    fn finish(mut self) -> Vec<RunText> {
        self.runs.push(self.now);
        self.runs.retain(RunText::has_results);
        self.runs
    }
}

/// `0):rw=write,bs=(R)2300B-2300B,(W)2300B-2300B,(T)…,ioengine=sync,iodepth=1`, and in fio 2
/// `bs=2300-2300/2300-2300/2300-2300`.
fn options(body: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let line = body.split("fio-").next().unwrap_or(body);
    let line = line.split('\n').next().unwrap_or(line);
    let items = line.split_once("):").map_or("", |(_, items)| items).split(',');
    for item in items {
        if let Some(size) = item.strip_prefix("(W)") {
            found.insert("bs".to_owned(), block(size));
        } else if let Some(old) = item.strip_prefix("bs=").filter(|old| old.contains('/')) {
            found.insert("bs".to_owned(), block(old.split('/').nth(1).unwrap_or_default()));
        }
        for key in ["rw", "ioengine", "iodepth"] {
            if let Some(value) = item.strip_prefix(key).and_then(|rest| rest.strip_prefix('=')) {
                let is_word = |c: &char| c.is_ascii_alphanumeric() || "_-:/.".contains(*c);
                let value: String = match key {
                    "iodepth" => value.chars().take_while(char::is_ascii_digit).collect(),
                    _ => value.chars().take_while(is_word).take(64).collect(),
                };
                found.insert(key.to_owned(), value);
            }
        }
    }
    found
}

/// `2300B-2300B`, `4096-4096`, `4K-4K`, `64.0KiB-64.0KiB`: the larger one, in bytes.
fn block(range: &str) -> String {
    let bytes = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (value, _) = number(&text[..end])?;
        let times = match text[end..].chars().next() {
            Some('K' | 'k') => 1024.0,
            Some('M' | 'm') => 1_048_576.0,
            _ => 1.0,
        };
        Some((value * times).round() as u64)
    };
    range.split('-').filter_map(bytes).max().map_or_else(String::new, |bytes| bytes.to_string())
}

/// `(1file/22MiB)`, `(s)(1file(s)/22MB)`: bytes, cut to whole MiB.
fn laid_out(body: &str) -> u64 {
    let size = body.split_once('/').map_or("", |(_, size)| size);
    let mib: String = size.chars().take_while(char::is_ascii_digit).take(9).collect();
    mib.parse().map_or(0, |mib: u64| mib << 20)
}

/// `vda:ios=0/2357,merge=0/481,…`.
fn devices(body: &str) -> Vec<DeviceWrites> {
    let found = body.match_indices(":ios=").take(256).filter_map(|(at, key)| {
        let before = &body[..at];
        let name =
            before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').next()?;
        // The figure before ends in `%`, so a name never runs into one.
        let (_, writes) = body[at + key.len()..].split_once('/')?;
        let writes = number(writes)?.0 as u64;
        (!name.is_empty()).then(|| DeviceWrites { name: name.to_owned(), writes })
    });
    found.collect()
}
