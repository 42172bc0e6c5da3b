//! `etcdbench profile`.

use std::path::PathBuf;

use clap::Args;

use super::LogsFormat;
use crate::spec::ConnectSpec;
use crate::units::parse_duration;

/// Write your cluster down as a scenario: what it holds, what is written to it, and what its clients ask for.
///
/// Looks at the keys of one member a few at a time, watches all writes for a minute, and reads the metrics of all members
/// before and after. It writes nothing to the cluster, and no value of a key is kept or shown. The scenario is a file that
/// 'etcdbench run' takes, with a word on each number where it is from.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = EXAMPLES)]
pub struct ProfileArgs {
    /// How the etcd is reached.
    #[command(flatten)]
    pub connect: ConnectSpec,

    /// How long writes are watched [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Profile")]
    pub duration: Option<u64>,

    /// Only keys that begin so [default: all]
    #[arg(long, value_name = "PREFIX", help_heading = "Profile")]
    pub prefix: Option<String>,

    /// Keys that are none of a Kubernetes belong together by so many parts of their path [default: 3]
    #[arg(long, value_name = "N", help_heading = "Profile")]
    pub depth: Option<u32>,

    /// Requests that look at keys, at most [default: 1500]
    ///
    /// After each comes a pause of four times what it took. Beyond this number prefixes are taken as one.
    #[arg(long, value_name = "N", help_heading = "Profile")]
    pub requests: Option<u64>,

    /// Show names of prefixes as hashes, but for those that Kubernetes has given
    #[arg(long, help_heading = "Profile")]
    pub hash_names: bool,

    /// Tell which requests would be sent, and send nothing
    #[arg(long, help_heading = "Profile")]
    pub dry_run: bool,

    /// Where the scenario is written; a file that is there is not overwritten [default: mine.toml]
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Form of the page on stdout [default: text]
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<LogsFormat>,

    /// Say nothing on stderr but errors
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,

    /// No colours, as with NO_COLOR in the environment
    #[arg(long, help_heading = "Output")]
    pub no_color: bool,
}

const EXAMPLES: &str = "\
Examples:
  etcdbench profile --endpoints 10.0.0.1:2379,10.0.0.2:2379,10.0.0.3:2379
  etcdbench run mine.toml --set dir=/var/lib       the same load on a throwaway etcd, on this disk
  etcdbench run mine.toml --scale 2                twice as much of everything
  etcdbench profile --dry-run                      which requests would be sent
  etcdbench profile --hash-names -o shared.toml    a file to give to others

What it does to a cluster, and how it reckons: docs/profile.md.";
