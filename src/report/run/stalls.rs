//! Waits that break something: how long, how often, and the longest one by one.

use super::input::Input;
use crate::report::chart;
use crate::report::page::{
    Between, Block, Cell, Column, Entries, Entry, Labels, Medium, Row, Section, Shown, Table,
};
use crate::report::words;
use crate::report::words::stalls;
use crate::result::{LadderStep, StallLine};
use crate::units::{format_count, format_duration, format_share};

/// Stalls that are listed.
const LISTED: usize = 50;

pub(super) fn stalls(input: &Input<'_>) -> Vec<Section> {
    let steps = || stalls::ladder(input).iter().map(stalls::step).collect::<Vec<_>>();
    let blocks = match input.medium {
        Medium::Terminal => vec![in_short(input, steps())],
        Medium::Comment => vec![Block::List(steps())],
        Medium::Browser => in_full(input),
    };
    vec![Section::new("stalls", "Stalls", blocks).shown(Shown::Folded)]
}

fn in_short(input: &Input<'_>, steps: Vec<String>) -> Block {
    let mut entries = Vec::new();
    if !steps.is_empty() {
        let longest = stalls::counted(input).first().map(|longest| stalls::stall(longest));
        entries.push(Entry::new("ladder", steps, Between::WideRoom));
        entries.extend(longest.map(|text| Entry::new("longest", vec![text], Between::Room)));
    }
    Block::Entries(Entries { labels: Labels::Long, entries })
}

fn in_full(input: &Input<'_>) -> Vec<Block> {
    let ladder = &input.summary.ladder;
    let counted = stalls::counted(input);
    if ladder.is_empty() && counted.is_empty() {
        return Vec::new();
    }
    let where_counted = match input.disk() {
        Some(_) => "while the planned load was carried",
        None => "in the phase that is judged",
    };
    let summary = match counted.len() {
        n if n > LISTED => format!("The longest {LISTED} of {}", format_count(n as u64)),
        1 => "The one stall".to_owned(),
        n => format!("All {n}, the longest first"),
    };
    let listed = match counted.is_empty() {
        true => Block::paragraphs(vec!["No stall was seen.".to_owned()]),
        false => Block::Fold(summary, vec![Block::Table(longest(input, &counted))]),
    };
    vec![Block::Table(self::ladder(ladder, where_counted)), listed]
}

fn ladder(ladder: &[LadderStep], where_counted: &str) -> Table {
    let row = |step: &LadderStep| {
        let cells = [
            format!("≥ {}", format_duration(step.at_least_ns)),
            step.effect.clone(),
            format_count(step.count),
            format_count(step.samples),
            format!("< {}", format_share(step.share_below)),
            step.source.clone(),
        ];
        Row::new(cells.map(Cell::new))
    };
    Table {
        caption: format!("Waits by what they break, {where_counted}"),
        columns: vec![
            Column::text("length"),
            Column::prose("breaks"),
            Column::number("times"),
            Column::number("of samples"),
            Column::number("share at 95 %"),
            Column::prose("source"),
        ],
        rows: ladder.iter().map(row).collect(),
        ..Table::default()
    }
}

fn longest(input: &Input<'_>, counted: &[&StallLine]) -> Table {
    let row = |stall: &&StallLine| {
        let member = stall.member.map(|member| words::member(input, member));
        Row::new([
            Cell::new(format_duration(stall.duration_ns)),
            Cell::new(&stall.at).link(chart::place_of(input.charts, stall).unwrap_or_default()),
            Cell::new(&stall.series).small(member.unwrap_or_default()),
            Cell::new(&stall.phase),
        ])
    };
    let columns = vec![
        Column::text("length"),
        Column::line("at"),
        Column::text("series"),
        Column::text("phase"),
    ];
    Table {
        caption: "The longest first".to_owned(),
        columns,
        rows: counted.iter().take(LISTED).map(row).collect(),
        ..Table::default()
    }
}
