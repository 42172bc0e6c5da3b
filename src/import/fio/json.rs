//! fio's JSON. Durations are in nanoseconds since fio 3.0 (`lat_ns`), in microseconds before (`lat`).

use super::output::share;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::error::Result;
use crate::import::foreign::{Clock, ForeignSeries, Samples};
use crate::import::text::Source;
use crate::plan::DeviceWrites;

use super::documents::{Document, Documents};
use super::job::Job;
use super::moment::moment;
use super::{Output, collector};

/// Options that bear on what was measured, by the names fio's manual gives them, with their other names. The rest is
/// left out: it may hold passwords of network engines.
const OPTIONS: [(&str, &str); 41] = [
    ("rw", "readwrite"),
    ("bs", "blocksize"),
    ("bsrange", "blocksize_range"),
    ("bssplit", "bssplit"),
    ("size", "size"),
    ("io_size", "io_limit"),
    ("filesize", "filesize"),
    ("number_ios", "number_ios"),
    ("fsync", "fsync"),
    ("fdatasync", "fdatasync"),
    ("sync", "sync"),
    ("end_fsync", "end_fsync"),
    ("fsync_on_close", "fsync_on_close"),
    ("ioengine", "ioengine"),
    ("direct", "direct"),
    ("buffered", "buffered"),
    ("iodepth", "iodepth"),
    ("numjobs", "numjobs"),
    ("runtime", "timeout"),
    ("time_based", "time_based"),
    ("ramp_time", "ramp_time"),
    ("rate", "rate"),
    ("rate_iops", "rate_iops"),
    ("rate_process", "rate_process"),
    ("thinktime", "thinktime"),
    ("fallocate", "fallocate"),
    ("filename", "filename"),
    ("directory", "directory"),
    ("overwrite", "overwrite"),
    ("file_append", "file_append"),
    ("unlink", "unlink"),
    ("loops", "loops"),
    ("nrfiles", "nrfiles"),
    ("group_reporting", "group_reporting"),
    ("gtod_reduce", "gtod_reduce"),
    ("disable_lat", "disable_lat"),
    ("disable_clat", "disable_clat"),
    ("rwmixread", "rwmixread"),
    ("rwmixwrite", "rwmixwrite"),
    ("sync_file_range", "sync_file_range"),
    ("create_on_open", "create_on_open"),
];

/// Longer strings are cut.
const MOST_SHOWN: usize = 512;
/// A report of the same run began within so many seconds of it, as `elapsed` is told in whole ones.
const SAME_START_S: i64 = 2;

/// All runs that the documents tell of. Of the reports of one run (`--status-interval`), each of all there was till then,
/// the last counts.
///
/// # Errors
/// [`crate::error::Error::Damaged`] when a document tells of no jobs.
pub(super) fn outputs(source: &Source, found: &Documents) -> Result<Vec<Output>> {
    let mut outputs: Vec<Output> = Vec::new();
    let mut before = 0;
    let all = &found.documents;
    for (index, document) in all.iter().enumerate() {
        let is_last = index + 1 == all.len();
        if all.get(index + 1).is_some_and(|next| is_continued(&document.value, &next.value)) {
            before += 1;
            continue;
        }
        let cut_at = found.cut_at.filter(|_| is_last);
        outputs.push(output(source, document, before, cut_at)?);
        before = 0;
    }
    Ok(outputs)
}

/// Whether a document is a later report of the same run.
fn is_continued(earlier: &Value, later: &Value) -> bool {
    let first = |value: &Value| value.get("jobs")?.as_array()?.first().cloned();
    let (Some(a), Some(b)) = (first(earlier), first(later)) else {
        return false;
    };
    let began = |value: &Value, job: &Value| {
        Some(seconds(value)? - i64::try_from(number(job, "elapsed")).ok()?)
    };
    let together = match (began(earlier, &a), began(later, &b)) {
        (Some(a), Some(b)) => (a - b).abs() <= SAME_START_S,
        _ => false,
    };
    let same = |key: &str| a.get(key) == b.get(key);
    let grows = number(&b["write"], "total_ios") >= number(&a["write"], "total_ios");
    together && grows && same("jobname") && same("job options")
}

fn seconds(value: &Value) -> Option<i64> {
    let ms = value.get("timestamp_ms").and_then(Value::as_i64).map(|ms| ms / 1000);
    ms.or_else(|| value.get("timestamp")?.as_i64()).filter(|at| *at > 0)
}

fn output(
    source: &Source,
    document: &Document,
    before: usize,
    cut_at: Option<usize>,
) -> Result<Output> {
    let value = &document.value;
    let line = source.line_of(document.start);
    if collector::is_collector(value) {
        return Ok(collector::output(value, document.start, line));
    }
    let entries = ["client_stats", "jobs"].iter().find_map(|key| value.get(key)?.as_array());
    let Some(entries) = entries else {
        return Err(source.damaged(line, "fio's JSON has no jobs"));
    };
    let global = options(value.get("global options"));
    let local_time = text(value, "time");
    let jobs = entries.iter().map(|entry| Job {
        local_time: local_time.clone(),
        ..job(source, document.start, entry, &global)
    });
    Ok(Output {
        version: text(value, "fio version"),
        clock: clock(value, local_time.as_deref()),
        devices: devices(value),
        jobs: jobs.collect(),
        options_complete: true,
        remarks: remarks(before, cut_at),
        from: document.start,
        line,
        ..Output::default()
    })
}

fn remarks(before: usize, cut_at: Option<usize>) -> Vec<String> {
    let mut remarks = Vec::new();
    if before > 0 {
        let all = before + 1;
        remarks.push(format!("the file holds {all} documents of this run; the last one counts"));
    }
    if let Some(line) = cut_at {
        remarks.push(format!(
            "a further document is cut off at line {line}; the one before it counts"
        ));
    }
    remarks
}

