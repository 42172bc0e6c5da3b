//! How much repeated, identical runs on a machine differ.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Stat;
use crate::tool::Tool;

/// The noise of a machine, from identical runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Calibration {
    /// Version of this form, `major.minor`.
    pub schema: String,
    /// The program that wrote it.
    pub tool: Tool,
    /// The machine.
    pub host: String,
    /// Kind of the runs.
    pub kind: String,
    /// Runs it rests on.
    pub runs: usize,
    /// UTC wall time of the first and the last run, RFC 3339.
    pub from_to: [String; 2],
    /// Per metric.
    pub noise: Vec<Noise>,
}

/// How much a metric differs between identical runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Noise {
    /// The phase.
    pub phase: String,
    /// The series.
    pub series: String,
    /// What of it.
    pub stat: Stat,
    /// Runs it was measured in.
    pub runs: usize,
    /// Standard deviation between runs: of the logarithm, so that 0.04 is 4 %; of shares as they are.
    pub deviation: f64,
    /// That without what the doubt within each run explains already.
    pub between: f64,
    /// The smallest change that six interleaved pairs find with a power of 80 %, tested together with all others that
    /// decide (or do not): 0.09 is 9 %, of shares a difference.
    pub detectable: f64,
}

impl Calibration {
    /// What is known of a metric.
    pub fn noise(&self, phase: &str, series: &str, stat: Stat) -> Option<&Noise> {
        self.noise.iter().find(|n| n.phase == phase && n.series == series && n.stat == stat)
    }
}
