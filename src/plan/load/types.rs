//! The resolved plan of a load on an etcd.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Faults;
use super::operations::Weighted;
use crate::etcd::{Security, Wire};
use crate::plan::Arrival;
use crate::rule::Rule;

/// Everything `etcdbench load` needs to know, resolved and checked. Secrets are no part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadPlan {
    /// Which etcd is driven.
    pub target: Target,
    /// How connections are made safe.
    pub security: Security,
    /// Which member a connection talks to.
    pub placement: Placement,
    /// Connections in all.
    pub connections: u32,
    /// Threads that drive them, each with its own connections.
    pub threads: u32,
    /// The HTTP/2 client that they are driven with.
    #[serde(default, skip_serializing_if = "Wire::is_unnamed")]
    pub wire: Wire,
    /// When operations are started.
    pub pace: LoadPace,
    /// What is done, with weights of any sum above 0.
    pub operations: Vec<Weighted>,
    /// Which keys are used.
    pub keys: Keys,
    /// What is written to them.
    pub values: Values,
    /// How reads are made.
    pub reads: Reads,
    /// How writes are made.
    pub writes: Writes,
    /// What is watched while writing; nothing when absent.
    pub watch: Option<Watch>,
    /// How software transactions are made.
    pub stm: Stm,
    /// Length of the phase that does not count.
    pub warmup_ns: u64,
    /// Length of the measured load; absent when only a count ends it.
    pub duration_ns: Option<u64>,
    /// Operations after which the measured load ends.
    pub total: Option<u64>,
    /// An operation not answered after this long has failed.
    pub timeout_ns: u64,
    /// A connection not made after this long has failed.
    pub dial_timeout_ns: u64,
    /// Keys written before the load: the first so many of the key space.
    pub preload: u64,
    /// Read back at the end what was acknowledged.
    pub verify: bool,
    /// Leave the keys where they are.
    pub keep_keys: bool,
    /// Compact the history at the end.
    pub compact: bool,
    /// Defragment each member at the end.
    pub defrag: bool,
    /// Go on although the database would come near its quota.
    pub allow_quota: bool,
    /// Go on although the store holds keys of others: those of a Kubernetes, or some below the prefix.
    pub allow_foreign: bool,
    /// What is done to a throwaway etcd meanwhile.
    #[serde(default, skip_serializing_if = "Faults::is_none")]
    pub faults: Faults,
    /// Read the members' `/metrics` while the load runs.
    pub scrape: bool,
    /// The heartbeat interval of the etcd; a wait this long is a stall.
    pub heartbeat_ns: u64,
    /// The election timeout of the etcd: no operation on single keys may wait for longer.
    #[serde(default = "default_election_ns", skip_serializing_if = "is_default_election")]
    pub election_ns: u64,
    /// Judge waits by the rules that every load is judged by, beside the user's own.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub default_rules: bool,
    /// Rules of the user's own, beside the defaults.
    pub rules: Vec<Rule>,
    /// Seed of arrivals, keys and values.
    pub seed: u64,
    /// Kinds of operations that go on side by side. Where there are any, they are all that is done: what stands above
    /// about pace, connections and the number of keys is then the sum of theirs, and there are no operations beside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<Class>,
    /// What rates and numbers of keys of classes are multiplied with.
    #[serde(default = "unscaled", skip_serializing_if = "is_unscaled")]
    pub scale: f64,
    /// Which of several machines' parts of it is made here; all of it when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// When it begins, where that is not as soon as it is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// Of what this is a part, where it is one: [`LoadPlan::own`] and [`LoadPlan::parts`] make it.
    #[serde(skip)]
    pub slice: Option<Slice>,
}

fn unscaled() -> f64 {
    1.0
}

fn is_unscaled(scale: &f64) -> bool {
    *scale == 1.0
}

/// Which of several machines' parts of a load is made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shard {
    /// Its number, from 1.
    pub index: u32,
    /// How many there are.
    pub of: u32,
}

/// When a load begins that does not begin as soon as it is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// At this wall time of the own clock, RFC 3339.
    At(String),
    /// When all machines are ready, as they agree where they meet.
    Rendezvous {
        /// Where that is: `http://HOST:PORT`.
        url: String,
        /// The file with the token that keeps strangers out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_file: Option<PathBuf>,
    },
}

