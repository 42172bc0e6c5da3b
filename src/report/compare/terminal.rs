//! The page for people: the answer, the numbers behind it, what differs, how it was compared.

use crate::compare::{
    Comparison, Contrast, Difference, DifferenceClass, Metric, MetricVerdict, Outcome, Ranking,
    Stat, design,
};
use crate::report::style::Style;
use crate::report::text::{clean, entry, flow, left, right, width, wrap};
use crate::result::Verdict;

use super::values;

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

fn tone(outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Regressed => Verdict::Fail,
        Outcome::Improved | Outcome::Unchanged => Verdict::Pass,
        Outcome::NotComparable | Outcome::NoVerdict | Outcome::Inconclusive => {
            Verdict::Inconclusive
        }
    }
}

fn answer(found: &Comparison, style: &Style, out: &mut String) {
    for line in wrap(&clean(&found.headline), style.prose()) {
        out.push_str(&style.verdict(tone(found.outcome), &line));
        out.push('\n');
    }
    out.push('\n');
    let count = found
        .sides
        .iter()
        .map(|side| width(&side.letter))
        .max()
        .unwrap_or(1);
    for side in &found.sides {
        let runs = match &side.runs[..] {
            [only] => format!("{}, {}", only.path.display(), only.started_at),
            runs => format!(
                "{} runs from {}",
                runs.len(),
                runs.first().map_or("", |r| &r.started_at)
            ),
        };
        let text = format!(
            "  {}  {}  ({runs})",
            left(&side.letter, count),
            clean(&side.name)
        );
        out.push_str(&clean(&text));
        out.push('\n');
    }
    out.push('\n');
}

fn ranking(ranking: &Ranking, style: &Style, out: &mut String) {
    out.push_str(&format!("  {}\n", clean(&ranking.label)));
    let names = ranking
        .places
        .iter()
        .map(|place| width(&place.name))
        .max()
        .unwrap_or(0);
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
        format!("{}/{} [95 %]", contrast.b, contrast.a),
    ];
    let (told, untold): (Vec<&Metric>, Vec<&Metric>) = contrast
        .metrics
        .iter()
        .partition(|metric| all || is_told(contrast, metric));
    let rows: Vec<[String; 4]> = told.iter().map(|metric| cells(metric)).collect();
    let widths: [usize; 4] = std::array::from_fn(|column| {
        let cells = rows.iter().chain([&head]).map(|row| width(&row[column]));
        cells.max().unwrap_or(0)
    });
    let numbers = 4 + widths.iter().sum::<usize>() + 3 * GAP.len();
    let beside = style.columns().saturating_sub(numbers + GAP.len());
    out.push_str(&format!("    {}{GAP}verdict\n", row(&head, &widths)));
    for (cells, metric) in rows.iter().zip(told) {
        metric_row(&row(cells, &widths), metric, numbers, beside, style, out);
    }
    if !untold.is_empty() {
        let changed = untold
            .iter()
            .filter(|metric| metric.verdict.is_change())
            .count();
        let text = format!("    {} more, {changed} of them differ: --all", untold.len());
        line(out, &text);
    }
    out.push('\n');
}

