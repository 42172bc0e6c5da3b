//! How long it took. A terminal shows the series that matter most with the shape of their distribution, a comment every
//! phase, a browser every quantile with its interval and the samples behind it.

use super::capacity;
use super::input::Input;
use crate::plan::LoadPlan;
use crate::report::page::{
    Between, Block, Cell, Column, Entries, Entry, Labels, Medium, Row, Section, Shown, Table,
};
use crate::report::subject::{Plan, Pooled};
use crate::report::words;
use crate::report::words::quantiles::{self, QUANTILES, told};
use crate::result::{PhaseSummary, RuleId, SeriesSummary};
use crate::units::{format_count, format_duration, format_millis, significant};

/// The quantiles shown in full: all that summaries carry.
const ALL: [(f64, &str); 5] =
    [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (0.9999, "p99.99")];

pub(super) fn quantiles(input: &Input<'_>) -> Vec<Section> {
    match input.medium {
        Medium::Terminal => {
            let blocks = match &input.plan {
                Plan::Load(plan) => of_load(input, plan),
                Plan::Import(plan) => {
                    let options = vec![words::import::options(plan)];
                    let figures = words::import::figures(input).into_iter();
                    let options = Entry::new("options", options, Between::Room);
                    vec![entries(figures.map(spread).chain([options]).collect())]
                }
                _ => of_disk(input),
            };
            vec![Section::new("quantiles", "", blocks)]
        }
        Medium::Comment => {
            let phases = input.summary.phases.iter().map(|phase| in_short(input, phase));
            let pooled = pooled(input).into_iter().map(|block| {
                let title = "Quantiles as rules are judged".to_owned();
                Section::new("quantiles", title, vec![block]).shown(Shown::Folded)
            });
            phases.chain(pooled).collect()
        }
        Medium::Browser => vec![Section::new("quantiles", "Quantiles", in_full(input))],
    }
}

fn entries(entries: Vec<Entry>) -> Block {
    Block::Entries(Entries { labels: Labels::Long, entries })
}

fn spread((label, items): (String, Vec<String>)) -> Entry {
    Entry::new(label, items, Between::Room)
}

/// The distributions of the phase that is shown, over time, and what the disk can carry.
fn of_disk(input: &Input<'_>) -> Vec<Block> {
    let phase = words::disk::shown(input);
    let told = phase.map_or_else(Vec::new, |phase| words::disk::spread(input, phase));
    let told = told.into_iter().map(|(label, items)| spread((label.to_owned(), items)));
    let mut blocks = vec![entries(told.collect())];
    blocks.extend(phase.and_then(words::disk::over_time).map(Block::Timeline));
    blocks.push(capacity::text(input));
    blocks
}

/// A row per series of the phase that is shown, and the most telling one over time.
fn of_load(input: &Input<'_>, plan: &LoadPlan) -> Vec<Block> {
    let Some((table, missing)) = words::load::latency(input, plan) else {
        return Vec::new();
    };
    let missing = missing.map(|why| Entry::new("", vec![why], Between::Room));
    let over_time = words::load::over_time(input, plan).map(Block::Timeline);
    let blocks = [Block::Table(Table::of("", table)), entries(missing.into_iter().collect())];
    blocks.into_iter().chain(over_time).collect()
}

fn in_short(input: &Input<'_>, phase: &PhaseSummary) -> Section {
    let mut columns = vec![Column::text("series, ms"), Column::text("")];
    columns.extend(QUANTILES.map(|(_, name)| Column::number(name)));
    columns.extend(["max", "samples"].map(Column::number));
    let row = |series: &SeriesSummary| {
        let member = series.member.map(|member| words::member(input, member));
        let mut row = vec![series.series.clone(), member.unwrap_or_default()];
        row.extend(told(series).values.into_iter().map(|(_, value)| value));
        row.resize(2 + QUANTILES.len(), "–".to_owned());
        row.extend([format_millis(series.max_ns), format_count(series.count)]);
        Row::new(row.into_iter().map(Cell::new).collect::<Vec<_>>())
    };
    let rows = phase.series.iter().filter(|series| series.count > 0).map(row).collect();
    let table = Block::Table(Table { columns, rows, ..Table::default() });
    let title = format!("Quantiles of phase {}", phase.phase);
    Section::new("quantiles", title, vec![table]).shown(Shown::Folded)
}

