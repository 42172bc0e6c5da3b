//! Two or more results → [`Comparison`]: which is better, by how much, and how sure that is.
//!
//! [`compare()`] is pure: runs in, data out. [`crate::run::comparison`] finds or makes the runs for it.

mod answer;
mod arm;
mod calibration;
mod contrast;
mod doubt;
mod effect;
pub(crate) mod facts;
mod group;
mod guards;
mod json_schema;
mod judge;
pub(crate) mod looks;
mod model;
mod notes;
mod outcome;
mod phrases;
mod rank;
mod side_metric;
mod stolen;
mod subject;
mod unjudged;
mod validity;
mod words;

pub use group::{CONFIRMING_S, Group, Input};

pub use answer::{Answer, Finished};
pub use calibration::{FEWEST_CALIBRATING, calibration};
pub use json_schema::json_schema;
pub(crate) use model::is_usual;
pub use model::*;
pub(crate) use subject::{DISK_PRIMARY, NOT_COMPARED};
pub use words::design;

use crate::exit::Exit;
use crate::rule::comparison::{FailOn, Settings};
use crate::tool::Tool;

use contrast::{Judged, contrasts};
use facts::{Facts, facts};
use guards::Guarded;

/// Compares each group with the first. There must be at least two, with a run each.
pub fn compare(groups: &[Group], settings: &Settings, left_out: Vec<LeftOut>) -> Comparison {
    let facts: Vec<Vec<Facts>> = groups
        .iter()
        .map(|group| group.runs.iter().map(|input| facts(&input.run)).collect())
        .collect();
    let guarded = guards::guard(&facts, settings.intent, &settings.allow);
    let mut comparison = Comparison {
        schema: SCHEMA_VERSION.to_owned(),
        tool: Tool::this(),
        intent: guarded.intent,
        intent_declared: settings.intent.is_some(),
        obstacles: obstacles(&guarded, groups),
        sides: sides(groups),
        notes: notes::notes(groups),
        differences: guarded.differences,
        left_out,
        ..Comparison::default()
    };
    if comparison.obstacles.is_empty() {
        let Judged { contrasts, rankings, notes } = contrasts(groups, &comparison.sides, settings);
        comparison.contrasts = contrasts;
        comparison.rankings = rankings;
        comparison.notes.extend(notes);
        if comparison.contrasts.iter().all(|c| c.metrics.is_empty()) {
            comparison.obstacles.push(notes::nothing_in_common(groups));
        }
    }
    conclude(&mut comparison, settings);
    comparison
}

/// What is wrong with the fields that may differ: none of these runs has such a one.
pub(crate) fn unknown_allowance(groups: &[Group], allow: &[String]) -> Option<String> {
    let facts: Vec<Vec<Facts>> = groups
        .iter()
        .map(|group| group.runs.iter().map(|input| facts(&input.run)).collect())
        .collect();
    guards::unknown_allowance(&facts, allow)
}

fn obstacles(guarded: &Guarded, groups: &[Group]) -> Vec<String> {
    let letters: Vec<String> = (0..groups.len()).map(letter).collect();
    guarded.obstacles().map(|difference| notes::obstacle(difference, &letters)).collect()
}

fn conclude(comparison: &mut Comparison, settings: &Settings) {
    comparison.outcome = if comparison.obstacles.is_empty() {
        outcome::of_all(&comparison.contrasts)
    } else {
        Outcome::NotComparable
    };
    comparison.headline = words::headline(comparison);
    let (exit, why) = outcome::exit(comparison, &settings.fail_on);
    comparison.exit_code = exit.code();
    comparison.exit_reason = why;
}

impl Comparison {
    /// How a command that made it ends.
    pub fn exit(&self, fail_on: &[FailOn]) -> Exit {
        outcome::exit(self, fail_on).0
    }
}

/// `A`, `B` … `Z`, `AA` …
fn letter(index: usize) -> String {
    let last = char::from(b'A' + (index % 26) as u8);
    match index / 26 {
        0 => last.to_string(),
        more => format!("{}{last}", letter(more - 1)),
    }
}

fn sides(groups: &[Group]) -> Vec<Side> {
    let side = |(index, group): (usize, &Group)| Side {
        letter: letter(index),
        name: group.name.clone(),
        runs: group.runs.iter().map(run_facts).collect(),
    };
    groups.iter().enumerate().map(side).collect()
}

fn run_facts(input: &Input) -> RunFacts {
    let Input { path, run } = input;
    RunFacts {
        path: path.clone(),
        run_id: run.header.run_id.clone(),
        started_at: run.header.started_at.clone(),
        host: run.header.environment.host.clone(),
        verdict: run.summary.as_ref().map(|summary| summary.verdict),
        complete: run.summary.as_ref().is_some_and(|summary| summary.complete),
    }
}

#[cfg(test)]
mod tests {
    use super::letter;

    #[test]
    fn letters_do_not_run_out() {
        let all: Vec<String> = (0..800).map(letter).collect();
        assert_eq!(
            [&all[0], &all[25], &all[26], &all[701], &all[702]],
            ["A", "Z", "AA", "ZZ", "AAA"]
        );
        let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
        assert_eq!(distinct.len(), 800);
    }
}
