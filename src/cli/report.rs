//! `etcdbench report`.

use std::path::PathBuf;

use clap::Args;

use super::{ChartArgs, DocumentArgs, ExportArgs};

/// Show stored results again.
///
/// The summary is computed anew from the stored histograms where the run was killed before it could write one; the
/// page then says that the run is incomplete. Several results are shown one after the other; as html, with charts that
/// lay them over each other first.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReportArgs {
    /// The result files of one run or more
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// The document
    #[command(flatten)]
    pub document: DocumentArgs,

    /// End with exit code 3 also where the verdict is warn
    #[arg(long)]
    pub strict: bool,

    /// Charts as files
    #[command(flatten)]
    pub charts: ChartArgs,

    /// For other tools
    #[command(flatten)]
    pub export: ExportArgs,
}

const EXAMPLES: &str = "\
Examples:
  etcdbench report results/20261121T201500Z-disk-cp1.jsonl
  etcdbench report result.jsonl -o result.html
  etcdbench report results/*-disk-*.jsonl --format html > disks.html
  etcdbench report result.jsonl --format json | jq .summary.verdict
  etcdbench report result.jsonl --format csv --table percentiles > percentiles.csv
  etcdbench report result.jsonl --charts charts/ --png
  etcdbench report result.jsonl --export junit -o result.xml

The exit code is the verdict's, as it was when the run ended; of several results that of the worst.";
