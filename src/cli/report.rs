//! `etcdbench report`.

use std::path::PathBuf;

use clap::Args;

use super::{ExportArgs, Format};

/// Show a stored result again.
///
/// The summary is computed anew from the stored histograms where the run was killed before it could write one; the
/// page then says that the run is incomplete.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReportArgs {
    /// The result file of a run
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// What is printed on stdout
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: Format,

    /// No colours, as with NO_COLOR in the environment
    #[arg(long)]
    pub no_color: bool,

    /// End with exit code 3 also where the verdict is warn
    #[arg(long)]
    pub strict: bool,

    /// For other tools.
    #[command(flatten)]
    pub export: ExportArgs,
}

const EXAMPLES: &str = "\
Examples:
  etcdbench report results/20261121T201500Z-disk-cp1.jsonl
  etcdbench report result.jsonl --format json | jq .summary.verdict
  etcdbench report result.jsonl --format csv > result.csv
  etcdbench report result.jsonl --export junit -o result.xml

The exit code is the verdict's, as it was when the run ended.";
