//! The reports in a text, found by their headings wherever these stand, so that a report reads the same quoted, joined
//! or indented.

use crate::error::Result;
use crate::import::foreign::{ForeignSeries, Samples};
use crate::import::text::{Source, Stream, digits_before};

/// Longer texts of errors are cut.
const MOST_SHOWN: usize = 200;
/// More reports than this are no paste.
const MOST_REPORTS: usize = 4_096;
/// Operations that neither succeeded nor failed, as a share, are more than rounding.
const UNACCOUNTED: f64 = 0.001;

/// What a report is about where a run has two of them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum Side {
    /// It has one.
    #[default]
    Only,
    Read,
    Write,
    /// Of `watch`.
    Create,
    /// Of `watch` and `watch-latency`.
    Events,
    /// Of `watch-latency`.
    Put,
    /// Of `watch-get`.
    Get,
}

impl Side {
    pub fn name(self) -> &'static str {
        match self {
            Side::Only => "request",
            Side::Read => "read",
            Side::Write => "write",
            Side::Create => "watch-create",
            Side::Events => "watch-event",
            Side::Put => "put",
            Side::Get => "get",
        }
    }

    pub fn plural(self) -> &'static str {
        match self {
            Side::Only => "operations",
            Side::Read => "reads",
            Side::Write => "writes",
            Side::Create => "watches",
            Side::Events => "events",
            Side::Put => "puts",
            Side::Get => "gets",
        }
    }

    /// Whether it is the second report of a run whose first was of another kind.
    pub fn follows(self, before: Option<Side>) -> bool {
        matches!(
            (before, self),
            (Some(Side::Read), Side::Write) | (Some(Side::Create | Side::Put), Side::Events)
        )
    }
}

/// One report.
#[derive(Debug, Clone, Default)]
pub(super) struct Report {
    pub side: Side,
    pub service: ForeignSeries,
    pub total_ns: u64,
    /// (text, count) of what failed.
    pub errors: Vec<(String, u64)>,
    /// How many operations there were to be, where that is told.
    pub told_total: Option<u64>,
    /// Its heading is there and nothing below it.
    pub is_missing: bool,
    pub from: usize,
    pub line: usize,
}

impl Report {
    pub fn failed(&self) -> u64 {
        self.errors.iter().fold(0, |sum: u64, (_, count)| sum.saturating_add(*count))
    }

    pub fn attempts(&self) -> u64 {
        self.service.samples.count().saturating_add(self.failed())
    }

    /// What all of its operations failed with, and how many.
    pub fn failed_altogether(&self) -> Option<(&str, u64)> {
        let (text, _) = self.errors.first()?;
        (self.service.samples.count() == 0).then(|| (text.as_str(), self.failed()))
    }

