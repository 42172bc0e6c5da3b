//! `etcdbench trend`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ChartArgs, ExportArgs};
use crate::units::parse_share;

/// Tell whether the newest run of a history is worse than those before it, and where the level changed for good.
///
/// Results are sorted into histories: those of the same kind, name, machine and measured settings. In each, every
/// series is searched for lasting changes, and tonight's value is held against the nights since the last of them.
/// One bad night is a suspicion; a regression is confirmed by re-runs or by bad nights in a row.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = EXAMPLES)]
pub struct TrendArgs {
    /// Results: files, directories, patterns [default: results]
    #[arg(value_name = "RESULTS", conflicts_with = "csv")]
    pub results: Vec<PathBuf>,

    /// A machine's label `machine` names it, otherwise its host; with this flag all are one
    ///
    /// For runners whose hosts come and go. Differences of hardware are then told like any other change.
    #[arg(long, conflicts_with = "csv")]
    pub one_machine: bool,

    /// Form of the document [default: by the ending of --output, otherwise text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<TrendFormat>,

    /// Write the document to a file instead of stdout; it is there whole or not at all
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// No colours, as with NO_COLOR in the environment
    #[arg(long)]
    pub no_color: bool,

    /// Charts as files
    #[command(flatten)]
    pub charts: ChartArgs,

    /// For other tools
    #[command(flatten)]
    pub export: ExportArgs,

    /// Tonight's judgement
    #[command(flatten)]
    pub tonight: TonightArgs,

    /// What people know
    #[command(flatten)]
    pub marks: MarksArgs,

    /// Another tool's history
    #[command(flatten)]
    pub table: TableArgs,
}

/// How tonight is judged.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Tonight")]
pub struct TonightArgs {
    /// Results of re-runs of tonight: a suspicion they show too is a regression, one they do not show is none
    #[arg(long, value_name = "RESULTS", num_args = 1.., conflicts_with = "csv")]
    pub confirm: Vec<PathBuf>,

    /// Bad nights in a row that make a suspicion a regression [default: 2]
    ///
    /// More are asked for where single bad nights were frequent before, so that spikes confirm nothing.
    #[arg(long, value_name = "K", allow_negative_numbers = true)]
    pub confirm_nights: Option<u32>,

    /// Nights that are looked back on [default: 365]
    #[arg(long, value_name = "NIGHTS")]
    pub look_back: Option<u32>,

    /// The smallest change that matters [default: 10%, 25% for p99.9]
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    pub min_difference: Option<f64>,
}

/// What people know about single nights and changes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Marks")]
pub struct MarksArgs {
    /// The file of marks [default: trend-marks.toml beside the results]
    #[arg(long, value_name = "FILE")]
    pub marks: Option<PathBuf>,

    /// Write into the marks that a change is known: from this date on the new level is the usual one
    ///
    /// The series may hold `*` for any part of a name, the date may be a time, or the id of a run or of its directory.
    #[arg(long, value_name = "SERIES@DATE", requires = "note")]
    pub acknowledge: Option<String>,

    /// Why it is acknowledged
    #[arg(long, value_name = "TEXT", requires = "acknowledge")]
    pub note: Option<String>,
}

/// Another tool's history.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Another tool's history")]
pub struct TableArgs {
    /// A table with a column of times and columns of numbers; other columns are facts told with a change
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,

    /// The column of times [default: found by its name or its values]
    #[arg(long, value_name = "COLUMN")]
    pub time: Option<String>,

    /// Judge only these columns
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    pub columns: Vec<String>,

    /// In these columns lower is better [default: guessed by their names, and told]
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    pub lower_is_better: Vec<String>,

    /// In these columns higher is better
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    pub higher_is_better: Vec<String>,
}

/// How a trend is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum TrendFormat {
    /// The page for people
    #[default]
    Text,
    /// One JSON document, as docs/trend.schema.json has it
    Json,
    /// For a pull request or a job summary
    Markdown,
    /// One row per series
    Csv,
    /// A page with charts in a single file
    Html,
}

const EXAMPLES: &str = "\
Examples:
  etcdbench trend                                      every history below results/
  etcdbench trend 'results/*-disk-cp1.jsonl'
  etcdbench trend results --confirm again-1.jsonl again-2.jsonl again-3.jsonl
  etcdbench trend results --acknowledge 'etcd/wal.fsync.*@2026-10-03' --note 'kernel 6.8.0-48'
  etcdbench trend --csv nightly.csv --higher-is-better tps

Exit codes: 0 nothing, or a suspicion; 3 a confirmed regression; 4 too few nights to judge any series.";
