//! What a run amounts to: figures, rules, findings, the verdict.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Answer, FindingCode, Limiter, Reason, RuleId, ValueUnit, finite, is_false};
use crate::exit::Verdict;
use crate::record::{ErrorTexts, Resolution};

/// What the run amounts to.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// UTC wall time of the end, RFC 3339.
    pub ended_at: String,
    /// True when the run went through to its end.
    pub complete: bool,
    /// True when a signal ended it.
    #[serde(default)]
    pub interrupted: bool,
    /// Figures per phase and series.
    pub phases: Vec<PhaseSummary>,
    /// Every rule with its outcome.
    pub rules: Vec<RuleOutcome>,
    /// Stalls counted on the ladder.
    #[serde(default)]
    pub ladder: Vec<LadderStep>,
    /// What is worth telling.
    pub findings: Vec<Finding>,
    /// The answer.
    pub verdict: Verdict,
    /// The answer in one line.
    pub headline: String,
    /// The answer in a word or two, as the headline begins.
    #[serde(default)]
    pub answer: Answer,
    /// What follows in the headline.
    #[serde(default)]
    pub because: String,
    /// The highest put rate that keeps every rule, for kind `disk`; for kind `load` the highest rate of its steps
    /// that does, in operations per second and without a curve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// The rates that were tried one after the other, for kind `load`; empty when there was one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<LoadStep>,
    /// The members' own view of the load, for kind `load`; only those whose metrics could be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberSummary>,
}

impl Summary {
    /// Sets the answer and what follows it, and the headline that they make.
    pub fn answered(&mut self, answer: Answer, because: impl Into<String>) {
        self.because = because.into();
        self.headline = format!("{answer}  {}", self.because);
        self.answer = answer;
    }
}

/// A rate of a load and what became of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct LoadStep {
    /// Its phase: `rate.1` …
    pub phase: String,
    /// Operations per second asked for, on average over the step.
    pub wanted_per_s: f64,
    /// Operations per second that were answered.
    pub reached_per_s: f64,
    /// The worst of its rules.
    pub verdict: Verdict,
    /// Whether it and every lower rate keep all rules.
    pub kept: bool,
    /// Every rule, judged on this step alone.
    pub rules: Vec<RuleOutcome>,
}

/// What a member's metrics say of the load.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct MemberSummary {
    /// Index into the header's `environment.members`.
    pub member: u32,
    /// Whether it led at the end.
    pub leader: bool,
    /// `etcd_disk_wal_fsync_duration_seconds`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal_fsync: Option<BucketSummary>,
    /// `etcd_disk_backend_commit_duration_seconds`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_commit: Option<BucketSummary>,
    /// `etcd_server_apply_duration_seconds`, from etcd 3.5 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply: Option<BucketSummary>,
    /// `etcd_network_peer_round_trip_time_seconds`, to all peers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_rtt: Option<BucketSummary>,
    /// CPU time used per second: 1 is a whole core.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_cores: Option<f64>,
    /// The most memory it held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_bytes: Option<u64>,
    /// The largest its database was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub db_bytes: Option<u64>,
    /// How much of it was in use at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub db_in_use_bytes: Option<u64>,
    /// Its quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_bytes: Option<u64>,
}

/// What a member's histogram says: its buckets bracket a quantile, they do not tell it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BucketSummary {
    /// Samples.
    pub count: u64,
    /// Arithmetic mean, exact.
    pub mean_ns: u64,
    /// The 99th percentile is longer than this.
    pub p99_above_ns: u64,
    /// And not longer than this; absent above the highest bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_at_most_ns: Option<u64>,
}

/// One phase.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct PhaseSummary {
    /// Its name.
    pub phase: String,
    /// Start, since the run's zero.
    pub start_ns: u64,
    /// Length.
    pub length_ns: u64,
    /// Its series; with several members, each member's and the merged one (without `member`).
    pub series: Vec<SeriesSummary>,
}

/// One series in one phase.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct SeriesSummary {
    /// The series.
    pub series: String,
    /// Which of several members; absent for the merged figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<u32>,
    /// Samples.
    pub count: u64,
    /// Failed operations by class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, u64>,
    /// What failed operations were told, by class: the text, on one line, and how often it came.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub error_texts: ErrorTexts,
    /// Samples per second of the phase.
    pub rate_per_s: f64,
    /// Arithmetic mean.
    pub mean_ns: f64,
    /// Smallest.
    pub min_ns: u64,
    /// Largest.
    pub max_ns: u64,
    /// Quantiles with their interval.
    pub quantiles: Vec<QuantileSummary>,
    /// True where a foreign program told these figures and no sample of them is in the file: a quantile has no
    /// interval then, and the samples beyond it are taken as independent.
    #[serde(default, skip_serializing_if = "is_false")]
    pub told: bool,
}

