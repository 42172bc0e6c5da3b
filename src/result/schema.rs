//! The lines of a result file (JSON Lines). Published as `docs/result.schema.json`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

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
    /// UTC wall time of the run's zero, RFC 3339.
    pub started_at: String,
    /// The whole resolved plan; for kind `disk` a `DiskPlan`, for kind `import` an `ImportPlan`.
    pub plan: serde_json::Value,
    /// The machine and what was measured on it.
    pub environment: Environment,
}

/// The program that wrote a result.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Always `etcdbench`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The git commit it was built from, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<String>,
}

/// Facts about the machine. What could not be found out is absent, not guessed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// Host name.
    pub host: String,
    /// Distribution, from os-release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Kernel release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// CPU architecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// CPU model name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_model: Option<String>,
    /// Logical CPUs this process may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// Frequency governor of CPU 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_governor: Option<String>,
    /// Memory of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Hypervisor or cloud, from DMI and the CPU flags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtualization: Option<String>,
    /// Kind of container, if in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Clock source of the kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clocksource: Option<String>,
    /// What limits this process' I/O, CPU and memory, as `name: value` (cgroup v1 or v2).
    #[serde(default)]
    pub limits: BTreeMap<String, String>,
    /// Kernel settings that matter: `vm.dirty_ratio` …
    #[serde(default)]
    pub sysctls: BTreeMap<String, String>,
    /// The disk under the measured directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<DiskFacts>,
    /// etcd versions and settings, for runs that meet an etcd.
    #[serde(default)]
    pub etcd: BTreeMap<String, String>,
    /// The members of the etcd that was driven, in the order that `member` of a series counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberFacts>,
}

/// A member of an etcd cluster at the beginning of the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberFacts {
    /// etcd's id of it, hexadecimal.
    pub id: String,
    /// Its `--name`.
    pub name: String,
    /// Where it was reached.
    pub endpoint: String,
    /// Version of its server; empty when it did not answer.
    pub version: String,
    /// Whether it led.
    pub leader: bool,
    /// Whether it only learned.
    pub learner: bool,
    /// Size of its database file.
    pub db_bytes: u64,
    /// Its quota, where it could be found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_bytes: Option<u64>,
}

/// Directory → mount → block devices.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct DiskFacts {
    /// The directory that was qualified, absolute.
    pub directory: String,
    /// Mount point it lies on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount_point: Option<String>,
    /// What is mounted there (`/dev/nvme0n1p2`, `overlay`, `server:/export`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount_source: Option<String>,
    /// File system type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filesystem: Option<String>,
    /// Mount options and super-block options.
    #[serde(default)]
    pub mount_options: Vec<String>,
    /// File-system block size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_size: Option<u64>,
    /// Size of the file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Space an unprivileged process may still use, before the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_bytes: Option<u64>,
    /// Free inodes before the run; absent where the file system has no such limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_inodes: Option<u64>,
    /// The block devices from the file system down to the hardware, top first.
    #[serde(default)]
    pub devices: Vec<BlockDevice>,
    /// File systems that carry the first: of an overlay's upper directory, of a loop device's backing file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<FileSystemBelow>,
    /// Whether the device's own write counters moved as much as was written: `confirmed`, `not confirmed`, or
    /// absent when there are no counters to watch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapping>,
    /// What is not known and why, in words.
    #[serde(default)]
    pub unknown: Vec<String>,
}

/// A file system that carries another one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileSystemBelow {
    /// The directory or file that lies on it.
    pub path: String,
    /// What led there: `overlay upper directory`, `backing file of loop0`.
    pub reached_through: String,
    /// What is mounted.
    pub mount_source: String,
    /// File system type.
    pub filesystem: String,
    /// Mount options and super-block options.
    pub mount_options: Vec<String>,
}

/// Was the device found the one that was written to?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mapping {
    /// Its write counters moved with what we wrote.
    Confirmed,
    /// They did not.
    NotConfirmed,
}

/// One layer of the block device chain.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct BlockDevice {
    /// Kernel name: `nvme0n1`, `dm-0`.
    pub name: String,
    /// `major:minor`.
    pub number: String,
    /// `disk`, `partition`, `lvm`, `crypt`, `multipath`, `raid`, `loop`, `zram`, `nbd`, `rbd`, `bcache` …
    pub kind: String,
    /// For a loop device its backing file; for RAID its level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Model name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Firmware revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// `nvme`, `sata`, `virtio`, `usb`, `mmc` … where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// Size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// What the device claims; virtual disks claim it without meaning it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotational: Option<bool>,
    /// I/O scheduler in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<String>,
    /// `write back` or `write through`, as the kernel believes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_cache: Option<String>,
    /// Whether the device takes forced-unit-access writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fua: Option<bool>,
    /// Logical block size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logical_block_size: Option<u64>,
    /// Physical block size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_block_size: Option<u64>,
    /// Other queue settings: `nr_requests`, `wbt_lat_usec`, `nomerges` …
    #[serde(default)]
    pub queue: BTreeMap<String, String>,
    /// The cloud volume this looks like, if any: `AWS EBS`, `GCP Persistent Disk` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud: Option<String>,
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
    /// Failed operations by class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, u64>,
    /// Smallest.
    pub min_ns: u64,
    /// Largest.
    pub max_ns: u64,
    /// Arithmetic mean.
    pub mean_ns: f64,
    /// The quantiles it told, ascending.
    pub quantiles: Vec<ToldQuantile>,
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

/// How a rule, or a run, came out. Ordered from good to bad.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Shown to hold.
    Pass,
    /// Holds, but something nearby wants attention.
    Warn,
    /// The samples cannot tell.
    #[default]
    Inconclusive,
    /// Shown not to hold.
    Fail,
}

/// One rule and what became of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct RuleOutcome {
    /// The rule as it may be typed: `wal.fsync.p99 < 10ms`; for others a name: `durability`.
    pub rule: String,
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
    /// How many times better than the limit (below 1: worse).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// Samples behind the judgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<u64>,
    /// Where the limit comes from.
    pub source: String,
    /// The outcome.
    pub verdict: Verdict,
    /// Why, where it is not plain from the numbers: "needs about 40 s more".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
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
    pub code: String,
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
    /// The rule that broke first above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited_by: Option<String>,
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
    /// The rule that broke, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broke: Option<String>,
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