/// Of what a part is a part.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// Its number among those that this load or class is divided into, from 0.
    pub ordinal: u32,
    /// How many these are.
    pub ways: u32,
    /// Connections of the whole.
    pub connections: u32,
    /// Which of the loads that go on side by side the whole is, from 0.
    pub place: usize,
    /// Connections of what comes before it.
    pub from: u32,
    /// The number of its first key among those of the whole.
    pub first_key: u64,
    /// Keys of the whole.
    pub keys: u64,
    /// Those of them that are written beforehand.
    pub preload: u64,
    /// When operations of the whole are started.
    pub pace: LoadPace,
    /// Operations after which the whole ends.
    pub total: Option<u64>,
}

/// One of several kinds of operations that a load does side by side: a rate, keys, values and series of its own.
/// Before it is scaled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Class {
    /// Its name: the first part of its series' names.
    pub name: String,
    /// Whether it stays as it is where the load is scaled.
    pub unscaled: bool,
    /// Its connections.
    pub connections: u32,
    /// When its operations are started.
    pub pace: LoadPace,
    /// What is done.
    pub operations: Vec<Weighted>,
    /// Which keys are used; their prefix comes after that of the load.
    pub keys: Keys,
    /// What is written to them.
    pub values: Values,
    /// How reads are made.
    pub reads: Reads,
    /// How writes are made.
    pub writes: Writes,
    /// What is watched.
    pub watch: Option<Watch>,
    /// How software transactions are made.
    pub stm: Stm,
    /// Keys written before the load.
    pub preload: u64,
}

/// Which etcd is driven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// One that runs.
    Endpoints(Vec<String>),
    /// A throwaway one on this machine.
    Local {
        /// Number of members.
        members: u32,
        /// The program.
        etcd: PathBuf,
        /// Where the members' directories are made, and removed at the end.
        directory: PathBuf,
        /// etcd's `--quota-backend-bytes`.
        quota_bytes: u64,
        /// Further arguments of every member.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        arguments: Vec<String>,
    },
}

/// Which member a connection talks to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// All members in turn.
    Spread,
    /// The leader.
    Leader,
    /// Those that do not lead, in turn.
    Followers,
    /// This endpoint.
    Endpoint(String),
}

/// When operations are started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoadPace {
    /// Closed loop: each client starts its next operation when the last is answered.
    Closed {
        /// Clients in all.
        clients: u32,
    },
    /// Open loop: operations are due at times fixed beforehand, whatever the server does.
    Open {
        /// Rates one after the other; each but a single one is a phase of its own. The last one lasts to the end.
        steps: Vec<RateStep>,
        /// Spacing of arrivals.
        arrival: Arrival,
        /// Operations due at once at the beginning, beside the rate: a full token bucket.
        burst: u32,
        /// Operations that may be unanswered at a time; what is due beyond waits, and its wait counts.
        max_in_flight: u32,
    },
}

/// A rate held, or changed evenly, for a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RateStep {
    /// Operations per second at its beginning.
    pub from_per_s: f64,
    /// Operations per second at its end.
    pub to_per_s: f64,
    /// Its length.
    pub duration_ns: u64,
    /// Operations due at once at its beginning, beside the rate.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub burst: u32,
}

/// Which keys are used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Keys {
    /// All keys begin with it; a fresh random one below `/etcdbench/` when absent.
    pub prefix: Option<String>,
    /// Bytes of a key, the prefix among them.
    pub size: u32,
    /// Different keys.
    pub space: u64,
    /// Which of them is next.
    pub distribution: KeyDistribution,
}

/// Which key is next.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyDistribution {
    /// One after the other, from the start again at the end of the key space.
    Sequential,
    /// Each as often as another.
    Uniform,
    /// Few keys often, many rarely: the key of rank r in proportion to r^-exponent, ranks scattered over the space.
    Zipfian {
        /// Its exponent, above 0 and below 1 (YCSB: 0.99).
        exponent: f64,
    },
    /// As zipfian by age: writes go to the next key in turn, reads mostly to those written last.
    Latest {
        /// Its exponent.
        exponent: f64,
    },
    /// A share of the operations goes to a share of the keys.
    Hotspot {
        /// Share of the keys that are hot.
        keys: f64,
        /// Share of the operations that go to them.
        operations: f64,
    },
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Values {
    /// Bytes of the smallest value.
    pub min_size: u32,
    /// Bytes of the largest.
    pub max_size: u32,
    /// Share of a value that is zeros, 0 to 1; the rest is random.
    pub compressible: f64,
    /// Share of a value that differs from one write to the next, above 0, up to 1.
    pub changing: f64,
    /// Which sizes there are in between.
    #[serde(default, skip_serializing_if = "SizeDistribution::is_even")]
    pub distribution: SizeDistribution,
}

