//! `etcdbench run`.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use crate::spec::LabelArg;
use crate::units::{parse_duration, parse_number};

/// Run a scenario: a file that says once and for all what is measured.
///
/// A scenario is made of runs of 'disk' and 'load' with all their options, repeated and combined in a matrix where it
/// says so. Each run leaves its own result. A scenario that was interrupted goes on where it was when it is run again.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = EXAMPLES)]
pub struct RunArgs {
    /// A scenario file, or the name of one that comes with the program
    #[arg(
        value_name = "FILE|NAME",
        required_unless_present = "list",
        default_value = "",
        hide_default_value = true
    )]
    pub scenario: String,

    /// Give a parameter of the scenario another value; may be repeated
    ///
    /// A key of a matrix takes one value, or a list: --set 'clients=[1, 10]'.
    #[arg(long, value_name = "NAME=VALUE", action = ArgAction::Append, value_parser = parse_set)]
    pub set: Vec<(String, String)>,

    /// How large the load is, for scenarios that have the parameter scale: 0.1 is a tenth
    ///
    /// The same as --set scale=F: rates, keys and what is written beforehand, of all classes of the load.
    #[arg(long, value_name = "F", allow_negative_numbers = true, value_parser = parse_number)]
    pub scale: Option<f64>,

    /// Loads drive this etcd, not the throwaway one that the scenario starts
    ///
    /// How it is reached beside that is read from the environment, as etcdctl does: ETCDCTL_CACERT and so on.
    #[arg(long, value_name = "ENDPOINT,…", value_delimiter = ',')]
    pub endpoints: Vec<String>,

    /// Make this part of the scenario's load, which several machines make together: 3/8
    ///
    /// For scenarios of one load. See 'etcdbench load --help' for what it means, and for the two flags below.
    #[arg(long, value_name = "I/N", help_heading = MACHINES)]
    pub shard: Option<String>,

    /// When the load begins, the same on all machines: 2026-11-29T17:00:00Z
    #[arg(long, value_name = "TIME", conflicts_with = "rendezvous", help_heading = MACHINES)]
    pub start_at: Option<String>,

    /// Where the machines meet and agree on when to begin: http://HOST:PORT
    #[arg(long, value_name = "URL", help_heading = MACHINES)]
    pub rendezvous: Option<String>,

    /// A file with the token that the meeting point asks for [default: what ETCDBENCH_RENDEZVOUS_TOKEN says]
    #[arg(long, value_name = "FILE", help_heading = MACHINES)]
    pub rendezvous_token_file: Option<PathBuf>,

    /// A label of every run, beside the scenario's; may be repeated
    ///
    /// `machine=NAME` tells the machines of a history apart where hosts come and go.
    #[arg(
        long = "label",
        value_name = "KEY=VALUE",
        action = ArgAction::Append
    )]
    pub labels: Vec<LabelArg>,

    /// Where the results go, in a directory of their own [default: what the scenario says, otherwise results]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// This is one night of many: keep it there, judge it by the nights before, confirm what is suspected
    ///
    /// What looks worse than usual is run again, in turn, before it is called a regression (exit code 3).
    #[arg(long, value_name = "DIR", conflicts_with = "output", help_heading = NIGHTLY)]
    pub history: Option<PathBuf>,

    /// How often what is suspected is run again [default: 3]
    #[arg(long, value_name = "N", help_heading = NIGHTLY)]
    pub confirm: Option<u32>,

    /// Remove nights of this scenario that are older: 400d
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = NIGHTLY)]
    pub keep: Option<u64>,

    /// Write pages and machine formats of it there: page.html, summary.md, a page of each run, and more
    ///
    /// Of nights also junit.xml, metrics.prom (for node_exporter) and the two files of github-action-benchmark.
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,

    /// Begin anew, even where an interrupted run could be resumed
    #[arg(long)]
    pub fresh: bool,

    /// Say what would be run, how long it takes and what it writes; touch nothing
    #[arg(long)]
    pub dry_run: bool,

    /// List the scenarios that come with the program
    #[arg(long)]
    pub list: bool,

    /// End with exit code 3 also where the verdict of a run is warn
    #[arg(long)]
    pub strict: bool,

    /// No progress on stderr, only errors
    #[arg(long, short)]
    pub quiet: bool,

    /// No colours, as with NO_COLOR in the environment
    #[arg(long)]
    pub no_color: bool,
}

fn parse_set(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write it as NAME=VALUE, for instance rate=500".to_owned()),
    }
}

const MACHINES: &str = "Several machines";
const NIGHTLY: &str = "Every night";

const EXAMPLES: &str = "\
Examples:
  etcdbench run --list
  etcdbench run mine.toml --dry-run
  etcdbench run mine.toml --set dir=/var/lib --set 'clients=[1, 10]'
  etcdbench run k8s-5000 --scale 0.1 --dry-run
  etcdbench run nightly --history /var/lib/etcdbench --keep 400d

The exit code is that of the worst verdict; with --history 3 also where a regression is confirmed.";
