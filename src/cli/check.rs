//! `etcdbench check`.

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

    /// How long to look [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Check")]
    pub duration: Option<u64>,

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
    /// fails at 95 % and where the alarm NOSPACE is raised.
    Quota(Box<QuotaArgs>),
}

/// How full the databases are.
#[derive(Debug, Clone, Default, Args)]
pub struct QuotaArgs {
    /// How the etcd is reached.
    #[command(flatten)]
    pub connect: ConnectSpec,

    /// The answer, and where it goes.
    #[command(flatten)]
    pub document: AnswerArgs,
}

const EXAMPLES: &str = "\
Examples:
  etcdbench check --endpoints 10.0.0.1:2379,10.0.0.2:2379,10.0.0.3:2379
  etcdbench check --passive                       nothing is written, nothing is read
  etcdbench check quota                           how full it is, and the way out of NOSPACE
  etcdbench check --dry-run                       which requests would be sent
  etcdbench check --duration 5m --format json -o check.json

Exit code 3: a cause that does harm was found; 4: something is slow, and it is not sure by what; 0: nothing is, or a
warning. How it decides: docs/check.md. A cluster that is dead already: 'etcdbench logs'.";