/// How likely a size is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SizeDistribution {
    /// Each as likely as another; each write draws its own.
    #[default]
    Even,
    /// A long tail, as the objects of real stores have it: log-normal, and drawn once for each key.
    LogNormal {
        /// Half of the values are smaller.
        median: u32,
        /// One in a hundred is larger.
        p99: u32,
    },
}

impl SizeDistribution {
    fn is_even(&self) -> bool {
        *self == SizeDistribution::Even
    }
}

/// How reads are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reads {
    /// Answered by the member that is asked, perhaps out of date.
    pub serializable: bool,
    /// What is read.
    pub shape: ReadShape,
    /// At most so many keys per request; 0 is no limit. With pages, the size of a page.
    pub limit: u32,
    /// Only the number of keys.
    pub count_only: bool,
    /// No values.
    pub keys_only: bool,
    /// Keys of a page of `list-watch`; 0 without it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub list_page: u32,
}

/// Fields that older results do not have are left out where they say nothing, so that both compare as equal.
#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_false(value: &bool) -> bool {
    !*value
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_none_of_it(share: &f64) -> bool {
    *share == 0.0
}

/// What a read covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadShape {
    /// One key.
    Single,
    /// The whole key space, in one request.
    Prefix,
    /// From a key on, up to the limit.
    From,
    /// The whole key space in pages, all at the revision of the first: one operation.
    Paged,
    /// The bare prefix, which is no key: only the store's revision comes back.
    Revision,
}

/// How writes are made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Writes {
    /// Keys are bound to a lease of this many seconds; 0 is no lease.
    pub lease_ttl_s: u64,
    /// Ask for the value before.
    pub prev_kv: bool,
    /// Operations in a transaction.
    pub txn_operations: u32,
    /// Transactions as an apiserver sends them: only if the key is unchanged, else read it.
    pub guarded: bool,
    /// Share of the guarded transactions that first believe in an older revision, 0 to 1.
    #[serde(default, skip_serializing_if = "is_none_of_it")]
    pub conflicts: f64,
    /// Leases are granted as they are needed, each for a few keys; one for all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_leases: Option<SharedLeases>,
}

/// How leases are shared by the keys bound to them. None is kept alive or revoked during the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SharedLeases {
    /// Keys bound to one, at most.
    pub keys: u64,
    /// For how long keys are bound to one, at most.
    pub reuse_ns: u64,
}

/// What is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Watch {
    /// Streams, spread over the connections.
    pub streams: u32,
    /// Watches on each.
    pub watches_per_stream: u32,
    /// Different keys that are watched: the first so many of the key space, in turn; 0 watches the prefix.
    pub keys: u64,
    /// Events carry the value before.
    pub prev_kv: bool,
    /// Progress is asked for while a read of the revision waits, as an apiserver does.
    #[serde(default, skip_serializing_if = "is_false")]
    pub freshness: bool,
}

/// How software transactions are made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stm {
    /// Keys of one transaction.
    pub keys: u32,
    /// Share of them that is written, at least one key.
    pub write_share: f64,
    /// How reads are made safe.
    pub isolation: Isolation,
}

/// Isolation levels of etcd's `concurrency` package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// Reads one by one; the transaction guards nothing.
    ReadCommitted,
    /// Reads one by one; guards the revisions that were read.
    RepeatableReads,
    /// All reads at the revision of the first; guards what was read.
    Serializable,
    /// As serializable, and guards that what is written has not changed since.
    SerializableSnapshot,
}

/// etcd's default `--election-timeout` (embed/config.go).
pub(super) const ELECTION_NS: u64 = 1_000_000_000;

fn default_election_ns() -> u64 {
    ELECTION_NS
}

fn is_default_election(ns: &u64) -> bool {
    *ns == ELECTION_NS
}

fn yes() -> bool {
    true
}
