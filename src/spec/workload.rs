//! What operations are made, how fast, on which keys: what a load without classes says of itself, and each class of one
//! that has them.

use clap::Args;
use serde::Deserialize;

use super::read;
use super::words::{ArrivalArg, ConsistencyArg, IsolationArg, OperationArg, ReadArg};
use crate::units::{parse_bytes, parse_duration, parse_number, parse_share};

/// Operations, pace, keys, values, reads and watches, as they were asked for. Every field is a flag and a key of a file.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(default)]
pub struct WorkloadSpec {
    /// put, range, mixed, txn, txn-mixed, delete, create, watch, list-watch, lease, stm, compact or status; --mix instead
    /// for a mix of your own
    #[arg(value_enum, value_name = "OPERATION", hide_possible_values = true)]
    #[serde(deserialize_with = "read::word")]
    pub operation: Option<OperationArg>,

    /// Operations and their weights: put=60,range=35,delete=5
    ///
    /// Of put, range, delete, create, txn, txn-range, stm, list-watch, lease-keepalive, lease-grant, compact and status.
    /// With create, objects come and
    /// go: deletions remove the oldest, all else uses those that are there.
    #[arg(long, value_name = "OPERATION=WEIGHT,…", help_heading = OPERATIONS)]
    pub mix: Option<String>,

