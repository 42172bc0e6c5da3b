//! A load as it was asked for: by flags, or by keys of a file.

use std::path::PathBuf;

use clap::error::{ContextKind, ErrorKind};
use clap::{Arg, ArgAction, Args, Command, Id, Parser};
use serde::Deserialize;

use super::workload::{KEYS, PACE, WorkloadSpec};
use super::{ConnectSpec, LabelArg, WireArg, first_line, read};
use crate::error::{Result, usage};
use crate::units::{parse_bytes, parse_duration, parse_duration_or_millis, parse_number};

/// A load as it was asked for. Every field is a flag and a key of a file.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(default)]
pub struct LoadSpec {
    /// What is done, where there are no classes.
    #[command(flatten)]
    #[serde(skip)]
    pub workload: WorkloadSpec,

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
        conflicts_with_all = workload_flags(),
        help_heading = CLASSES
    )]
    #[serde(skip)]
    pub typed_classes: Vec<String>,

    /// The same, read.
    #[arg(skip)]
    #[serde(skip)]
    pub classes: Vec<ClassSpec>,

    /// Multiplies rates and numbers of keys of the classes [default: 1]
    #[arg(
        long,
        value_name = "FACTOR",
        allow_negative_numbers = true,
        value_parser = parse_number,
        help_heading = CLASSES
    )]
    #[serde(deserialize_with = "read::number")]
    pub scale: Option<f64>,

    /// In a class: leave it as it is, whatever --scale says
    #[arg(long, help_heading = CLASSES)]
    pub unscaled: bool,

    /// How the etcd is reached.
    #[command(flatten)]
    #[serde(skip)]
    pub connect: ConnectSpec,

    /// Operations under way at a time; what is due beyond waits, and its wait counts [default: 10000]
    #[arg(long, value_name = "N", help_heading = PACE)]
    pub max_in_flight: Option<u32>,

    /// Threads that drive the connections [default: 2, or 1 for one connection]
    ///
    /// One carries about a hundred thousand small requests a second. The result says when they were the limit.
    #[arg(long, value_name = "N", help_heading = PACE)]
    pub threads: Option<u32>,

    /// The HTTP/2 client that drives the connections [default: own]
    #[arg(long, value_enum, value_name = "CLIENT", help_heading = PACE)]
    #[serde(deserialize_with = "read::word")]
    pub wire: Option<WireArg>,

    /// Which members connections are made to: spread, leader, followers or one of --endpoints [default: spread]
    #[arg(long = "connect", value_name = "WHERE", help_heading = PACE)]
    #[serde(rename = "connect")]
    pub placement: Option<String>,

    /// Length of the measured load [default: 30s, or until --total]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = PACE)]
    #[serde(deserialize_with = "read::duration")]
    pub duration: Option<u64>,

    /// Measured operations after which the load ends
    #[arg(long, value_name = "N", help_heading = PACE)]
    pub total: Option<u64>,

    /// Length of the load before it, at the same rate, that does not count [default: 3s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = PACE)]
    #[serde(deserialize_with = "read::duration")]
    pub warmup: Option<u64>,

    /// What all keys begin with [default: a fresh random one below /etcdbench/]
    #[arg(long, value_name = "TEXT", help_heading = KEYS)]
    pub prefix: Option<String>,

    /// Seed of arrivals, keys and values [default: 1]
    #[arg(long, value_name = "N", help_heading = KEYS)]
    pub seed: Option<u64>,

    /// Which part of the load this machine makes, of N that make it together: 3/8
    ///
    /// Its own keys, connections and watches, and exactly its share of what is due when. All machines are given the same
    /// words, each with a number of its own; 'etcdbench merge' makes one result of theirs.
    #[arg(long, value_name = "I/N", help_heading = MACHINES)]
    pub shard: Option<String>,

    /// When the load begins, the same on all machines: 2026-11-29T17:00:00Z
    ///
    /// Connections and keys are made before. A machine that is not ready by then does not begin.
    #[arg(long, value_name = "TIME", conflicts_with = "rendezvous", help_heading = MACHINES)]
    pub start_at: Option<String>,

    /// Where the machines meet and agree on when to begin: http://HOST:PORT, as 'etcdbench rendezvous' says it
    #[arg(long, value_name = "URL", help_heading = MACHINES)]
    pub rendezvous: Option<String>,

    /// A file with the token that the meeting point asks for [default: what ETCDBENCH_RENDEZVOUS_TOKEN says]
    #[arg(long, value_name = "FILE", help_heading = MACHINES)]
    pub rendezvous_token_file: Option<PathBuf>,

    /// Start a throwaway etcd on this machine, of N members or one, drive it, and take it down
    ///
    /// Whatever says how another etcd is reached has no effect then.
    #[arg(
        long,
        value_name = "N",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "1",
        value_parser = members,
        help_heading = LOCAL
    )]
    #[serde(deserialize_with = "read::number_or_one")]
    pub local: Option<u32>,

    /// The etcd program that --local starts [default: etcd, found by PATH]
    #[arg(long, value_name = "PATH", help_heading = LOCAL)]
    pub etcd: Option<PathBuf>,

    /// Where --local makes the members' data directories: choose the disk to be measured [default: .]
    #[arg(long, value_name = "DIR", help_heading = LOCAL)]
    pub local_dir: Option<PathBuf>,

    /// Backend quota of the members that --local starts, up to 32GiB [default: 2GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = LOCAL)]
    #[serde(deserialize_with = "read::bytes")]
    pub quota: Option<u64>,

    /// A flag of etcd's for each member that --local starts, with its value: --etcd-arg=--snapshot-count=5000; may be
    /// repeated
    #[arg(
        long = "etcd-arg",
        value_name = "FLAG=VALUE",
        action = ArgAction::Append,
        allow_hyphen_values = true,
        help_heading = LOCAL
    )]
    #[serde(rename = "etcd_arg")]
    pub etcd_args: Vec<String>,

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
    #[serde(deserialize_with = "read::durations")]
    pub kill_leader: Vec<u64>,

    /// How long a leader that --kill-leader has killed stays away [default: 5s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = LOCAL)]
    #[serde(deserialize_with = "read::duration")]
    pub restart_after: Option<u64>,

    /// Stop the leader of --local=3 or more so long after the measured load has begun, and let it go on: 10s,40s
    ///
    /// With SIGSTOP and SIGCONT, as a machine or a disk that freezes; see --pause-for.
    #[arg(
        long,
        value_name = "DURATION,…",
        value_parser = parse_duration,
        value_delimiter = ',',
        help_heading = LOCAL
    )]
    #[serde(deserialize_with = "read::durations")]
    pub pause_leader: Vec<u64>,

    /// For how long a leader that --pause-leader has stopped stands still [default: 2s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = LOCAL)]
    #[serde(deserialize_with = "read::duration")]
    pub pause_for: Option<u64>,

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
    #[serde(rename = "rule")]
    pub rules: Vec<String>,

    /// End with exit code 3 also where the verdict is warn
    #[arg(long, help_heading = VERDICT)]
    pub strict: bool,

    /// The etcd's flag; a wait this long is a stall [default: 100ms]
    ///
    /// One that --local starts is started with it. A bare number is milliseconds, as for etcd.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration_or_millis, help_heading = VERDICT)]
    #[serde(deserialize_with = "read::milliseconds")]
    pub heartbeat_interval: Option<u64>,

    /// The etcd's flag; while operations on single keys wait for longer, the load has failed [default: 1s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration_or_millis, help_heading = VERDICT)]
    #[serde(deserialize_with = "read::milliseconds")]
    pub election_timeout: Option<u64>,

    /// Judge waits by --rule alone, not by election timeout, etcd's own check and Kubernetes' objectives
    #[arg(long, help_heading = VERDICT)]
    pub no_default_rules: bool,

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

    /// A label of this run in the result; may be repeated
    #[arg(
        long = "label",
        value_name = "KEY=VALUE",
        action = ArgAction::Append,
        help_heading = "Output"
    )]
    #[serde(rename = "label", deserialize_with = "read::each")]
    pub labels: Vec<LabelArg>,
}

