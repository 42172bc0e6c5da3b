//! The page for people: the answer, the numbers behind it, what differs, how it was compared.

use crate::compare::{Comparison, Contrast, Metric, Outcome, Ranking};
use crate::report::style::Style;
use crate::report::text::{clean, entry, flow, left, right, width, wrap};
use crate::result::Verdict;

use super::{values, words};

const GAP: &str = "  ";
/// Cells of the column that holds the labels of entries.
const GUTTER: usize = 10;
/// More differences of one class than this are counted, not listed.
const LISTED: usize = 8;
/// A verdict column narrower than this goes below its row.
const VERDICT_AT_LEAST: usize = 24;

/// The page, ending in a newline.
pub(super) fn page(found: &Comparison, all: bool, style: &Style) -> String {
    let mut out = String::new();
    answer(found, style, &mut out);
    if found.outcome == Outcome::NotComparable {
        differences(found, style, &mut out);
        next_step(found, style, &mut out);
        return out;
    }
    for ranking in &found.rankings {
        self::ranking(ranking, style, &mut out);
    }
    if all || found.contrasts.len() == 1 {
        for contrast in &found.contrasts {
            contrast_table(contrast, found, all, style, &mut out);
        }
    } else {
        contrasts_in_words(found, style, &mut out);
    }
    differences(found, style, &mut out);
    circumstances(found, style, &mut out);
    out
}

fn answer(found: &Comparison, style: &Style, out: &mut String) {
    for line in wrap(&clean(&found.headline), style.prose()) {
        out.push_str(&style.verdict(words::tone(found.outcome), &line));
        out.push('\n');
    }
    out.push('\n');
    let count = found.sides.iter().map(|side| width(&side.letter)).max().unwrap_or(1);
    for side in &found.sides {
        let items = [clean(&side.name), format!("({})", words::runs(side))];
        let cells = style.columns().saturating_sub(count + 4);
        entry(out, &side.letter, count + 2, &flow(&items, GAP, cells));
    }
    out.push('\n');
}

fn ranking(ranking: &Ranking, style: &Style, out: &mut String) {
    out.push_str(&format!("  {}\n", clean(&ranking.label)));
    let names = ranking.places.iter().map(|place| width(&place.name)).max().unwrap_or(0);
    for place in &ranking.places {
        let value = values::value(ranking.stat, Some(place.value));
        let text = format!(
            "    {} {}  {}  {}× the others",
            left(&place.letter, 2),
            left(&clean(&place.name), names),
            right(&value, 10),
            crate::units::significant(place.to_others),
        );
        if place.odd {
            let text = style.verdict(Verdict::Warn, &format!("{text}  ◂ the odd one out"));
            out.push_str(&text);
        } else {
            out.push_str(&text);
        }
        out.push('\n');
    }
    out.push('\n');
}

/// Each side against the baseline in a sentence: tables of ten machines are no page.
fn contrasts_in_words(found: &Comparison, style: &Style, out: &mut String) {
    for contrast in &found.contrasts {
        let label = format!("{} to {}", contrast.b, contrast.a);
        let lines = wrap(&clean(&contrast.headline), style.prose() - 2 - GUTTER - 2);
        entry(out, &label, GUTTER + 2, &lines);
    }
    out.push_str("  (--all has the tables)\n\n");
}

/// Columns of numbers, and the verdict as wide as the page allows.
fn contrast_table(
    contrast: &Contrast,
    found: &Comparison,
    all: bool,
    style: &Style,
    out: &mut String,
) {
    if found.contrasts.len() > 1 {
        for line in wrap(&clean(&contrast.headline), style.prose()) {
            out.push_str(&format!("{line}\n"));
        }
    }
    let head = [
        "metric".to_owned(),
        contrast.a.clone(),
        contrast.b.clone(),
        format!("{} [95 %]", words::quotient(contrast)),
    ];
    let (told, untold): (Vec<&Metric>, Vec<&Metric>) =
        contrast.metrics.iter().partition(|metric| all || words::is_told(contrast, metric));
    let rows: Vec<[String; 4]> = told.iter().map(|metric| cells(metric)).collect();
    let widths: [usize; 4] = std::array::from_fn(|column| {
        let cells = rows.iter().chain([&head]).map(|row| width(&row[column]));
        cells.max().unwrap_or(0)
    });
    let numbers = 4 + widths.iter().sum::<usize>() + 3 * GAP.len();
    if numbers > style.columns() {
        let letters = [contrast.a.as_str(), contrast.b.as_str()];
        for (cells, metric) in rows.iter().zip(told) {
            narrow_row(cells, letters, metric, style, out);
        }
    } else {
        let beside = style.columns().saturating_sub(numbers + GAP.len());
        let verdict = if beside >= VERDICT_AT_LEAST { "verdict" } else { "" };
        line(out, &format!("    {}{GAP}{verdict}", row(&head, &widths)));
        for (cells, metric) in rows.iter().zip(told) {
            metric_row(&row(cells, &widths), metric, numbers, beside, style, out);
        }
    }
    if !untold.is_empty() {
        let changed = untold.iter().filter(|metric| metric.verdict.is_change()).count();
        let differ = match changed {
            0 => "none of them differs".to_owned(),
            1 => "1 of them differs".to_owned(),
            some => format!("{some} of them differ"),
        };
        let text = format!("    {} more, {differ}: --all", untold.len());
        line(out, &text);
    }
    out.push('\n');
}

