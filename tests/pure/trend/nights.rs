//! Nights as files.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use etcdbench::result::{
    Environment, Header, Line, PhaseSummary, QuantileSummary, SCHEMA_VERSION, SeriesSummary,
    Summary,
};
use etcdbench::tool::Tool;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tempfile::TempDir;

const S: u64 = 1_000_000_000;

/// A directory of results.
pub struct Results {
    directory: TempDir,
}

/// What a night is made of.
pub struct Lines {
    pub header: Header,
    pub summary: Summary,
}

pub fn etcdbench() -> Command {
    let mut command = Command::cargo_bin("etcdbench").unwrap();
    command.env_remove("NO_COLOR").env_remove("COLUMNS");
    command
}

impl Results {
    pub fn new() -> Self {
        Results { directory: TempDir::new().unwrap() }
    }

    /// One night per value, of `etcd/wal.fsync` with this 99th percentile in ms.
    pub fn of(p99s: &[f64]) -> Self {
        let results = Results::new();
        for (index, p99) in p99s.iter().enumerate() {
            results.night(index, *p99, |_| {});
        }
        results
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a night, changed as wanted.
    pub fn night(&self, index: usize, p99: f64, change: impl FnOnce(&mut Lines)) -> PathBuf {
        let mut lines = lines(index, p99);
        change(&mut lines);
        let path = self.path().join(format!("{}.jsonl", lines.header.run_id));
        let text = format!(
            "{}\n{}\n",
            serde_json::to_string(&Line::Header(lines.header)).unwrap(),
            serde_json::to_string(&Line::Summary(lines.summary)).unwrap()
        );
        fs::write(&path, text).unwrap();
        path
    }

    pub fn trend(&self) -> Command {
        let mut command = etcdbench();
        command.arg("trend").arg(self.path());
        command
    }
}

/// A little, and never twice the same: nights differ.
pub fn wobble(index: usize) -> f64 {
    let steps = [0.0, 0.02, -0.01, 0.015, -0.02, 0.005, -0.015, 0.01, -0.005];
    1.0 + steps[index % steps.len()] + (index % 7) as f64 * 1e-3
}

/// Nights of about 10 ms; the last `bad` of them `factor` times as long.
pub fn nights(count: usize, bad: usize, factor: f64) -> Vec<f64> {
    let value = |index: usize| {
        let level = if index + bad >= count { factor } else { 1.0 };
        10.0 * level * wobble(index)
    };
    (0..count).map(value).collect()
}

pub fn date(index: usize) -> String {
    let start: Timestamp = "2026-01-01T02:00:00Z".parse().unwrap();
    (start + SignedDuration::from_hours(24 * index as i64)).to_string()
}

fn lines(index: usize, p99: f64) -> Lines {
    let header = Header {
        schema: SCHEMA_VERSION.to_owned(),
        tool: Tool { name: "etcdbench".to_owned(), version: "0.1.0".to_owned(), git: None },
        run_id: format!("run-{index:03}"),
        kind: "disk".to_owned(),
        name: "/var/lib/etcd".to_owned(),
        started_at: date(index),
        plan: json!({ "seed": 1, "workload": { "val_size": 1024 } }),
        environment: Environment {
            host: "cp1".to_owned(),
            kernel: Some("6.8.0-45".to_owned()),
            ..Environment::default()
        },
        ..Header::default()
    };
    let summary = Summary {
        complete: true,
        phases: vec![phase(&[("wal.fsync", p99)])],
        ..Summary::default()
    };
    Lines { header, summary }
}

/// The phase `etcd` with a 99th percentile in ms for each series.
pub fn phase(series: &[(&str, f64)]) -> PhaseSummary {
    let quantile = |p99: &f64| QuantileSummary {
        q: 0.99,
        value_ns: (p99 * 1e6) as u64,
        tail_samples: 100.0,
        resolvable: true,
        ..QuantileSummary::default()
    };
    let one = |(name, p99): &(&str, f64)| SeriesSummary {
        series: (*name).to_owned(),
        count: 15_000,
        rate_per_s: 500.0,
        quantiles: vec![quantile(p99)],
        ..SeriesSummary::default()
    };
    PhaseSummary {
        phase: "etcd".to_owned(),
        length_ns: 30 * S,
        series: series.iter().map(one).collect(),
        ..PhaseSummary::default()
    }
}