/// What cannot be said beside classes.
fn workload_flags() -> Vec<Id> {
    let command = WorkloadSpec::augment_args(Command::new("workload"));
    command.get_arguments().map(|arg| arg.get_id().clone()).collect()
}

/// One of several kinds of operations that go on side by side, as it was asked for.
#[derive(Debug, Clone, Default)]
pub struct ClassSpec {
    /// Its name.
    pub name: String,
    /// What is its own beside the workload.
    pub beside: BesideSpec,
    /// What is done.
    pub workload: WorkloadSpec,
}

impl LoadSpec {
    /// Has it drive the etcd at these endpoints in the place of what it would drive.
    pub fn reach(&mut self, endpoints: &[String]) {
        self.connect.endpoints = endpoints.to_vec();
        self.local = None;
        self.local_dir = None;
        self.etcd = None;
        self.quota = None;
        self.etcd_args = Vec::new();
    }
}

/// The words of a class, as they are typed.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct ClassWords {
    #[command(flatten)]
    workload: WorkloadSpec,
    #[command(flatten)]
    beside: BesideSpec,
}

impl ClassSpec {
    /// A class as it is typed: `leases: txn --guarded --rate 100`.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) naming the class.
    pub fn parse(text: &str) -> Result<ClassSpec> {
        let (name, words) = text.split_once(':').ok_or_else(|| {
            usage(
                &["--class"],
                format!(
                    "--class '{text}' has no name; write it like 'leases: txn --guarded --rate 100'"
                ),
            )
        })?;
        let name = name.trim();
        if !is_class_name(name) {
            return Err(usage(
                &["--class"],
                format!(
                    "--class '{name}': a name is made of lower-case letters, digits and hyphens"
                ),
            ));
        }
        let words = shlex::split(words)
            .ok_or_else(|| usage(&[], "its quotes do not match").of_class(name))?;
        let words = ClassWords::try_parse_from(words)
            .map_err(|error| usage(&[], no_word_of_a_class(&error)).of_class(name))?;
        Ok(ClassSpec { name: name.to_owned(), beside: words.beside, workload: words.workload })
    }
}

