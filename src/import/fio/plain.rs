//! fio's plain text. Units stand in the heading of each block (`nsec`, `usec`, `msec`), values are cut to whole units,
//! and the options are told in part.

use std::collections::BTreeMap;

use crate::import::foreign::ForeignSeries;
use crate::import::source::Source;

use super::Output;
use super::job::Job;
use super::json::share;

/// What the line on which a job's figures begin has in it.
const JOB: &str = ": (groupid=";
/// What the line that tells a job's options has in it.
const OPTIONS: &str = ": (g=";

/// Whether this is fio's text.
pub(super) fn is_fio(text: &str) -> bool {
    text.lines().any(|line| line.contains(JOB))
}

/// What the text tells.
pub(super) fn output(source: &Source) -> Output {
    let lines: Vec<&str> = source.text.lines().collect();
    let version = lines.iter().find(|line| line.starts_with("fio-") && !line.contains(' '));
    let begins: Vec<usize> = (0..lines.len()).filter(|&at| lines[at].contains(JOB)).collect();
    let jobs = begins.iter().enumerate().map(|(index, &at)| {
        let end = begins.get(index + 1).copied().unwrap_or(lines.len());
        job(&lines, at, end)
    });
    Output {
        version: version.map(|line| line.trim().to_owned()),
        jobs: jobs.collect(),
        has_beginning: lines.iter().any(|line| line.starts_with("Starting ")),
        remarks: vec![
            "fio's text cuts times to whole units and leaves out most options; --output-format=json+ keeps them"
                .to_owned(),
        ],
        ..Output::default()
    }
}

/// Which figures the lines are about.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Part {
    Write,
    Sync,
    #[default]
    Other,
}

fn job(lines: &[&str], begin: usize, end: usize) -> Job {
    let name = lines[begin].split(JOB).next().unwrap_or_default().trim();
    let mut figures = JobText::default();
    for line in lines[begin + 1..end].iter().map(|line| line.trim()) {
        if line.starts_with("Run status group") {
            break;
        }
        figures.take_in(line);
    }
    let JobText { write, sync, .. } = figures.counted();
    let is_told = |series: &ForeignSeries| series.count > 0 && !series.quantiles.is_empty();
    Job {
        name: name.to_owned(),
        error: number_after(lines[begin], "err=").unwrap_or(0.0) as i32,
        options: options(lines, name),
        line: begin + 1,
        length_ns: figures.length_ns,
        writes: write.count,
        sync: Some(sync).filter(is_told),
        write: Some(write).filter(is_told),
        ..Job::default()
    }
}

/// A job's figures, line by line.
#[derive(Debug, Clone, Default)]
struct JobText {
    part: Part,
    write: ForeignSeries,
    sync: ForeignSeries,
    other: ForeignSeries,
    /// The unit of the percentiles that follow; nothing where they are not wanted.
    percentiles: Option<f64>,
    length_ns: u64,
    /// Reads, writes, trims and syncs.
    issued: Vec<f64>,
    /// Percents of the I/O by its depth, added up.
    depths: f64,
}

impl JobText {
    fn take_in(&mut self, line: &str) {
        if let Some(now) = part_of(line) {
            self.part = now;
        }
        if let (Part::Write, Some(ms)) = (self.part, milliseconds(line)) {
            self.length_ns = self.length_ns.max((ms * 1e6) as u64);
        }
        let series = match self.part {
            Part::Write => &mut self.write,
            Part::Sync => &mut self.sync,
            Part::Other => &mut self.other,
        };
        if line.starts_with('|') {
            if let Some(unit) = self.percentiles {
                series.quantiles.extend(quantiles(line, unit));
            }
        } else if line.contains("percentiles") {
            self.percentiles = heading(line, "percentiles");
        } else if let Some(unit) = heading(line, "") {
            let ns = |key: &str| number_after(line, key).unwrap_or(0.0) * unit;
            series.min_ns = ns("min=") as u64;
            series.max_ns = ns("max=") as u64;
            series.mean_ns = ns("avg=");
        } else if let Some(rest) = line.strip_prefix("issued rwt") {
            let totals = rest.split("total=").nth(1).unwrap_or_default();
            let totals = totals.split_whitespace().next().unwrap_or_default();
            self.issued = totals.split(',').filter_map(|n| n.parse().ok()).collect();
        } else if let Some(rest) = line.strip_prefix("IO depths") {
            let percents = rest.split(',').filter_map(|depth| depth.rsplit('=').next());
            self.depths = percents.filter_map(leading).sum();
        }
    }

