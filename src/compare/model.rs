//! A comparison as data: what every renderer shows and what `--format json` prints. Published as
//! `docs/comparison.schema.json`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exit::Verdict;
use crate::tool::Tool;

use crate::rule::comparison::{Intent, Stat};

/// The schema's version, `major.minor`; minor versions only add fields.
pub const SCHEMA_VERSION: &str = "1.0";

/// Two or more sides, compared with the first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema: String,
    /// The program that wrote it.
    pub tool: Tool,
    /// What all of it amounts to.
    pub outcome: Outcome,
    /// That in a sentence or two.
    pub headline: String,
    /// What was meant to differ.
    pub intent: Intent,
    /// True when that was told with `--intent`, false when it was found from what differs.
    pub intent_declared: bool,
    /// Why these results cannot be compared; empty when they can.
    pub obstacles: Vec<String>,
    /// The sides; the first is the baseline.
    pub sides: Vec<Side>,
    /// Everything in plans and environments that differs, or is known of some sides only; what forbids comparing first.
    pub differences: Vec<Difference>,
    /// Each further side against the baseline.
    pub contrasts: Vec<Contrast>,
    /// Three sides or more, from best to worst, per metric that is judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rankings: Vec<Ranking>,
    /// What limits the trust in all this, in words.
    pub notes: Vec<String>,
    /// Files found in directories or by patterns that were not used, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// The exit code this ends in.
    pub exit_code: u8,
    /// Why it ends in that.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub exit_reason: String,
}

/// What a comparison, or one contrast, amounts to.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The results cannot be compared.
    NotComparable,
    /// Nothing, or too little of what decides, could be judged: too few samples, or invalid.
    #[default]
    NoVerdict,
    /// Nothing is confirmed to differ, and not all of it is shown to be equal.
    Inconclusive,
    /// No difference large enough to matter.
    Unchanged,
    /// Something is confirmed to be better and nothing worse.
    Improved,
    /// Something is confirmed to be worse.
    Regressed,
}

/// One side: a run, or several of the same thing.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// `A` is the baseline.
    pub letter: String,
    /// What sets it apart: host, name, file or directory.
    pub name: String,
    /// Its runs in the order of time.
    pub runs: Vec<RunFacts>,
}

/// One run of a side.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct RunFacts {
    /// The result file.
    pub path: PathBuf,
    /// Unique to the run.
    pub run_id: String,
    /// UTC wall time of its beginning, RFC 3339.
    pub started_at: String,
    /// The machine it ran on.
    pub host: String,
    /// Its own verdict by the rules it was measured with; absent when it was killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Whether it went through to its end.
    pub complete: bool,
}

/// Something that is not the same on all sides.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// Where: `plan.workload.val_size`, `environment.kernel`.
    pub field: String,
    /// What it means here.
    pub class: DifferenceClass,
    /// Its value on each side; absent where it is not known, several where runs of one side differ.
    pub values: Vec<Option<String>>,
}

/// What a difference means.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceClass {
    /// Forbids comparing.
    Obstacle,
    /// May have a part in whatever differs.
    #[default]
    Noted,
    /// Is what the comparison is about, or was allowed with `--allow`.
    Declared,
}

/// One side against the baseline.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Contrast {
    /// Letter of the baseline.
    pub a: String,
    /// Letter of the other side.
    pub b: String,
    /// How the two were compared.
    pub design: Design,
    /// What it amounts to.
    pub outcome: Outcome,
    /// That in words.
    pub headline: String,
    /// Every metric both sides have; those that decide first.
    pub metrics: Vec<Metric>,
    /// Series that decide and are not measured on both sides: `etcd/backend.commit`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// How two sides were compared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Design {
    /// What the doubt is taken from.
    pub level: Level,
    /// Runs on the baseline's side.
    pub runs_a: usize,
    /// Runs on the other.
    pub runs_b: usize,
    /// Whether the runs were interleaved, and so judged in pairs.
    pub paired: bool,
    /// Length of the shortest measured phase, in seconds.
    pub seconds: f64,
    /// True when only differences that are large by far are confirmed: one run on each side, of less than 300 s.
    pub indicative: bool,
    /// Of one run a side: the standard deviation between runs that the intervals of p50 and rates allow for where no
    /// calibration tells it; 0.06 is 6 %. Other metrics allow for more in proportion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_deviation: Option<f64>,
    /// The error of this look, where pairs are measured until something is decided (`--pairs auto`): of all looks
    /// together it is 0.05.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f64>,
}

/// What the doubt of a comparison is taken from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// From stretches of time within one run a side.
    #[default]
    Batches,
    /// From several runs a side.
    Runs,
}

