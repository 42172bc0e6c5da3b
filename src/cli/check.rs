//! `etcdbench check`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::AnswerArgs;
use crate::spec::ConnectSpec;
use crate::units::parse_duration;

/// Tell what is holding a running cluster back: disk, CPU, network, quota, or not sure, and at which member.
///
/// Looks at every member for about a minute: whether it answers, what its status and metrics say, and how long small
/// reads and guarded writes of its own take, a few a second. Says before what it will write, and removes it on every way
/// out. A cause is named only where the numbers exclude the others; where they do not, it is said what would decide.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct CheckArgs {
    /// Something less than the whole.
    #[command(subcommand)]
    pub beside: Option<BesideCheck>,

    /// How the etcd is reached.
    #[command(flatten)]
    pub connect: ConnectSpec,

    /// Ask no cluster: read what was saved of one, files or directories
    ///
    /// Texts of `/metrics` (two of each member, a minute apart: rates; one: levels alone), answers of `etcdctl … -w json`
    /// (endpoint status, member list, endpoint health, alarm list), Prometheus' answers to query_range, and logs. Files
    /// are told by what is in them, members by their ids, names and addresses; whatever else lies there is left out.
    #[arg(
        long,
        value_name = "PATH",
        num_args = 1..,
        help_heading = "Check",
        conflicts_with_all = ["duration", "every", "rate", "kubernetes", "passive", "dry_run", "prefix"]
    )]
    pub from: Vec<PathBuf>,

    /// A result of 'etcdbench disk' on such a disk: do the members' syncs take what it measured?
    #[arg(long, value_name = "FILE", help_heading = "Check")]
    pub disk: Option<PathBuf>,

    /// How long to look [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Check")]
    pub duration: Option<u64>,

    /// Look again and again, so long each time, until interrupted or --duration is over; the newest answer is shown
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Check")]
    pub every: Option<u64>,

    /// Write as often as the nodes of such a Kubernetes renew their leases: k8s-100 (10 a second) to k8s-1000 (100)
    #[arg(long = "for", value_name = "k8s-NODES", help_heading = "Check", conflicts_with_all = ["rate", "passive"])]
    pub kubernetes: Option<String>,

    /// Guarded writes a second, over all members; reads are twice as many [default: 6]
    #[arg(long, value_name = "N", help_heading = "Check")]
    pub rate: Option<f64>,

    /// Only look: no reads and no writes of our own
    #[arg(long, help_heading = "Check", conflicts_with = "rate")]
    pub passive: bool,

    /// Tell which requests would be sent and what would be written, and send nothing
    #[arg(long, help_heading = "Check")]
    pub dry_run: bool,

    /// What the keys that are written begin with; must be fresh [default: /etcdbench/ and a random number]
    #[arg(long, value_name = "PREFIX", help_heading = "Check")]
    pub prefix: Option<String>,

    /// The apiserver's --etcd-readycheck-timeout [default: 2s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "What depends on it")]
    pub readyz: Option<u64>,

    /// --leader-elect-renew-deadline of controller manager and scheduler [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "What depends on it")]
    pub renew_deadline: Option<u64>,

    /// --leader-elect-lease-duration of the same [default: 15s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "What depends on it")]
    pub lease: Option<u64>,

    /// --node-monitor-grace-period of the controller manager [default: 50s, as since Kubernetes 1.32; 40s before]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "What depends on it")]
    pub node_grace: Option<u64>,

    /// Say nothing on stderr but errors
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,

    /// The answer, and where it goes.
    #[command(flatten)]
    pub document: AnswerArgs,
}

/// What is looked at alone.
#[derive(Debug, Clone, Subcommand)]
pub enum BesideCheck {
    /// How full the databases are, at once: used, in use, what a defragmentation gives back, and the way out of NOSPACE
    ///
    /// Asks each member for its status, and for its metrics where only they tell the quota (before 3.6). Warns at 80 %,
    /// fails at 95 % and where the alarm NOSPACE is raised. With an earlier look to compare with (--since, --over) it tells
    /// the growth a day and when the quota would be reached, and fails where that is soon.
    Quota(Box<QuotaArgs>),
}

/// How full the databases are.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = QUOTA_EXAMPLES)]
pub struct QuotaArgs {
    /// How the etcd is reached.
    #[command(flatten)]
    pub connect: ConnectSpec,

    /// Look twice, so far apart: what it grows by a day, and in how many days its quota is reached
    ///
    /// Below an hour this is told and not judged: what is in use goes up and down with every compaction.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Growth", conflicts_with = "since")]
    pub over: Option<u64>,

    /// The same against an earlier answer of 'check quota --format json', or of 'check --format json'
    #[arg(long, value_name = "FILE", help_heading = "Growth")]
    pub since: Option<PathBuf>,

    /// Fail where a quota would be reached in fewer days [default: 7]
    #[arg(long, value_name = "N", help_heading = "Growth")]
    pub days: Option<u32>,

    /// Tell which prefixes hold the bytes
    ///
    /// Reads ten keys of each part of each prefix from a member that does not lead, by itself (serializable), and pauses
    /// after each request four times what it took. No value is kept.
    #[arg(long, help_heading = "Keys")]
    pub by_prefix: bool,

    /// Only keys that begin so [default: all]
    #[arg(long, value_name = "PREFIX", help_heading = "Keys", requires = "by_prefix")]
    pub prefix: Option<String>,

    /// Keys that are none of a Kubernetes belong together by so many parts of their path [default: 3]
    #[arg(long, value_name = "N", help_heading = "Keys", requires = "by_prefix")]
    pub depth: Option<u32>,

    /// Requests that look at keys, at most; beyond, prefixes are taken as one [default: 1500]
    #[arg(long, value_name = "N", help_heading = "Keys", requires = "by_prefix")]
    pub requests: Option<u64>,

    /// The answer, and where it goes.
    #[command(flatten)]
    pub document: AnswerArgs,
}

const QUOTA_EXAMPLES: &str = "\
Examples:
  etcdbench check quota --endpoints 10.0.0.1:2379,10.0.0.2:2379,10.0.0.3:2379
  etcdbench check quota --format json -o monday.json
  etcdbench check quota --since monday.json        what it grew by, and when it is full
  etcdbench check quota --over 1h --days 30        the same in one run; fails where it is full in a month
  etcdbench check quota --by-prefix                which prefixes hold the bytes";

const EXAMPLES: &str = "\
Examples:
  etcdbench check --endpoints 10.0.0.1:2379,10.0.0.2:2379,10.0.0.3:2379
  etcdbench check --passive                       nothing is written, nothing is read
  etcdbench check quota                           how full it is, and the way out of NOSPACE
  etcdbench check --dry-run                       which requests would be sent
  etcdbench check --duration 5m --format json -o check.json
  etcdbench check --every 10s                     again and again, the newest answer on the screen
  etcdbench check --for k8s-1000 --node-grace 40s against what depends on it there
  etcdbench check --from must-gather/             a cluster that is dead, or far away: from what was saved of it

Exit code 3: a cause that does harm was found; 4: something is slow, and it is not sure by what; 0: nothing is, or a
warning. How it decides: docs/check.md. From logs alone: 'etcdbench logs'.";
