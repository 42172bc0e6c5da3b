//! The page for people: the answer, then a history after the other with a line per series, its changes, and what was
//! left out.

use super::words;
use crate::compare::trend::{ChangePoint, HistoryTrend, SeriesTrend, Trend};
use crate::report::answer::answer;
use crate::report::sketch;
use crate::report::style::Style;
use crate::report::text::{clean, entry, left, right, width, wrap};

/// Cells of a sketch at most and at least.
const SKETCH: (usize, usize) = (8, 36);
/// Cells of the column of labels.
const GUTTER: usize = 10;
/// Files of one reason that are named.
const MOST_FILES: usize = 3;

/// The page of a trend, ending in a newline.
pub fn terminal(trend: &Trend, style: &Style) -> String {
    let mut out = String::new();
    answer(&trend.headline, words::tone(trend), *style, &mut out);
    for history in &trend.histories {
        out.push('\n');
        one(history, style, &mut out);
    }
    let cells = style.prose().saturating_sub(2 + GUTTER);
    let mut section = |label: &str, items: Vec<String>| {
        for (index, item) in items.iter().enumerate() {
            if index == 0 {
                out.push('\n');
            }
            entry(&mut out, if index == 0 { label } else { "" }, GUTTER, &wrap(item, cells));
        }
    };
    section("left out", words::left_out(trend, MOST_FILES));
    section("note", trend.notes.iter().map(|note| clean(note)).collect());
    out
}

fn one(history: &HistoryTrend, style: &Style, out: &mut String) {
    for line in wrap(&words::title(history), style.prose()) {
        out.push_str(&line);
        out.push('\n');
    }
    match words::not_judged(history) {
        None => table(history, style, out),
        Some(why) => out.push_str(&format!("  {why}\n")),
    }
    changes(history, style, out);
    odd_nights(history, style, out);
}

/// One line per series: sketch, usual, tonight, ratio, verdict.
fn table(history: &HistoryTrend, style: &Style, out: &mut String) {
    let rows: Vec<[String; 5]> = history
        .series
        .iter()
        .map(|series| {
            let tonight = &series.tonight;
            [
                clean(&series.series),
                words::value(series, tonight.usual),
                words::value(series, tonight.value),
                words::ratio(tonight.ratio),
                words::tonight(history, series),
            ]
        })
        .collect();
    let head = ["series", "usual", "tonight", "", ""];
    let cells = |column: usize| {
        let widths = rows.iter().map(|row| width(&row[column]));
        widths.max().unwrap_or(0).max(width(head[column]))
    };
    let fixed: usize = (0..5).map(cells).sum::<usize>() + 2 * 6;
    // Where the page is too narrow for it, the verdict goes below its row.
    let below = fixed + SKETCH.0 > style.columns();
    let fixed = if below { fixed - cells(4) - 2 } else { fixed };
    let sketch = style.columns().saturating_sub(fixed).clamp(SKETCH.0, SKETCH.1);
    let mut line = |row: [&str; 5], nights: &str, verdict: &str| {
        let gap = if below { "\n      " } else { "  " };
        let text = format!(
            "  {}  {}  {}  {}  {}{gap}{verdict}",
            left(row[0], cells(0)),
            left(nights, sketch),
            right(row[1], cells(1)),
            right(row[2], cells(2)),
            right(row[3], cells(3)),
        );
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(head, "nights", "");
    for (series, row) in history.series.iter().zip(&rows) {
        let nights = sketch::history(&series.values, sketch);
        let verdict = colored(series, &row[4], style);
        line([&row[0], &row[1], &row[2], &row[3], ""], &nights, &verdict);
    }
    let reasons: Vec<(&str, &str)> = history
        .series
        .iter()
        .filter(|series| words::has_reason(series))
        .filter_map(|series| Some((series.series.as_str(), series.tonight.reason.as_deref()?)))
        .collect();
    if !reasons.is_empty() {
        out.push('\n');
    }
    for (series, reason) in reasons {
        for line in wrap(&clean(&format!("{series}: {reason}")), style.prose() - 2) {
            out.push_str(&format!("  {line}\n"));
        }
    }
}

fn colored(series: &SeriesTrend, text: &str, style: &Style) -> String {
    match words::series_tone(series) {
        Some(tone) => style.verdict(tone, text),
        None => text.to_owned(),
    }
}

/// Every lasting change, oldest first.
fn changes(history: &HistoryTrend, style: &Style, out: &mut String) {
    let mut all: Vec<(&SeriesTrend, &ChangePoint)> = history
        .series
        .iter()
        .flat_map(|series| series.changes.iter().map(move |change| (series, change)))
        .collect();
    if all.is_empty() {
        return;
    }
    all.sort_by_key(|(_, change)| change.night);
    out.push_str("\n  changes that lasted\n");
    let rows: Vec<[String; 5]> = all
        .iter()
        .map(|(series, change)| {
            [
                words::when(history, &change.at),
                clean(&series.series),
                words::step(series, change),
                words::factor(change),
                words::outcome(change),
            ]
        })
        .collect();
    let cells = |column: usize| {
        let widths = rows.iter().map(|row| width(&row[column]));
        widths.max().unwrap_or(0)
    };
    let mut told: Option<(usize, Option<String>)> = None;
    for ((_, change), row) in all.iter().zip(&rows) {
        let fields: Vec<String> = (0..4).map(|column| left(&row[column], cells(column))).collect();
        let text = format!("  {}  {}", fields.join("  "), row[4]);
        out.push_str(text.trim_end());
        out.push('\n');
        let with = words::coincidence(change);
        // Series that change together share what changed with them.
        let key = (change.night, with.clone());
        if told.as_ref() == Some(&key) {
            continue;
        }
        if let Some(with) = &with {
            let indent = cells(0) + 2;
            let text = format!("with {with}");
            entry(out, "", indent, &wrap(&text, style.prose().saturating_sub(2 + indent)));
        }
        told = Some(key);
    }
}

/// Nights with something odd about them, and those that a mark leaves out.
fn odd_nights(history: &HistoryTrend, style: &Style, out: &mut String) {
    const NEWEST: usize = 5;
    let odd = words::odd_nights(history);
    if odd.is_empty() {
        return;
    }
    out.push_str("\n  odd nights\n");
    let older = odd.len().saturating_sub(NEWEST);
    if older > 0 {
        out.push_str(&format!("  … and {older} before\n"));
    }
    for (when, what) in &odd[older..] {
        for line in wrap(&format!("{when}  {what}"), style.prose() - 2) {
            out.push_str(&format!("  {line}\n"));
        }
    }
}
