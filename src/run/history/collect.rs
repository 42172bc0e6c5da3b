//! Results become histories.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::compare::LeftOut;
use crate::error::{Error, Result};
use crate::result::layout::MANIFEST;
use crate::result::{self, Conclude, FindingCode, Summary};
use crate::run::history::files;
use crate::trend::{History, Night, RunVerdict, Track, Unit};
use crate::trend::{Metric, metrics};
use crate::trend::{Scenario, facts};

/// A phase that lasted less than this share of what it usually does says something else.
const SHORT: f64 = 0.8;

/// Code of the finding that a load's figures are those of the machine it came from, not of the etcd.
const CLIENT_LIMIT: FindingCode = FindingCode::ClientLimit;
/// Codes of the findings that somebody else had the CPUs.
const DISTURBANCES: [FindingCode; 2] = [FindingCode::CpuBusy, FindingCode::CpuSteal];

/// How files are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct CollectOptions<'a> {
    /// A file that is no result and needs no mention.
    pub ignored: &'a Path,
    /// All hosts are one machine.
    pub one_machine: bool,
    /// Sums up runs that were killed.
    pub conclude: Conclude,
}

/// What became of some files.
#[derive(Debug, Default)]
pub(super) struct Collected {
    runs: Vec<Run>,
    /// Files that are in no history.
    pub left_out: Vec<LeftOut>,
}

impl Collected {
    /// Ids of all runs.
    pub fn ids(&self) -> BTreeSet<String> {
        self.runs.iter().map(|run| run.night.run_id.clone()).collect()
    }

    /// The directories of the executions that the newest nights are part of.
    pub fn newest_executions(&self) -> BTreeSet<PathBuf> {
        let mut newest: BTreeMap<&Scenario, &Night> = BTreeMap::new();
        for run in &self.runs {
            let night = newest.entry(&run.scenario).or_insert(&run.night);
            if (run.night.at, &run.night.run_id) > (night.at, &night.run_id) {
                *night = &run.night;
            }
        }
        newest.values().filter_map(|night| night.execution.clone()).collect()
    }

    /// The histories, in order of their titles; without the runs of `set_aside`: re-runs of a night are none.
    pub fn histories(self, set_aside: &BTreeSet<String>) -> Vec<History> {
        let is_night = |run: &Run| !set_aside.contains(&run.night.run_id);
        histories(self.runs.into_iter().filter(is_night).collect())
    }
}

/// Reads results.
///
/// Only the first and the last line of a result are read, unless it has no summary.
///
/// # Errors
/// [`Error::Usage`] for a pattern without a match, [`Error::Io`] for a name that is not there. A file that is no
/// result is left out and named.
pub(super) fn collect(names: &[PathBuf], options: &CollectOptions<'_>) -> Result<Collected> {
    let found = files::find(names, options.ignored)?;
    let mut left_out = found.left_out;
    let mut runs: Vec<Run> = Vec::new();
    let mut seen: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in found.files {
        let mut leave_out = |path: PathBuf, why| left_out.push(LeftOut { path, why });
        match Run::read(&path, options) {
            Err(error) => leave_out(path.clone(), without_path(&error, &path)),
            Ok(run) => match seen.get(&run.night.run_id) {
                Some(first) => leave_out(path, format!("the same run as {}", first.display())),
                None => {
                    seen.insert(run.night.run_id.clone(), path);
                    runs.push(run);
                }
            },
        }
    }
    left_out.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Collected { runs, left_out })
}

/// An error's message without the path it begins with.
fn without_path(error: &Error, path: &Path) -> String {
    let message = error.to_string();
    let path = path.display().to_string();
    match message.strip_prefix(&path) {
        Some(rest) => match rest.strip_prefix(": ") {
            Some(rest) => rest.to_owned(),
            None => format!("line {}", rest.trim_start_matches(':')),
        },
        None => message,
    }
}

/// One run, before it is known which history it belongs to.
#[derive(Debug)]
struct Run {
    scenario: Scenario,
    night: Night,
    metrics: Vec<Metric>,
}

impl Run {
    fn read(path: &Path, options: &CollectOptions<'_>) -> Result<Self> {
        let (header, summary) = result::read_ends(path)?;
        let (summary, note) = match summary {
            Some(summary) => {
                let note = cut_short(&summary);
                (summary, note)
            }
            None => {
                let run = result::read(path)?;
                let summary = (options.conclude)(&run, false, false, run.last_heard());
                (summary, Some("the run was killed".to_owned()))
            }
        };
        let at = header.started_at.parse::<Timestamp>().map_err(|_| {
            Error::Refused(format!(
                "{}: its start '{}' is no time",
                path.display(),
                header.started_at
            ))
        })?;
        let mut metrics = metrics(&header, &summary);
        let limited = summary.findings.iter().any(|f| f.code == CLIENT_LIMIT);
        if limited {
            metrics.iter_mut().for_each(|metric| metric.value = None);
        }
        let words = limited.then(|| "the client was the limit: left out".to_owned());
        let notes: Vec<String> = note.into_iter().chain(words).collect();
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        Ok(Run {
            scenario: Scenario::of(&header, options.one_machine),
            metrics,
            night: Night {
                at,
                run_id: header.run_id.clone(),
                source: path.display().to_string(),
                facts: facts(&header),
                note,
                disturbed: disturbed(&summary),
                verdict: RunVerdict::of(&summary),
                execution: execution_of(path),
            },
        })
    }
}

