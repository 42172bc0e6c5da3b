//! The page of a trend: the answer, then history after history: tonight, the changes that lasted, odd nights.

use super::parts::{
    Article, Cell, Page, Section, Table, charts, facts, folded, html, paragraph, tone,
};
use crate::compare::trend::{ChangePoint, HistoryTrend, SeriesTrend, Trend};
use crate::report::chart;
use crate::report::sketch;
use crate::report::text::clean;
use crate::report::trend::words;
use crate::report::words as common;
use crate::units::format_share;

/// Files of one reason that are named.
const MOST_FILES: usize = 100;
/// Cells of a sketch of a history.
const SKETCH: usize = 36;

/// The page.
pub fn trend(trend: &Trend) -> String {
    let verdict = words::tone(trend);
    let (word, reason) = common::headline(&trend.headline);
    let article = Article {
        id: "trend".to_owned(),
        level: 1,
        tone: tone(verdict),
        mark: common::mark(verdict),
        word: word.clone(),
        reason,
        above: vec!["etcdbench trend".to_owned()],
        notes: Vec::new(),
        about: trend.histories.iter().map(words::title).collect(),
        lines: true,
        sections: sections(trend),
    };
    html(&Page::new(format!("{word} · etcdbench trend"), vec![article]))
}

fn sections(trend: &Trend) -> Vec<Section> {
    let tonight: String = trend.histories.iter().map(tonight).collect();
    let changes: String = trend.histories.iter().map(changes).collect();
    let odd: String = trend.histories.iter().map(odd_nights).collect();
    let left_out = words::left_out(trend, MOST_FILES);
    let left_out: String = left_out.iter().map(|text| paragraph(text)).collect();
    let mut notes: String = trend.notes.iter().map(|note| paragraph(&clean(note))).collect();
    notes.push_str(&settings(trend));
    let all = [
        Section::new("tonight", "Tonight", tonight),
        Section::new("charts", "Charts", charts(&chart::of_trend(trend))),
        Section::new("changes", "Changes that lasted", changes),
        Section::new("odd", "Odd nights", odd),
        Section::new("left-out", "Left out", left_out),
        Section::new("how", "How it was judged", notes),
    ];
    all.into_iter().flatten().collect()
}

fn tonight(history: &HistoryTrend) -> String {
    let title = words::title(history);
    if let Some(why) = words::not_judged(history) {
        return paragraph(&format!("{title}: {why}"));
    }
    let row = |series: &SeriesTrend| {
        let tonight = &series.tonight;
        let verdict = words::series_tone(series).map_or("", tone);
        let reason = tonight.reason.clone().filter(|_| words::has_reason(series));
        vec![
            Cell::text(clean(&series.series)),
            Cell::number(words::value(series, tonight.usual)).small(between(series)),
            Cell::number(words::value(series, tonight.value)),
            Cell::number(words::ratio(tonight.ratio)),
            Cell::text(clean(&words::tonight(history, series))).class(verdict),
            Cell::text(sketch::history(&series.values, SKETCH)).class("sketch"),
            Cell::text(clean(&reason.unwrap_or_default())).class("long"),
        ]
    };
    html(&Table {
        caption: title,
        head: vec![
            Cell::text("series"),
            Cell::number("usual"),
            Cell::number("tonight"),
            Cell::number("ratio"),
            Cell::text("verdict"),
            Cell::text("nights"),
            Cell::text("why"),
        ],
        rows: history.series.iter().map(row).collect(),
        naming: 0,
    })
}

/// Where a night lies that is like those before it.
fn between(series: &SeriesTrend) -> String {
    let tonight = &series.tonight;
    match (tonight.low, tonight.high) {
        (Some(low), Some(high)) => {
            format!("{} – {}", words::value(series, Some(low)), words::value(series, Some(high)))
        }
        _ => String::new(),
    }
}

/// Every lasting change, oldest first.
fn changes(history: &HistoryTrend) -> String {
    let mut all: Vec<(&SeriesTrend, &ChangePoint)> = history
        .series
        .iter()
        .flat_map(|series| series.changes.iter().map(move |change| (series, change)))
        .collect();
    if all.is_empty() {
        return String::new();
    }
    all.sort_by_key(|(_, change)| change.night);
    let rows = all.iter().map(|(series, change)| {
        vec![
            Cell::text(words::when(history, &change.at)).class("nowrap"),
            Cell::text(clean(&series.series)),
            Cell::text(words::step(series, change)).class("nowrap"),
            Cell::text(words::factor(change)).class("nowrap"),
            Cell::text(words::outcome(change)),
            Cell::text(words::coincidence(change).unwrap_or_default()).class("long"),
        ]
    });
    let head = ["since", "series", "change", "factor (95 %)", "", "with"];
    html(&Table {
        caption: words::title(history),
        head: head.map(Cell::text).to_vec(),
        rows: rows.collect(),
        naming: 1,
    })
}

fn odd_nights(history: &HistoryTrend) -> String {
    let odd = words::odd_nights(history);
    if odd.is_empty() {
        return String::new();
    }
    let rows = odd
        .into_iter()
        .rev()
        .map(|(when, what)| vec![Cell::text(when).class("nowrap"), Cell::text(what)]);
    let table = Table {
        caption: format!("{}, the newest first", words::title(history)),
        head: ["night", "what"].map(Cell::text).to_vec(),
        rows: rows.collect(),
        naming: 0,
    };
    let summary = match table.rows.len() {
        1 => "1 night".to_owned(),
        n => format!("{n} nights"),
    };
    folded(&summary, &html(&table))
}

fn settings(trend: &Trend) -> String {
    let settings = &trend.settings;
    let all = [
        ("bad nights in a row that confirm", settings.confirm_nights.to_string()),
        ("nights looked back on", settings.look_back.to_string()),
        ("a change alarms for", format!("{} days", settings.recent_days)),
        ("false alarms of a single night", format_share(settings.night_alpha)),
        ("false confirmations, per night", format_share(settings.confirm_alpha)),
        ("threshold of change points (p)", settings.change_p.to_string()),
    ];
    facts(3, "", &all.map(|(label, value)| (label.to_owned(), value)))
}
