//! What a file holds: metrics of a member, an answer of `etcdctl` or Prometheus, or lines of a log.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use serde_json::Value;

use crate::{files, logs};

/// So much of a file tells what it is.
const BEGINNING: u64 = 256 << 10;
/// A member's `/metrics` has some 200 KiB.
const LARGEST_METRICS: u64 = 16 << 20;
/// A query of a handful of series over days has some megabytes.
const LARGEST_JSON: u64 = 64 << 20;
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Names that a member has, and an apiserver's metrics of its client have not.
const MEMBERS: [&str; 3] = ["etcd_server_", "etcd_disk_", "etcd_mvcc_db_total_size"];

/// What a file holds.
#[derive(Debug)]
pub(super) enum Content {
    /// Metrics of a member.
    Metrics(String),
    /// Metrics of something else, of an apiserver for example.
    OtherMetrics,
    /// One JSON document.
    Json(Value),
    /// JSON that is too long to be read whole.
    TooLong,
    /// Text, of a log perhaps.
    Lines,
    /// It has to be unpacked first, in this way.
    Packed(&'static str),
    /// No text.
    Binary,
}

/// Looks into a file.
///
/// # Errors
/// What the system says.
pub(super) fn of(path: &Path) -> io::Result<Content> {
    let (beginning, whole) = start(path, BEGINNING)?;
    if let Some(way) = logs::packed(&beginning) {
        return Ok(Content::Packed(way));
    }
    if is_binary(&beginning) {
        return Ok(Content::Binary);
    }
    let text = files::decode(&beginning);
    if is_metrics(&text) {
        let members = MEMBERS.iter().any(|name| text.lines().any(|line| line.starts_with(name)));
        let (bytes, whole) = if whole { (beginning, true) } else { start(path, LARGEST_METRICS)? };
        let text = files::decode(&bytes);
        let late = || MEMBERS.iter().any(|name| text.lines().any(|line| line.starts_with(name)));
        return Ok(match members || late() {
            true if whole => Content::Metrics(text),
            _ => Content::OtherMetrics,
        });
    }
    let first = text.trim_start().chars().next();
    if !matches!(first, Some('{' | '[')) || is_lines_of_json(&text) {
        return Ok(Content::Lines);
    }
    let (bytes, whole) = if whole { (beginning, true) } else { start(path, LARGEST_JSON)? };
    match serde_json::from_str(&files::decode(&bytes)) {
        Ok(value) => Ok(Content::Json(value)),
        Err(_) if !whole => Ok(Content::TooLong),
        Err(_) => Ok(Content::Lines),
    }
}

/// The beginning of a file, unpacked, and whether that is all of it.
fn start(path: &Path, most: u64) -> io::Result<(Vec<u8>, bool)> {
    let (file, _): (File, _) = files::open(path)?;
    let mut file = BufReader::new(file);
    let packed = file.fill_buf()?.starts_with(&GZIP);
    let mut bytes = Vec::new();
    match packed {
        true => MultiGzDecoder::new(file).take(most + 1).read_to_end(&mut bytes)?,
        false => file.take(most + 1).read_to_end(&mut bytes)?,
    };
    let whole = bytes.len() as u64 <= most;
    bytes.truncate(most as usize);
    Ok((bytes, whole))
}

/// UTF-16 has zeros as well, and begins with its mark.
fn is_binary(bytes: &[u8]) -> bool {
    let marked = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    !marked && bytes.iter().take(4_096).any(|byte| *byte == 0)
}

/// Whether lines are those of Prometheus' text format: comments of their form, or samples that are etcd's.
fn is_metrics(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty()).take(64);
    lines.any(|line| line.starts_with("# HELP ") || line.starts_with("# TYPE ") || is_sample(line))
}

fn is_sample(line: &str) -> bool {
    let of_etcd = MEMBERS.iter().any(|name| line.starts_with(name));
    of_etcd && crate::cluster::metrics::Sample::parse(line).is_some()
}

/// Whether the first two lines are JSON each: a log, and no document.
fn is_lines_of_json(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut is_object = || {
        let line = lines.next()?;
        Some(serde_json::from_str::<Value>(line).is_ok_and(|value| value.is_object()))
    };
    let first = is_object() == Some(true);
    first && is_object().unwrap_or_else(|| is_a_line_of_a_log(text))
}

/// A log of one line is no answer of `etcdctl`.
fn is_a_line_of_a_log(text: &str) -> bool {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let has = |key: &str| value.get(key).is_some();
    has("msg") || has("log") || has("MESSAGE") || (has("level") && has("ts"))
}
