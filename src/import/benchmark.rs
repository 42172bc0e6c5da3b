//! The report that etcd's tools/benchmark prints (`pkg/report`): seconds, to four decimals or, with `--precise`, to
//! all of them.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::plan::Layout;

use super::foreign::{Foreign, ForeignSeries};
use super::source::Source;

/// The class of its failed operations: it tells their texts, which are not classes.
const FAILED: &str = "other";

/// Reads the last report in the text; what was done is called `operation`.
///
/// # Errors
/// [`crate::error::Error::Damaged`] naming the line where something is missing.
pub(super) fn read(source: &Source, operation: &str) -> Result<Foreign> {
    let begins: Vec<(usize, &str)> =
        source.text.match_indices("Summary:\n").map(|(at, _)| (at, &source.text[at..])).collect();
    let Some(&(at, report)) = begins.last() else {
        return Err(nothing(source));
    };
    let first_line = source.line_of(at);
    let missing = |what: &str| source.damaged(first_line, format!("this report has no '{what}'"));
    let seconds = |key: &str| labelled(report, key).ok_or_else(|| missing(key));
    let counts = histogram(report);
    let count: u64 = counts.iter().sum();
    if count == 0 {
        return Err(missing("Response time histogram"));
    }
    let quantiles = quantiles(report);
    if quantiles.is_empty() {
        return Err(missing("Latency distribution"));
    }
    let ns = |seconds: f64| (seconds * 1e9).round() as u64;
    let mut remarks = Vec::new();
    if begins.len() > 1 {
        remarks.push(format!("the text holds {} reports; the last one counts", begins.len()));
    }
    let errors = errors(report);
    remarks.extend(errors.iter().map(|(text, count)| {
        format!("{} operations failed with: {text}", crate::units::format_count(*count))
    }));
    let failed: u64 = errors.iter().map(|(_, count)| count).sum();
    let service = ForeignSeries {
        name: format!("{operation}.service"),
        count,
        errors: (failed > 0).then(|| (FAILED.to_owned(), failed)).into_iter().collect(),
        min_ns: ns(seconds("Fastest")?),
        max_ns: ns(seconds("Slowest")?),
        mean_ns: seconds("Average")? * 1e9,
        bins: Vec::new(),
        quantiles: quantiles.iter().map(|&(q, value)| (q, ns(value))).collect(),
    };
    Ok(Foreign {
        length_ns: ns(seconds("Total")?),
        options: BTreeMap::new(),
        layout: Layout::Unknown,
        series: vec![service],
        remarks,
        ..Foreign::default()
    })
}

/// No report: either every operation failed, or this is something else.
fn nothing(source: &Source) -> crate::error::Error {
    let failed = errors(&source.text);
    match failed.first() {
        Some((text, count)) => source.damaged(
            source.line_with(0, "Error distribution:"),
            format!("no operation succeeded: {count} failed with: {text}"),
        ),
        None => source.damaged(
            1,
            "this is no report of etcd's benchmark: it has no 'Summary:'; it was killed, or it is another program's",
        ),
    }
}

/// `Slowest: 0.34591373 secs.`.
fn labelled(report: &str, key: &str) -> Option<f64> {
    let mut lines = report.lines();
    let rest = lines.find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(':'))?;
    let number: f64 = rest.split_whitespace().next()?.parse().ok()?;
    (number.is_finite() && (0.0..1e9).contains(&number)).then_some(number)
}

/// The counts of `0.0123 [456] |∎∎∎`.
fn histogram(report: &str) -> Vec<u64> {
    section(report, "Response time histogram:")
        .filter_map(|line| line.split('[').nth(1)?.split(']').next()?.parse().ok())
        .collect()
}

/// `99.9% in 0.302886086 secs.` as (share, seconds).
fn quantiles(report: &str) -> Vec<(f64, f64)> {
    section(report, "Latency distribution:")
        .filter_map(|line| {
            let (percent, rest) = line.trim().split_once("% in ")?;
            let percent: f64 = percent.parse().ok()?;
            let value: f64 = rest.split_whitespace().next()?.parse().ok()?;
            let share = (percent * 1e6).round() / 1e8;
            (share > 0.0 && share < 1.0 && (0.0..1e9).contains(&value)).then_some((share, value))
        })
        .collect()
}

/// `[3] context deadline exceeded` as (text, count).
fn errors(report: &str) -> Vec<(String, u64)> {
    section(report, "Error distribution:")
        .filter_map(|line| {
            let (count, text) = line.trim().strip_prefix('[')?.split_once(']')?;
            Some((text.trim().to_owned(), count.parse().ok()?))
        })
        .collect()
}

/// The lines below a heading, up to the next empty one.
fn section<'a>(report: &'a str, heading: &str) -> impl Iterator<Item = &'a str> {
    let rest = report.split(heading).nth(1).unwrap_or_default();
    rest.lines().skip(1).take_while(|line| !line.trim().is_empty())
}
