//! fio's JSON. Durations are in nanoseconds since fio 3.0 (`lat_ns`), in microseconds before (`lat`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::error::Result;
use crate::import::foreign::ForeignSeries;
use crate::import::source::Source;
use crate::plan::DeviceWrites;

use super::Output;
use super::documents::Document;
use super::job::Job;

/// Options that bear on what was measured, by the names fio's manual gives them, with their other names. The rest is
/// left out: it may hold passwords of network engines.
const OPTIONS: [(&str, &str); 34] = [
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
];

/// What a document tells.
///
/// # Errors
/// [`crate::error::Error::Damaged`] when it tells of no jobs.
pub(super) fn output(source: &Source, document: &Document) -> Result<Output> {
    let value = &document.value;
    let entries = ["client_stats", "jobs"].iter().find_map(|key| value.get(key)?.as_array());
    let Some(entries) = entries else {
        let line = source.line_of(document.start);
        return Err(source.damaged(line, "fio's JSON has no jobs"));
    };
    let global = options(value.get("global options"));
    let jobs = entries.iter().map(|entry| job(source, document.start, entry, &global)).collect();
    Ok(Output {
        version: text(value, "fio version"),
        ended_at: ended_at(value),
        devices: devices(value),
        jobs,
        has_beginning: false,
        options_complete: true,
        remarks: remarks(document),
    })
}

fn remarks(document: &Document) -> Vec<String> {
    let mut remarks = Vec::new();
    if document.before > 0 {
        let all = document.before + 1;
        remarks.push(format!("the file holds {all} documents of fio; the last one counts"));
    }
    if let Some(line) = document.cut_at {
        remarks.push(format!(
            "a further document is cut off at line {line}; the one before it counts"
        ));
    }
    remarks
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
            found.insert((*usual).to_owned(), text.to_owned());
        }
    }
    found
}

fn job(source: &Source, from: usize, entry: &Value, global: &BTreeMap<String, String>) -> Job {
    let name = text(entry, "jobname").unwrap_or_else(|| "unnamed".to_owned());
    let mut all = global.clone();
    all.extend(options(entry.get("job options")));
    let write = &entry["write"];
    let opened_synced = all.get("sync").is_some_and(|how| !matches!(how.as_str(), "0" | "none"));
    let timed = |key: &str, name: &str| series(write, key, name, number(write, "total_ios"));
    let syncs = series(&entry["sync"], "lat", "wal.fsync", 0);
    let (sync, write_series) = match syncs {
        Some(syncs) => (Some(syncs), timed("clat", "wal.write")),
        None if opened_synced => (timed("clat", "wal.sync"), None),
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
        length_ns: length_ns(entry),
        line,
        name,
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
        count,
        errors: BTreeMap::new(),
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
    })
}

/// A percentage as a share, without what the division leaves in the last binary digit: 99.9 % is 0.999.
pub(super) fn share(percent: f64) -> f64 {
    (percent * 1e6).round() / 1e8
}

fn text(value: &Value, key: &str) -> Option<String> {
    let text = value.get(key)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn number(value: &Value, key: &str) -> u64 {
    let found = value.get(key);
    let float = || Some(found?.as_f64()?.max(0.0) as u64);
    found.and_then(Value::as_u64).or_else(float).unwrap_or(0)
}
