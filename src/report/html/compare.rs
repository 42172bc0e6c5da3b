//! The page of a comparison: which side is better, every metric behind that, what differs, how it was compared.

use super::parts::{
    Article, Cell, Page, Section, Table, charts, facts, folded, html, paragraph, tone,
};
use crate::compare::{
    Comparison, Contrast, Difference, DifferenceClass, Metric, Outcome, Ranking, Side,
};
use crate::report::chart;
use crate::report::compare::{values, words};
use crate::report::text::clean;
use crate::result::{Run, Verdict};
use crate::units::date_and_time;

/// The page; `sides` are the runs of each.
pub fn comparison(found: &Comparison, sides: &[Vec<Run>]) -> String {
    let verdict = words::tone(found.outcome);
    let (word, mark) = answer(found.outcome);
    let article = Article {
        id: "comparison".to_owned(),
        level: 1,
        tone: tone(verdict),
        mark,
        word: word.to_owned(),
        reason: clean(&found.headline),
        above: vec!["etcdbench compare".to_owned()],
        notes: Vec::new(),
        about: found.sides.iter().map(side).collect(),
        lines: true,
        sections: sections(found, sides),
    };
    html(&Page::new(format!("{word} · etcdbench compare"), vec![article]))
}

/// An outcome in a word, with its sign.
fn answer(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Regressed => ("WORSE", "✘"),
        Outcome::Improved => ("BETTER", "✔"),
        Outcome::Unchanged => ("UNCHANGED", "="),
        Outcome::Inconclusive => ("INCONCLUSIVE", "~"),
        Outcome::NoVerdict => ("NO VERDICT", "?"),
        Outcome::NotComparable => ("NOT COMPARABLE", "?"),
    }
}

fn side(side: &Side) -> String {
    format!("{} is {}", side.letter, clean(&side.name))
}

fn sections(found: &Comparison, sides: &[Vec<Run>]) -> Vec<Section> {
    let rankings: String = found.rankings.iter().map(|found| html(&ranking(found))).collect();
    let several = found.contrasts.len() > 1;
    let contrasts: String = found.contrasts.iter().map(|found| contrast(found, several)).collect();
    let drawn = chart::of_comparison(found, sides);
    let all = [
        Section::new("ranking", "Ranking", rankings),
        Section::new("metrics", "Metrics", contrasts),
        Section::new("charts", "Charts", charts(&drawn)),
        Section::new("differences", "What differs", differences(found)),
        Section::new("how", "How it was compared", how(found)),
        Section::new("sides", "Sides", html(&runs(found))),
        Section::new("left-out", "Left out", left_out(found)),
    ];
    all.into_iter().flatten().collect()
}

fn ranking(ranking: &Ranking) -> Table {
    let rows = ranking.places.iter().map(|place| {
        vec![
            Cell::text(clean(&place.letter)),
            Cell::text(clean(&place.name)),
            Cell::number(values::value(ranking.stat, Some(place.value))),
            Cell::number(format!("{}×", crate::units::significant(place.to_others))),
            match place.odd {
                true => Cell::text("◂ the odd one out").class("warn"),
                false => Cell::text(""),
            },
        ]
    });
    Table {
        caption: format!("{}, the best first", clean(&ranking.label)),
        head: vec![
            Cell::text("side"),
            Cell::text("name"),
            Cell::number("value"),
            Cell::number("to the median of the others"),
            Cell::text(""),
        ],
        rows: rows.collect(),
        naming: 1,
    }
}

/// What is told on every page, and the rest folded away.
fn contrast(contrast: &Contrast, several: bool) -> String {
    let (told, untold): (Vec<&Metric>, Vec<&Metric>) =
        contrast.metrics.iter().partition(|metric| words::is_told(contrast, metric));
    let mut out = match several {
        true => paragraph(&clean(&contrast.headline)),
        false => String::new(),
    };
    let caption = format!("{} against {}", contrast.b, contrast.a);
    if !told.is_empty() {
        out.push_str(&html(&metrics(contrast, &caption, &told)));
    }
    if !untold.is_empty() {
        let changed = untold.iter().filter(|metric| metric.verdict.is_change()).count();
        let summary = format!("{} more, {changed} of them differ", untold.len());
        out.push_str(&folded(&summary, &html(&metrics(contrast, &caption, &untold))));
    }
    out
}

