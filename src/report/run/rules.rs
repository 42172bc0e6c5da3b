//! Rules and results.

use super::input::Input;
use crate::report::page::{Block, Cell, Column, Mark, Row, Section, Short, Table};
use crate::report::words::rules::{HEAD, row};
use crate::result::RuleOutcome;

pub(super) fn rules(input: &Input<'_>) -> Vec<Section> {
    let table = self::table(&input.summary.rules);
    vec![Section::new("rules", "Rules", vec![Block::Table(table)])]
}

fn table(outcomes: &[RuleOutcome]) -> Table {
    let [rule, measured, limit, margin, samples, source] = HEAD;
    let rows = outcomes.iter().map(|outcome| {
        let told = row(outcome);
        let mut cells = told.cells.map(Cell::new);
        if let Some(source) = cells.last_mut() {
            source.small = told.note.unwrap_or_default();
        }
        Row::marked(Mark::of(told.verdict), cells)
    });
    Table {
        caption: "Rules and results".to_owned(),
        columns: vec![
            Column::text(rule).short(Short::First),
            Column::line(measured).short(Short::First),
            Column::number(limit).short(Short::FirstHeaded),
            Column::number(margin),
            Column::number(samples).short(Short::Counted),
            Column::prose(source),
        ],
        rows: rows.collect(),
        ..Table::default()
    }
}