/// A metric on both sides.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Metric {
    /// The phase.
    pub phase: String,
    /// The series; empty for [`Stat::Capacity`].
    pub series: String,
    /// What of it.
    pub stat: Stat,
    /// Whether it is among those that decide.
    pub primary: bool,
    /// On the baseline's side.
    pub a: Value,
    /// On the other.
    pub b: Value,
    /// How B differs: as a ratio B/A, for shares as the difference B − A.
    pub effect: Option<Effect>,
    /// The smallest effect that matters, on the scale of `effect`: 0.05 is a factor of 1.05, or five percentage points.
    pub min_difference: f64,
    /// The smallest true effect that this design would find with a power of 80 %, among all metrics that are tested with
    /// it and by more than matters, on the same scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detectable: Option<f64>,
    /// What follows.
    pub verdict: MetricVerdict,
    /// True when a difference is not confirmed.
    pub indicative: bool,
    /// True when all of the 95 % interval lies beyond the smallest effect that matters.
    pub beyond_doubt: bool,
    /// True where it is no test: both sides have what was asked of them, the offered rate or no failures.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub given: bool,
    /// What the hypervisor took, and the effect with and without a correction for that; absent where it took evenly, or
    /// nobody counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stolen: Option<Stolen>,
    /// Why, or what would be needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The share of the CPU time that the hypervisor gave to others while a metric was measured, the mean of the runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stolen {
    /// On the baseline's side.
    pub a: f64,
    /// On the other.
    pub b: f64,
    /// True where the runs show what that does, and `effect` is the corrected one.
    #[serde(default)]
    pub taken_out: bool,
    /// The effect as it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<f64>,
    /// The effect corrected for CPU steal, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected: Option<f64>,
}

/// A metric on one side: nanoseconds, operations per second or a share. Of several runs the geometric mean (shares:
/// the mean).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Value {
    /// The estimate; absent without samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Lower end of its 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end; absent when the samples cannot bound it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Samples behind it, of all runs.
    pub samples: u64,
    /// Effective samples beyond a quantile, of all runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail_samples: Option<f64>,
    /// How many times more samples are needed than if they were independent; the largest of all runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub design_effect: Option<f64>,
    /// The metric in each run, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<f64>,
}

/// How B differs from A.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Effect {
    /// B/A; for shares B − A.
    pub value: f64,
    /// Lower end of its 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// How likely so large an effect would be were there none.
    pub p: f64,
    /// The same, adjusted for all metrics of this comparison that decide (Westfall and Young); for others, for all
    /// others.
    pub p_adjusted: f64,
}

/// What follows for a metric.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MetricVerdict {
    /// Shown to be better by more than matters.
    Improved,
    /// Shown to be worse by more than matters.
    Regressed,
    /// No difference large enough to matter.
    Unchanged,
    /// Neither.
    #[default]
    Inconclusive,
    /// Too few effective samples to say anything.
    NotResolvable,
    /// Was not measured under conditions that allow to judge it.
    Invalid,
}

/// The sides by one metric, best first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ranking {
    /// The metric in words: `wal.fsync p99`.
    pub label: String,
    /// What of the series, for its unit.
    pub stat: Stat,
    /// The sides, best first.
    pub places: Vec<RankedSide>,
}

/// A side in a ranking.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RankedSide {
    /// Its letter.
    pub letter: String,
    /// Its name.
    pub name: String,
    /// The metric there.
    pub value: f64,
    /// That over the median of the other sides.
    pub to_others: f64,
    /// True when it is far from all others, further than they are from one another.
    pub odd: bool,
}

/// A file that was not used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub why: String,
}

/// Whether a phase is the one people mean when they do not name one.
pub(crate) fn is_usual(phase: &str) -> bool {
    matches!(phase, "etcd" | "steady")
}

impl MetricVerdict {
    /// Whether it says that something differs.
    pub fn is_change(self) -> bool {
        matches!(self, MetricVerdict::Improved | MetricVerdict::Regressed)
    }

    /// Whether it says anything.
    pub fn is_judged(self) -> bool {
        !matches!(self, MetricVerdict::NotResolvable | MetricVerdict::Invalid)
    }

    /// As every document for programs has it.
    pub fn key(self) -> &'static str {
        match self {
            MetricVerdict::NotResolvable => "not_resolvable",
            other => other.name(),
        }
    }

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            MetricVerdict::Improved => "improved",
            MetricVerdict::Regressed => "regressed",
            MetricVerdict::Unchanged => "unchanged",
            MetricVerdict::Inconclusive => "inconclusive",
            MetricVerdict::NotResolvable => "not resolvable",
            MetricVerdict::Invalid => "invalid",
        }
    }
}

impl Metric {
    /// In words: `wal.fsync p99`; where the phase is not the usual one, with it.
    pub fn label(&self) -> String {
        let name = self.stat.name();
        match (self.series.as_str(), self.phase.as_str()) {
            ("", _) => name.to_owned(),
            (series, phase) if is_usual(phase) => format!("{series} {name}"),
            (series, phase) => format!("{phase}: {series} {name}"),
        }
    }
}
