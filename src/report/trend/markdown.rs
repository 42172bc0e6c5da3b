//! Markdown, for a pull request or a job summary: a hidden first line to find the comment by, the answer, what is news
//! as a table, everything else folded away.

use super::words;
use crate::compare::trend::{HistoryTrend, SeriesTrend, TonightVerdict, Trend};
use crate::report::text::clean;

/// A comment that begins with it can be found and replaced by the next night's.
const MARKER: &str = "<!-- etcdbench trend -->";
/// Files of one reason that are named.
const MOST_FILES: usize = 10;

/// A trend as markdown.
pub fn markdown(trend: &Trend) -> String {
    let (word, reason) = trend
        .headline
        .split_once("  ")
        .unwrap_or((&trend.headline, ""));
    let mut out = format!("{MARKER}\n**{word}** {}\n", text(reason));
    for history in &trend.histories {
        one(history, &mut out);
    }
    list("Left out", &words::left_out(trend, MOST_FILES), &mut out);
    list("Notes", &trend.notes, &mut out);
    out
}

fn one(history: &HistoryTrend, out: &mut String) {
    out.push_str(&format!("\n### {}\n", text(&words::title(history))));
    let (news, quiet): (Vec<_>, Vec<_>) = history
        .series
        .iter()
        .partition(|series| words::matters(series) || is_better(series));
    if !news.is_empty() {
        out.push('\n');
        table(history, &news, out);
    }
    changes(history, out);
    if !quiet.is_empty() {
        out.push_str(&format!(
            "\n<details><summary>{} more series</summary>\n\n",
            quiet.len()
        ));
        table(history, &quiet, out);
        out.push_str("\n</details>\n");
    }
}

fn is_better(series: &SeriesTrend) -> bool {
    series.tonight.verdict == TonightVerdict::Better
}

fn table(history: &HistoryTrend, series: &[&SeriesTrend], out: &mut String) {
    out.push_str("| series | usual | tonight | ratio | verdict |\n|---|---:|---:|---:|---|\n");
    for series in series {
        let tonight = &series.tonight;
        let mut verdict = words::tonight(history, series);
        if tonight.verdict == TonightVerdict::Regressed && !series.informational {
            verdict = format!("**{verdict}**");
        }
        if let Some(reason) = tonight.reason.as_ref().filter(|_| words::matters(series)) {
            verdict = format!("{verdict}: {}", text(reason));
        }
        out.push_str(&format!(
            "| {} | {} | {} | {} | {verdict} |\n",
            text(&series.series),
            words::value(series, tonight.usual),
            words::value(series, tonight.value),
            words::ratio(tonight.ratio),
        ));
    }
}

fn changes(history: &HistoryTrend, out: &mut String) {
    let mut all: Vec<_> = history
        .series
        .iter()
        .flat_map(|series| series.changes.iter().map(move |change| (series, change)))
        .collect();
    if all.is_empty() {
        return;
    }
    all.sort_by_key(|(_, change)| change.night);
    out.push_str(
        "\n| since | series | change | factor (95 %) | | with |\n|---|---|---|---|---|---|\n",
    );
    for (series, change) in all {
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            words::when(history, &change.at),
            text(&series.series),
            words::step(series, change),
            words::factor(change),
            text(&words::outcome(change)),
            text(&words::coincidence(change).unwrap_or_default()),
        ));
    }
}

fn list(title: &str, items: &[String], out: &mut String) {
    if items.is_empty() {
        return;
    }
    out.push_str(&format!(
        "\n<details><summary>{title}: {}</summary>\n\n",
        items.len()
    ));
    for item in items {
        out.push_str(&format!("- {}\n", text(item)));
    }
    out.push_str("\n</details>\n");
}

/// Text in which nothing is markup.
fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in clean(raw).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '~' => out.extend(['\\', c]),
            other => out.push(other),
        }
    }
    out
}
