//! Rules and results.

use std::borrow::Cow;

use super::input::Input;
use crate::exit::Verdict;
use crate::record::Resolution;
use crate::report::page::{Block, Cell, Column, Mark, Row, Section, Short, Table};
use crate::report::words::quantiles;
use crate::report::words::rules::{HEAD, row};
use crate::result::{RuleId, RuleOutcome};
use crate::rule::{Rule, Stat};
use crate::units::format_duration;

pub(super) fn rules(input: &Input<'_>) -> Vec<Section> {
    let table = self::table(input);
    vec![Section::new("rules", "Rules", vec![Block::Table(table)])]
}

fn table(input: &Input<'_>) -> Table {
    let [rule, measured, limit, margin, samples, source] = HEAD;
    let rows = input.summary.rules.iter().map(|outcome| {
        let mut told = row(&as_resolved(input, outcome));
        if let Some(pooled) = series_of(outcome).and_then(|series| input.pooled(series)) {
            told.cells[5] += &format!("; {}", pooled.told());
        }
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

/// The series a rule that was typed is about.
fn series_of(outcome: &RuleOutcome) -> Option<&str> {
    match &outcome.rule {
        RuleId::Typed(rule) => rule.series.as_deref(),
        _ => None,
    }
}

/// An outcome that tells no more than its samples resolve, also where a result of before tells it.
fn as_resolved<'a>(input: &Input<'_>, outcome: &'a RuleOutcome) -> Cow<'a, RuleOutcome> {
    let RuleId::Typed(rule) = &outcome.rule else {
        return Cow::Borrowed(outcome);
    };
    let Stat::Percentile(percent) = rule.stat else {
        return Cow::Borrowed(outcome);
    };
    let found = rule.series.as_deref().and_then(|series| input.judged(series));
    let found = found.as_ref().and_then(|figures| {
        let found = quantiles::quantile(figures, percent / 100.0)?;
        Some((found.resolution(figures.count), outcome.measured_value?))
    });
    let Some((resolution, value)) = found else {
        return Cow::Borrowed(outcome);
    };
    let value = format_duration(value as u64);
    match resolution {
        Resolution::Rough if outcome.measured == value => {
            Cow::Owned(RuleOutcome { measured: format!("~{value}"), ..outcome.clone() })
        }
        Resolution::TooFew if outcome.measured == value => {
            let measured = match outcome.verdict {
                Verdict::Pass | Verdict::Warn => outcome.limit.clone(),
                Verdict::Fail => Rule { op: rule.op.inverse(), ..rule.clone() }.limit_label(),
                Verdict::Inconclusive => "–".to_owned(),
            };
            Cow::Owned(RuleOutcome { measured, margin: None, ..outcome.clone() })
        }
        _ => Cow::Borrowed(outcome),
    }
}
