//! The lines of a result file (JSON Lines). Published as `docs/result.schema.json`.

mod code;
mod facts;
mod named;
mod outcome;
mod reason;
mod shards;
mod summary;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use crate::record::ErrorTexts;
use crate::tool::Tool;

pub use code::*;
pub use facts::*;
pub use outcome::*;
pub use reason::*;
pub use shards::*;
pub use summary::*;

/// The schema's version, `major.minor`. Readers refuse an unknown major and ignore unknown fields.
pub const SCHEMA_VERSION: &str = "1.0";

/// One line of a result file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant)] // a line is short-lived, and nearly all are intervals
pub enum Line {
    /// Always the first line.
    Header(Header),
    /// One interval of one series.
    Interval(Interval),
    /// One series of a foreign program that told its quantiles and no more.
    Told(Told),
    /// One sample at or above the stall threshold.
    Stall(StallLine),
    /// Something that happened at one moment.
    Event(Event),
    /// Deltas of counters kept by the device or the kernel.
    Counters(Counters),
    /// The last line of a run that ended in good order.
    Summary(Summary),
}

/// What ran, where, and with which settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Header {
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema: String,
    /// The program that wrote it.
    pub tool: Tool,
    /// Unique to this run.
    pub run_id: String,
    /// `disk`, `load`, `check` or `import`.
    pub kind: String,
    /// A name given by the user, or the target.
    pub name: String,
    /// Labels given by the user.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What all keys of a load begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// UTC wall time of the run's zero, RFC 3339.
    pub started_at: String,
    /// The whole resolved plan; for kind `disk` a `DiskPlan`, for kind `import` an `ImportPlan`.
    pub plan: serde_json::Value,
    /// The machine and what was measured on it.
    pub environment: Environment,
    /// Which part of a load that several machines made this is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardPart>,
    /// What it was merged from, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Merged>,
}

/// One interval of one series in one phase.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// The phase.
    pub phase: String,
    /// The series.
    pub series: String,
    /// Which of several members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<u32>,
    /// Start, since the run's zero.
    pub start_ns: u64,
    /// Length.
    pub length_ns: u64,
    /// Samples, errors not among them.
    pub count: u64,
    /// Failed operations by class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, u64>,
    /// What failed operations were told, by class: the text, on one line, and how often it came.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub error_texts: ErrorTexts,
    /// Smallest sample, exact.
    pub min_ns: u64,
    /// Largest sample, exact.
    pub max_ns: u64,
    /// Sum of samples, exact.
    pub sum_ns: u64,
    /// Samples above the histogram's top of one hour.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub over_top: u64,
    /// HdrHistogram V2, deflated, base64; nanoseconds.
    pub histogram: String,
}

/// A whole series as a foreign program summed it up: figures without the samples they came from. Nothing can be merged
/// with them, and no interval can be had from them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Told {
    /// The phase.
    pub phase: String,
    /// The series.
    pub series: String,
    /// Start, since the run's zero.
    pub start_ns: u64,
    /// Length.
    pub length_ns: u64,
    /// Samples it had, errors not among them.
    pub count: u64,
    /// How well `count` is known.
    #[serde(default, skip_serializing_if = "CountKnown::is_exact")]
    pub count_known: CountKnown,
    /// Failed operations by class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, u64>,
    /// Smallest.
    pub min_ns: u64,
    /// Largest.
    pub max_ns: u64,
    /// Arithmetic mean.
    pub mean_ns: f64,
    /// Smallest and largest were cut to multiples of this, and may be larger by less; 0 where they are exact.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cut_ns: u64,
    /// Quantiles were rounded up to multiples of this, and may be smaller by less; 0 where they are exact.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rounded_up_ns: u64,
    /// The quantiles it told, ascending.
    pub quantiles: Vec<ToldQuantile>,
}

/// How well the number of a foreign program's samples is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CountKnown {
    /// It was told.
    #[default]
    Exactly,
    /// It was computed from figures that were rounded.
    About,
    /// There were at least so many.
    AtLeast,
}

impl CountKnown {
    /// For serde: what is not written down.
    fn is_exact(&self) -> bool {
        *self == CountKnown::Exactly
    }
}

/// A quantile that a foreign program told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToldQuantile {
    /// 0.5, 0.99 …
    pub q: f64,
    /// Its value.
    pub value_ns: u64,
}

/// One sample at or above the stall threshold.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct StallLine {
    /// The phase.
    pub phase: String,
    /// The series.
    pub series: String,
    /// Which of several members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<u32>,
    /// Start, since the run's zero.
    pub start_ns: u64,
    /// Start as UTC wall time, RFC 3339.
    pub at: String,
    /// How long it lasted.
    pub duration_ns: u64,
}

/// Something that happened at one moment.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// The phase.
    pub phase: String,
    /// Since the run's zero.
    pub at_ns: u64,
    /// UTC wall time, RFC 3339.
    pub at: String,
    /// `wal.cut`, `db.grow`, `durability`, `capacity.step`, `phase` …
    pub kind: String,
    /// Which of several members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<u32>,
    /// The numbers; their form depends on the kind.
    #[serde(default)]
    pub detail: serde_json::Value,
}

/// How much somebody else's counters grew over a span of time.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Counters {
    /// The phase.
    pub phase: String,
    /// Start of the span, since the run's zero.
    pub start_ns: u64,
    /// Length of the span.
    pub length_ns: u64,
    /// Whose: `device`, `cpu`, `psi.io`, `jbd2`; `client` (the generator's threads), `etcd` (growth of a member's
    /// own counters), `etcd.state` (what a member shows at the end of the span; not growth).
    pub source: String,
    /// Which member's, as an index into the header's `environment.members`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<u32>,
    /// Name → growth.
    #[serde(serialize_with = "finite")]
    pub values: BTreeMap<String, f64>,
}

/// Is the sync real? Detail of the event `durability`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Durability {
    /// `not disproved`, `disproved` or `not established`.
    pub outcome: DurabilityOutcome,
    /// Each piece of evidence in words, for and against.
    pub evidence: Vec<String>,
    /// Median of write without sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsynced_p50_ns: Option<u64>,
    /// Median of write + fdatasync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fdatasync_p50_ns: Option<u64>,
    /// Median of an `O_DSYNC` write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dsync_p50_ns: Option<u64>,
    /// Flush requests at the device per fdatasync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flushes_per_sync: Option<f64>,
    /// Bytes that reached the device per fdatasync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_bytes_per_sync: Option<f64>,
    /// Write requests at the device per fdatasync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_writes_per_sync: Option<f64>,
    /// Syncs the figures rest on.
    pub syncs: u64,
}

/// Whether a sync on this disk can be believed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DurabilityOutcome {
    /// Nothing speaks against it. Only a power cut could prove it.
    NotDisproved,
    /// Shown: synced data is not on stable storage.
    Disproved,
    /// Cannot be told from here (network or user-space file systems).
    #[default]
    NotEstablished,
}

/// Leaves out what is not a number: JSON has no word for it, and a `null` in its place could not be read back.
fn finite<S: Serializer>(numbers: &BTreeMap<String, f64>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(numbers.iter().filter(|(_, n)| n.is_finite()))
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde wants it so
fn is_false(yes: &bool) -> bool {
    !yes
}