    /// Operations that are in no figure.
    pub fn unaccounted(&self) -> Option<u64> {
        let total = self.told_total?;
        let lost = total.saturating_sub(self.attempts());
        (lost as f64 > total as f64 * UNACCOUNTED).then_some(lost)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mark {
    /// Names what the next report is about.
    Names(Side),
    /// The same, with how many operations it is of.
    Counts(Side),
    Summary,
    Histogram,
    Latencies,
    Errors,
    /// Ends the block before it.
    End,
}

const PATTERNS: [(&str, Mark); 12] = [
    ("TotalReadOps:", Mark::Counts(Side::Read)),
    ("TotalWriteOps:", Mark::Counts(Side::Write)),
    ("Watchcreationsummary:", Mark::Names(Side::Create)),
    ("Watcheventsreceivedsummary:", Mark::Names(Side::Events)),
    ("Watcheventssummary:", Mark::Names(Side::Events)),
    ("Putsummary:", Mark::Names(Side::Put)),
    ("Getduringwatchsummary:", Mark::Names(Side::Get)),
    ("Summary:", Mark::Summary),
    ("Responsetimehistogram:", Mark::Histogram),
    ("Latencydistribution:", Mark::Latencies),
    ("Errordistribution:", Mark::Errors),
    ("UNIX-SECOND", Mark::End),
];

/// What is known of a report while its blocks are read.
#[derive(Debug, Default)]
struct Open {
    report: Report,
    has_summary: bool,
    has_histogram: bool,
    has_latencies: bool,
    has_errors: bool,
    rate: f64,
}

impl Open {
    fn is_begun(&self) -> bool {
        self.has_summary || self.has_errors || self.report.told_total.is_some()
    }
}

/// All reports in their order.
///
/// # Errors
/// [`crate::error::Error::Damaged`] naming the line of a report in which something is missing.
pub(super) fn all(source: &Source) -> Result<Vec<Report>> {
    let stream = Stream::new(&source.text);
    let patterns: Vec<&str> = PATTERNS.iter().map(|pattern| pattern.0).collect();
    let marks = stream.marks(&patterns);
    let mut reports = Vec::new();
    let mut open = Open::default();
    for (index, &(at, kind)) in marks.iter().enumerate() {
        let (pattern, mark) = PATTERNS[kind];
        let from = at + pattern.len();
        let end = marks.get(index + 1).map_or(stream.squeezed.len(), |next| next.0);
        let body = stream.squeezed.get(from..end).unwrap_or_default();
        if reports.len() > MOST_REPORTS {
            break;
        }
        let begins = match mark {
            Mark::Names(_) | Mark::Counts(_) => open.is_begun(),
            Mark::Summary => open.has_summary || open.has_errors,
            Mark::Errors => open.has_errors,
            _ => false,
        };
        if begins {
            reports.push(closed(source, std::mem::take(&mut open))?);
        }
        if !open.is_begun() {
            open.report.from = stream.origin(at);
            open.report.line = source.line_of(open.report.from);
        }
        match mark {
            Mark::Names(side) => open.report.side = side,
            Mark::Counts(side) => {
                open.report.side = side;
                let digits: String =
                    body.chars().take_while(char::is_ascii_digit).take(18).collect();
                open.report.told_total = digits.parse().ok();
            }
            Mark::Summary => summary(&mut open, body),
            Mark::Histogram => {
                open.has_histogram = true;
                open.report.service.samples = Samples::Told(histogram(body));
            }
            Mark::Latencies => {
                open.report.service.quantiles = latencies(body);
                open.has_latencies = !open.report.service.quantiles.is_empty();
            }
            Mark::Errors => {
                open.has_errors = true;
                let text = source.text.get(stream.origin(from)..stream.origin(end));
                open.report.errors = errors(text.unwrap_or_default());
            }
            Mark::End => {}
        }
    }
    if open.is_begun() {
        reports.push(closed(source, open)?);
    }
    Ok(reports)
}

/// A report of which all blocks were read.
fn closed(source: &Source, open: Open) -> Result<Report> {
    let Open { mut report, has_summary, has_histogram, has_latencies, has_errors, rate } = open;
    if !has_summary {
        report.is_missing = !has_errors && report.told_total.is_some_and(|total| total > 0);
        return Ok(report);
    }
    let missing = |what: &str| {
        Err(source.damaged(report.line, format!("this report has no '{what}': it is cut off")))
    };
    let count = report.service.samples.count();
    if report.total_ns == 0 {
        return missing("Total");
    }
    if report.service.max_ns == 0 && report.service.mean_ns == 0.0 {
        return missing("Slowest");
    }
    if !has_histogram || count == 0 {
        return missing("Response time histogram");
    }
    if !has_latencies {
        return missing("Latency distribution");
    }
    // Rows of the histogram may be lost; the rate over the time tells how many there were.
    let by_rate = (rate * report.total_ns as f64 / 1e9).round();
    if by_rate > count as f64 * 1.02 && by_rate < 1e15 {
        report.service.samples = Samples::About(by_rate as u64);
    }
    Ok(report)
}

fn summary(open: &mut Open, body: &str) {
    open.has_summary = true;
    let seconds = |key: &str| {
        let (_, rest) = body.split_once(key)?;
        decimal(rest).filter(|value| (0.0..1e9).contains(value))
    };
    let ns = |key: &str| (seconds(key).unwrap_or(0.0) * 1e9).round() as u64;
    open.report.total_ns = ns("Total:");
    let service = &mut open.report.service;
    (service.min_ns, service.max_ns) = (ns("Fastest:"), ns("Slowest:"));
    service.mean_ns = seconds("Average:").unwrap_or(0.0) * 1e9;
    open.rate = body.split_once("Requests/sec:").and_then(|(_, rest)| decimal(rest)).unwrap_or(0.0);
}

/// The number a text begins with, also in the powers of ten that `--precise` writes small ones with.
fn decimal(text: &str) -> Option<f64> {
    let mut end = 0;
    for (at, byte) in text.bytes().enumerate().take(32) {
        let before = at.checked_sub(1).map(|at| text.as_bytes()[at]);
        let is_part = byte.is_ascii_digit()
            || byte == b'.'
            || (byte == b'e'
                && at > 0
                && text.as_bytes().get(at + 1).is_some_and(|next| matches!(next, b'-' | b'+')))
            || (matches!(byte, b'-' | b'+') && before == Some(b'e'));
        if !is_part {
            break;
        }
        end = at + 1;
    }
    text[..end].trim_end_matches('.').parse().ok().filter(|value: &f64| value.is_finite())
}

/// The sum of the counts of `0.0123 [456] |∎∎∎`.
fn histogram(body: &str) -> u64 {
    let counts = body.split('[').skip(1).filter_map(|rest| {
        let (count, behind) = rest.split_once(']')?;
        let is_bar = behind.is_empty()
            || behind.starts_with(['|', '∎', '\n'])
            || behind.starts_with(|c: char| c.is_ascii_digit());
        count.parse::<u64>().ok().filter(|_| is_bar)
    });
    counts.fold(0, u64::saturating_add)
}

/// `99.9% in 0.302886086 secs.` as (share, ns), ascending.
fn latencies(body: &str) -> Vec<(f64, u64)> {
    let found = body.match_indices("%in").filter_map(|(at, key)| {
        let percent: f64 = digits_before(&body[..at]).trim_start_matches('.').parse().ok()?;
        let value = decimal(&body[at + key.len()..])?;
        let share = (percent * 1e6).round() / 1e8;
        (share > 0.0 && share < 1.0 && (0.0..1e9).contains(&value))
            .then_some((share, (value * 1e9).round() as u64))
    });
    let mut all: Vec<(f64, u64)> = found.collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.dedup_by(|a, b| a.0 == b.0);
    all
}

/// `[3] context deadline exceeded` as (text, count), up to what is no such line.
fn errors(text: &str) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    for line in text.split(['\n', '\r']) {
        let line = line.trim_matches(|c: char| c.is_whitespace() || ">|".contains(c));
        if line.is_empty() && found.is_empty() {
            continue;
        }
        let told = line.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let Some((count, text)) = told.and_then(|(count, text)| Some((count.parse().ok()?, text)))
        else {
            break;
        };
        // Where lines were joined, the next one begins with its count.
        let mut count: u64 = count;
        let mut rest = text;
        while let Some((text, next, behind)) = joined(rest) {
            found.push((shown(text), count));
            (count, rest) = (next, behind);
        }
        found.push((shown(rest), count));
    }
    found
}

/// The text before a further `[7]`, that count, and what is behind.
fn joined(text: &str) -> Option<(&str, u64, &str)> {
    let (before, rest) = text.split_once(" [")?;
    let (count, behind) = rest.split_once(']')?;
    Some((before, count.parse().ok()?, behind))
}

fn shown(text: &str) -> String {
    let text = text.trim();
    let mut shown: String = text.chars().filter(|c| !c.is_control()).take(MOST_SHOWN).collect();
    if text.chars().count() > MOST_SHOWN {
        shown.push('…');
    }
    shown
}

/// The last state of a progress bar, ` 1234 / 10000 Booo`: done, and of how many.
pub(super) fn progress(text: &str) -> Option<(u64, u64)> {
    let mut bars = text.split(['\n', '\r']).filter_map(|line| {
        let (done, rest) = line.trim().split_once(" / ")?;
        let of = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        Some((done.parse().ok()?, of.parse().ok()?))
    });
    bars.next_back()
}

/// The first line that only a program that crashed, or was killed, prints; and a run that was begun and not ended.
pub(super) fn crash(source: &Source) -> Option<(usize, String)> {
    const SIGNS: [&str; 7] = [
        "panic: ",
        "fatal error: ",
        "signal: killed",
        "signal: terminated",
        "signal: segmentation",
        "Segmentation fault",
        "command terminated with exit code",
    ];
    let mut bar = None;
    for (index, line) in source.text.split('\n').enumerate() {
        let line = line.trim();
        let is_killed = line == "Killed" || line == "Terminated" || line.starts_with("Killed ");
        if is_killed || SIGNS.iter().any(|sign| line.starts_with(sign)) {
            return Some((index + 1, shown(line)));
        }
        if line.contains("Summary:") {
            bar = None;
        } else if let Some((done, of)) = progress(line) {
            bar = Some((index + 1, done, of));
        }
    }
    let (line, done, of) = bar.filter(|(_, done, of)| done < of)?;
    let count = crate::units::format_count;
    Some((line, format!("a further run ended at {} of {} operations", count(done), count(of))))
}

#[cfg(test)]
mod tests {
    use super::{decimal, errors, histogram, latencies, progress};

