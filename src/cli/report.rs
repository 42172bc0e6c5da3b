//! `etcdbench report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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

    /// Show it with other names in the place of these, so that strangers may see it
    ///
    /// hosts: host names, names and ids of members; devices: model, vendor, firmware, what is mounted; endpoints: addresses and
    /// host names of members, and any other address in a text; paths: directories. They become host-1, device-1, address-1
    /// and /path-1, the same thing the same name in all results of one call. What somebody typed himself (labels,
    /// prefixes of keys) is changed only where such a name stands in it: look before you post.
    #[arg(long, value_enum, value_name = "WHAT,…", value_delimiter = ',', help_heading = SHARING)]
    pub redact: Vec<RedactArg>,

    /// Write the result with those names, to be given to others
    #[arg(long, value_name = "FILE", requires = "redact", help_heading = SHARING)]
    pub redact_to: Option<PathBuf>,
}

/// Heading of what is about showing a result to others.
const SHARING: &str = "To be shown to others";

/// What is hidden from strangers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RedactArg {
    /// All of the following
    All,
    /// Host names, names and ids of members
    Hosts,
    /// Model, vendor and firmware of disks, what is mounted
    Devices,
    /// Addresses and host names of members
    Endpoints,
    /// Directories
    Paths,
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
  etcdbench report result.jsonl --redact all --redact-to shared.jsonl -o shared.html

The exit code is the verdict's, as it was when the run ended; of several results that of the worst.";
