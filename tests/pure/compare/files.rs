//! Result files of runs that never happened.

use std::path::{Path, PathBuf};

use etcdbench::record::Samples;
use etcdbench::result::{Environment, Header, Interval, Line, Summary, Writer};
use etcdbench::tool::Tool;
use serde_json::{Value, json};

use super::noise::{Random, S};

/// A disk result in the making.
#[derive(Debug, Clone)]
pub struct Fake {
    pub id: u64,
    pub host: &'static str,
    pub seconds: u64,
    pub per_s: u64,
    pub median_ns: f64,
    pub errors_per_s: u64,
    pub plan: Value,
    pub kernel: Option<&'static str>,
    pub series: &'static [&'static str],
}

impl Default for Fake {
    fn default() -> Self {
        Fake {
            id: 1,
            host: "cp1",
            seconds: 320,
            per_s: 40,
            median_ns: 4e6,
            errors_per_s: 0,
            plan: plan(256),
            kernel: Some("6.1.0"),
            series: &["wal.fsync", "put.commit"],
        }
    }
}

/// Enough of a plan to be held against another.
pub fn plan(val_size: u64) -> Value {
    json!({ "workload": { "val_size": val_size }, "heartbeat_ns": 100_000_000 })
}

impl Fake {
    /// Writes the result, whole.
    pub fn write(&self, path: &Path) -> PathBuf {
        let mut writer = Writer::create(path, &self.header()).unwrap();
        let mut random = Random::new(self.id);
        for second in 0..self.seconds {
            for series in self.series {
                writer.write(&Line::Interval(self.interval(series, second, &mut random))).unwrap();
            }
        }
        let summary = Summary {
            ended_at: "2027-01-15T09:00:00Z".to_owned(),
            complete: true,
            ..Summary::default()
        };
        writer.write(&Line::Summary(summary)).unwrap();
        path.to_path_buf()
    }

    fn header(&self) -> Header {
        let started = jiff::Timestamp::from_second(1_800_000_000 + self.id as i64 * 1_000).unwrap();
        Header {
            schema: "1.0".to_owned(),
            tool: Tool { name: "etcdbench".to_owned(), version: "0.1.0".to_owned(), git: None },
            run_id: format!("run-{}", self.id),
            kind: "disk".to_owned(),
            name: "fake".to_owned(),
            started_at: started.to_string(),
            plan: self.plan.clone(),
            environment: Environment {
                host: self.host.to_owned(),
                kernel: self.kernel.map(str::to_owned),
                ..Environment::default()
            },
            ..Header::default()
        }
    }

    fn interval(&self, series: &str, second: u64, random: &mut Random) -> Interval {
        let mut samples = Samples::new();
        for _ in 0..self.per_s {
            samples.record((self.median_ns * (0.3 * random.normal()).exp()) as u64);
        }
        let errors = (self.errors_per_s > 0).then(|| ("timeout".to_owned(), self.errors_per_s));
        Interval {
            phase: "etcd".to_owned(),
            series: series.to_owned(),
            start_ns: second * S,
            length_ns: S,
            count: samples.count(),
            errors: errors.into_iter().collect(),
            min_ns: samples.min_ns(),
            max_ns: samples.max_ns(),
            sum_ns: samples.sum_ns(),
            histogram: samples.encode(),
            ..Interval::default()
        }
    }
}