/// The page shows whole series that decide, of shares those that are not nought.
fn is_told(contrast: &Contrast, metric: &Metric) -> bool {
    let decides = |other: &Metric| {
        other.primary && other.phase == metric.phase && other.series == metric.series
    };
    let nought = metric.a.value == Some(0.0) && metric.b.value == Some(0.0);
    let told = metric.stat == Stat::Capacity || contrast.metrics.iter().any(decides);
    told && !(metric.stat.is_share() && nought && metric.stat != Stat::Errors)
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

fn metric_row(
    numbers: &str,
    metric: &Metric,
    indent: usize,
    beside: usize,
    style: &Style,
    out: &mut String,
) {
    let (mark, tone) = match metric.verdict {
        MetricVerdict::Regressed => ("✘", Verdict::Fail),
        MetricVerdict::Improved => ("✔", Verdict::Pass),
        MetricVerdict::Unchanged => ("=", Verdict::Pass),
        MetricVerdict::Inconclusive => ("~", Verdict::Warn),
        MetricVerdict::NotResolvable | MetricVerdict::Invalid => ("?", Verdict::Warn),
    };
    let mark = if metric.primary {
        style.verdict(tone, mark)
    } else {
        mark.to_owned()
    };
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
    for (class, label) in [
        (DifferenceClass::Obstacle, "must match"),
        (DifferenceClass::Noted, "differs"),
        (DifferenceClass::Declared, "meant"),
    ] {
        let texts: Vec<String> = found
            .differences
            .iter()
            .filter(|difference| difference.class == class)
            .map(difference_text)
            .collect();
        if texts.is_empty() {
            continue;
        }
        let mut lines: Vec<String> = Vec::new();
        for text in texts.iter().take(LISTED) {
            lines.extend(wrap(text, style.columns().saturating_sub(2 + GUTTER + 2)));
        }
        if texts.len() > LISTED {
            lines.push(format!(
                "and {} more (--format json has them all)",
                texts.len() - LISTED
            ));
        }
        entry(out, label, GUTTER + 2, &lines);
    }
}

fn difference_text(difference: &Difference) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
    let values: Vec<String> = difference.values.iter().map(value).collect();
    let field = difference.field.trim_start_matches("environment.");
    clean(&format!("{field}  {}", values.join(" → ")))
}

/// How it was compared, what limits it, what was left out.
fn circumstances(found: &Comparison, style: &Style, out: &mut String) {
    let cells = style.prose().saturating_sub(2 + GUTTER + 2);
    let mut designs: Vec<String> = found.contrasts.iter().map(design).collect();
    designs.dedup();
    let how = if found.intent_declared {
        ""
    } else {
        " (found from what differs)"
    };
    let compared = format!(
        "{}; compared as {}{how}",
        designs.join("; "),
        found.intent.name()
    );
    entry(out, "compared", GUTTER + 2, &wrap(&compared, cells));
    if let Some(text) = detectable(found) {
        entry(out, "can tell", GUTTER + 2, &wrap(&text, cells));
    }
    for note in &found.notes {
        entry(out, "note", GUTTER + 2, &wrap(&clean(note), cells));
    }
    left_out(found, style, out);
}

/// Where nothing varies, any change could be told; that is not worth a line.
const HARDLY: f64 = 0.0005;

/// The smallest changes this could have found.
fn detectable(found: &Comparison) -> Option<String> {
    let metrics = found.contrasts.first()?.metrics.iter();
    let told: Vec<String> = metrics
        .filter(|m| m.primary && !m.stat.is_share() && m.verdict.is_judged())
        .filter_map(|m| {
            let share = m.detectable.filter(|share| *share > HARDLY)?;
            Some(format!(
                "{} at {}",
                crate::units::format_share(share),
                m.label()
            ))
        })
        .collect();
    (!told.is_empty()).then(|| {
        format!(
            "changes from {} on, four times out of five",
            flow(&told, ", ", usize::MAX).join("")
        )
    })
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
    let first = found
        .differences
        .iter()
        .find(|d| d.class == DifferenceClass::Obstacle);
    if let Some(first) = first {
        let text = match first.field.as_str() {
            // No flag makes one of the other.
            "kind" => "compare results of one kind; what another program measured stands on a side of its own"
                .to_owned(),
            field => format!(
                "declare what is meant to differ with --intent machines|versions|config, or let a field differ with \
                 --allow {field}"
            ),
        };
        entry(
            out,
            "way out",
            GUTTER + 2,
            &wrap(&clean(&text), style.prose() - 2 - GUTTER - 2),
        );
    }
    left_out(found, style, out);
}
