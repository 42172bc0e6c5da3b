//! `etcdbench load`.

use clap::{Args, Subcommand};

use super::{LiveArgs, OutputArgs};
use crate::spec::{CleanSpec, LoadSpec};

/// Drive a live etcd and measure every request, from the moment it was due.
///
/// Sends operations at times fixed beforehand (--rate) or from clients that wait for each answer (--clients), charges
/// every delay to the request that suffered it, reads the members' own metrics beside it, and judges both. Writes only
/// below a fresh prefix of its own, says before how much the database may grow, stops short of the quota, and removes
/// its keys on every way out.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = SHORT_EXAMPLES, after_long_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct LoadArgs {
    /// Something else than a load.
    #[command(subcommand)]
    pub beside: Option<BesideLoad>,

    /// The load.
    #[command(flatten)]
    pub spec: LoadSpec,

    /// Say what would be sent, by this machine where there are several; touch nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Name of this run in the result [default: the endpoints]
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub name: Option<String>,

    /// What comes out, and where.
    #[command(flatten)]
    pub output: OutputArgs,

    /// What is seen meanwhile.
    #[command(flatten)]
    pub live: LiveArgs,
}

/// What is done about a load, other than to make one.
#[derive(Debug, Clone, Subcommand)]
pub enum BesideLoad {
    /// Remove the keys and leases that earlier loads left behind
    ///
    /// A load removes its keys on every way out but two: where it is killed (kill -9, a second Ctrl-C), and where
    /// --keep-keys says so. This looks for such keys, says what it will remove, and removes them a few at a time. Keys
    /// of others, and those of a load that still goes on, are left alone.
    Clean(Box<CleanSpec>),
}

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
    etcdbench load put --local --quota 64MiB --rate 1000 --val-size 4KiB --allow-quota --recover-quota

  Away with the keys of a load that was killed:
    etcdbench load clean results/20260101T000000Z-load-host.jsonl";
