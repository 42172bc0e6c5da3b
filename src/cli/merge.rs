//! `etcdbench merge`.

use std::path::PathBuf;

use clap::Args;

/// Make one result of those that several machines left of one load.
///
/// Histograms are added up second by second, so that every quantile is that of all operations. What does not belong
/// together is refused: parts of another plan, of another version or of another beginning, one part twice, clocks that
/// are more than 10 ms apart. Seconds in which a machine was late by itself are kept and not judged.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct MergeArgs {
    /// Results, directories with results, or logs of pods as they are
    #[arg(value_name = "SHARD", required = true)]
    pub shards: Vec<PathBuf>,

    /// Where the result goes [default: results/<UTC time>-load-<host>.jsonl]
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,

    /// Judge although a machine's part is missing, or did not come to its end
    ///
    /// The load was smaller then than the one that was planned, and the result says by how much.
    #[arg(long)]
    pub allow_missing: bool,

    /// Name of the result [default: that of the first part]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// End with exit code 3 also where the verdict is warn
    #[arg(long)]
    pub strict: bool,

    /// Nothing but the result, and errors
    #[arg(long, short)]
    pub quiet: bool,

    /// No colours, as with NO_COLOR in the environment
    #[arg(long)]
    pub no_color: bool,
}

const EXAMPLES: &str = "\
Examples:
  etcdbench merge shard-*.jsonl -o all.jsonl
  etcdbench merge results/ -o all.jsonl && etcdbench report all.jsonl -o all.html
  for pod in $(kubectl get pods -l job-name=etcdbench-load -o name); do kubectl logs $pod; done > pods.log
  etcdbench merge pods.log -o all.jsonl

The exit code is that of the verdict on all of them together.";
