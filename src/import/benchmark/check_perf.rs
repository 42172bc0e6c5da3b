//! `etcdctl check perf`: four lines about a minute of puts.

use crate::error::Result;
use crate::import::foreign::Foreign;
use crate::import::text::Source;
use crate::plan::{CheckPerf, Checked};
use crate::units::format_count;

use super::report::progress;

/// What it tells, one run for each check in the text; `None` where it is no check.
///
/// # Errors
/// [`crate::error::Error::Damaged`] where it was killed before it told anything.
pub(super) fn read(source: &Source) -> Result<Option<Vec<Foreign>>> {
    let mut all: Vec<Foreign> = Vec::new();
    let mut now = CheckPerf::default();
    let mut began: Option<(usize, usize)> = None;
    let mut from = 0;
    for (index, whole) in source.text.split('\n').enumerate() {
        // A progress bar may stand on the same line.
        for line in whole.split('\r') {
            let line = line.trim();
            let told = take(&mut now, line);
            if told {
                began.get_or_insert((from, index + 1));
            }
            let ends = matches!(line, "PASS" | "FAIL");
            if let (true, Some((from, line_number))) = (ends, began) {
                now.passed = Some(line == "PASS");
                all.push(foreign(std::mem::take(&mut now), from, line_number));
                began = None;
            }
        }
        from += whole.len() + 1;
    }
    if let Some((from, line)) = began {
        all.push(foreign(now, from, line));
    }
    let is_check = source.text.contains("60 / 60") || source.text.contains(" / 60 ");
    match progress(&source.text).filter(|(done, of)| done < of && *of == 60) {
        Some((done, of)) if all.is_empty() && is_check => Err(source.damaged(
            1,
            format!(
                "this looks like etcdctl check perf that ended after {} of {} s, before it told anything",
                format_count(done),
                format_count(of)
            ),
        )),
        _ => Ok((!all.is_empty()).then_some(all)),
    }
}

fn foreign(check: CheckPerf, from: usize, line: usize) -> Foreign {
    let remarks = check
        .errors
        .iter()
        .take(5)
        .map(|(text, count)| format!("{} puts failed with: {text}", format_count(*count)));
    Foreign {
        name: Some("check perf".to_owned()),
        remarks: remarks.collect(),
        broke_off: check
            .passed
            .is_none()
            .then(|| "its last line, PASS or FAIL, is missing".to_owned()),
        check: Some(check),
        from,
        line,
        ..Foreign::default()
    }
}

/// Takes in one of its lines, whatever stands before it; says whether it was one.
fn take(check: &mut CheckPerf, line: &str) -> bool {
    let number = |key: &str| {
        let (_, rest) = line.split_once(key)?;
        let digits = rest.trim_start().split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
        digits.trim_end_matches('.').parse::<f64>().ok().filter(|value| value.is_finite())
    };
    let told = |key: &str, held: bool| number(key).map(|value| Checked { value, held });
    let throughput = told("Throughput too low:", false).or_else(|| told("Throughput is", true));
    let slowest = told("Slowest request took too long:", false)
        .or_else(|| told("Slowest request took", true));
    let stddev = told("Stddev too high:", false).or_else(|| told("Stddev is", true));
    let error = line.split_once("ERROR(").and_then(|(_, rest)| {
        let (text, count) = rest.rsplit_once(") -> ")?;
        Some((text.chars().take(200).collect::<String>(), count.trim().parse::<u64>().ok()?))
    });
    let found = throughput.is_some() || slowest.is_some() || stddev.is_some() || error.is_some();
    check.throughput = throughput.or(check.throughput);
    check.slowest_s = slowest.or(check.slowest_s);
    check.stddev_s = stddev.or(check.stddev_s);
    check.errors.extend(error);
    found || line.ends_with("FAIL: too many errors")
}
