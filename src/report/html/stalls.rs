//! Waits that break something: how long, how often, and the longest one by one.

use super::parts::{Cell, Table, folded, html, paragraph};
use crate::report::subject::Subject;
use crate::report::text::clean;
use crate::report::words;
use crate::report::words::stalls;
use crate::result::{LadderStep, StallLine};
use crate::units::{format_count, format_duration, format_share};

/// Stalls that are listed.
const LISTED: usize = 50;

/// The ladder and the longest stalls.
pub fn stalls(subject: &Subject<'_>) -> String {
    let ladder = &subject.summary.ladder;
    let counted = stalls::counted(subject);
    if ladder.is_empty() && counted.is_empty() {
        return String::new();
    }
    let where_counted = match subject.disk() {
        Some(_) => "while the planned load was carried",
        None => "in the phase that is judged",
    };
    let mut out = html(&steps(ladder, where_counted));
    if counted.is_empty() {
        out.push_str(&paragraph("No stall was seen."));
        return out;
    }
    let summary = match counted.len() {
        n if n > LISTED => format!("The longest {LISTED} of {}", format_count(n as u64)),
        1 => "The only one".to_owned(),
        n => format!("All {n}, the longest first"),
    };
    let table = Table {
        caption: "The longest first".to_owned(),
        head: ["length", "at", "series", "phase"].map(Cell::text).to_vec(),
        rows: counted.iter().take(LISTED).map(|stall| one(subject, stall)).collect(),
        naming: 0,
    };
    out.push_str(&folded(&summary, &html(&table)));
    out
}

fn steps(ladder: &[LadderStep], where_counted: &str) -> Table {
    let row = |step: &LadderStep| {
        vec![
            Cell::text(format!("≥ {}", format_duration(step.at_least_ns))),
            Cell::text(clean(&step.effect)).class("long"),
            Cell::number(format_count(step.count)),
            Cell::number(format_count(step.samples)),
            Cell::number(format!("< {}", format_share(step.share_below))),
            Cell::text(clean(&step.source)).class("long"),
        ]
    };
    Table {
        caption: format!("Waits by what they break, {where_counted}"),
        head: vec![
            Cell::text("length"),
            Cell::text("breaks"),
            Cell::number("times"),
            Cell::number("of samples"),
            Cell::number("share at 95 %"),
            Cell::text("source"),
        ],
        rows: ladder.iter().map(row).collect(),
        naming: 0,
    }
}

fn one(subject: &Subject<'_>, stall: &StallLine) -> Vec<Cell> {
    let series = Cell::text(clean(&stall.series));
    vec![
        Cell::text(format_duration(stall.duration_ns)),
        Cell::text(clean(&stall.at)).class("nowrap"),
        match stall.member {
            Some(member) => series.small(words::member(subject, member)),
            None => series,
        },
        Cell::text(clean(&stall.phase)),
    ]
}
