//! Markdown for pull requests and job summaries: one sentence, one table, the rest folded away.

use std::fmt::Write as _;

use crate::compare::{Comparison, Contrast, Difference, Metric, MetricVerdict, Outcome, Ranking};
use crate::report::markdown::document::{Document, folded, text};

use super::{values, words};

/// The comparison as markdown, ending in a newline.
pub(super) fn markdown(found: &Comparison) -> String {
    let mut out = Document::new("compare");
    out.push(&format!("{} {}\n", sign(found.outcome), text(&found.headline)));
    if let Some(way_out) = words::way_out(found) {
        out.push(&format!("\n{}\n", text(&way_out)));
    }
    for ranking in &found.rankings {
        out.part("rankings", &self::ranking(ranking));
    }
    for contrast in &found.contrasts {
        out.part("metrics", &decisive(contrast, found.contrasts.len() > 1));
    }
    out.part("how it was compared", &how(found));
    for contrast in &found.contrasts {
        out.part("all metrics", &all(contrast));
    }
    out.part("sides, differences, notes", &circumstances(found));
    out.finish("`etcdbench compare … -o page.html`")
}

fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Regressed => "**Worse.**",
        Outcome::Improved => "**Better.**",
        Outcome::Unchanged => "**Unchanged.**",
        Outcome::Inconclusive => "**Inconclusive.**",
        Outcome::NoVerdict => "**No verdict.**",
        Outcome::NotComparable => "**Not comparable.**",
    }
}

fn ranking(ranking: &Ranking) -> String {
    let mut out = format!(
        "\n| {} | value | to the median of the others | |\n|---|---:|---:|---|\n",
        text(&ranking.label)
    );
    for place in &ranking.places {
        let _ = writeln!(
            out,
            "| {} {} | {} | {}× | {} |",
            place.letter,
            text(&place.name),
            values::value(ranking.stat, Some(place.value)),
            crate::units::significant(place.to_others),
            if place.odd { "**the odd one out**" } else { "" }
        );
    }
    out
}

/// The metrics that decide.
fn decisive(contrast: &Contrast, several: bool) -> String {
    let mut out = match several {
        true => format!("\n{}\n", text(&contrast.headline)),
        false => String::new(),
    };
    let primary = contrast.metrics.iter().filter(|metric| metric.primary);
    out.push_str(&format!("\n{}", table(contrast, primary)));
    out
}

/// All others, folded away.
fn all(contrast: &Contrast) -> String {
    let others = || contrast.metrics.iter().filter(|metric| !metric.primary);
    match others().count() {
        0 => String::new(),
        n => folded(
            &format!("{n} more metrics of {} against {}", contrast.b, contrast.a),
            &table(contrast, others()),
        ),
    }
}

fn table<'a>(contrast: &Contrast, metrics: impl Iterator<Item = &'a Metric>) -> String {
    let Contrast { a, b, .. } = contrast;
    let quotient = text(&words::quotient(contrast));
    let mut out = format!(
        "| metric | {a} | {b} | {quotient} \\[95 %\\] | verdict |\n|---|---:|---:|---|---|\n"
    );
    for metric in metrics {
        let (mark, _) = words::mark(metric.verdict);
        let verdict = text(&values::verdict(metric));
        let verdict = match metric.verdict {
            MetricVerdict::Regressed => format!("{mark} **{verdict}**"),
            _ => format!("{} {verdict}", text(mark)),
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {verdict} |",
            text(&metric.label()),
            values::shown(metric, &metric.a),
            values::shown(metric, &metric.b),
            text(&values::effect(metric)),
        );
    }
    out
}

/// What the doubt is taken from, and what could have been found.
fn how(found: &Comparison) -> String {
    if found.contrasts.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n", text(&words::compared_how(found)));
    if let Some(detectable) = words::detectable(found) {
        let _ = writeln!(out, "\nThis {}", text(&detectable));
    }
    let _ = writeln!(out, "\nEnds with {}", text(&words::ending(found)));
    out
}

fn circumstances(found: &Comparison) -> String {
    let mut body = String::new();
    for side in &found.sides {
        let text = format!("{} is {} ({})", side.letter, side.name, words::runs(side));
        let _ = writeln!(body, "- {}", self::text(&text));
    }
    if !found.differences.is_empty() {
        let letters: Vec<&str> = found.sides.iter().map(|side| side.letter.as_str()).collect();
        let _ = writeln!(body, "\n| field | | {} |", letters.join(" | "));
        let _ = writeln!(body, "|---|---|{}", "---|".repeat(letters.len()));
        for difference in &found.differences {
            let _ = writeln!(body, "{}", difference_row(difference));
        }
    }
    for note in &found.notes {
        let _ = writeln!(body, "\n{}", text(note));
    }
    for left in &found.left_out {
        let left = format!("left out: {}: {}", left.path.display(), left.why);
        let _ = writeln!(body, "\n{}", text(&left));
    }
    folded("Sides, differences, notes", &body)
}

fn difference_row(difference: &Difference) -> String {
    use crate::compare::DifferenceClass::{Declared, Noted, Obstacle};
    let class = match difference.class {
        Obstacle => "**must match**",
        Declared => "meant",
        Noted => "differs",
    };
    let value = |value: &Option<String>| text(value.as_deref().unwrap_or("unknown"));
    let values: Vec<String> = difference.values.iter().map(value).collect();
    format!("| {} | {class} | {} |", text(words::field(difference)), values.join(" | "))
}
