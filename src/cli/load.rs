//! `etcdbench load`.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::load_words::{ConsistencyArg, IsolationArg, OperationArg, ReadArg};
use super::{ArrivalArg, ConnectArgs, LabelArg, OutputArgs};
use crate::units::{
    parse_bytes, parse_duration, parse_duration_or_millis, parse_number, parse_share,
};

/// Drive a live etcd and measure every request, from the moment it was due.
///
/// Sends operations at times fixed beforehand (--rate) or from clients that wait for each answer (--clients), charges
/// every delay to the request that suffered it, reads the members' own metrics beside it, and judges both. Writes only
/// below a fresh prefix of its own, says before how much the database may grow, stops short of the quota, and removes
/// its keys on every way out.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = SHORT_EXAMPLES, after_long_help = EXAMPLES)]
pub struct LoadArgs {
    /// put, range, mixed, txn, txn-mixed, delete, create, watch, list-watch, lease, stm, compact or status; --mix instead
    /// for a mix of your own
    #[arg(value_enum, value_name = "OPERATION", hide_possible_values = true)]
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
    pub lease_reuse: Option<u64>,

    /// Operations that go on beside others, with a rate, keys and figures of their own; may be repeated
    ///
    /// 'leases: txn --guarded --rate 100 --val-size 550' is a load of its own by the name of leases, in the same
    /// process and under the same clock. A class takes the words of a load about operations, pace, keys, values, reads
    /// and watches; its --prefix comes after that of the load [default: its name]. Where there are classes, they are
    /// all that is done.
    #[arg(
        long = "class",
        value_name = "NAME: WORDS",
        action = ArgAction::Append,
        conflicts_with_all = OF_A_CLASS,
        help_heading = CLASSES
    )]
    pub classes: Vec<String>,

    /// Multiplies rates and numbers of keys of the classes [default: 1]
    #[arg(
        long,
        value_name = "FACTOR",
        allow_negative_numbers = true,
        value_parser = parse_number,
        help_heading = CLASSES
    )]
    pub scale: Option<f64>,

    /// In a class: leave it as it is, whatever --scale says
    #[arg(long, help_heading = CLASSES)]
    pub unscaled: bool,

    /// How the etcd is reached.
    #[command(flatten)]
    pub connect: ConnectArgs,

    /// Operations per second, due whatever the server does (open loop) [default: 500; 100 for watch]
    ///
    /// A number, or what the rate does over time: 500..8000:+500/10s is a stair of 10 s steps, 500..8000/60s an even
    /// rise over a minute, 500/30s,5000/5s,500/30s one after the other. Each step is a phase with figures of its own.
    #[arg(long, value_name = "RATE", allow_hyphen_values = true, help_heading = PACE)]
    pub rate: Option<String>,

    /// Spacing of the times at which operations are due [default: constant]
    #[arg(long, value_enum, value_name = "KIND", help_heading = PACE)]
    pub arrival: Option<ArrivalArg>,

    /// Operations due at once at the beginning, beside --rate: a full token bucket [default: 0]
    #[arg(long, value_name = "N", help_heading = PACE)]
    pub burst: Option<u32>,

    /// Operations under way at a time; what is due beyond waits, and its wait counts [default: 10000]
    #[arg(long, value_name = "N", help_heading = PACE)]
    pub max_in_flight: Option<u32>,

    /// Clients that each wait for their answer before the next operation (closed loop)
    ///
    /// With --rate, as in etcd's benchmark, so many operations may be under way: the same as --max-in-flight.
    #[arg(long, value_name = "N", help_heading = PACE)]
    pub clients: Option<u32>,

    /// Connections [default: 10, or fewer if there are fewer clients]
    #[arg(long, value_name = "N", help_heading = PACE)]
    pub conns: Option<u32>,

    /// Threads that drive the connections [default: 2, or 1 for one connection]
    ///
    /// One carries about a hundred thousand small requests a second. The result says when they were the limit.
    #[arg(long, value_name = "N", help_heading = PACE)]
    pub threads: Option<u32>,

    /// Which members connections are made to: spread, leader, followers or one of --endpoints [default: spread]
    #[arg(long = "connect", value_name = "WHERE", help_heading = PACE)]
    pub placement: Option<String>,

    /// Length of the measured load [default: 30s, or until --total]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = PACE)]
    pub duration: Option<u64>,

    /// Measured operations after which the load ends
    #[arg(long, value_name = "N", help_heading = PACE)]
    pub total: Option<u64>,

    /// Length of the load before it, at the same rate, that does not count [default: 3s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = PACE)]
    pub warmup: Option<u64>,

    /// What all keys begin with [default: a fresh random one below /etcdbench/]
    #[arg(long, value_name = "TEXT", help_heading = KEYS)]
    pub prefix: Option<String>,

    /// Bytes of a key, the prefix among them [default: 64]
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = KEYS)]
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
    pub compressible: Option<f64>,

    /// Share of a value that differs from one write to the next [default: 100%]
    #[arg(long, value_name = "SHARE", value_parser = parse_share, help_heading = KEYS)]
    pub changing: Option<f64>,

    /// Keys written before the load [default: the whole key space if the load reads or deletes]
    #[arg(long, value_name = "N", help_heading = KEYS)]
    pub preload: Option<u64>,

    /// Seed of arrivals, keys and values [default: 1]
    #[arg(long, value_name = "N", help_heading = KEYS)]
    pub seed: Option<u64>,

    /// What a read covers [default: single]
    #[arg(long, value_enum, value_name = "SHAPE", help_heading = READS)]
    pub read: Option<ReadArg>,

    /// Most keys of one answer; of a page with --read paged and list-watch [default: 500 for from and paged, 10000 for
    /// list-watch, else none]
    #[arg(long, value_name = "N", help_heading = READS)]
    pub limit: Option<u32>,

    /// l, linearizable, or s, serializable: answered by the member that is asked [default: l]
    #[arg(long, value_enum, value_name = "KIND", help_heading = READS)]
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

    /// How a software transaction's reads are made safe [default: repeatable-reads]
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = STM)]
    pub isolation: Option<IsolationArg>,

    /// Keys of one software transaction, up to 128 [default: 2]
    #[arg(long, value_name = "N", help_heading = STM)]
    pub stm_keys: Option<u32>,

    /// Share of them that is written, at least one [default: 50%]
    #[arg(long, value_name = "SHARE", value_parser = parse_share, help_heading = STM)]
    pub stm_writes: Option<f64>,

    /// Start a throwaway etcd on this machine, of N members or one, drive it, and take it down
    ///
    /// Whatever says how another etcd is reached has no effect then.
    #[arg(
        long,
        value_name = "N",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "1",
        help_heading = LOCAL
    )]
    pub local: Option<u32>,

    /// The etcd program that --local starts [default: etcd, found by PATH]
    #[arg(long, value_name = "PATH", help_heading = LOCAL)]
    pub etcd: Option<PathBuf>,

    /// Where --local makes the members' data directories: choose the disk to be measured [default: .]
    #[arg(long, value_name = "DIR", help_heading = LOCAL)]
    pub local_dir: Option<PathBuf>,

    /// Backend quota of the members that --local starts, up to 32GiB [default: 2GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = LOCAL)]
    pub quota: Option<u64>,

    /// Kill the leader of --local=3 or more so long after the measured load has begun, and start it again: 10s,40s
    ///
    /// With SIGKILL, as a crash. It comes back with its data, its name and its ports; see --restart-after.
    #[arg(
        long,
        value_name = "DURATION,…",
        value_parser = parse_duration,
        value_delimiter = ',',
        help_heading = LOCAL
    )]
    pub kill_leader: Vec<u64>,

    /// How long a leader that --kill-leader has killed stays away [default: 5s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = LOCAL)]
    pub restart_after: Option<u64>,

    /// When the database has reached its quota, compact, defragment and disarm the alarm while the load goes on
    ///
    /// Once, as an operator would, with the time that each step took; needs --allow-quota. That the quota was reached
    /// is a failure all the same. When it comes near again, the load stops.
    #[arg(long, help_heading = LOCAL)]
    pub recover_quota: bool,

    /// A rule of your own, beside the defaults; may be repeated
    ///
    /// A series, a quantile (or mean, max, rate), a limit with its unit: 'put.response.p99 < 50ms'; or 'errors < 0.1%'.
    /// A rate has response (due to answered), lag (due to sent) and service (sent to answered), clients only service.
    #[arg(long = "rule", value_name = "RULE", action = ArgAction::Append, help_heading = VERDICT)]
    pub rules: Vec<String>,

    /// End with exit code 3 also where the verdict is warn
    #[arg(long, help_heading = VERDICT)]
    pub strict: bool,

    /// The etcd's flag; a wait this long is a stall [default: 100ms]
    ///
    /// A bare number is milliseconds, as for etcd.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration_or_millis, help_heading = VERDICT)]
    pub heartbeat_interval: Option<u64>,

    /// Do not read the members' /metrics
    #[arg(long, help_heading = VERDICT)]
    pub no_scrape: bool,

    /// Read back every acknowledged write at the end, and fail if one is lost
    #[arg(long, help_heading = SAFETY)]
    pub verify: bool,

    /// Leave the keys where they are
    #[arg(long, help_heading = SAFETY)]
    pub keep_keys: bool,

    /// Compact the history at the end, that of everybody in this etcd; the operation compact may do so meanwhile
    #[arg(long, help_heading = SAFETY)]
    pub compact: bool,

    /// Defragment each member at the end; it answers nobody meanwhile
    #[arg(long, help_heading = SAFETY)]
    pub defrag: bool,

    /// Go on although the database may come near its quota
    ///
    /// An etcd that has reached its quota takes no more writes, from anybody, until it is compacted, defragmented and
    /// its alarm disarmed.
    #[arg(long, help_heading = SAFETY)]
    pub allow_quota: bool,

    /// Go on although the etcd serves a Kubernetes, or the prefix holds keys of others
    #[arg(long, help_heading = SAFETY)]
    pub allow_foreign: bool,

    /// Name of this run in the result [default: the endpoints]
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub name: Option<String>,

    /// A label of this run in the result; may be repeated
    #[arg(
        long = "label",
        value_name = "KEY=VALUE",
        action = ArgAction::Append,
        value_parser = LabelArg::parse,
        help_heading = "Output"
    )]
    pub labels: Vec<LabelArg>,

    /// What comes out, and where.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What a class says of its own, and what cannot be said beside classes, by the names of the fields above.
