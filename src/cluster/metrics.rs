//! What a member says about itself in Prometheus' text format, and how much of it grew between two readings.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use super::Quota;
use crate::etcd::shown_version;

/// Name in a result → value.
pub type Values = BTreeMap<String, f64>;

/// Name in a result, then etcd's names of it; the first that is there counts. The names were read in the `Opts` of
/// 3.4, 3.5 and 3.6; `etcd_debugging_mvcc_*_total` are what 3.3 and 3.4 called the counters of `mvcc`.
type Names = (&'static str, &'static [&'static str]);

const HISTOGRAMS: &[Names] = &[
    ("wal_fsync", &["etcd_disk_wal_fsync_duration_seconds"]),
    ("backend_commit", &["etcd_disk_backend_commit_duration_seconds"]),
    // Since 3.5; by version, operation and success.
    ("apply", &["etcd_server_apply_duration_seconds"]),
    // By the peer.
    ("peer_rtt", &["etcd_network_peer_round_trip_time_seconds"]),
];

const COUNTERS: &[Names] = &[
    ("proposals_failed", &["etcd_server_proposals_failed_total"]),
    ("proposals_committed", &["etcd_server_proposals_committed_total"]),
    ("proposals_applied", &["etcd_server_proposals_applied_total"]),
    ("heartbeat_send_failures", &["etcd_server_heartbeat_send_failures_total"]),
    ("leader_changes", &["etcd_server_leader_changes_seen_total"]),
    ("slow_apply", &["etcd_server_slow_apply_total"]),
    ("slow_read_indexes", &["etcd_server_slow_read_indexes_total"]),
    ("puts", &["etcd_mvcc_put_total", "etcd_debugging_mvcc_put_total"]),
    ("ranges", &["etcd_mvcc_range_total", "etcd_debugging_mvcc_range_total"]),
    ("txns", &["etcd_mvcc_txn_total", "etcd_debugging_mvcc_txn_total"]),
    ("deletes", &["etcd_mvcc_delete_total", "etcd_debugging_mvcc_delete_total"]),
    ("cpu_s", &["process_cpu_seconds_total"]),
    ("client_received_bytes", &["etcd_network_client_grpc_received_bytes_total"]),
    ("client_sent_bytes", &["etcd_network_client_grpc_sent_bytes_total"]),
    ("defragmentations", &["etcd_disk_backend_defrag_duration_seconds_count"]),
    ("defragmentation_s", &["etcd_disk_backend_defrag_duration_seconds_sum"]),
    ("compactions", &["etcd_debugging_mvcc_db_compaction_total_duration_milliseconds_count"]),
    ("compaction_ms", &["etcd_debugging_mvcc_db_compaction_total_duration_milliseconds_sum"]),
];

const STATES: &[Names] = &[
    (
        "db_bytes",
        &["etcd_mvcc_db_total_size_in_bytes", "etcd_debugging_mvcc_db_total_size_in_bytes"],
    ),
    ("db_in_use_bytes", &["etcd_mvcc_db_total_size_in_use_in_bytes"]),
    ("quota_bytes", &["etcd_server_quota_backend_bytes"]),
    ("proposals_pending", &["etcd_server_proposals_pending"]),
    ("resident_bytes", &["process_resident_memory_bytes"]),
    ("is_leader", &["etcd_server_is_leader"]),
    ("has_leader", &["etcd_server_has_leader"]),
    ("is_learner", &["etcd_server_is_learner"]),
    ("defragmenting", &["etcd_disk_defrag_inflight"]),
    ("keys", &["etcd_debugging_mvcc_keys_total"]),
    ("slow_watchers", &["etcd_debugging_mvcc_slow_watcher_total"]),
    ("pending_events", &["etcd_debugging_mvcc_pending_events_total"]),
];

const STARTED: &str = "process_start_time_seconds";

/// Bounds that are kept of a histogram. etcd's have 14 to 16; one with more is none of etcd's, and what is kept of each
/// reading goes into the result every second.
const MOST_BOUNDS: usize = 64;
/// A bound longer than this is no number.
const LONGEST_BOUND: usize = 32;

/// Names of which a result keeps something; of histograms without the suffix.
static KEPT: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let tables = [HISTOGRAMS, COUNTERS, STATES].into_iter().flatten();
    tables.flat_map(|(_, etcd)| etcd.iter().copied()).chain([STARTED]).collect()
});

fn is_kept(name: &str) -> bool {
    let bare = ["_bucket", "_count", "_sum"].iter().find_map(|end| name.strip_suffix(end));
    KEPT.contains(name) || bare.is_some_and(|bare| KEPT.contains(bare))
}

/// One scrape of a member's `/metrics`: what a result keeps of it. What the version does not have is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Counters and the parts of histograms, since the member's start; labels are summed over.
    pub totals: Values,
    /// What is so at this moment.
    pub state: Values,
    /// `--quota-backend-bytes`, if it tells.
    pub quota: Quota,
    /// The server's version; empty if it does not tell.
    pub version: String,
    started: Option<f64>,
}