/// One quantile of one series.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct QuantileSummary {
    /// 0.5, 0.99 …
    pub q: f64,
    /// Its value.
    pub value_ns: u64,
    /// Lower end of the 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_ns: Option<u64>,
    /// Upper end of the 95 % interval; absent when the samples cannot bound it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_ns: Option<u64>,
    /// Effective samples beyond the quantile, after allowing for their dependence.
    pub tail_samples: f64,
    /// How many times more samples are needed than if they were independent; absent where that could not be
    /// measured and independence was assumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub design_effect: Option<f64>,
    /// Whether enough samples stand behind it to be trusted.
    pub resolvable: bool,
}

impl QuantileSummary {
    /// How well so many samples resolve it.
    pub fn resolution(&self, count: u64) -> Resolution {
        Resolution::of(self.q, count, self.resolvable)
    }
}

/// One rule and what became of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct RuleOutcome {
    /// The rule as it may be typed: `wal.fsync.p99 < 10ms`; for others a name: `durability`.
    pub rule: RuleId,
    /// The rule in a person's words: `wal.fsync p99`.
    pub label: String,
    /// What was measured, with its unit.
    pub measured: String,
    /// The limit, with its unit.
    pub limit: String,
    /// The measured number in the rule's base unit (ns, bytes, a share), where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_value: Option<f64>,
    /// The limit in the same unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_value: Option<f64>,
    /// That unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<ValueUnit>,
    /// Whose figure it is, where it is that of one member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<u32>,
    /// How many times better than the limit (below 1: worse).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// Samples behind the judgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<u64>,
    /// The phases whose samples it pools, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
    /// Where the limit comes from.
    pub source: String,
    /// The outcome.
    pub verdict: Verdict,
    /// Why, where it is not plain from the numbers: "needs about 40 s more".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The note as data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}

/// One step of the stall ladder.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct LadderStep {
    /// Stalls at least this long …
    pub at_least_ns: u64,
    /// … break this.
    pub effect: String,
    /// Where that is from.
    pub source: String,
    /// How many were seen while the disk carried the planned load.
    pub count: u64,
    /// Samples they were seen among.
    pub samples: u64,
    /// The share of operations that may be this long and still have gone unseen or as often as seen, at 95 %.
    pub share_below: f64,
}

/// How much a finding matters.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    #[default]
    Info,
    /// Wants attention.
    Warning,
    /// Decides the verdict.
    Critical,
}

/// Something worth telling, as data.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Stable code: `journal_tax`, `idle_writers`, `not_durable` …
    pub code: FindingCode,
    /// How much it matters.
    pub severity: Severity,
    /// What was seen, with numbers and units.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The numbers.
    #[serde(default, serialize_with = "finite")]
    pub numbers: BTreeMap<String, f64>,
}

/// What the disk can carry.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Capacity {
    /// The highest rate that kept every rule; absent when even the lowest step broke one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub puts_per_s: Option<f64>,
    /// True when the highest rate tried still kept every rule: the disk may carry more.
    pub at_least: bool,
    /// What broke first above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited_by: Option<Limiter>,
    /// Every step tried, by rate.
    pub curve: Vec<CapacityStep>,
}

/// One step of the capacity search.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct CapacityStep {
    /// Puts per second asked for.
    pub wanted_per_s: f64,
    /// Puts per second that were committed.
    pub reached_per_s: f64,
    /// 99th percentile of `wal.fsync` in this step.
    pub wal_fsync_p99_ns: u64,
    /// 99th percentile of `backend.commit` in this step.
    pub backend_commit_p99_ns: u64,
    /// Median of `put.commit` in this step.
    pub put_commit_p50_ns: u64,
    /// 99th percentile of `put.commit` in this step.
    pub put_commit_p99_ns: u64,
    /// WAL syncs in this step.
    pub wal_syncs: u64,
    /// Whether every rule held.
    pub kept: bool,
    /// What broke, if anything did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broke: Option<Limiter>,
}