    #[test]
    fn numbers_in_both_precisions() {
        for (text, value) in [
            ("0.0012secs.", Some(0.0012)),
            ("9.5e-05secs.", Some(9.5e-5)),
            ("1e+06\n", Some(1e6)),
            ("12.", Some(12.0)),
            ("secs", None),
            ("", None),
        ] {
            assert_eq!(decimal(text), value, "{text}");
        }
    }

    #[test]
    fn blocks_read_the_same_joined() {
        assert_eq!(histogram("0.0003[1]|\n0.1055[29800]|∎∎∎\n0.2107[87]|"), 29_888);
        assert_eq!(histogram("0.0003[1]|0.1055[29800]|∎∎∎0.2107[87]|"), 29_888);
        let told = [(0.5, 900_000), (0.999, 201_100_000)];
        assert_eq!(latencies("50%in0.0009secs.99.9%in0.2011secs."), told);
        let both = [("no leader".to_owned(), 3), ("too slow".to_owned(), 7)];
        assert_eq!(errors("\n  [3]\tno leader\n  [7]\ttoo slow\n\nother"), both);
        assert_eq!(errors("[3] no leader [7] too slow"), both);
        assert_eq!(progress(" 5 / 10 50 %\r 7 / 10 Boo\n"), Some((7, 10)));
    }
}