/// Whether a class may be called so: its name begins those of its series.
pub fn is_class_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.chars().all(fits)
}

fn no_word_of_a_class(error: &clap::Error) -> String {
    let of_the_whole = LoadSpec::augment_args(Command::new("load"));
    let flag = error.get(ContextKind::InvalidArg).map(ToString::to_string);
    let is = |arg: &Arg| arg.get_long().map(|long| format!("--{long}")) == flag;
    match &flag {
        Some(flag)
            if error.kind() == ErrorKind::UnknownArgument
                && of_the_whole.get_arguments().any(is) =>
        {
            format!("{flag} is about the whole load; say it outside of the class")
        }
        _ => first_line(error),
    }
}

/// What a class says about its place in the load.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(default)]
pub struct BesideSpec {
    /// What its keys begin with, after the prefix of the load
    #[arg(long)]
    pub prefix: Option<String>,

    /// Leave it as it is, whatever --scale says
    #[arg(long)]
    pub unscaled: bool,
}

const CLASSES: &str = "Several loads in one";
const MACHINES: &str = "Several machines";
const LOCAL: &str = "A throwaway etcd";
const VERDICT: &str = "Verdict";
const SAFETY: &str = "Safety";

/// How many members a throwaway etcd has.
fn members(text: &str) -> std::result::Result<u32, String> {
    text.parse().map_err(|_| format!("'{text}' is not a number of members; type: --local=3"))
}
