//! The quantiles of every series, phase by phase, with their intervals and the samples behind them.

use super::parts::{Cell, Table, folded, html};
use crate::report::subject::Subject;
use crate::report::text::clean;
use crate::report::words;
use crate::report::words::quantiles;
use crate::result::{PhaseSummary, SeriesSummary};
use crate::units::{format_count, format_duration, format_millis, significant};

/// The quantiles shown: all that summaries carry.
const SHOWN: [(f64, &str); 5] =
    [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (0.9999, "p99.99")];

/// The phase that matters most open, the others folded away.
pub fn tables(subject: &Subject<'_>) -> String {
    let first = words::main_phase(subject).map(|phase| phase.name.as_str());
    let (main, others): (Vec<_>, Vec<_>) = subject
        .summary
        .phases
        .iter()
        .filter(|phase| phase.series.iter().any(has_something))
        .partition(|phase| first.is_none_or(|name| phase.phase == name));
    let mut out = String::new();
    for phase in main {
        let all = |series: &&SeriesSummary| series.member.is_none();
        let each = |series: &&SeriesSummary| series.member.is_some();
        out.push_str(&html(&table(subject, phase, "", all)));
        if phase.series.iter().any(|series| each(&series)) {
            let table = table(subject, phase, ", member by member", each);
            out.push_str(&folded(&table.caption, &html(&table)));
        }
    }
    for phase in others {
        let table = table(subject, phase, "", |_| true);
        out.push_str(&folded(&table.caption, &html(&table)));
    }
    out
}

fn has_something(series: &SeriesSummary) -> bool {
    series.count > 0 || !series.errors.is_empty()
}

fn table(
    subject: &Subject<'_>,
    phase: &PhaseSummary,
    which: &str,
    shown: impl Fn(&&SeriesSummary) -> bool,
) -> Table {
    let mut head = vec![Cell::text("series, ms")];
    head.extend(SHOWN.map(|(_, name)| Cell::number(name)));
    head.extend(["mean", "min", "max", "samples", "per second", "failed"].map(Cell::number));
    let series = phase.series.iter();
    let series = series.filter(|series| has_something(series) && shown(series));
    let begun = match phase.start_ns {
        0 => String::new(),
        ns => format!(" from {} on", format_duration(ns)),
    };
    let mut table = Table {
        caption: format!(
            "Phase {}: {}{begun}{which}",
            clean(&phase.phase),
            format_duration(phase.length_ns),
        ),
        head,
        rows: series.map(|series| row(subject, series)).collect(),
        naming: 0,
    };
    // Where nothing failed anywhere the column says nothing.
    if phase.series.iter().all(|series| series.errors.is_empty()) {
        table.head.pop();
        table.rows.iter_mut().for_each(|row| drop(row.pop()));
    }
    table
}

fn row(subject: &Subject<'_>, series: &SeriesSummary) -> Vec<Cell> {
    let name = Cell::text(clean(&series.series));
    let mut row = vec![match series.member {
        Some(member) => name.small(words::member(subject, member)),
        None => name,
    }];
    row.extend(SHOWN.map(|(q, _)| quantile(series, q)));
    row.extend(
        [
            significant(series.mean_ns / 1e6),
            format_millis(series.min_ns),
            format_millis(series.max_ns),
            format_count(series.count),
            significant(series.rate_per_s),
        ]
        .map(Cell::number),
    );
    row.push(Cell::number(format_count(series.errors.values().sum())));
    row
}

fn quantile(series: &SeriesSummary, q: f64) -> Cell {
    let Some(found) = quantiles::quantile(series, q) else {
        return Cell::number("–");
    };
    match quantiles::value(found, series.count) {
        Some(value) => Cell::number(value).small(quantiles::interval(found).unwrap_or_default()),
        None => Cell::number("–").small(quantiles::beyond(found)),
    }
}
