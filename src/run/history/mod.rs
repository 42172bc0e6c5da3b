//! From a plan to a trend: reads, marks, judges.

mod collect;
mod files;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use crate::compare::LeftOut;
use crate::error::{Error, Result, usage};
use crate::plan::{Acknowledgement, TrendPlan, TrendSource};
use crate::result::Conclude;
use crate::result::layout::RERUNS;
use crate::suggest;
use crate::trend::{
    self, ChangeEvent, ChangePoint, History, HistoryTrend, LatestVerdict, Marks, Night, Outcome,
    SeriesTrend, Trend, When, judge, neighbours,
};

use collect::{CollectOptions, collect};
pub use table::read_table;

/// Reads what the plan names and judges it; runs that were killed are summed up by `conclude`. Writes nothing, but for an acknowledgement into the file of marks.
///
/// # Errors
/// As [`read_table`] and [`Marks::read`]; [`Error::Io`] for a name that is not there, [`Error::Usage`] for a pattern
/// without a match; [`Error::Usage`](crate::error::Error::Usage) for an
/// acknowledgement of what is not there.
pub fn run(plan: &TrendPlan, conclude: Conclude) -> Result<Trend> {
    let Read { histories, confirm, left_out, mut notes } = read(plan, conclude)?;
    if let Some(asked) = &plan.acknowledge {
        check(asked, &histories)?;
        let marks = trend::acknowledge(&plan.marks, &asked.series, &asked.date, &asked.note)?;
        let (series, date) = (&asked.series, &asked.date);
        notes.insert(0, format!("acknowledged in {}: {series} from {date} on", marks.display()));
    }
    let marks = if plan.marks_named || plan.marks.exists() {
        Marks::read(&plan.marks)?
    } else {
        Marks::default()
    };
    let mut judged = judge(&histories, &confirm, &marks, &plan.settings, left_out, notes);
    judged.commands = commands(&judged, &plan.source);
    Ok(judged)
}

struct Read {
    histories: Vec<History>,
    confirm: Vec<History>,
    left_out: Vec<LeftOut>,
    notes: Vec<String>,
}

fn read(plan: &TrendPlan, conclude: Conclude) -> Result<Read> {
    match &plan.source {
        TrendSource::Table { path, options } => {
            let (histories, notes) = read_table(path, options)?;
            Ok(Read { histories, confirm: Vec::new(), left_out: Vec::new(), notes })
        }
        TrendSource::Results { names, confirm, one_machine, only } => {
            let options =
                CollectOptions { ignored: &plan.marks, one_machine: *one_machine, conclude };
            let mut nights = collect(names, &options)?;
            let again = match confirm.is_empty() && only.is_empty() {
                // What a night's own execution has run again.
                true => collect(&reruns(nights.newest_executions())?, &options)?,
                false => collect(confirm, &options)?,
            };
            let mut left_out = std::mem::take(&mut nights.left_out);
            left_out.extend(again.left_out.iter().cloned());
            // Re-runs may lie among the nights.
            let mut histories = nights.histories(&again.ids());
            if !only.is_empty() {
                let wanted = |night: &Night| only.contains(&night.run_id);
                histories.retain(|history| history.nights.iter().any(wanted));
            }
            Ok(Read {
                notes: neighbours::notes(&histories),
                histories,
                confirm: again.histories(&BTreeSet::new()),
                left_out,
            })
        }
    }
}

/// Re-runs that the executions of the newest nights have left beside them.
fn reruns(executions: BTreeSet<PathBuf>) -> Result<Vec<PathBuf>> {
    let folders = executions.into_iter().map(|execution| execution.join(RERUNS));
    let mut found = Vec::new();
    for folder in folders.filter(|folder| folder.is_dir()) {
        let entries = fs::read_dir(&folder).map_err(Error::io("read the directory", &folder))?;
        let paths = entries.flatten().map(|entry| entry.path());
        found.extend(paths.filter(|path| path.extension().is_some_and(|end| end == "jsonl")));
    }
    found.sort();
    Ok(found)
}

