//! Histories: the nights of one scenario on one machine.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::trend::run_verdict::RunVerdict;

/// The nights of one scenario on one machine, oldest first.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Results with the same key are of one history: scenario, machine and settings that must match.
    pub key: String,
    /// What was run: kind and name of the results, or the table's file.
    pub scenario: String,
    /// Where; empty for a table.
    pub machine: String,
    /// What tells it from other histories of the same scenario and machine: settings of the plan that differ.
    pub settings: Vec<String>,
    /// One per run, by start.
    pub nights: Vec<Night>,
    /// What was measured; each has a value, or none, for every night.
    pub tracks: Vec<Track>,
}

/// One run of a history.
#[derive(Debug, Clone, Default)]
pub struct Night {
    /// When it began.
    pub at: Timestamp,
    /// Its run id; for a table `line N`.
    pub run_id: String,
    /// The file it comes from.
    pub source: String,
    /// What is known of the environment, by name: `kernel`, `label commit` … What is not known is absent.
    pub facts: BTreeMap<String, String>,
    /// What is odd about it, in words.
    pub note: Option<String>,
    /// Who else had the machine's CPUs, in words; `None` where nobody did, or nobody counted.
    pub disturbed: Option<String>,
    /// What it came to by its own rules; `None` for a row of a table.
    pub verdict: Option<RunVerdict>,
    /// The directory of the execution of a scenario that it is part of.
    pub execution: Option<PathBuf>,
}

/// One measured series of a history.
#[derive(Debug, Clone)]
pub struct Track {
    /// `etcd/wal.fsync.p99`; for a table the column.
    pub name: String,
    /// What the values are in.
    pub unit: Unit,
    /// What is better.
    pub direction: Direction,
    /// Told, but no reason to fail a night: too noisy to be one.
    pub informational: bool,
    /// The smallest relative change that matters: 0.1 for a tenth.
    pub min_difference: f64,
    /// One per night; `None` where the run has no trustworthy value.
    pub values: Vec<Option<f64>>,
}

/// What a value is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A duration in nanoseconds.
    Nanoseconds,
    /// Operations per second.
    PerSecond,
    /// A share between 0 and 1.
    Share,
    /// Whatever the table's column is in.
    Plain,
}

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Latencies, errors.
    LowerIsBetter,
    /// Throughput.
    HigherIsBetter,
    /// Nobody has said; a change is told, and is neither good nor bad.
    Unknown,
}

impl Direction {
    /// +1 where more is worse, −1 where more is better; `None` where nobody has said.
    pub(super) fn worse(self) -> Option<f64> {
        match self {
            Direction::LowerIsBetter => Some(1.0),
            Direction::HigherIsBetter => Some(-1.0),
            Direction::Unknown => None,
        }
    }
}

impl History {
    /// Its name on a page: scenario and machine.
    pub fn title(&self) -> String {
        if self.machine.is_empty() {
            self.scenario.clone()
        } else {
            format!("{} on {}", self.scenario, self.machine)
        }
    }
}