fn metrics(contrast: &Contrast, caption: &str, metrics: &[&Metric]) -> Table {
    Table {
        caption: caption.to_owned(),
        head: vec![
            Cell::text("metric"),
            Cell::number(contrast.a.clone()),
            Cell::number(contrast.b.clone()),
            Cell::number(format!("{} [95 %]", words::quotient(contrast))),
            Cell::text(""),
            Cell::text("verdict"),
        ],
        rows: metrics.iter().map(|found| metric(found)).collect(),
        naming: 0,
    }
}

fn metric(metric: &Metric) -> Vec<Cell> {
    let (mark, verdict) = words::mark(metric.verdict);
    let class = match (metric.primary, verdict) {
        (true, Verdict::Warn) => "open",
        (true, verdict) => tone(verdict),
        (false, _) => "",
    };
    vec![
        Cell::text(clean(&metric.label())),
        Cell::number(values::shown(metric, &metric.a)),
        Cell::number(values::shown(metric, &metric.b)),
        Cell::number(values::effect(metric)),
        Cell::text(mark).class(class),
        Cell::text(clean(&values::verdict(metric))).class("long"),
    ]
}

/// What forbids comparing and what was not meant to differ; what was meant is folded away where it is much.
fn differences(found: &Comparison) -> String {
    const OPEN: usize = 8;
    let mut out = words::way_out(found).map_or_else(String::new, |text| paragraph(&text));
    let (meant, others): (Vec<&Difference>, Vec<&Difference>) =
        found.differences.iter().partition(|other| other.class == DifferenceClass::Declared);
    if !others.is_empty() {
        let caption = "What is not the same on all sides";
        out.push_str(&html(&differing(found, caption, &others)));
    }
    if !meant.is_empty() {
        let caption = format!("What was meant to differ: {}", meant.len());
        let table = html(&differing(found, &caption, &meant));
        out.push_str(&match meant.len() {
            n if n > OPEN => folded(&caption, &table),
            _ => table,
        });
    }
    out
}

fn differing(found: &Comparison, caption: &str, differences: &[&Difference]) -> Table {
    let letters = found.sides.iter().map(|side| side.letter.clone());
    let head = [Cell::text("field"), Cell::text("")];
    Table {
        caption: caption.to_owned(),
        head: head.into_iter().chain(letters.map(Cell::text)).collect(),
        rows: differences.iter().map(|one| difference(one)).collect(),
        naming: 0,
    }
}

fn difference(difference: &Difference) -> Vec<Cell> {
    let label = words::CLASSES
        .iter()
        .find(|(class, _)| *class == difference.class)
        .map_or("", |(_, label)| *label);
    let class = match difference.class {
        DifferenceClass::Obstacle => "fail",
        _ => "nowrap",
    };
    let value = |value: &Option<String>| match value {
        Some(value) => Cell::text(clean(value)),
        None => Cell::text("unknown"),
    };
    [Cell::text(clean(words::field(difference))), Cell::text(label).class(class)]
        .into_iter()
        .chain(difference.values.iter().map(value))
        .collect()
}

fn how(found: &Comparison) -> String {
    if found.outcome == Outcome::NotComparable {
        return String::new();
    }
    let mut all = vec![("compared".to_owned(), clean(&words::compared_how(found)))];
    all.extend(words::detectable(found).map(|text| ("power".to_owned(), clean(&text))));
    all.push(("ends with".to_owned(), words::ending(found)));
    let mut out = facts(3, "", &all);
    out.extend(found.notes.iter().map(|note| paragraph(&clean(note))));
    out
}

fn runs(found: &Comparison) -> Table {
    let rows = found.sides.iter().flat_map(|side| {
        side.runs.iter().map(|run| {
            vec![
                Cell::text(clean(&side.letter)),
                Cell::text(clean(&run.path.display().to_string())),
                Cell::text(clean(&run.host)),
                Cell::text(clean(&date_and_time(&run.started_at))).class("nowrap"),
                match run.verdict {
                    Some(verdict) => Cell::verdict(verdict),
                    None => Cell::text("–"),
                },
                Cell::text(if run.complete { "yes" } else { "no" }),
            ]
        })
    });
    let head = ["side", "result", "host", "started", "its own verdict", "complete"];
    Table {
        caption: "Every run that was compared".to_owned(),
        head: head.map(Cell::text).to_vec(),
        rows: rows.collect(),
        naming: 1,
    }
}

fn left_out(found: &Comparison) -> String {
    let texts = found
        .left_out
        .iter()
        .map(|left| paragraph(&clean(&format!("{}: {}", left.path.display(), left.why))));
    texts.collect()
}