impl Reading {
    /// Reads the text of `/metrics`. Lines that are no samples are left out.
    pub fn of(text: &str) -> Self {
        let wanted =
            text.lines().filter(|line| line.starts_with("etcd_") || line.starts_with("process_"));
        let mut found = BTreeMap::<&str, Found>::new();
        for sample in wanted.filter_map(Sample::parse).filter(|sample| is_kept(sample.name)) {
            found.entry(sample.name).or_default().add(&sample);
        }
        let mut reading =
            Reading { started: found.get(STARTED).map(|found| found.sum), ..Reading::default() };
        reading.version = shown_version(version(text).unwrap_or_default());
        let first = |names: &[&'static str], suffix: &str| {
            let mut there = names.iter().map(|name| found.get(&*format!("{name}{suffix}")));
            there.find_map(|found| found)
        };
        for (name, etcd) in COUNTERS {
            let found = first(etcd, "");
            reading.totals.extend(found.map(|f| ((*name).to_owned(), f.sum)));
        }
        for (name, etcd) in STATES {
            let found = first(etcd, "");
            reading.state.extend(found.map(|f| ((*name).to_owned(), f.sum)));
        }
        reading.quota = match reading.state.get("quota_bytes") {
            Some(bytes) if *bytes > 0.0 => Quota::Bytes(*bytes as u64),
            Some(_) => Quota::Disabled,
            None => Quota::Unknown,
        };
        if reading.quota == Quota::Disabled {
            reading.state.remove("quota_bytes");
        }
        for (name, etcd) in HISTOGRAMS {
            for (part, suffix) in [("count", "_count"), ("sum_s", "_sum")] {
                let found = first(etcd, suffix);
                reading.totals.extend(found.map(|f| (format!("{name}.{part}"), f.sum)));
            }
            let bounds = first(etcd, "_bucket").into_iter().flat_map(|f| &f.by_bound);
            reading
                .totals
                .extend(bounds.map(|(bound, count)| (format!("{name}.le.{bound}"), *count)));
        }
        reading
    }

    /// How much the totals grew since an earlier reading of the same member. Absent when it was started anew in
    /// between, as its start time or a counter that fell tells: what it had counted before is lost, and some of its
    /// counters (the raft index) do not begin at 0.
    pub fn growth_since(&self, earlier: &Reading) -> Option<Values> {
        if self.started != earlier.started {
            return None;
        }
        let grown = |(name, now): (&String, &f64)| {
            let before = earlier.totals.get(name).copied().unwrap_or(0.0);
            (*now >= before).then(|| (name.clone(), now - before))
        };
        self.totals.iter().map(grown).collect()
    }
}

/// It is a label: `etcd_server_version{server_version="3.5.30"} 1`.
fn version(text: &str) -> Option<&str> {
    let line = text.lines().find(|line| line.starts_with("etcd_server_version{"))?;
    line.split_once("server_version=\"")?.1.split('"').next()
}

/// All samples of one name.
#[derive(Debug, Default)]
struct Found {
    sum: f64,
    by_bound: BTreeMap<String, f64>,
}

impl Found {
    fn add(&mut self, sample: &Sample<'_>) {
        self.sum += sample.value;
        if sample.name.ends_with("_bucket")
            && let Some((_, bound)) = sample.labels().find(|(name, _)| *name == "le")
            && bound != "+Inf"
            && bound.len() <= LONGEST_BOUND
        {
            let room = self.by_bound.len() < MOST_BOUNDS;
            if let Some(count) = self.by_bound.get_mut(&*bound) {
                *count += sample.value;
            } else if room {
                self.by_bound.insert(bound.into_owned(), sample.value);
            }
        }
    }
}

/// One sample of the text format.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample<'a> {
    /// The metric's name; of a histogram with its suffix.
    pub name: &'a str,
    /// Its value; never NaN.
    pub value: f64,
    labels: &'a str,
}

impl<'a> Sample<'a> {
    /// Reads one line: `name{label="value",…} value [timestamp]` (prometheus.io, "Exposition formats"). Nothing for a
    /// comment, an empty line, or what is none of this.
    pub fn parse(line: &'a str) -> Option<Self> {
        let line = line.trim();
        let end = line.find(|c: char| c == '{' || c.is_ascii_whitespace())?;
        let (name, rest) = line.split_at(end);
        if name.is_empty() || name.starts_with('#') {
            return None;
        }
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(inside) => {
                let end = end_of_labels(inside)?;
                (&inside[..end], &inside[end + 1..])
            }
            None => ("", rest),
        };
        let value = rest.split_ascii_whitespace().next()?;
        let value = value.parse::<f64>().ok().filter(|value| !value.is_nan())?;
        Some(Sample { name, value, labels })
    }

    /// Its labels with their values.
    pub fn labels(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> + use<'a> {
        let mut rest = self.labels;
        std::iter::from_fn(move || {
            let (name, quoted) = rest.split_once("=\"")?;
            let end = end_of_quoted(quoted)?;
            rest = quoted[end + 1..].trim_start().trim_start_matches(',');
            Some((name.trim(), unescape(&quoted[..end])))
        })
    }
}

/// Where the `}` is that ends the labels.
fn end_of_labels(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find(['"', '}'])?;
        if text[at..].starts_with('}') {
            return Some(at);
        }
        from = at + 1 + end_of_quoted(&text[at + 1..])? + 1;
    }
}

/// Where the `"` is that ends a label's value.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
