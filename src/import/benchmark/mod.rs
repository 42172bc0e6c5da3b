//! What etcd's own tools print: the report of tools/benchmark (`pkg/report`), in seconds to four decimals or, with
//! `--precise`, to all of them; and the few lines of `etcdctl check perf`.

mod check_perf;
mod report;

use crate::error::{Error, Result};
use crate::import::foreign::{Foreign, ForeignSeries};
use crate::import::text::Source;
use crate::plan::Layout;
use crate::units::format_count;

use report::{Report, Side};

/// The class of its failed operations: it tells their texts, which are not classes.
const FAILED: &str = "other";
/// Texts of errors that are told one by one; the rest are counted.
const MOST_TEXTS: usize = 5;

/// Reads all reports in the text; what was done is called `operation`.
///
/// # Errors
/// [`Error::Damaged`] naming the line where something is missing.
pub(super) fn read(source: &Source, operation: &str) -> Result<Vec<Foreign>> {
    let reports = report::all(source)?;
    if reports.is_empty() {
        return match check_perf::read(source)? {
            Some(checked) => Ok(checked),
            None => Err(nothing(source)),
        };
    }
    if let [only] = &reports[..]
        && let Some((text, count)) = only.failed_altogether()
    {
        return Err(source
            .damaged(only.line, format!("no operation succeeded: {count} failed with: {text}")));
    }
    let mut runs: Vec<Vec<Report>> = Vec::new();
    for report in reports {
        match runs.last_mut() {
            Some(run) if report.side.follows(run.last().map(|last| last.side)) => run.push(report),
            _ => runs.push(vec![report]),
        }
    }
    let crash = report::crash(source);
    let last = runs.len() - 1;
    let each = runs.into_iter().enumerate().map(|(index, run)| {
        let crash = crash.clone().filter(|_| index == last);
        foreign(source, run, operation, crash)
    });
    each.collect()
}

/// No report: it was killed, or it is something else.
fn nothing(source: &Source) -> Error {
    let has = |part: &str| source.text.contains(part);
    if let Some((done, of)) = report::progress(&source.text).filter(|(done, of)| done < of) {
        return source.damaged(
            1,
            format!(
                "benchmark ended at {} of {} operations, before it had a report: it was killed, or crashed",
                format_count(done),
                format_count(of)
            ),
        );
    }
    if has("data scale check") || has("PASS: Approximate system memory used") {
        return source.damaged(
            1,
            "this is etcdctl check datascale: it tells how much memory etcd took for so many keys, and nothing of latencies",
        );
    }
    if has("(groupid=") || has("\"fio version\"") {
        return source.damaged(1, "this is output of fio: import fio FILE");
    }
    if let Some((line, text)) = report::crash(source) {
        return source.damaged(line, format!("benchmark crashed before it had a report: {text}"));
    }
    source.damaged(
        1,
        "this is no report of etcd's benchmark: it has no 'Summary:'; it was killed, or it is another program's",
    )
}

/// One run of one or two reports.
fn foreign(
    source: &Source,
    reports: Vec<Report>,
    operation: &str,
    crash: Option<(usize, String)>,
) -> Result<Foreign> {
    let mut remarks = Vec::new();
    let mut broke_off =
        crash.map(|(line, text)| format!("benchmark crashed on line {line}: {text}"));
    for report in &reports {
        if report.is_missing {
            broke_off.get_or_insert_with(|| {
                format!(
                    "the report of {} {} is missing: the text is cut off, or benchmark was killed",
                    format_count(report.told_total.unwrap_or(0)),
                    report.side.plural()
                )
            });
        } else if let Some(lost) = report.unaccounted() {
            broke_off.get_or_insert_with(|| {
                format!(
                    "{} of {} {} are in no figure of the report",
                    format_count(lost),
                    format_count(report.told_total.unwrap_or(0)),
                    report.side.plural()
                )
            });
        }
        remarks.extend(failures(report));
    }
    let series: Vec<ForeignSeries> = reports
        .iter()
        .filter(|report| !report.is_missing && report.attempts() > 0)
        .map(|report| series(report, operation))
        .collect();
    let first = &reports[0];
    if series.is_empty() {
        return Err(source
            .damaged(first.line, broke_off.unwrap_or_else(|| "no operation was made".to_owned())));
    }
    Ok(Foreign {
        length_ns: reports.iter().map(|report| report.total_ns).max().unwrap_or(0),
        layout: Layout::Unknown,
        series,
        broke_off,
        remarks,
        from: first.from,
        line: first.line,
        ..Foreign::default()
    })
}

fn series(report: &Report, operation: &str) -> ForeignSeries {
    let name = match (report.side, operation) {
        (Side::Only, operation) => operation.to_owned(),
        (side, "request") => side.name().to_owned(),
        (side, operation) => format!("{operation}-{}", side.name()),
    };
    let failed = report.failed();
    ForeignSeries {
        name: format!("{name}.service"),
        errors: (failed > 0).then(|| (FAILED.to_owned(), failed)).into_iter().collect(),
        ..report.service.clone()
    }
}

/// What failed, text by text.
fn failures(report: &Report) -> Vec<String> {
    let plural = report.side.plural();
    let told = |(text, count): &(String, u64)| {
        format!("{} {plural} failed with: {text}", format_count(*count))
    };
    let mut lines: Vec<String> = report.errors.iter().take(MOST_TEXTS).map(told).collect();
    let rest: u64 = report.errors.iter().skip(MOST_TEXTS).map(|(_, count)| count).sum();
    if rest > 0 {
        lines.push(format!("{} {plural} failed with other texts", format_count(rest)));
    }
    lines
}