fn cells(metric: &Metric) -> [String; 4] {
    [
        clean(&metric.label()),
        values::shown(metric, &metric.a),
        values::shown(metric, &metric.b),
        values::effect(metric),
    ]
}

fn row(cells: &[String; 4], widths: &[usize; 4]) -> String {
    [
        left(&cells[0], widths[0]),
        right(&cells[1], widths[1]),
        right(&cells[2], widths[2]),
        left(&cells[3], widths[3]),
    ]
    .join(GAP)
}

/// The sign of a metric's verdict, in colour where it decides.
fn mark(metric: &Metric, style: &Style) -> String {
    let (mark, tone) = words::mark(metric.verdict);
    match metric.primary {
        true => style.verdict(tone, mark),
        false => mark.to_owned(),
    }
}

/// Where the page is too narrow for columns: the name, and below it what it was on both sides, and the verdict.
fn narrow_row(
    [name, a, b, effect]: &[String; 4],
    letters: [&str; 2],
    metric: &Metric,
    style: &Style,
    out: &mut String,
) {
    line(out, &format!("  {} {name}", mark(metric, style)));
    let mut items = vec![format!("{} {a}", letters[0]), format!("{} {b}", letters[1])];
    if effect != "–" {
        items.push(format!("{}/{} {effect}", letters[1], letters[0]));
    }
    items.push(clean(&values::verdict(metric)));
    for text in flow(&items, " · ", style.columns() - 6) {
        line(out, &format!("      {text}"));
    }
}

fn metric_row(
    numbers: &str,
    metric: &Metric,
    indent: usize,
    beside: usize,
    style: &Style,
    out: &mut String,
) {
    let mark = mark(metric, style);
    let verdict = clean(&values::verdict(metric));
    if beside >= VERDICT_AT_LEAST {
        let lines = wrap(&verdict, beside);
        let first = lines.first().map_or("", String::as_str);
        line(out, &format!("  {mark} {numbers}{GAP}{first}"));
        for more in lines.iter().skip(1) {
            line(out, &format!("{}{more}", " ".repeat(indent + GAP.len())));
        }
    } else {
        line(out, &format!("  {mark} {numbers}"));
        for text in wrap(&verdict, style.columns() - 6) {
            line(out, &format!("      {text}"));
        }
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

fn differences(found: &Comparison, style: &Style, out: &mut String) {
    for (class, label) in words::CLASSES {
        let texts: Vec<String> = found
            .differences
            .iter()
            .filter(|difference| difference.class == class)
            .map(words::difference)
            .collect();
        if texts.is_empty() {
            continue;
        }
        let mut lines: Vec<String> = Vec::new();
        for text in texts.iter().take(LISTED) {
            lines.extend(wrap(text, style.columns().saturating_sub(2 + GUTTER + 2)));
        }
        if texts.len() > LISTED {
            lines.push(format!("and {} more (--format json has them all)", texts.len() - LISTED));
        }
        entry(out, label, GUTTER + 2, &lines);
    }
}

/// How it was compared, what limits it, what was left out.
fn circumstances(found: &Comparison, style: &Style, out: &mut String) {
    let cells = style.prose().saturating_sub(2 + GUTTER + 2);
    entry(out, "compared", GUTTER + 2, &wrap(&words::compared_how(found), cells));
    if let Some(text) = words::detectable(found) {
        entry(out, "power", GUTTER + 2, &wrap(&text, cells));
    }
    for note in &found.notes {
        entry(out, "note", GUTTER + 2, &wrap(&clean(note), cells));
    }
    left_out(found, style, out);
    entry(out, "ends with", GUTTER + 2, &wrap(&words::ending(found), cells));
}

fn left_out(found: &Comparison, style: &Style, out: &mut String) {
    let cells = style.columns().saturating_sub(2 + GUTTER + 2);
    let texts: Vec<String> = found
        .left_out
        .iter()
        .map(|left| clean(&format!("{}: {}", left.path.display(), left.why)))
        .collect();
    for text in texts.iter().take(LISTED) {
        entry(out, "left out", GUTTER + 2, &wrap(text, cells));
    }
    if texts.len() > LISTED {
        let more = format!("and {} more", texts.len() - LISTED);
        entry(out, "", GUTTER + 2, &[more]);
    }
}

fn next_step(found: &Comparison, style: &Style, out: &mut String) {
    if let Some(text) = words::way_out(found) {
        let lines = wrap(&text, style.prose() - 2 - GUTTER - 2);
        entry(out, "way out", GUTTER + 2, &lines);
    }
    left_out(found, style, out);
    entry(out, "ends with", GUTTER + 2, &[words::ending(found)]);
}