    /// With names, and with how many there were.
    fn counted(&self) -> JobText {
        let mut all = self.clone();
        let at = |index: usize| self.issued.get(index).copied().unwrap_or(0.0);
        let ios = at(0) + at(1) + at(2);
        all.write.name = "wal.write".to_owned();
        all.write.count = at(1) as u64;
        all.sync.name = "wal.fsync".to_owned();
        all.sync.count = match at(3) {
            // Some versions print no syncs here, but count them among the depths, in percent of the other I/O.
            0.0 => (ios * (self.depths / 100.0 - 1.0)).round().max(0.0) as u64,
            syncs => syncs as u64,
        };
        all
    }
}

fn part_of(line: &str) -> Option<Part> {
    match line {
        _ if line.starts_with("write:") || line.starts_with("write :") => Some(Part::Write),
        _ if line.starts_with("fsync/") => Some(Part::Sync),
        _ if line.starts_with("read") || line.starts_with("trim") || line.starts_with("cpu ") => {
            Some(Part::Other)
        }
        _ => None,
    }
}

/// The unit in nanoseconds of `clat (usec):` and `sync percentiles (usec):`.
fn heading(line: &str, what: &str) -> Option<f64> {
    let rest = line.strip_prefix("clat").or_else(|| line.strip_prefix("sync"))?;
    let rest = rest.trim_start().strip_prefix(what)?.trim_start();
    let unit = rest.strip_prefix('(')?.split(')').next()?;
    match unit {
        "nsec" => Some(1.0),
        "usec" => Some(1e3),
        "msec" => Some(1e6),
        "sec" => Some(1e9),
        _ => None,
    }
}

/// `| 99.00th=[  322], 99.50th=[  347],`.
fn quantiles(line: &str, unit: f64) -> impl Iterator<Item = (f64, u64)> {
    let pairs = line.trim_start_matches('|').split("],");
    pairs.filter_map(move |pair| {
        let (percent, value) = pair.split_once("th=[")?;
        let percent: f64 = percent.trim().parse().ok()?;
        let value = leading(value)?;
        (percent > 0.0 && percent < 100.0).then(|| (share(percent), (value * unit) as u64))
    })
}

/// The number a text begins with, with fio's `k`, `M` and `G` of thousands.
fn leading(text: &str) -> Option<f64> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let times = match text[end..].chars().next() {
        Some('k') => 1e3,
        Some('M') => 1e6,
        Some('G') => 1e9,
        _ => 1.0,
    };
    Some(number * times)
}

fn number_after(line: &str, key: &str) -> Option<f64> {
    leading(line.split(key).nth(1)?)
}

/// How long it wrote: `(2046KiB/155msec)`.
fn milliseconds(line: &str) -> Option<f64> {
    let rest = line.split("B/").find(|rest| rest.contains("msec)"))?;
    leading(rest)
}

/// `name: (g=0): rw=write, bs=(R) 2300B-2300B, (W) 2300B-2300B, (T) 2300B-2300B, ioengine=sync, iodepth=1`.
fn options(lines: &[&str], name: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let told = lines.iter().find(|line| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(OPTIONS))
    });
    for item in told.into_iter().flat_map(|line| line.split(", ")) {
        if let Some(size) = item.strip_prefix("(W) ") {
            let size = size.split('-').next().unwrap_or_default();
            found.insert("bs".to_owned(), size.trim_end_matches('B').to_owned());
        }
        for key in ["rw", "ioengine", "iodepth"] {
            let item = item.rsplit(": ").next().unwrap_or(item);
            if let Some(value) = item.strip_prefix(key).and_then(|v| v.strip_prefix('=')) {
                found.insert(key.to_owned(), value.trim().to_owned());
            }
        }
    }
    found
}
