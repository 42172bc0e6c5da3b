//! `etcdbench compare`.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use super::{ChartArgs, ExportArgs};
use crate::rule::comparison::{FailOn, Intent, MinDifference, Pairs};
use crate::units::parse_share;

/// Tell which of two or more results is better, by how much, and how sure that is.
///
/// Each RESULT is one side, the first is the baseline: a result file is one run; a directory or a quoted pattern is
/// several runs of the same thing. Several runs a side, interleaved, are what confirms a difference; one run a side
/// indicates one. A directory alone is as many sides as it holds results.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = SHORT_EXAMPLES, after_long_help = EXAMPLES)]
pub struct CompareArgs {
    /// Result files, directories of them, or quoted patterns ('results/*-cp1.jsonl'); one side each
    #[arg(value_name = "RESULT")]
    pub results: Vec<String>,

    /// More of the first side: files, directories or patterns; may be repeated
    #[arg(long = "a", value_name = "RESULT", action = ArgAction::Append)]
    pub a: Vec<String>,

    /// More of the second side
    #[arg(long = "b", value_name = "RESULT", action = ArgAction::Append)]
    pub b: Vec<String>,

    /// Measure both sides now, in turn (AB BA AB …): each is the arguments of 'disk' or 'load', quoted
    #[arg(long, num_args = 2, value_names = ["A", "B"], help_heading = MEASURE)]
    pub measure: Option<Vec<String>>,

    /// Pairs of runs that --measure makes: a number, or auto: until something is decided [default: 6]
    ///
    /// 'auto' looks after 6, 8, 11 … pairs and ends when a regression is confirmed or everything is decided, after 24 at
    /// the latest ('auto:40' for another bound). Each look has its part of the 5 % error.
    #[arg(long, value_name = "N", value_parser = Pairs::parse, help_heading = MEASURE)]
    pub pairs: Option<Pairs>,

    /// Where --measure keeps its results [default: results/<UTC time>-compare-<host>]
    #[arg(long, value_name = "DIR", help_heading = MEASURE)]
    pub keep: Option<PathBuf>,

    /// Learn from repeated runs of the same thing how much runs differ by themselves on this machine
    ///
    /// Writes --calibration. Later comparisons of one run a side allow for it.
    #[arg(long, conflicts_with = "export", help_heading = MEASURE)]
    pub calibrate: bool,

    /// What is meant to differ; all else must be equal [default: found from what differs]
    #[arg(long, value_enum, value_name = "INTENT", help_heading = JUDGE)]
    pub intent: Option<Intent>,

    /// A field that may differ although it should not, as the table of differences names it; may be repeated
    #[arg(long, value_name = "FIELD", action = ArgAction::Append, help_heading = JUDGE)]
    pub allow: Vec<String>,

    /// The smallest difference that matters: p99=15%, wal.fsync.p50=3%; may be repeated
    ///
    /// Defaults: p50 and rate 5%, p90 7%, p99 and capacity 10%, p99.9 25%, errors 0.1%, stalls 0.01% (of all
    /// operations).
    #[arg(
        long,
        value_name = "METRIC=SHARE",
        action = ArgAction::Append,
        value_parser = MinDifference::parse,
        help_heading = JUDGE
    )]
    pub min_diff: Vec<MinDifference>,

    /// What ends with an exit code other than 0 [default: regression]
    #[arg(
        long,
        value_enum,
        value_name = "WHAT,…",
        value_delimiter = ',',
        help_heading = JUDGE
    )]
    pub fail_on: Vec<FailOn>,

    /// The noise of this machine, as --calibrate wrote it [default: results/calibration-<host>-<kind>.json, if there is one]
    #[arg(long, value_name = "FILE", help_heading = JUDGE)]
    pub calibration: Option<PathBuf>,

    /// Of one run a side: how much runs of the same thing are taken to differ at p50, as a standard deviation [default: 6%]
    ///
    /// Rates as much, p90, p99 and p99.9 more. Where --calibration knows it, that is taken.
    #[arg(long, value_name = "SHARE", value_parser = deviation, help_heading = JUDGE)]
    pub run_deviation: Option<f64>,

    /// Form of the document [default: by the ending of --output, otherwise text]
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = OUTPUT)]
    pub format: Option<CompareFormat>,

    /// Write the document to a file instead of stdout; it is there whole or not at all
    #[arg(long, short, value_name = "FILE", help_heading = OUTPUT)]
    pub output: Option<PathBuf>,

    /// Every metric on the page, not only those of the series that decide
    #[arg(long, help_heading = OUTPUT)]
    pub all: bool,

    /// No progress on stderr, only errors
    #[arg(long, short, help_heading = OUTPUT)]
    pub quiet: bool,

    /// No colours, as with NO_COLOR in the environment
    #[arg(long, help_heading = OUTPUT)]
    pub no_color: bool,

    /// Charts as files
    #[command(flatten)]
    pub charts: ChartArgs,

    /// For other tools
    #[command(flatten)]
    pub export: ExportArgs,
}

/// A share that a run may be off by: nought is allowed, the whole is not.
fn deviation(text: &str) -> Result<f64, String> {
    let share = parse_share(text)?;
    if (0.0..1.0).contains(&share) { Ok(share) } else { Err(format!("'{text}' is not below 100%")) }
}

const MEASURE: &str = "Measure";
const JUDGE: &str = "Judge";
const OUTPUT: &str = "Output";

const SHORT_EXAMPLES: &str = "\
Examples:
  etcdbench compare old.jsonl new.jsonl
  etcdbench compare --measure 'disk /mnt/a --quick' 'disk /mnt/b --quick'

'etcdbench compare --help' tells more.";

const EXAMPLES: &str = "\
Examples:
  Two runs:
    etcdbench compare old.jsonl new.jsonl

  Two machines, several runs of each:
    etcdbench compare results/cp1/ results/cp2/ --intent machines
    etcdbench compare --a 'results/*-cp1.jsonl' --b 'results/*-cp2.jsonl'

  Ten machines, a run of each: a ranking, and the odd one out:
    etcdbench compare results/*-disk-cp*.jsonl

  Measure two directories in turn, six pairs, and judge:
    etcdbench compare --measure 'disk /mnt/a --phases wal=10s' 'disk /mnt/b --phases wal=10s' --pairs 6

  In a pipeline, where a regression must stop it:
    etcdbench compare baseline/ candidate/ --intent regression --format markdown >> \"$GITHUB_STEP_SUMMARY\"

  Learn this machine's noise from runs of the same thing, then compare with it in mind:
    etcdbench compare --calibrate results/same/
    etcdbench compare old.jsonl new.jsonl

Exit codes: 0 nothing is shown to be worse, 3 a regression is confirmed, 4 not comparable or no verdict.";

/// How a comparison is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum CompareFormat {
    /// The page for people
    #[default]
    Text,
    /// One JSON document, as docs/comparison.schema.json has it
    Json,
    /// A table for pull requests and wikis
    Markdown,
    /// One row per side and metric
    Csv,
    /// A page with charts in a single file
    Html,
}
