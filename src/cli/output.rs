//! Flags about what comes out, shared by the subcommands.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What comes out, and where.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// What is printed on stdout
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: Format,

    /// Where the result file goes [default: results/<UTC time>-<kind>-<host>.jsonl]
    ///
    /// The file is appended to while the run goes on, so that a crash loses at most the last second. Whatever is in
    /// it can be shown again with `etcdbench report`. An existing file is never overwritten.
    #[arg(long, value_name = "PATH")]
    pub result: Option<PathBuf>,

    /// No progress on stderr, only errors
    #[arg(long, short)]
    pub quiet: bool,

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
    /// One row per phase, series and member
    Csv,
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