fn clock(value: &Value, local_time: Option<&str>) -> Clock {
    match (ended_at(value), local_time.and_then(moment)) {
        (Some(at), _) => Clock::Utc(at),
        (None, Some((at, told))) => Clock::Local { at, told },
        (None, None) => Clock::Unknown,
    }
}

fn ended_at(value: &Value) -> Option<Timestamp> {
    let told = |key: &str| value.get(key)?.as_i64().filter(|at| *at > 0);
    told("timestamp_ms")
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .or_else(|| Timestamp::from_second(told("timestamp")?).ok())
}

fn devices(value: &Value) -> Vec<DeviceWrites> {
    let each = |device: &Value| {
        Some(DeviceWrites { name: text(device, "name")?, writes: number(device, "write_ios") })
    };
    let all = value.get("disk_util").and_then(Value::as_array);
    all.into_iter().flatten().filter_map(each).collect()
}

fn options(value: Option<&Value>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let given = value.and_then(Value::as_object);
    for (name, value) in given.into_iter().flatten() {
        let known = OPTIONS.iter().find(|(usual, other)| name == usual || name == other);
        if let (Some((usual, _)), Some(text)) = (known, value.as_str()) {
            // A switch without a value is on.
            let text = if text.is_empty() { "1" } else { text };
            found.insert((*usual).to_owned(), shown(text));
        }
    }
    found
}

fn job(source: &Source, from: usize, entry: &Value, global: &BTreeMap<String, String>) -> Job {
    let name = text(entry, "jobname").unwrap_or_else(|| "unnamed".to_owned());
    let mut all = global.clone();
    all.extend(options(entry.get("job options")));
    let write = &entry["write"];
    let is_on = |name: &str| all.get(name).is_some_and(|how| !matches!(how.as_str(), "0" | "none"));
    let syncs_asked = ["fdatasync", "fsync", "sync_file_range"].iter().any(|name| is_on(name));
    let timed = |key: &str, name: &str| series(write, key, name, number(write, "total_ios"));
    let syncs = series(&entry["sync"], "lat", "wal.fsync", 0);
    let (sync, write_series) = match syncs {
        Some(syncs) => (Some(syncs), timed("clat", "wal.write")),
        None if is_on("sync") && !syncs_asked => (timed("clat", "wal.sync"), None),
        None => (None, timed("clat", "wal.write")),
    };
    let line = source.line_with(from, &format!("\"{name}\""));
    Job {
        host: text(entry, "hostname"),
        error: i32::try_from(entry.get("error").and_then(Value::as_i64).unwrap_or(0)).unwrap_or(-1),
        options: all,
        sync,
        write: write_series,
        writes: number(write, "total_ios"),
        written_bytes: number(write, "io_bytes"),
        reads: number(&entry["read"], "total_ios"),
        length_ns: length_ns(entry),
        line,
        name,
        ..Job::default()
    }
}

/// How long it wrote; fio tells milliseconds.
fn length_ns(entry: &Value) -> u64 {
    let ms = match number(&entry["write"], "runtime") {
        0 => number(entry, "job_runtime"),
        ms => ms,
    };
    ms.saturating_mul(1_000_000)
}

/// The times below `key`; `None` where nothing was timed. `fallback` is their number where it is not beside them, as
/// before fio 3.
fn series(stats: &Value, key: &str, name: &str, fallback: u64) -> Option<ForeignSeries> {
    let (times, unit) = match stats.get(format!("{key}_ns")) {
        Some(times) => (times, 1.0),
        None => (stats.get(key)?, 1_000.0),
    };
    let count = match times.get("N") {
        Some(_) => number(times, "N"),
        None if unit > 1.0 => fallback,
        None => 0,
    };
    if count == 0 {
        return None;
    }
    let ns = |value: f64| (value * unit).round() as u64;
    let float = |key: &str| times.get(key).and_then(Value::as_f64).unwrap_or(0.0);
    let pairs = |key: &str| -> Vec<(f64, f64)> {
        let object = times.get(key).and_then(Value::as_object);
        let pair = |(at, value): (&String, &Value)| Some((at.parse().ok()?, value.as_f64()?));
        let mut pairs: Vec<(f64, f64)> = object.into_iter().flatten().filter_map(pair).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        pairs
    };
    let is_percent = |&(percent, _): &(f64, f64)| percent > 0.0 && percent < 100.0;
    Some(ForeignSeries {
        name: name.to_owned(),
        samples: Samples::Told(count),
        min_ns: ns(float("min")),
        max_ns: ns(float("max")),
        mean_ns: float("mean") * unit,
        bins: pairs("bins")
            .iter()
            .filter(|bin| bin.1 > 0.0)
            .map(|&(at, samples)| (ns(at), samples as u64))
            .collect(),
        quantiles: pairs("percentile")
            .iter()
            .filter(|pair| is_percent(pair))
            .map(|&(percent, value)| (share(percent), ns(value)))
            .collect(),
        ..ForeignSeries::default()
    })
}

/// A string of a document, without what a terminal would obey and not longer than a page bears.
fn text(value: &Value, key: &str) -> Option<String> {
    Some(shown(value.get(key)?.as_str()?)).filter(|text| !text.is_empty())
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MOST_SHOWN).collect()
}

fn number(value: &Value, key: &str) -> u64 {
    let found = value.get(key);
    let float = || Some(found?.as_f64()?.max(0.0) as u64);
    found.and_then(Value::as_u64).or_else(float).unwrap_or(0)
}