    /// Reads per write of mixed and txn-mixed [default: 1]
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = parse_number,
        help_heading = OPERATIONS
    )]
    #[serde(deserialize_with = "read::number")]
    pub rw_ratio: Option<f64>,

    /// Keys that a transaction writes or reads, up to 128 [default: 1]
    #[arg(long, value_name = "N", help_heading = OPERATIONS)]
    pub txn_ops: Option<u32>,

    /// Transactions as an apiserver sends them: write if the key is unchanged, else read it
    #[arg(long, help_heading = OPERATIONS)]
    pub guarded: bool,

    /// Share of the guarded transactions that first believe in an older revision, and find the key changed [default: 0%]
    ///
    /// As those of a second apiserver, whose cache is behind: in a Kubernetes some 1% to 3%.
    #[arg(long, value_name = "SHARE", value_parser = parse_share, help_heading = OPERATIONS)]
    #[serde(deserialize_with = "read::share")]
    pub conflicts: Option<f64>,

    /// Ask each put and delete for the value it replaced
    #[arg(long, help_heading = OPERATIONS)]
    pub prev_kv: bool,

    /// Seconds that leases live; written keys are bound to one [default: no lease; 60 for lease operations]
    #[arg(long, value_name = "SECONDS", help_heading = OPERATIONS)]
    pub lease_ttl: Option<u64>,

    /// Bind only so many keys to a lease, then grant another, as an apiserver does [default: 1000 with --lease-reuse]
    ///
    /// Leases are then granted by the operations that need one, a connection's next for the keys that are written over
    /// it, and neither kept alive nor revoked before the end. With 1, each write has a lease of its own.
    #[arg(long, value_name = "N", help_heading = OPERATIONS)]
    pub lease_keys: Option<u64>,

    /// Bind keys to a lease only for so long, then grant another [default: with --lease-keys 5% of --lease-ttl, up to 60s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = OPERATIONS)]
    #[serde(deserialize_with = "read::duration")]
    pub lease_reuse: Option<u64>,

    /// Operations per second, due whatever the server does (open loop) [default: 500; 100 for watch]
    ///
    /// A number, or what the rate does over time: 500..8000:+500/10s is a stair of 10 s steps, 500..8000/60s an even
    /// rise over a minute, 500/30s,5000/5s,500/30s one after the other. Each step is a phase with figures of its own.
    #[arg(long, value_name = "RATE", allow_hyphen_values = true, help_heading = PACE)]
    pub rate: Option<String>,

    /// Spacing of the times at which operations are due [default: constant]
    #[arg(long, value_enum, value_name = "KIND", help_heading = PACE)]
    #[serde(deserialize_with = "read::word")]
    pub arrival: Option<ArrivalArg>,

    /// Operations due at once at the beginning, beside --rate: a full token bucket [default: 0]
    #[arg(long, value_name = "N", help_heading = PACE)]
    pub burst: Option<u32>,

    /// Clients that each wait for their answer before the next operation (closed loop)
    ///
    /// With --rate, as in etcd's benchmark, so many operations may be under way: the same as --max-in-flight.
    #[arg(long, value_name = "N", help_heading = PACE)]
    pub clients: Option<u32>,

    /// Connections [default: 10, or fewer if there are fewer clients]
    #[arg(long, value_name = "N", help_heading = PACE)]
    pub conns: Option<u32>,

    /// Bytes of a key, the prefix among them [default: 64]
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = KEYS)]
    #[serde(deserialize_with = "read::bytes")]
    pub key_size: Option<u64>,

    /// Different keys [default: 10000; for delete alone one per operation]
    #[arg(long, value_name = "N", help_heading = KEYS)]
    pub key_space_size: Option<u64>,

    /// Which key is next: sequential, uniform, zipfian, latest or hotspot [default: uniform]
    ///
    /// zipfian=0.99 and latest=0.99 (mostly the keys written last) take the exponent; hotspot=20%:80% sends 80 % of
    /// the operations to 20 % of the keys.
    #[arg(long, value_name = "KIND[=…]", help_heading = KEYS)]
    pub key_dist: Option<String>,

    /// The same as --key-dist sequential
    #[arg(long, help_heading = KEYS)]
    pub sequential_keys: bool,

    /// Bytes of a value, or a range of sizes: 256..4KiB [default: 1024]
    ///
    /// Objects of a Kubernetes have a long tail: lognormal=4KiB,10KiB,30KiB is a median of 4 KiB, one in a hundred above
    /// 10 KiB, and none above 30 KiB. Each key then keeps its size.
    #[arg(long, value_name = "SIZE[..SIZE]", help_heading = KEYS)]
    pub val_size: Option<String>,

    /// Share of a value that is zeros; the rest is random [default: 0%]
    #[arg(long, value_name = "SHARE", value_parser = parse_share, help_heading = KEYS)]
    #[serde(deserialize_with = "read::share")]
    pub compressible: Option<f64>,

    /// Share of a value that differs from one write to the next [default: 100%]
    #[arg(long, value_name = "SHARE", value_parser = parse_share, help_heading = KEYS)]
    #[serde(deserialize_with = "read::share")]
    pub changing: Option<f64>,

    /// Keys written before the load [default: the whole key space if the load reads or deletes]
    #[arg(long, value_name = "N", help_heading = KEYS)]
    pub preload: Option<u64>,

    /// What a read covers [default: single]
    #[arg(long, value_enum, value_name = "SHAPE", help_heading = READS)]
    #[serde(deserialize_with = "read::word")]
    pub read: Option<ReadArg>,

    /// Most keys of one answer; of a page with --read paged and list-watch [default: 500 for from and paged, 10000 for
    /// list-watch, else none]
    #[arg(long, value_name = "N", help_heading = READS)]
    pub limit: Option<u32>,

    /// l, linearizable, or s, serializable: answered by the member that is asked [default: l]
    #[arg(long, value_enum, value_name = "KIND", help_heading = READS)]
    #[serde(deserialize_with = "read::word")]
    pub consistency: Option<ConsistencyArg>,

    /// Read only how many keys there are
    #[arg(long, help_heading = READS)]
    pub count_only: bool,

    /// Read no values
    #[arg(long, help_heading = READS)]
    pub keys_only: bool,

    /// Streams of watches; with --mix, what turns watching on [default: 10 for watch]
    #[arg(long, value_name = "N", help_heading = WATCHES)]
    pub streams: Option<u32>,

    /// Watches on each stream [default: 10]
    #[arg(long, value_name = "N", help_heading = WATCHES)]
    pub watches_per_stream: Option<u32>,

    /// Watch this many keys, each watch one of them, instead of the whole prefix
    #[arg(long, value_name = "N", help_heading = WATCHES)]
    pub watched_keys: Option<u64>,

    /// Events carry the value before, and the revision is told from time to time, as an apiserver asks for
    #[arg(long, help_heading = WATCHES)]
    pub watch_prev_kv: bool,

    /// How long after each --read revision the watch has shown that revision, asking for progress as an apiserver does
    ///
    /// That is what a list from the cache of an apiserver waits for, for 3 s at most. While somebody waits, a
    /// WatchProgressRequest is sent at once and every 100 ms. Takes a watch of its own on each connection.
    #[arg(long, help_heading = WATCHES)]
    pub freshness: bool,

    /// How a software transaction's reads are made safe [default: repeatable-reads]
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = STM)]
    #[serde(deserialize_with = "read::word")]
    pub isolation: Option<IsolationArg>,

    /// Keys of one software transaction, up to 128 [default: 2]
    #[arg(long, value_name = "N", help_heading = STM)]
    pub stm_keys: Option<u32>,

    /// Share of them that is written, at least one [default: 50%]
    #[arg(long, value_name = "SHARE", value_parser = parse_share, help_heading = STM)]
    #[serde(deserialize_with = "read::share")]
    pub stm_writes: Option<f64>,
}

const OPERATIONS: &str = "Operations";
pub(super) const PACE: &str = "Pace and length";
pub(super) const KEYS: &str = "Keys and values";
const READS: &str = "Reads";
const WATCHES: &str = "Watches";
const STM: &str = "Software transactions";
