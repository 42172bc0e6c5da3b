//! What a member that runs was seen to do within a window: what it answered, how fast, and what its metrics grew by.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Held, MemberId};
use crate::plan::Timeouts;
use crate::record::Buckets;

/// How a member answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It answers.
    #[default]
    Answers,
    /// Its port takes connections, and nobody answers on them.
    Silent,
    /// Its machine answers, and nobody listens on its port.
    Refused,
    /// No connection can be made from here.
    Unreachable,
    /// It was not asked: the cluster lists it, and it was neither named nor lists an address for clients.
    NotAsked,
}

/// How long something took, from a histogram of etcd's: its bounds are powers of two, so that a quantile is known as a
/// bracket alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Timing {
    /// How many within the window.
    pub count: u64,
    /// Their mean.
    pub mean_ns: u64,
    /// The median is above this …
    pub p50_above_ns: u64,
    /// … and at most this; absent where it is beyond the last bound.
    pub p50_at_most_ns: Option<u64>,
    /// The 99th percentile is above this …
    pub p99_above_ns: u64,
    /// … and at most this; absent where it is beyond the last bound.
    pub p99_at_most_ns: Option<u64>,
    /// How many took longer than 128 ms.
    pub stalls: u64,
}

impl Timing {
    /// Of a histogram of etcd's; zeros where nothing is in it.
    pub fn of(buckets: &Buckets) -> Timing {
        let (p50, p99) = (buckets.quantile(0.5), buckets.quantile(0.99));
        Timing {
            count: buckets.count(),
            mean_ns: buckets.mean_ns(),
            p50_above_ns: p50.above_ns,
            p50_at_most_ns: p50.at_most_ns,
            p99_above_ns: p99.above_ns,
            p99_at_most_ns: p99.at_most_ns,
            stalls: buckets.surely_above(LONG_SYNC_NS),
        }
    }
}

/// A bound of etcd's histograms of the disk, beyond which a sync or commit is a stall.
const LONG_SYNC_NS: u64 = 128_000_000;

/// Answers to one kind of request that this program sent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Probe {
    /// How many were answered.
    pub answered: u64,
    /// How many were not answered in time, or with an error.
    pub failed: u64,
    /// The shortest.
    pub min_ns: u64,
    /// The median.
    pub p50_ns: u64,
    /// The mean.
    pub mean_ns: u64,
    /// The longest.
    pub max_ns: u64,
    /// Answers that took 10 ms or more beyond the shortest.
    pub late: u64,
    /// Answers that took 100 ms or more beyond the way there.
    pub stalls: u64,
}

impl Probe {
    /// What these answers, in nanoseconds, come to.
    pub fn of(all_ns: Vec<u64>, failed: u64) -> Probe {
        Probe::beyond(all_ns, failed, 0)
    }

    /// The same of a member to which the way takes so long.
    pub fn beyond(mut all_ns: Vec<u64>, failed: u64, way_ns: u64) -> Probe {
        all_ns.sort_unstable();
        let Some((min_ns, max_ns)) = all_ns.first().copied().zip(all_ns.last().copied()) else {
            return Probe { failed, ..Probe::default() };
        };
        let sum: u128 = all_ns.iter().map(|ns| u128::from(*ns)).sum();
        let from = |bound: u64| (all_ns.len() - all_ns.partition_point(|ns| *ns < bound)) as u64;
        Probe {
            answered: all_ns.len() as u64,
            failed,
            min_ns,
            p50_ns: all_ns[all_ns.len() / 2],
            mean_ns: u64::try_from(sum / all_ns.len() as u128).unwrap_or(u64::MAX),
            max_ns,
            late: from(min_ns.saturating_add(LATE_NS)),
            stalls: from(way_ns.saturating_add(STALL_NS)),
        }
    }

    /// The share of answers that were late.
    pub fn late_share(&self) -> f64 {
        share(self.late, self.answered)
    }

    /// The share of answers that took 100 ms or more.
    pub fn stall_share(&self) -> f64 {
        share(self.stalls, self.answered)
    }
}

fn share(part: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}

/// An answer that takes so much longer than the shortest one is late.
pub const LATE_NS: u64 = 10_000_000;
/// etcd warns of applies that take so long (`--warning-apply-duration`).
pub const STALL_NS: u64 = 100_000_000;

/// A number that lies between two others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Range {
    /// At least.
    pub from_ns: i64,
    /// At most.
    pub to_ns: i64,
}

/// What a process on this very machine got of its CPUs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LocalCpu {
    /// How long its control group was throttled within the window.
    pub throttled_ns: u64,
    /// How long its threads were ready and waited for a CPU, all together.
    pub waited_ns: u64,
    /// How long they ran.
    pub ran_ns: u64,
}

