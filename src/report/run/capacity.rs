//! What the disk can carry.

use super::input::Input;
use crate::report::page::{Block, Cell, Column, Labels, Row, Section, Shown, Table, Text, Tone};
use crate::report::subject::RunAndPlan;
use crate::report::words;
use crate::result::{Capacity, CapacityStep};
use crate::units::{format_count, format_millis, significant};

pub(super) fn capacity(input: &Input<'_>) -> Vec<Section> {
    if input.disk().is_none() {
        return Vec::new();
    }
    let curve = input.summary.capacity.as_ref().map_or_else(Table::default, curve);
    let blocks = vec![text(input), Block::Table(curve)];
    vec![Section::new("capacity", "Capacity", blocks).shown(Shown::Folded)]
}

/// The rate that keeps every rule, and what that means in terms of a Kubernetes.
pub(super) fn text(subject: &RunAndPlan<'_>) -> Block {
    Block::Text(Text {
        label: "capacity",
        labels: Labels::Long,
        paragraphs: words::disk::capacity(subject),
    })
}

fn curve(capacity: &Capacity) -> Table {
    let numbers = [
        "wanted",
        "reached",
        "wal.fsync p99",
        "backend.commit p99",
        "put.commit p50",
        "put.commit p99",
        "WAL syncs",
    ];
    let mut columns: Vec<Column> = numbers.map(Column::number).to_vec();
    columns.push(Column::text("every rule"));
    Table {
        caption: "Every rate that was tried, in puts per second".to_owned(),
        columns,
        rows: capacity.curve.iter().map(step).collect(),
        ..Table::default()
    }
}

fn step(step: &CapacityStep) -> Row {
    let per_s = |rate: f64| Cell::new(format!("{}/s", significant(rate)));
    let ms = |ns: u64| Cell::new(format!("{} ms", format_millis(ns)));
    Row::new([
        per_s(step.wanted_per_s),
        per_s(step.reached_per_s),
        ms(step.wal_fsync_p99_ns),
        ms(step.backend_commit_p99_ns),
        ms(step.put_commit_p50_ns),
        ms(step.put_commit_p99_ns),
        Cell::new(format_count(step.wal_syncs)),
        match &step.broke {
            Some(rule) => Cell::new("✘ broken").tone(Tone::Fail).small(rule.to_string()),
            None if step.kept => Cell::new("✔ kept").tone(Tone::Pass),
            None => Cell::new("–"),
        },
    ])
}
