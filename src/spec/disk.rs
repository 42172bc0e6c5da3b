//! A disk qualification as it was asked for: by flags, or by keys of a file.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgAction, Args};
use serde::Deserialize;

use super::read;
use super::words::{ArrivalArg, EngineArg};
use crate::units::{parse_bytes, parse_duration, parse_duration_or_millis, parse_number};

/// A disk qualification as it was asked for. Every field is a flag and a key of a file.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(default)]
pub struct DiskSpec {
    /// A directory on the disk that is to carry etcd
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,

    /// About 15 s instead of about a minute: a first impression
    #[arg(long, help_heading = LENGTH)]
    pub quick: bool,

    /// Hold the etcd load this long: finds burst credits and rare stalls
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = LENGTH)]
    #[serde(deserialize_with = "read::duration")]
    pub soak: Option<u64>,

    /// Let the etcd load go on for at most this long while rules are open at its end; 0s never does [default: 23s with
    /// --quick, 60s in a full run, 0s where its length was set]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = LENGTH)]
    #[serde(deserialize_with = "read::duration")]
    pub extend: Option<u64>,

    /// Only these phases, with =DURATION to set a length: wal=10s,etcd=30s
    ///
    /// Phases are idle (what others do to this disk), durability (is the sync real?), wal (the WAL alone), etcd (WAL
    /// and backend under the load below), commits (more backend commits, if there were too few) and capacity (the
    /// highest rate that keeps every rule). They run in this
    /// order. A rule whose phase is left out is inconclusive.
    #[arg(
        long,
        value_name = "PHASE[=DURATION],…",
        value_delimiter = ',',
        help_heading = LENGTH
    )]
    #[serde(deserialize_with = "read::split")]
    pub phases: Vec<PhaseArg>,

    /// Puts per second and member, arriving whatever the disk does (open loop) [default: 500]
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = parse_number,
        help_heading = LOAD
    )]
    #[serde(deserialize_with = "read::number")]
    pub rate: Option<f64>,

    /// Spacing of open-loop arrivals [default: poisson]
    #[arg(long, value_enum, value_name = "KIND", help_heading = LOAD)]
    #[serde(deserialize_with = "read::word")]
    pub arrival: Option<ArrivalArg>,

    /// Clients per member that each wait for their put before the next (closed loop), instead of --rate
    #[arg(long, value_name = "N", help_heading = LOAD)]
    pub clients: Option<u32>,

    /// Bytes of a key [default: 64]
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = LOAD)]
    #[serde(deserialize_with = "read::bytes")]
    pub key_size: Option<u64>,

    /// Bytes of a value [default: 1024]
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = LOAD)]
    #[serde(deserialize_with = "read::bytes")]
    pub val_size: Option<u64>,

    /// Build a database of this size first, per member [default: 0]
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = LOAD)]
    #[serde(deserialize_with = "read::bytes")]
    pub db_size: Option<u64>,

    /// Independent etcd-shaped writers on this disk, as on a hosted control plane [default: 1]
    #[arg(long, value_name = "N", help_heading = LOAD)]
    pub members: Option<u32>,

    /// Seed of arrivals and values [default: 1]
    #[arg(long, value_name = "N", help_heading = LOAD)]
    pub seed: Option<u64>,

    /// How writes are issued; sync is what etcd does [default: sync]
    #[arg(long, value_enum, value_name = "ENGINE", help_heading = LOAD)]
    #[serde(deserialize_with = "read::word")]
    pub engine: Option<EngineArg>,

    /// Add a competing workload: unpack, bulk, sync or read, with =RATE, and @DIR for another place; may be repeated
    ///
    /// unpack makes small files in a directory tree as an image that is unpacked does (=FILES a second, 1000), bulk
    /// writes large files as a backup does (=SIZE a second, 64MiB), sync appends a little and syncs it as another
    /// database does (=SYNCS a second, 100), read reads past the page cache (=SIZE a second, 64MiB), none does nothing.
    /// It works beside the phases wal, etcd, commits and capacity, in a directory of its own below DIR or the place
    /// after @, such as one on another file system of the same device, and removes it on every way out.
    #[arg(
        long = "neighbour",
        alias = "neighbor",
        value_name = "KIND[=RATE][@DIR]",
        action = ArgAction::Append,
        help_heading = LOAD
    )]
    #[serde(deserialize_with = "read::each", rename = "neighbour")]
    pub neighbours: Vec<NeighbourArg>,

    /// etcd's flag; a sync this long is a stall [default: 100ms]
    ///
    /// A bare number is milliseconds, as for etcd.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration_or_millis, help_heading = ETCD)]
    #[serde(deserialize_with = "read::milliseconds")]
    pub heartbeat_interval: Option<u64>,

    /// etcd's flag; a sync this long costs the leader its role [default: 1s]
    ///
    /// A bare number is milliseconds, as for etcd. At least five heartbeats and at most 50 s, as etcd wants it.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration_or_millis, help_heading = ETCD)]
    #[serde(deserialize_with = "read::milliseconds")]
    pub election_timeout: Option<u64>,

    /// Backend quota the disk must have room for, up to 8GiB [default: 2GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = ETCD)]
    #[serde(deserialize_with = "read::bytes")]
    pub quota: Option<u64>,

    /// etcd's flag: time between backend commits [default: 100ms]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = ETCD)]
    #[serde(deserialize_with = "read::duration")]
    pub backend_batch_interval: Option<u64>,

    /// etcd's flag: operations that force a backend commit [default: 10000]
    #[arg(long, value_name = "N", help_heading = ETCD)]
    pub backend_batch_limit: Option<u64>,

    /// Whose published limits judge: etcd, etcd-heavy, openshift, openshift-heavy, k3s, replicated [default: etcd]
    #[arg(long, value_name = "NAME", help_heading = VERDICT)]
    pub profile: Option<String>,

    /// A rule of your own, beside the profile's; may be repeated
    ///
    /// A series, a quantile (or mean, max), a limit with its unit: 'wal.fsync.p99.9 < 20ms'.
    #[arg(long = "rule", value_name = "RULE", action = ArgAction::Append, help_heading = VERDICT)]
    #[serde(rename = "rule")]
    pub rules: Vec<String>,

    /// End with exit code 3 also where the verdict is warn
    #[arg(long, help_heading = VERDICT)]
    pub strict: bool,

    /// Never make the disk write more than this: whole pages and the journal of the file system count [default: what the plan can need]
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, help_heading = SAFETY)]
    #[serde(deserialize_with = "read::bytes")]
    pub max_bytes: Option<u64>,

    /// DIR is the data directory of a live etcd: work in a sub-directory beside it all the same
    ///
    /// Nothing of the live etcd is touched, but it will feel the load on its disk.
    #[arg(long, help_heading = SAFETY)]
    pub beside_live: bool,

    /// A label of this run in the result; may be repeated
    #[arg(
        long = "label",
        value_name = "KEY=VALUE",
        action = ArgAction::Append,
        help_heading = "Output"
    )]
    #[serde(deserialize_with = "read::each", rename = "label")]
    pub labels: Vec<LabelArg>,
}

