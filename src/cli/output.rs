//! Flags about what comes out, shared by the subcommands.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::units::parse_duration;

/// What comes out of a measurement, and where.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// The document
    #[command(flatten)]
    pub document: DocumentArgs,

    /// Where the result file goes [default: results/<UTC time>-<kind>-<host>.jsonl]
    ///
    /// The file is appended to while the run goes on, so that a crash loses at most the last second. Whatever is in
    /// it can be shown again with `etcdbench report`. An existing file is never overwritten.
    #[arg(long, value_name = "PATH")]
    pub result: Option<PathBuf>,

    /// No progress on stderr, only errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// What is seen of a run while it goes on.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct LiveArgs {
    /// Where stderr is no terminal, how often a line tells how it goes [default: 10s]
    ///
    /// SIGUSR1 asks for a line at once.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub status_every: Option<u64>,

    /// Show the page while the run goes on, and /metrics for Prometheus: 8080, 0.0.0.0:8080
    ///
    /// A port alone is of this machine only; an address says who else can look. There is no password and no TLS. The
    /// series of /metrics are those of 'etcdbench report --export openmetrics'. It ends with the run.
    #[arg(long, value_name = "ADDRESS")]
    pub serve: Option<String>,
}

/// In which form a result is shown, and where that goes.
#[derive(Debug, Clone, Default, Args)]
pub struct DocumentArgs {
    /// Form of the document [default: by the ending of --output, otherwise text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,

    /// Which table --format csv gives [default: summary]
    #[arg(long, value_enum, value_name = "TABLE")]
    pub table: Option<Table>,

    /// Write the document to a file instead of stdout; it is there whole or not at all
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// No colours, as with NO_COLOR in the environment
    #[arg(long)]
    pub no_color: bool,
}

/// How a result is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The page for people
    #[default]
    Text,
    /// One JSON document: the result's header and summary
    Json,
    /// A table, see --table
    Csv,
    /// For a pull request or a job summary
    Markdown,
    /// A page with charts in a single file
    Html,
}

/// What the rows of a CSV are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Table {
    /// One row per phase, series and member
    #[default]
    Summary,
    /// One row per interval of each of them
    Intervals,
    /// One row per quantile of each of them, as far as the samples resolve any
    Percentiles,
}

/// In which form a diagnosis is shown, where that goes, and what its exit code is.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct AnswerArgs {
    /// Form of the document [default: by the ending of --output, otherwise text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<LogsFormat>,

    /// Write the document to a file instead of stdout; it is there whole or not at all
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// End with exit code 3 also where the verdict is warn
    #[arg(long)]
    pub strict: bool,

    /// No colours, as with NO_COLOR in the environment
    #[arg(long)]
    pub no_color: bool,
}

/// How the answer is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogsFormat {
    /// The page for people
    #[default]
    Text,
    /// One JSON document, as docs/logs.schema.json or docs/check.schema.json has it
    Json,
    /// For an issue or a chat
    Markdown,
    /// A page in a single file
    Html,
}

/// Charts as files.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Charts")]
pub struct ChartArgs {
    /// Also write every chart as an SVG file into this directory
    ///
    /// The directory is made where it is missing. Files of the same names are overwritten, others are left alone.
    #[arg(long, value_name = "DIR")]
    pub charts: Option<PathBuf>,

    /// Write each chart also as a PNG of 1280 pixels
    #[arg(long, requires = "charts")]
    pub png: bool,
}