/// The phase that matters most open, the others folded away.
fn in_full(input: &Input<'_>) -> Vec<Block> {
    let first = words::main_phase(input).map(|phase| phase.name.as_str());
    let phases = input.summary.phases.iter();
    let phases = phases.filter(|phase| phase.series.iter().any(has_something));
    let (main, others): (Vec<_>, Vec<_>) =
        phases.partition(|phase| first.is_none_or(|name| phase.phase == name));
    let mut blocks = Vec::new();
    for phase in main {
        let each = |series: &SeriesSummary| series.member.is_some();
        blocks.push(Block::Table(table(input, phase, "", |series| !each(series))));
        blocks.push(fold(table(input, phase, ", member by member", each)));
    }
    blocks.extend(pooled(input));
    blocks.extend(others.into_iter().map(|phase| fold(table(input, phase, "", |_| true))));
    blocks
}

/// What rules pool over several phases, beside the phases by themselves.
fn pooled(input: &Input<'_>) -> Option<Block> {
    let series = input.run.phases.iter().flat_map(|phase| &phase.series);
    let mut names: Vec<&str> = series.map(|series| series.series.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let judged = |name: &str| {
        input.summary.rules.iter().any(|outcome| match &outcome.rule {
            RuleId::Typed(rule) => rule.series.as_deref() == Some(name),
            _ => false,
        })
    };
    let all = names.into_iter().filter(|name| judged(name)).filter_map(|name| input.pooled(name));
    let all: Vec<Pooled<'_>> = all.collect();
    let phases = all.first()?.told();
    let table = Table {
        caption: format!("Pooled over {phases}, as rules are judged"),
        columns: columns(),
        rows: all.iter().map(|pooled| row(input, &pooled.figures, false)).collect(),
        ..Table::default()
    };
    Some(Block::Table(table))
}

fn fold(table: Table) -> Block {
    Block::Fold(table.caption.clone(), vec![Block::Table(table)])
}

fn has_something(series: &SeriesSummary) -> bool {
    series.count > 0 || !series.errors.is_empty()
}

fn table(
    input: &Input<'_>,
    phase: &PhaseSummary,
    which: &str,
    shown: impl Fn(&SeriesSummary) -> bool,
) -> Table {
    // Where nothing failed anywhere the column says nothing.
    let failures = phase.series.iter().any(|series| !series.errors.is_empty());
    let begun = match phase.start_ns {
        0 => String::new(),
        ns => format!(" from {} on", format_duration(ns)),
    };
    let series = phase.series.iter().filter(|series| has_something(series) && shown(series));
    Table {
        caption: format!(
            "Phase {}: {}{begun}{which}",
            phase.phase,
            format_duration(phase.length_ns),
        ),
        columns: columns(),
        rows: series.map(|series| row(input, series, failures)).collect(),
        ..Table::default()
    }
}

fn columns() -> Vec<Column> {
    let mut columns = vec![Column::text("series, ms")];
    columns.extend(ALL.map(|(_, name)| Column::number(name)));
    let others = ["mean", "min", "max", "samples", "per second", "failed"];
    columns.extend(others.map(Column::number));
    columns
}

fn row(input: &Input<'_>, series: &SeriesSummary, failures: bool) -> Row {
    let member = series.member.map(|member| words::member(input, member));
    let failed = match failures {
        true => format_count(series.errors.values().sum()),
        false => String::new(),
    };
    let mut row = vec![Cell::new(&series.series).small(member.unwrap_or_default())];
    row.extend(ALL.map(|(q, _)| quantile(series, q)));
    row.extend(
        [
            significant(series.mean_ns / 1e6),
            format_millis(series.min_ns),
            format_millis(series.max_ns),
            format_count(series.count),
            significant(series.rate_per_s),
            failed,
        ]
        .map(Cell::new),
    );
    Row::new(row)
}

fn quantile(series: &SeriesSummary, q: f64) -> Cell {
    let Some(found) = quantiles::quantile(series, q) else {
        return Cell::new("–");
    };
    match quantiles::value(found, series.count) {
        Some(value) => Cell::new(value).small(quantiles::interval(found).unwrap_or_default()),
        None => Cell::new("–").small(quantiles::beyond(found)),
    }
}