pub const OF_A_CLASS: [&str; 35] = [
    "operation",
    "mix",
    "rw_ratio",
    "txn_ops",
    "guarded",
    "conflicts",
    "prev_kv",
    "lease_ttl",
    "lease_keys",
    "lease_reuse",
    "rate",
    "arrival",
    "burst",
    "clients",
    "conns",
    "key_size",
    "key_space_size",
    "key_dist",
    "sequential_keys",
    "val_size",
    "compressible",
    "changing",
    "preload",
    "read",
    "limit",
    "consistency",
    "count_only",
    "keys_only",
    "streams",
    "watches_per_stream",
    "watched_keys",
    "watch_prev_kv",
    "isolation",
    "stm_keys",
    "stm_writes",
];

const OPERATIONS: &str = "Operations";
const CLASSES: &str = "Several loads in one";
const PACE: &str = "Pace and length";
const KEYS: &str = "Keys and values";
const READS: &str = "Reads";
const WATCHES: &str = "Watches";
const STM: &str = "Software transactions";
const LOCAL: &str = "A throwaway etcd";
const VERDICT: &str = "Verdict";
const SAFETY: &str = "Safety";

const SHORT_EXAMPLES: &str = "\
Examples:
  etcdbench load put --local                          the real thing, on a throwaway etcd
  etcdbench load put --rate 2000 --duration 60s       does this etcd hold 2,000 puts/s?
  etcdbench load mixed --rate 500..8000:+500/10s      where does it give way?

