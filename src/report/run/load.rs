//! What only a load has: what its client asked for and got, what each rate came to, the members' own view.

use super::input::Input;
use crate::plan::LoadPlan;
use crate::report::page::{Between, Block, Entries, Entry, Labels, Medium, Section, Shown, Table};
use crate::report::subject::{Plan, RunAndPlan};
use crate::report::words::load as words;

/// What was asked for and came of it, in one section.
pub(super) fn all(input: &Input<'_>) -> Vec<Section> {
    let Some(plan) = plan(input) else {
        return Vec::new();
    };
    let told = words::client(input, plan).into_iter().chain(words::outcome(input));
    let mut blocks = vec![entries(told)];
    // Elsewhere each has a section of its own.
    if input.medium == Medium::Browser {
        let tables = words::tables(input, plan).into_iter();
        blocks.extend(tables.map(|(title, table)| Block::Table(Table::of(title, table))));
    }
    vec![Section::new("load", "Load", blocks).shown(Shown::Folded)]
}

/// What was asked for and reached.
pub(super) fn client(input: &Input<'_>) -> Vec<Section> {
    let told = plan(input).map_or_else(Vec::new, |plan| words::client(input, plan));
    vec![Section::new("client", "Load", vec![entries(told)])]
}

/// What became of the watches, the acknowledged writes, the keys.
pub(super) fn outcome(input: &Input<'_>) -> Vec<Section> {
    let told = plan(input).map_or_else(Vec::new, |_| words::outcome(input));
    vec![Section::new("outcome", "Outcome", vec![entries(told)])]
}

/// Several rates or stages, and several classes, each in a table.
pub(super) fn rates(input: &Input<'_>) -> Vec<Section> {
    let tables = plan(input).map_or_else(Vec::new, |plan| words::tables(input, plan));
    let section = |(title, table): (String, _)| {
        Section::new("rates", title, vec![Block::Table(Table::of("", table))])
    };
    let shown = match input.medium {
        Medium::Comment => Shown::Folded,
        _ => Shown::Titled,
    };
    tables.into_iter().map(|table| section(table).shown(shown)).collect()
}

/// What each member says of itself.
pub(super) fn members(input: &Input<'_>) -> Vec<Section> {
    const CAPTION: &str = "What each member says of itself, beside what its clients see";
    let table = plan(input).map(|plan| Table::of(CAPTION, words::members(input, plan)));
    let blocks = table.map(Block::Table).into_iter().collect();
    vec![Section::new("members", "Members", blocks).shown(Shown::Folded)]
}

fn plan<'a>(subject: &'a RunAndPlan<'_>) -> Option<&'a LoadPlan> {
    match &subject.plan {
        Plan::Load(plan) => Some(plan),
        _ => None,
    }
}

fn entries(told: impl IntoIterator<Item = (&'static str, Vec<String>)>) -> Block {
    let entry = |(label, items): (&str, Vec<String>)| Entry::new(label, items, Between::Comma);
    let entries = told.into_iter().map(entry).collect();
    Block::Entries(Entries { labels: Labels::Long, entries })
}