/// For each night since which something is worse: the command that acknowledges it, and the one that compares with the
/// night before it.
fn commands(trend: &Trend, source: &TrendSource) -> Vec<String> {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let what = match source {
        TrendSource::Table { path, .. } => format!("--csv {}", quoted(&path.display().to_string())),
        TrendSource::Results { names, .. } => {
            let names = names.iter().map(|name| quoted(&name.display().to_string()));
            names.collect::<Vec<_>>().join(" ")
        }
    };
    let mut found = Vec::new();
    for history in &trend.histories {
        let mut since: BTreeMap<&str, Vec<&SeriesTrend>> = BTreeMap::new();
        for series in history.series.iter().filter(|series| !series.informational) {
            let tonight = &series.tonight;
            if let (LatestVerdict::Regressed, Some(at)) = (tonight.verdict, &tonight.since) {
                since.entry(event_of(history, series, at)).or_default().push(series);
            }
        }
        for (at, series) in since {
            let pattern = if let [only] = series[..] { only.series.as_str() } else { "*" };
            let last = series.iter().filter_map(|series| last_step(history, series)).max();
            let known = last.map_or(at, |night| &history.nights[night].at);
            // The day will do where it has one night.
            let day = known.split('T').next().unwrap_or(known);
            let alone =
                history.nights.iter().filter(|night| night.at.starts_with(day)).count() == 1;
            let mark = quoted(&format!("{pattern}@{}", if alone { day } else { known }));
            // Several histories may have changed in one night.
            let acknowledge = format!("etcdbench trend {what} --acknowledge {mark} --note '…'");
            if !found.contains(&acknowledge) {
                found.push(acknowledge);
            }
            let first = history.nights.iter().position(|night| night.at == at);
            let good =
                first.and_then(|first| first.checked_sub(1)).map(|good| &history.nights[good]);
            if let (TrendSource::Results { .. }, Some(good), Some(newest)) =
                (source, good, history.nights.last())
            {
                let (good, newest) = (quoted(&good.source), quoted(&newest.source));
                found.push(format!("etcdbench compare {good} {newest}"));
            }
        }
    }
    found
}

/// The night of the last step that nobody has acknowledged: of several, that one makes the level now the usual.
fn last_step(history: &HistoryTrend, series: &SeriesTrend) -> Option<usize> {
    let is_open = |change: &&ChangePoint| change.mark.is_none() && change.outcome == Outcome::Worse;
    let last = series.changes.iter().rfind(is_open)?;
    let at = event_of(history, series, &last.at);
    history.nights.iter().position(|night| night.at == at)
}

/// The night of the event that a change of a series is part of.
fn event_of<'a>(history: &'a HistoryTrend, series: &SeriesTrend, at: &'a str) -> &'a str {
    let is_in = |event: &&ChangeEvent| {
        event.changes.iter().any(|change| change.series == series.series && change.at == at)
    };
    history.events.iter().find(is_in).map_or(at, |event| &event.at)
}

/// An acknowledgement of a series or a night that is not there is a slip.
fn check(asked: &Acknowledgement, histories: &[History]) -> Result<()> {
    let refuse = |why: String| {
        Err(usage(
            &["--acknowledge"],
            format!("--acknowledge {}@{}: {why}", asked.series, asked.date),
        ))
    };
    let pattern = match glob::Pattern::new(&asked.series) {
        Ok(pattern) => pattern,
        Err(error) => return refuse(error.msg.to_owned()),
    };
    let holds = |history: &&History| history.tracks.iter().any(|t| pattern.matches(&t.name));
    let with_series: Vec<&History> = histories.iter().filter(holds).collect();
    if with_series.is_empty() {
        let tracks = histories.iter().flat_map(|history| &history.tracks);
        let mut known: Vec<&str> = tracks.map(|track| track.name.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        return refuse(suggest::unknown("series", &asked.series, &known));
    }
    let when = When::parse(&asked.date);
    let there = |history: &&History| history.nights.iter().any(|night| when.is(night));
    if with_series.iter().any(there) {
        return Ok(());
    }
    let nights = with_series.iter().flat_map(|history| &history.nights);
    let newest = nights.map(|night| night.at).max();
    refuse(match newest {
        Some(newest) => format!("no night of this date (UTC) or id; the newest is of {newest}"),
        None => "there are no nights".to_owned(),
    })
}
