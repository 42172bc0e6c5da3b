//! Events that are not in every run.

use super::input::Input;
use crate::report::page::{Block, Cell, Column, Row, Section, Table};
use crate::report::words;
use crate::units::{date_and_time, format_count};

/// More are not listed.
const LISTED: usize = 200;
/// More are folded away.
const OPEN: usize = 12;

pub(super) fn events(input: &Input<'_>) -> Vec<Section> {
    let all = words::events(input);
    let row = |event: &words::EventRow| {
        let cells = [date_and_time(&event.at), event.phase.clone(), event.what.clone()];
        Row::new(cells.map(Cell::new))
    };
    let table = Block::Table(Table {
        caption: match all.len() {
            n if n > LISTED => format!("The first {LISTED} of {}", format_count(n as u64)),
            _ => "In the order of time".to_owned(),
        },
        columns: vec![Column::line("at"), Column::text("phase"), Column::prose("what")],
        rows: all.iter().take(LISTED).map(row).collect(),
        ..Table::default()
    });
    let block = match all.len() {
        n if n > OPEN => Block::Fold(format!("{} events", format_count(n as u64)), vec![table]),
        _ => table,
    };
    vec![Section::new("events", "What happened", vec![block])]
}
