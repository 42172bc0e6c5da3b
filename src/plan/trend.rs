//! From what was typed to a plan of a trend.

use std::path::{Path, PathBuf};

use crate::cli::TrendArgs;
use crate::error::{Error, Result, usage};
use crate::rule::history::{MARKS, Settings, TableOptions};

/// Where results lie unless somebody says otherwise.
const RESULTS: &str = "results";
/// More bad nights in a row than this are a change point.
const MAX_CONFIRM_NIGHTS: u32 = 7;
/// Fewer nights say nothing of a newest one.
const FEWEST_NIGHTS: u32 = 9;

/// Everything `etcdbench trend` needs to know.
#[derive(Debug, Clone)]
pub struct TrendPlan {
    /// What is judged.
    pub source: TrendSource,
    /// The file of marks.
    pub marks: PathBuf,
    /// Whether it must be there.
    pub marks_named: bool,
    /// A mark to be written first.
    pub acknowledge: Option<Acknowledgement>,
    /// How it is judged.
    pub settings: Settings,
}

/// What is judged.
#[derive(Debug, Clone)]
pub enum TrendSource {
    /// Results of ours.
    Results {
        /// Files, directories and patterns.
        names: Vec<PathBuf>,
        /// Re-runs of tonight, the same way.
        confirm: Vec<PathBuf>,
        /// All hosts are one machine.
        one_machine: bool,
        /// Ids of runs: only histories that hold one of them; all where there is none.
        only: Vec<String>,
    },
    /// A table of another tool.
    Table {
        /// The file.
        path: PathBuf,
        /// What is known about its columns.
        options: TableOptions,
    },
}

/// A change that somebody knows about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Which series; `*` for any part of a name.
    pub series: String,
    /// Its first night.
    pub date: String,
    /// Why it is fine.
    pub note: String,
}

impl TrendPlan {
    /// Checks and completes what was typed.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) with the flag and the way out.
    pub fn resolve(args: &TrendArgs) -> Result<Self> {
        table_flags(args)?;
        let source = match &args.table.csv {
            Some(path) => TrendSource::Table {
                path: path.clone(),
                options: TableOptions {
                    time: args.table.time.clone(),
                    columns: args.table.columns.clone(),
                    lower_is_better: args.table.lower_is_better.clone(),
                    higher_is_better: args.table.higher_is_better.clone(),
                },
            },
            None => TrendSource::Results {
                names: match args.results.is_empty() {
                    true => vec![usual_place()?],
                    false => args.results.clone(),
                },
                confirm: args.tonight.confirm.clone(),
                one_machine: args.one_machine,
                only: Vec::new(),
            },
        };
        Ok(TrendPlan {
            marks: match &args.marks.marks {
                Some(path) => path.clone(),
                None => beside(&source),
            },
            marks_named: args.marks.marks.is_some(),
            acknowledge: acknowledgement(args)?,
            settings: settings(args)?,
            source,
        })
    }
}

/// Where results lie, if they do.
fn usual_place() -> Result<PathBuf> {
    let place = PathBuf::from(RESULTS);
    match place.exists() {
        true => Ok(place),
        false => Err(Error::Refused(format!(
            "there is no directory {RESULTS}/ here; name that of the nights: etcdbench trend DIR, or make a night: \
             etcdbench run nightly --history DIR"
        ))),
    }
}

/// Columns are those of a table.
fn table_flags(args: &TrendArgs) -> Result<()> {
    let table = &args.table;
    let given = [
        ("--time", table.time.is_some()),
        ("--columns", !table.columns.is_empty()),
        ("--lower-is-better", !table.lower_is_better.is_empty()),
        ("--higher-is-better", !table.higher_is_better.is_empty()),
    ];
    match given.iter().find(|(_, given)| *given && table.csv.is_none()) {
        Some(&(flag, _)) => Err(usage(
            &[flag, "--csv"],
            format!("{flag} names a column of a table; name the table with --csv FILE"),
        )),
        None => Ok(()),
    }
}

fn settings(args: &TrendArgs) -> Result<Settings> {
    let confirm_nights = args.tonight.confirm_nights.unwrap_or(Settings::CONFIRM_NIGHTS);
    if !(1..=MAX_CONFIRM_NIGHTS).contains(&confirm_nights) {
        return Err(usage(
            &["--confirm-nights"],
            format!("--confirm-nights {confirm_nights}: 1 to {MAX_CONFIRM_NIGHTS} nights"),
        ));
    }
    if args.tonight.min_difference == Some(0.0) {
        return Err(usage(
            &["--min-difference"],
            "--min-difference 0: nothing is smaller; write it like 10%",
        ));
    }
    let look_back = args.tonight.look_back.unwrap_or(Settings::LOOK_BACK);
    if look_back < FEWEST_NIGHTS {
        return Err(usage(
            &["--look-back"],
            format!("--look-back {look_back}: at least {FEWEST_NIGHTS} nights"),
        ));
    }
    Ok(Settings { confirm_nights, min_difference: args.tonight.min_difference, look_back })
}

fn acknowledgement(args: &TrendArgs) -> Result<Option<Acknowledgement>> {
    let Some(text) = &args.marks.acknowledge else {
        return Ok(None);
    };
    let parts =
        text.rsplit_once('@').filter(|(series, date)| !series.is_empty() && !date.is_empty());
    let Some((series, date)) = parts else {
        return Err(usage(
            &["--acknowledge"],
            format!(
                "--acknowledge {text}: write it as SERIES@DATE, like 'etcd/wal.fsync.p99@2026-10-03'"
            ),
        ));
    };
    Ok(Some(Acknowledgement {
        series: series.to_owned(),
        date: date.to_owned(),
        note: args.marks.note.clone().unwrap_or_default(),
    }))
}

/// In the first directory that was named, or beside the first file; of a pattern, in the directory it begins with.
fn beside(source: &TrendSource) -> PathBuf {
    let first = match source {
        TrendSource::Table { path, .. } => path.as_path(),
        TrendSource::Results { names, .. } => names.first().map_or(Path::new(""), PathBuf::as_path),
    };
    let is_pattern = |path: &Path| path.to_string_lossy().contains(['*', '?', '[']);
    let mut place = first;
    while !place.is_dir() || is_pattern(place) {
        match place.parent() {
            Some(parent) => place = parent,
            None => break,
        }
    }
    place.join(MARKS)
}