const LENGTH: &str = "Length and phases";
const LOAD: &str = "Load";
const ETCD: &str = "The etcd this disk is for";
const VERDICT: &str = "Verdict";
const SAFETY: &str = "Safety";

/// One item of `--phases`: a name, and a length where one was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseArg {
    /// The phase, as typed.
    pub name: String,
    /// Its length in nanoseconds.
    pub duration_ns: Option<u64>,
}

impl FromStr for PhaseArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, duration_ns) = match text.split_once('=') {
            Some((name, length)) => (name, Some(parse_duration(length)?)),
            None => (text, None),
        };
        Ok(PhaseArg { name: name.trim().to_owned(), duration_ns })
    }
}

/// One `--neighbour KIND[=RATE][@DIR]`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighbourArg {
    /// The kind, as typed.
    pub kind: String,
    /// The rate, as typed; its unit depends on the kind.
    pub rate: Option<String>,
    /// Where it works, if not below the probe's directory.
    pub directory: Option<PathBuf>,
}

impl FromStr for NeighbourArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A directory may have any sign in its name, a kind and a rate have none of these.
        let (what, directory) = match text.split_once('@') {
            Some((_, "")) => return Err("name a directory after @, or drop the @".to_owned()),
            Some((what, directory)) => (what, Some(PathBuf::from(directory))),
            None => (text, None),
        };
        let (kind, rate) = match what.split_once('=') {
            Some((kind, rate)) => (kind, Some(rate.trim().to_owned())),
            None => (what, None),
        };
        Ok(NeighbourArg { kind: kind.trim().to_owned(), rate, directory })
    }
}

/// One `--label KEY=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelArg {
    /// Before the first `=`; not empty.
    pub key: String,
    /// After it; may be empty.
    pub value: String,
}

impl FromStr for LabelArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                Ok(LabelArg { key: key.trim().to_owned(), value: value.to_owned() })
            }
            _ => Err(format!("'{text}' is not a label; write it like rack=b7")),
        }
    }
}
