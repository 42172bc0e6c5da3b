//! Markdown, for a pull request or a job summary: a hidden first line to find the comment by, the answer, what is news
//! as a table, everything else folded away.

use super::words;
use crate::compare::trend::{HistoryTrend, SeriesTrend, TonightVerdict, Trend};
use crate::report::markdown::document::{Document, folded, text};

/// Files of one reason that are named.
const MOST_FILES: usize = 10;

/// A trend as markdown.
pub fn markdown(trend: &Trend) -> String {
    let (word, reason) = trend.headline.split_once("  ").unwrap_or((&trend.headline, ""));
    let mut out = Document::new("trend");
    out.push(&format!("**{word}** {}\n", text(reason)));
    for history in &trend.histories {
        one(history, &mut out);
    }
    let left_out = words::left_out(trend, MOST_FILES);
    out.part("files left out", &list("Left out", &left_out));
    out.part("notes", &list("Notes", &trend.notes));
    out.finish("`etcdbench trend … -o page.html`")
}

/// What is news, and the rest folded away.
fn one(history: &HistoryTrend, out: &mut Document) {
    let title = text(&words::title(history));
    let (news, quiet): (Vec<_>, Vec<_>) =
        history.series.iter().partition(|series| words::matters(series) || is_better(series));
    let mut told = format!("\n### {title}\n");
    if !news.is_empty() {
        told.push_str(&format!("\n{}", table(history, &news)));
    }
    out.part(&title, &told);
    out.part(&format!("changes of {title}"), &changes(history));
    if !quiet.is_empty() {
        let summary = format!("{} more series", quiet.len());
        let quiet = folded(&summary, &table(history, &quiet));
        out.part(&format!("steady series of {title}"), &quiet);
    }
}

fn is_better(series: &SeriesTrend) -> bool {
    series.tonight.verdict == TonightVerdict::Better
}

fn table(history: &HistoryTrend, series: &[&SeriesTrend]) -> String {
    let mut out =
        "| series | usual | tonight | ratio | verdict |\n|---|---:|---:|---:|---|\n".to_owned();
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
    out
}

fn changes(history: &HistoryTrend) -> String {
    let mut all: Vec<_> = history
        .series
        .iter()
        .flat_map(|series| series.changes.iter().map(move |change| (series, change)))
        .collect();
    if all.is_empty() {
        return String::new();
    }
    all.sort_by_key(|(_, change)| change.night);
    let mut out =
        "\n| since | series | change | factor (95 %) | | with |\n|---|---|---|---|---|---|\n"
            .to_owned();
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
    out
}

fn list(title: &str, items: &[String]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let body: String = items.iter().map(|item| format!("- {}\n", text(item))).collect();
    folded(&format!("{title}: {}", items.len()), &body)
}
