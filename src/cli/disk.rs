//! `etcdbench disk`.

use clap::Args;

use super::{LiveArgs, OutputArgs};
use crate::spec::{DiskSpec, NeighbourArg};

/// Tell whether a disk may carry etcd.
///
/// Writes below DIR as etcd writes (WAL and backend, byte for byte the same shape), measures every sync, and judges
/// the result by etcd's own thresholds. Works in a fresh sub-directory, removes it on every way out, and never writes
/// more than it says up front.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = SHORT_EXAMPLES, after_long_help = EXAMPLES)]
pub struct DiskArgs {
    /// The qualification.
    #[command(flatten)]
    pub spec: DiskSpec,

    /// Name of this run in the result [default: DIR]
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub name: Option<String>,

    /// What comes out, and where.
    #[command(flatten)]
    pub output: OutputArgs,

    /// What is seen meanwhile.
    #[command(flatten)]
    pub live: LiveArgs,
}

const SHORT_EXAMPLES: &str = "\
Examples:
  etcdbench disk /var/lib                    a verdict in about a minute
  etcdbench disk /var/lib --quick            a first impression in 15 s
  etcdbench disk /var/lib --soak 30m         burst credits, rare stalls

'etcdbench disk --help' tells more.";

const EXAMPLES: &str = "\
Sizes take a unit (4096, 64k, 1KiB, 2GiB, 500MB), durations need one (250us, 10ms, 1.5s, 30m, 1h30m).

Examples:
  A verdict in about a minute:
    etcdbench disk /var/lib

  Half an hour, to find burst credits and rare stalls:
    etcdbench disk /var/lib --soak 30m

  An etcd tuned for a slow network, and a database that is already large:
    etcdbench disk /var/lib --heartbeat-interval 300 --election-timeout 3000 --db-size 4GiB --quota 8GiB

  What a backup and another database on the same file system do to etcd:
    etcdbench disk /var/lib --neighbour bulk --neighbour sync=200

  Thirty small etcds on one disk, driven through io_uring:
    etcdbench disk /data --members 30 --rate 50 --engine uring

  In a pipeline: JSON, and exit code 3 on anything less than a clean pass:
    etcdbench disk /var/lib --quick --strict --quiet --format json --rule 'wal.fsync.p99.9 < 20ms'";

/// What a neighbour's own process is told.
#[derive(Debug, Clone, Args)]
pub struct WorkArgs {
    /// What is to be done, how hard and where
    #[arg(value_name = "KIND[=RATE]@DIR")]
    pub what: NeighbourArg,
}