/// What was seen of a member.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Live {
    /// How it answers.
    pub presence: Presence,
    /// Where it was asked.
    pub endpoint: String,
    /// How long it was looked at.
    pub window_ns: u64,
    /// The share of moments at which whoever looked was 10 ms late or more.
    pub own_late_share: f64,
    /// The most by which whoever looked was late at any moment.
    pub own_longest_late_ns: u64,
    /// Whether it leads.
    pub leader: bool,
    /// Whether it knows a leader.
    pub has_leader: bool,
    /// Whether it only learns.
    pub learner: bool,
    /// The raft term.
    pub term: u64,
    /// Entries that are committed and not applied, at the end.
    pub apply_backlog: Option<u64>,
    /// Whether the data of members differ: the alarm CORRUPT.
    pub corrupt: bool,
    /// Whether it was started anew within the window.
    pub restarted: bool,
    /// How long it has run.
    pub uptime_s: Option<u64>,
    /// Texts of its `/metrics`, where they were read from files.
    pub texts: u64,
    /// Whether its `/metrics` could be read at both ends of the window.
    pub metrics: bool,
    /// Syncs of the WAL.
    pub fsync: Option<Timing>,
    /// Commits of the backend.
    pub commit: Option<Timing>,
    /// Applies.
    pub apply: Option<Timing>,
    /// What it measured to each peer since its start.
    #[serde(serialize_with = "by_peer")]
    #[schemars(with = "BTreeMap<String, Timing>")]
    pub peer_rtt: BTreeMap<MemberId, Timing>,
    /// The same within the window.
    #[serde(serialize_with = "by_peer")]
    #[schemars(with = "BTreeMap<String, Timing>")]
    pub peer_rtt_within: BTreeMap<MemberId, Timing>,
    /// CPUs it used, on the average.
    pub cpu_cores: Option<f64>,
    /// Threads that its Go runtime may run at once, where it tells.
    pub max_procs: Option<u64>,
    /// What it got of this machine's CPUs, where it runs here.
    pub local_cpu: Option<LocalCpu>,
    /// Counters by their names, as far as they grew or may be told as 0.
    pub grew: BTreeMap<String, f64>,
    /// Whether it was defragmenting at the end.
    pub defragmenting: bool,
    /// Proposals that waited, at the end.
    pub proposals_pending: Option<u64>,
    /// `GET /version`: answered from memory, without the backend and without consensus.
    pub ping: Probe,
    /// Of these, those that came while nothing else was answered: after a request that was given up, and before the next
    /// that was not.
    pub pings_meanwhile: u64,
    /// Serializable reads of one key: answered by the member alone.
    pub serializable: Probe,
    /// Linearizable reads of one key: confirmed by the leader and a majority.
    pub linearizable: Probe,
    /// Guarded writes of one key.
    pub write: Probe,
    /// How far its clock is ahead of this machine's.
    pub clock: Option<Range>,
    /// When its certificate ends, in seconds since 1970.
    pub certificate_ends_s: Option<i64>,
}

impl Live {
    /// How much a counter grew; nothing where it is not known.
    pub fn growth(&self, name: &str) -> Option<f64> {
        self.grew.get(name).copied()
    }
}

fn by_peer<S: serde::Serializer>(
    peers: &BTreeMap<MemberId, Timing>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(peers.iter().map(|(id, timing)| (id.to_string(), timing)))
}

/// The longest that something asked of the cluster took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Stall {
    /// How long.
    pub ns: u64,
    /// Whether it was longer: it was given up.
    pub at_least: bool,
}

/// Names the form in which a check is kept; a new number means that readers of the old one are wrong.
pub const CHECK_SCHEMA: &str = "etcdbench.check/v1";

/// What `disk` measured on a disk before, or beside, its etcd.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Promise {
    /// The mean of its WAL syncs.
    pub mean_ns: u64,
    /// Their 99th percentile, where there were enough.
    pub p99_ns: Option<u64>,
    /// How many there were.
    pub count: u64,
    /// The machine on which it was measured.
    pub host: String,
    /// When, RFC 3339.
    pub at: String,
}

/// A check of a cluster that runs, beside its members.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Checked {
    /// How long it was looked at.
    pub window_ns: u64,
    /// When, in seconds since 1970; absent where files were read.
    pub at_s: Option<i64>,
    /// What keys that begin alike hold, most first; absent where keys were not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Vec<Held>>,
    /// What an earlier `disk` measured, where a result was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise: Option<Promise>,
    /// Files that were read, where nothing was asked.
    pub files: u64,
    /// Whether requests of our own were sent.
    pub active: bool,
    /// What the keys that were written began with.
    pub prefix: Option<String>,
    /// Guarded writes that were sent.
    pub writes: u64,
    /// Reads that were sent.
    pub reads: u64,
    /// The share of moments at which this program itself was 10 ms late or more: its own machine is busy.
    pub own_late_share: f64,
    /// The longest that a read or a write took; absent where none was sent.
    pub longest_stall: Option<Stall>,
    /// After how long what depends on this etcd gives up; absent where nothing was asked.
    pub timeouts: Option<Timeouts>,
    /// Whether it was ended before its time.
    pub interrupted: bool,
    /// Why nothing was written, where writes had been asked for.
    pub no_writes: Option<NoWrites>,
    /// What could not be read, in the words of whatever refused it.
    pub notes: Vec<String>,
}

/// Why nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoWrites {
    /// The alarm NOSPACE is raised: they would be refused.
    NoSpace,
    /// The database is at 90 % of its quota or beyond.
    QuotaNear,
    /// No leader is known.
    NoLeader,
    /// How large the database is may not be known to this user.
    SizeUnknown,
}
