//! Markdown for pull requests and job summaries: one sentence, one table, the rest folded away.

use std::fmt::Write as _;

use crate::compare::{Comparison, Contrast, Difference, MetricVerdict, Outcome, Ranking, design};
use crate::report::text::clean;

use super::values;

/// The first line, by which a bot finds its own comment again.
const MARKER: &str = "<!-- etcdbench compare -->";

/// The comparison as markdown, ending in a newline.
pub(super) fn markdown(found: &Comparison) -> String {
    let mut out = format!(
        "{MARKER}\n{} {}\n",
        sign(found.outcome),
        cell(&found.headline)
    );
    for ranking in &found.rankings {
        self::ranking(&mut out, ranking);
    }
    for contrast in &found.contrasts {
        table(&mut out, contrast, found.contrasts.len() > 1);
    }
    folded(&mut out, found);
    out
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

/// Text that stays within its cell and is no markup.
fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in clean(text).chars() {
        if matches!(
            c,
            '|' | '<' | '>' | '*' | '_' | '`' | '\\' | '[' | ']' | '~'
        ) {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

fn ranking(out: &mut String, ranking: &Ranking) {
    let _ = writeln!(
        out,
        "\n| {} | value | to the median of the others | |",
        cell(&ranking.label)
    );
    out.push_str("|---|---:|---:|---|\n");
    for place in &ranking.places {
        let _ = writeln!(
            out,
            "| {} {} | {} | {}× | {} |",
            place.letter,
            cell(&place.name),
            values::value(ranking.stat, Some(place.value)),
            crate::units::significant(place.to_others),
            if place.odd { "**the odd one out**" } else { "" }
        );
    }
}

fn table(out: &mut String, contrast: &Contrast, several: bool) {
    let Contrast { a, b, .. } = contrast;
    if several {
        let _ = writeln!(out, "\n{}", cell(&contrast.headline));
    }
    let _ = writeln!(
        out,
        "\n| metric | {a} | {b} | {b}/{a} \\[95 %\\] | verdict |"
    );
    out.push_str("|---|---:|---:|---|---|\n");
    for metric in contrast.metrics.iter().filter(|metric| metric.primary) {
        let verdict = cell(&values::verdict(metric));
        let verdict = if metric.verdict == MetricVerdict::Regressed {
            format!("**{verdict}**")
        } else {
            verdict
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {verdict} |",
            cell(&metric.label()),
            values::shown(metric, &metric.a),
            values::shown(metric, &metric.b),
            cell(&values::effect(metric)),
        );
    }
    let _ = writeln!(out, "\n{}", cell(&design(contrast)));
}

fn folded(out: &mut String, found: &Comparison) {
    let names: Vec<String> = found
        .sides
        .iter()
        .map(|side| format!("{} is {}", side.letter, cell(&side.name)))
        .collect();
    out.push_str("\n<details><summary>Sides, differences, notes</summary>\n\n");
    let _ = writeln!(out, "{}", names.join("; "));
    if !found.differences.is_empty() {
        let letters: Vec<&str> = found
            .sides
            .iter()
            .map(|side| side.letter.as_str())
            .collect();
        let _ = writeln!(out, "\n| field | | {} |", letters.join(" | "));
        let _ = writeln!(out, "|---|---|{}", "---|".repeat(letters.len()));
        for difference in &found.differences {
            let _ = writeln!(out, "{}", difference_row(difference));
        }
    }
    for note in &found.notes {
        let _ = writeln!(out, "\n{}", cell(note));
    }
    for left in &found.left_out {
        let text = format!("left out: {}: {}", left.path.display(), left.why);
        let _ = writeln!(out, "\n{}", cell(&text));
    }
    out.push_str("\n</details>\n");
}

fn difference_row(difference: &Difference) -> String {
    use crate::compare::DifferenceClass::{Declared, Noted, Obstacle};
    let class = match difference.class {
        Obstacle => "**must match**",
        Declared => "meant",
        Noted => "differs",
    };
    let value = |value: &Option<String>| cell(value.as_deref().unwrap_or("unknown"));
    let values: Vec<String> = difference.values.iter().map(value).collect();
    format!(
        "| {} | {class} | {} |",
        cell(&difference.field),
        values.join(" | ")
    )
}
