//! From a plan to a trend: reads, marks, judges.

mod collect;
mod files;
mod table;

use std::collections::BTreeSet;

use crate::compare::LeftOut;
use crate::error::{Result, usage};
use crate::plan::{Acknowledgement, TrendPlan, TrendSource};
use crate::result::Conclude;
use crate::suggest;
use crate::trend::{self, History, Marks, Night, Trend, When, judge, neighbours};

pub use collect::{CollectOptions, Collected, collect};
pub use table::read_table;

/// Reads what the plan names and judges it; runs that were killed are summed up by `conclude`. Writes nothing, but for an acknowledgement into the file of marks.
///
/// # Errors
/// As [`collect`], [`read_table`] and [`Marks::read`]; [`Error::Usage`](crate::error::Error::Usage) for an
/// acknowledgement of what is not there.
pub fn run(plan: &TrendPlan, conclude: Conclude) -> Result<Trend> {
    let Read { histories, confirm, left_out, notes } = read(plan, conclude)?;
    if let Some(asked) = &plan.acknowledge {
        check(asked, &histories)?;
        trend::acknowledge(&plan.marks, &asked.series, &asked.date, &asked.note)?;
    }
    let marks = if plan.marks_named || plan.marks.exists() {
        Marks::read(&plan.marks)?
    } else {
        Marks::default()
    };
    Ok(judge(&histories, &confirm, &marks, &plan.settings, left_out, notes))
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
            let none = BTreeSet::new();
            let mut options = CollectOptions {
                ignored: &plan.marks,
                one_machine: *one_machine,
                conclude,
                set_aside: &none,
            };
            let again = collect(confirm, &options)?;
            // Re-runs may lie among the nights.
            let nights = again.histories.iter().flat_map(|history| &history.nights);
            let ids: BTreeSet<String> = nights.map(|night| night.run_id.clone()).collect();
            options.set_aside = &ids;
            let Collected { mut histories, mut left_out } = collect(names, &options)?;
            if !only.is_empty() {
                let wanted = |night: &Night| only.contains(&night.run_id);
                histories.retain(|history| history.nights.iter().any(wanted));
            }
            left_out.extend(again.left_out);
            Ok(Read {
                notes: neighbours::notes(&histories),
                histories,
                confirm: again.histories,
                left_out,
            })
        }
    }
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
