//! The page of a comparison: which side is better, every metric behind that, what differs, how it was compared.

use super::{values, words};
use crate::compare::{
    Comparison, Contrast, Difference, DifferenceClass, Metric, Outcome, Ranking, Side,
};
use crate::report::chart;
use crate::report::page::{
    About, Answer, Article, Between, Block, Cell, Column, Entries, Entry, Labels, Mark, Medium,
    Page, Row, Section, Short, Shown, Table, Text, Tone,
};
use crate::result::Run;
use crate::units::{counted, date_and_time, significant};

/// More of one kind than this are counted on a page for a terminal, and folded away elsewhere.
const LISTED: usize = 8;

/// The page; `sides` are the runs of each, and `all` puts every metric on a page for a terminal.
pub(super) fn page(found: &Comparison, sides: &[Vec<Run>], all: bool, medium: Medium) -> Page {
    let (word, mark) = answer(found.outcome);
    // In a terminal the headline alone is the answer.
    let word = if medium == Medium::Terminal { "" } else { word };
    let article = Article {
        id: "comparison".to_owned(),
        answer: Answer {
            tone: words::tone(found.outcome).into(),
            mark,
            word: word.to_owned(),
            reason: found.headline.clone(),
        },
        above: vec!["etcdbench compare".to_owned()],
        about: about(found, medium),
        sections: match medium {
            Medium::Terminal => for_terminal(found, all),
            Medium::Comment => for_comment(found),
            Medium::Browser => for_browser(found, sides),
        },
        ..Article::default()
    };
    Page {
        kind: "compare".to_owned(),
        title: format!("{word} · etcdbench compare"),
        articles: vec![article],
        elsewhere: "etcdbench compare … -o page.html",
    }
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

/// Which side is which. A browser has a table of the runs, a comment folds them away.
fn about(found: &Comparison, medium: Medium) -> About {
    let side = |side: &Side| {
        let runs = match medium {
            Medium::Terminal => Some(format!("({})", words::runs(side))),
            Medium::Comment | Medium::Browser => None,
        };
        let items = std::iter::once(side.name.clone()).chain(runs).collect();
        (side.letter.clone(), items)
    };
    match medium {
        Medium::Comment => About::default(),
        _ => About::Sides(found.sides.iter().map(side).collect()),
    }
}

fn for_terminal(found: &Comparison, all: bool) -> Vec<Section> {
    let circumstances = entries(circumstances(found));
    if found.outcome == Outcome::NotComparable {
        return vec![Section::new("how", "How it was compared", vec![circumstances])];
    }
    let mut sections: Vec<Section> = found.rankings.iter().map(ranking).collect();
    if all || found.contrasts.len() == 1 {
        let several = found.contrasts.len() > 1;
        sections.extend(found.contrasts.iter().map(|contrast| {
            let told = |metric: &Metric| all || words::is_told(contrast, metric);
            metrics(contrast, several, told, |rest| {
                Block::paragraphs(vec![format!("{}: --all", untold(rest))])
            })
        }));
    } else {
        sections.push(in_words(found));
    }
    sections.push(Section::new("how", "How it was compared", vec![circumstances]));
    sections
}

fn for_comment(found: &Comparison) -> Vec<Section> {
    let several = found.contrasts.len() > 1;
    let primary = |contrast: &Contrast| {
        let none = |_: &[&Metric]| Block::paragraphs(Vec::new());
        metrics(contrast, several, |metric| metric.primary, none)
    };
    let mut sections = vec![Section::new("out", "", vec![way_out(found)])];
    sections.extend(found.rankings.iter().map(ranking));
    sections.extend(found.contrasts.iter().map(primary));
    sections.push(Section::new("how", "How it was compared", vec![how(found)]));
    sections.extend(found.contrasts.iter().map(others));
    let sides = found
        .sides
        .iter()
        .map(|side| format!("{} is {} ({})", side.letter, side.name, words::runs(side)));
    let mut blocks = vec![Block::List(sides.collect())];
    blocks.extend(differences(found));
    blocks.push(notes(found));
    blocks.push(Block::List(left_out(found)));
    sections.push(Section::new("sides", "Sides, differences, notes", blocks).shown(Shown::Folded));
    sections
}

fn for_browser(found: &Comparison, sides: &[Vec<Run>]) -> Vec<Section> {
    let several = found.contrasts.len() > 1;
    let contrast = |contrast: &Contrast| {
        let table = |rest: &[&Metric]| {
            let table = Block::Table(self::table(contrast, rest));
            Block::Fold(untold(rest), vec![table])
        };
        metrics(contrast, several, |metric| words::is_told(contrast, metric), table).blocks
    };
    let rankings = found.rankings.iter().flat_map(|found| ranking(found).blocks).collect();
    let contrasts = found.contrasts.iter().flat_map(contrast).collect();
    let charts = Block::Charts(chart::of_comparison(found, sides));
    let differing = std::iter::once(way_out(found)).chain(differences(found)).collect();
    let all = [
        Section::new("ranking", "Ranking", rankings),
        Section::new("metrics", "Metrics", contrasts),
        Section::new("charts", "Charts", vec![charts]),
        Section::new("differences", "What differs", differing),
        Section::new("how", "How it was compared", vec![how(found), notes(found)]),
        Section::new("sides", "Sides", vec![Block::Table(runs(found))]),
        Section::new("left-out", "Left out", vec![Block::List(left_out(found))]),
    ];
    all.into_iter().filter(|section| !section.blocks.is_empty()).collect()
}

fn ranking(ranking: &Ranking) -> Section {
    let rows = ranking.places.iter().map(|place| {
        let odd = if place.odd { "◂ the odd one out" } else { "" };
        Row::new([
            Cell::new(&place.letter),
            Cell::new(&place.name),
            Cell::new(values::value(ranking.stat, Some(place.value))),
            Cell::new(format!("{}×", significant(place.to_others))),
            Cell::new(odd).tone(Tone::Warn).strong(place.odd),
        ])
    });
    let table = Table {
        caption: format!("{}, the best first", ranking.label),
        headed: true,
        columns: vec![
            Column::text("side"),
            Column::text("name"),
            Column::number("value"),
            Column::number("to the median of the others"),
            Column::text(""),
        ],
        rows: rows.collect(),
        naming: 1,
    };
    Section::new("ranking", "Rankings", vec![Block::Table(table)])
}

/// Each side against the baseline in a sentence: tables of ten machines are no page.
fn in_words(found: &Comparison) -> Section {
    let each = found.contrasts.iter().map(|contrast| {
        (format!("{} to {}", contrast.b, contrast.a), vec![contrast.headline.clone()])
    });
    let hint = Block::paragraphs(vec!["(--all has the tables)".to_owned()]);
    Section::new("metrics", "Metrics", vec![entries(each.collect()), hint])
}

/// The metrics that are told, and what becomes of the others.
fn metrics(
    contrast: &Contrast,
    several: bool,
    told: impl Fn(&Metric) -> bool,
    rest: impl Fn(&[&Metric]) -> Block,
) -> Section {
    let (told, others): (Vec<&Metric>, Vec<&Metric>) =
        contrast.metrics.iter().partition(|metric| told(metric));
    let headline = if several { vec![contrast.headline.clone()] } else { Vec::new() };
    let mut blocks = vec![Block::paragraphs(headline), Block::Table(table(contrast, &told))];
    if !others.is_empty() {
        blocks.push(rest(&others));
    }
    Section::new("metrics", "Metrics", blocks)
}

/// What a comment folds away.
fn others(contrast: &Contrast) -> Section {
    let others: Vec<&Metric> = contrast.metrics.iter().filter(|metric| !metric.primary).collect();
    let count = counted(others.len() as u64, "more metric");
    let title = format!("{count} of {} against {}", contrast.b, contrast.a);
    let table = Block::Table(table(contrast, &others));
    Section::new("all", title, vec![table]).shown(Shown::Folded)
}

/// `2 more, none of them differs: --all`.
fn untold(others: &[&Metric]) -> String {
    let differ = match others.iter().filter(|metric| metric.verdict.is_change()).count() {
        0 => "none of them differs".to_owned(),
        1 => "1 of them differs".to_owned(),
        some => format!("{some} of them differ"),
    };
    format!("{} more, {differ}", others.len())
}

fn table(contrast: &Contrast, metrics: &[&Metric]) -> Table {
    Table {
        caption: format!("{} against {}", contrast.b, contrast.a),
        columns: vec![
            Column::text("metric").short(Short::First),
            Column::number(&contrast.a),
            Column::number(&contrast.b),
            Column::line(format!("{} [95 %]", words::quotient(contrast))),
            Column::prose("verdict"),
        ],
        rows: metrics.iter().map(|found| metric(found)).collect(),
        ..Table::default()
    }
}

fn metric(metric: &Metric) -> Row {
    let (sign, verdict) = words::mark(metric.verdict);
    let tone = if metric.primary { verdict.into() } else { Tone::Plain };
    let is_worse = metric.verdict == crate::compare::MetricVerdict::Regressed;
    Row::marked(
        Mark { sign, word: "", tone },
        [
            Cell::new(metric.label()),
            Cell::new(values::shown(metric, &metric.a)),
            Cell::new(values::shown(metric, &metric.b)),
            Cell::new(values::effect(metric)),
            Cell::new(values::verdict(metric)).strong(is_worse),
        ],
    )
}

/// What forbids comparing and what was not meant to differ, and what was; each in a table.
fn differences(found: &Comparison) -> Vec<Block> {
    let (meant, others): (Vec<&Difference>, Vec<&Difference>) =
        found.differences.iter().partition(|other| other.class == DifferenceClass::Declared);
    let caption = "What is not the same on all sides".to_owned();
    let others = Block::Table(differing(found, caption, &others));
    let caption = format!("What was meant to differ: {}", meant.len());
    let table = Block::Table(differing(found, caption.clone(), &meant));
    let meant = match meant.len() {
        n if n > LISTED => Block::Fold(caption, vec![table]),
        _ => table,
    };
    vec![others, meant]
}

fn differing(found: &Comparison, caption: String, differences: &[&Difference]) -> Table {
    let row = |one: &&Difference| {
        let label = words::CLASSES.iter().find(|(class, _)| *class == one.class);
        let obstacle = one.class == DifferenceClass::Obstacle;
        let tone = if obstacle { Tone::Fail } else { Tone::Plain };
        let class = Cell::new(label.map_or("", |(_, label)| *label)).tone(tone).strong(obstacle);
        let value = |value: &Option<String>| Cell::new(value.as_deref().unwrap_or("unknown"));
        let cells = [Cell::new(words::field(one)), class];
        Row::new(cells.into_iter().chain(one.values.iter().map(value)).collect::<Vec<_>>())
    };
    let letters = found.sides.iter().map(|side| Column::text(&side.letter));
    let columns = [Column::text("field"), Column::line("")];
    Table {
        caption,
        columns: columns.into_iter().chain(letters).collect(),
        rows: differences.iter().map(row).collect(),
        ..Table::default()
    }
}

fn way_out(found: &Comparison) -> Block {
    Block::Text(Text {
        label: "way out",
        labels: Labels::Medium,
        paragraphs: words::way_out(found).into_iter().collect(),
    })
}

fn entries(told: Vec<(String, Vec<String>)>) -> Block {
    let entry = |(label, items): (String, Vec<String>)| Entry::new(label, items, Between::Line);
    let entries = told.into_iter().map(entry).collect();
    Block::Entries(Entries { labels: Labels::Medium, entries })
}

/// What differs, how it was compared, what limits it, what was left out; in a few lines each.
fn circumstances(found: &Comparison) -> Vec<(String, Vec<String>)> {
    let mut told = Vec::new();
    for (class, label) in words::CLASSES {
        let of_class = found.differences.iter().filter(|difference| difference.class == class);
        let texts: Vec<String> = of_class.map(words::difference).collect();
        told.push((label, few(texts, " (--format json has them all)")));
    }
    if found.outcome == Outcome::NotComparable {
        told.push(("way out", words::way_out(found).into_iter().collect()));
    } else {
        told.extend(compared(found));
        told.extend(found.notes.iter().map(|note| ("note", vec![note.clone()])));
    }
    told.push(("left out", few(left_out(found), "")));
    told.push(("ends with", vec![words::ending(found)]));
    let some = told.into_iter().filter(|(_, items)| !items.is_empty());
    some.map(|(label, items)| (label.to_owned(), items)).collect()
}

/// The first of many, and how many more there are.
fn few(mut texts: Vec<String>, elsewhere: &str) -> Vec<String> {
    let more = texts.len().saturating_sub(LISTED);
    texts.truncate(LISTED);
    texts.extend((more > 0).then(|| format!("and {more} more{elsewhere}")));
    texts
}

fn compared(found: &Comparison) -> Vec<(&'static str, Vec<String>)> {
    let mut told = vec![("compared", vec![words::compared_how(found)])];
    told.extend(words::detectable(found).map(|text| ("power", vec![text])));
    told
}

/// What the doubt is taken from, and what could have been found.
fn how(found: &Comparison) -> Block {
    let mut told = Vec::new();
    if found.outcome != Outcome::NotComparable {
        told = compared(found);
        told.push(("ends with", vec![words::ending(found)]));
    }
    entries(told.into_iter().map(|(label, items)| (label.to_owned(), items)).collect())
}

fn notes(found: &Comparison) -> Block {
    Block::paragraphs(found.notes.clone())
}

fn runs(found: &Comparison) -> Table {
    let rows = found.sides.iter().flat_map(|side| {
        side.runs.iter().map(|run| {
            let verdict = match run.verdict.map(Mark::of) {
                Some(mark) => Cell::new(format!("{} {}", mark.sign, mark.word)).tone(mark.tone),
                None => Cell::new("–"),
            };
            Row::new([
                Cell::new(&side.letter),
                Cell::new(run.path.display().to_string()),
                Cell::new(&run.host),
                Cell::new(date_and_time(&run.started_at)),
                verdict,
                Cell::new(if run.complete { "yes" } else { "no" }),
            ])
        })
    });
    Table {
        caption: "Every run that was compared".to_owned(),
        columns: vec![
            Column::text("side"),
            Column::text("result"),
            Column::text("host"),
            Column::line("started"),
            Column::text("its own verdict"),
            Column::text("complete"),
        ],
        rows: rows.collect(),
        naming: 1,
        ..Table::default()
    }
}

fn left_out(found: &Comparison) -> Vec<String> {
    let left_out = found.left_out.iter();
    left_out.map(|left| format!("{}: {}", left.path.display(), left.why)).collect()
}