/// The directory of the execution of a scenario that a result is part of.
fn execution_of(result: &Path) -> Option<PathBuf> {
    /// A result is in the folder of its run, in that of its cell, in the execution's.
    const ABOVE: usize = 3;
    let above = result.ancestors().nth(ABOVE)?;
    above.join(MANIFEST).exists().then(|| above.to_path_buf())
}

fn disturbed(summary: &Summary) -> Option<String> {
    let mut findings = summary.findings.iter();
    let found = findings.find(|finding| DISTURBANCES.contains(&finding.code))?;
    Some(found.message.trim_end_matches('.').to_owned())
}

fn cut_short(summary: &Summary) -> Option<String> {
    match (summary.complete, summary.interrupted) {
        (true, _) => None,
        (false, true) => Some("the run was interrupted".to_owned()),
        (false, false) => Some("the run ended early".to_owned()),
    }
}

fn histories(runs: Vec<Run>) -> Vec<History> {
    let mut groups: BTreeMap<Scenario, Vec<Run>> = BTreeMap::new();
    for run in runs {
        groups.entry(run.scenario.clone()).or_default().push(run);
    }
    let scenarios: Vec<Scenario> = groups.keys().cloned().collect();
    groups.into_iter().map(|(scenario, runs)| history(&scenario, &scenarios, runs)).collect()
}

fn history(scenario: &Scenario, all: &[Scenario], mut runs: Vec<Run>) -> History {
    runs.sort_by(|a, b| (a.night.at, &a.night.run_id).cmp(&(b.night.at, &b.night.run_id)));
    let tracks = tracks(&mut runs);
    History {
        key: format!("{scenario:?}"),
        scenario: scenario.name.clone(),
        machine: scenario.machine.clone(),
        settings: distinct_by(scenario, all),
        nights: runs.into_iter().map(|run| run.night).collect(),
        tracks,
    }
}

/// The settings in which a scenario differs from others of the same name and machine.
fn distinct_by(scenario: &Scenario, all: &[Scenario]) -> Vec<String> {
    let namesakes: Vec<&Scenario> = all
        .iter()
        .filter(|other| other.name == scenario.name && other.machine == scenario.machine)
        .collect();
    let keys: BTreeSet<&String> =
        namesakes.iter().flat_map(|other| other.essentials.keys()).collect();
    let differs = |key: &&&String| {
        let own = scenario.essentials.get(**key);
        namesakes.iter().any(|other| other.essentials.get(**key) != own)
    };
    keys.iter()
        .filter(differs)
        .map(|key| match scenario.essentials.get(*key) {
            Some(value) => format!("{key} {value}"),
            None => format!("no {key}"),
        })
        .collect()
}

/// Every figure of every night, in the order the nights bring them up.
fn tracks(runs: &mut [Run]) -> Vec<Track> {
    drop_short_phases(runs);
    let mut order: Vec<Track> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let nights = runs.len();
    for (night, run) in runs.iter().enumerate() {
        for metric in &run.metrics {
            let place = *places.entry(metric.name.clone()).or_insert_with(|| {
                order.push(Track {
                    name: metric.name.clone(),
                    unit: metric.unit,
                    direction: metric.direction,
                    informational: metric.informational,
                    min_difference: metric.min_difference,
                    values: vec![None; nights],
                });
                order.len() - 1
            });
            order[place].values[night] = metric.value;
        }
    }
    // Errors that never happened and quantiles that were never resolved are no series.
    order.retain(|track| match track.unit {
        Unit::Share => track.values.iter().flatten().any(|share| *share > 0.0),
        _ => track.values.iter().any(Option::is_some),
    });
    order
}

/// Figures of a phase that was cut short are left out, with a note: they are of another length than the others.
fn drop_short_phases(runs: &mut [Run]) {
    let mut lengths: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for metric in runs.iter().flat_map(|run| &run.metrics) {
        if let Some((phase, length)) = &metric.phase {
            lengths.entry(phase.clone()).or_default().push(*length);
        }
    }
    let usual: BTreeMap<String, u64> = lengths
        .into_iter()
        .map(|(phase, mut lengths)| {
            lengths.sort_unstable();
            let middle = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
            (phase, middle)
        })
        .collect();
    for run in runs {
        let mut short: BTreeSet<String> = BTreeSet::new();
        for metric in &mut run.metrics {
            let Some((phase, length)) = &metric.phase else {
                continue;
            };
            let usual = usual.get(phase).copied().unwrap_or(0);
            if (*length as f64) < SHORT * usual as f64 {
                metric.value = None;
                short.insert(phase.clone());
            }
        }
        for phase in short {
            let words = format!("phase {phase} was cut short and is left out");
            let note = run.night.note.get_or_insert_default();
            *note = if note.is_empty() { words } else { format!("{note}; {words}") };
        }
    }
}