'etcdbench load --help' tells more.";

const EXAMPLES: &str = "\
Operations:
  put        writes one key
  range      reads: one key, or what --read says
  mixed      put and range
  txn        a transaction that writes
  txn-mixed  transactions, some that write and some that read
  delete     removes one key
  create     writes a key that is not there, as an apiserver does
  watch      puts, and how long their events take to every watch
  lease      prolongs leases
  stm        software transactions, as etcd's concurrency package makes them
  list-watch lists all keys in pages, then watches them: how an apiserver begins with a resource
  compact    a turn of an apiserver's compactor, which forgets what was before the last turn
  status     asks a member how it is

Sizes take a unit (4096, 64k, 1KiB, 1MB), durations need one (250us, 10ms, 1.5s, 30m, 1h30m).

Examples:
  The real thing without an etcd: a throwaway cluster of three on the disk under /var/lib:
    etcdbench load put --local=3 --local-dir /var/lib

  Does this cluster hold 2,000 puts a second, with p99 below 50 ms?
    etcdbench load put --endpoints 10.0.0.1:2379,10.0.0.2:2379 --rate 2000 --duration 60s \\
      --rule 'put.response.p99 < 50ms'

  Where does it give way? A stair from 500 to 8,000 operations a second:
    etcdbench load mixed --rate 500..8000:+500/10s

  As etcd's benchmark: a thousand clients on a hundred connections, as fast as they can:
    etcdbench load put --conns 100 --clients 1000 --total 100000 --val-size 256

  As a busy apiserver: guarded updates, lists of 500 keys, watches:
    etcdbench load --mix txn=60,range=40 --guarded --read from --streams 30 --watch-prev-kv

  What a loss of the leader costs, and whether anything acknowledged is lost:
    etcdbench load put --rate 500 --local=3 --kill-leader 10s --verify

  What a full database costs, and the way back:
    etcdbench load put --local --quota 64MiB --rate 1000 --val-size 4KiB --allow-quota --recover-quota";
