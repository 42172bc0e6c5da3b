//! The page of a trend: the answer, then what each history is tonight, the changes that lasted, odd nights. A browser
//! shows all histories kind by kind, the other media history by history, and of the steady ones less.

use super::{verdicts, words};
use crate::report::chart;
use crate::report::page::{
    About, Article, Between, Block, Cell, Column, Entries, Entry, Labels, Medium, Page, Row,
    Section, Shown, Table, Tone,
};
use crate::trend::{
    ChangePoint, FactChange, HistoryTrend, LatestVerdict, SeriesChange, SeriesTrend, Trend,
};
use crate::units::{counted, format_share};

/// Files of one reason that are named.
const MOST_FILES: [usize; 3] = [3, 10, 100];
/// Odd nights that are told one by one in a terminal.
const NEWEST: usize = 5;

/// The page.
pub(super) fn page(trend: &Trend, medium: Medium) -> Page {
    let answer = verdicts::answer(trend);
    let title = format!("{} · etcdbench trend", answer.word);
    let sections = match medium {
        Medium::Browser => for_browser(trend),
        Medium::Comment => for_comment(trend),
        Medium::Terminal => for_terminal(trend),
    };
    let about = match medium {
        Medium::Browser => About::Lines(trend.histories.iter().map(words::title).collect()),
        Medium::Comment | Medium::Terminal => About::default(),
    };
    let article = Article {
        id: "trend".to_owned(),
        answer,
        above: vec!["etcdbench trend".to_owned()],
        about,
        sections,
        ..Article::default()
    };
    Page {
        kind: "trend".to_owned(),
        title,
        articles: vec![article],
        elsewhere: "etcdbench trend … -o page.html",
    }
}

fn for_browser(trend: &Trend) -> Vec<Section> {
    let histories = || trend.histories.iter();
    let tonight = histories().map(|history| match words::not_judged(history) {
        Some(why) => Block::paragraphs(vec![format!("{}: {why}", words::title(history))]),
        None => Block::Table(table(
            history,
            &history.series.iter().collect::<Vec<_>>(),
            Medium::Browser,
        )),
    });
    let changes = histories().map(|history| changes(history, Medium::Browser));
    let charts = Block::Charts(chart::of_trend(trend));
    let all = [
        verdicts::section(trend, Medium::Browser),
        Section::new("tonight", "Tonight", tonight.collect()),
        Section::new("charts", "Charts", vec![charts]),
        Section::new("changes", "Changes that lasted", changes.collect()),
        Section::new("odd", "Odd nights", histories().map(odd_nights).collect()),
        Section::new("next", "What to do", vec![Block::List(trend.commands.clone())]),
        Section::new(
            "left-out",
            "Left out",
            vec![Block::List(words::left_out(trend, MOST_FILES[2]))],
        ),
        Section::new(
            "how",
            "How it was judged",
            vec![Block::paragraphs(trend.notes.clone()), settings(trend)],
        ),
    ];
    all.into_iter().filter(|section| !section.blocks.is_empty()).collect()
}

fn for_comment(trend: &Trend) -> Vec<Section> {
    let mut sections = vec![verdicts::section(trend, Medium::Comment)];
    for history in &trend.histories {
        let is_news = |series: &SeriesTrend| {
            words::matters(series) || series.tonight.verdict == LatestVerdict::Better
        };
        let (news, quiet): (Vec<_>, Vec<_>) =
            history.series.iter().partition(|series| is_news(series));
        let mut blocks = vec![
            Block::Table(table(history, &news, Medium::Comment)),
            changes(history, Medium::Comment),
        ];
        if !quiet.is_empty() {
            let table = Block::Table(table(history, &quiet, Medium::Comment));
            blocks.push(Block::Fold(format!("{} more series", quiet.len()), vec![table]));
        }
        sections.push(Section::new("history", words::title(history), blocks).shown(Shown::Headed));
    }
    let lists = [
        ("What to do", trend.commands.clone()),
        ("Left out", words::left_out(trend, MOST_FILES[1])),
        ("Notes", trend.notes.clone()),
    ];
    sections.extend(lists.into_iter().map(|(title, items)| {
        let title = format!("{title}: {}", items.len());
        Section::new("more", title, vec![Block::List(items)]).shown(Shown::Folded)
    }));
    sections
}

fn for_terminal(trend: &Trend) -> Vec<Section> {
    let mut sections = vec![verdicts::section(trend, Medium::Terminal)];
    for history in &trend.histories {
        let all: Vec<&SeriesTrend> = history.series.iter().collect();
        let tonight = match words::not_judged(history) {
            Some(why) => Block::paragraphs(vec![why]),
            None => Block::Table(table(history, &all, Medium::Terminal)),
        };
        sections.push(
            Section::new("history", words::title(history), vec![tonight]).shown(Shown::Headed),
        );
        let reasons = all
            .iter()
            .map(|series| (series, why(history, series)))
            .filter(|(_, why)| !why.is_empty())
            .map(|(series, why)| format!("{}: {why}", series.series));
        sections.push(Section::new("why", "", vec![Block::paragraphs(reasons.collect())]));
        let changes = changes(history, Medium::Terminal);
        sections.push(
            Section::new("changes", "changes that lasted", vec![changes]).shown(Shown::Titled),
        );
        sections
            .push(Section::new("odd", "odd nights", vec![newest(history)]).shown(Shown::Titled));
    }
    let lists = [
        ("to do", trend.commands.clone()),
        ("left out", words::left_out(trend, MOST_FILES[0])),
        ("note", trend.notes.clone()),
    ];
    sections.extend(lists.into_iter().map(|(label, items)| {
        let entry = (!items.is_empty()).then(|| Entry::new(label, items, Between::Line));
        let entries = Entries { labels: Labels::Medium, entries: entry.into_iter().collect() };
        Section::new("more", "", vec![Block::Entries(entries)])
    }));
    sections
}

/// Why tonight's verdict is what it is, where that is worth a line.
fn reason(series: &SeriesTrend) -> Option<&str> {
    series.tonight.reason.as_deref().filter(|_| words::has_reason(series))
}

/// The same, with what else is worth knowing of a series.
fn why(history: &HistoryTrend, series: &SeriesTrend) -> String {
    let reason = reason(series).map(str::to_owned);
    let all: Vec<String> = reason.into_iter().chain(words::remarks(history, series)).collect();
    all.join("; ")
}

/// A row per series: its nights, what is usual, tonight.
fn table(history: &HistoryTrend, series: &[&SeriesTrend], medium: Medium) -> Table {
    let row = |series: &&SeriesTrend| {
        let tonight = &series.tonight;
        let alarm = tonight.verdict == LatestVerdict::Regressed && !series.informational;
        let usual = Cell::new(words::value(series, tonight.usual));
        let why = match medium {
            // There each has a line of its own below the table.
            Medium::Terminal => String::new(),
            Medium::Comment | Medium::Browser => why(history, series),
        };
        Row::new([
            Cell::new(&series.series),
            match medium {
                Medium::Comment => Cell::default(),
                Medium::Terminal | Medium::Browser => Cell::history(series.values.clone()),
            },
            match medium {
                Medium::Browser => usual.small(between(series)),
                Medium::Terminal | Medium::Comment => usual,
            },
            Cell::new(words::value(series, tonight.value)),
            Cell::new(words::ratio(tonight.ratio)),
            Cell::new(words::tonight(history, series))
                .tone(words::series_tone(series).map_or(Tone::Plain, Tone::from))
                .strong(alarm),
            Cell::new(why),
        ])
    };
    let (ratio, verdict) = match medium {
        Medium::Terminal => (Column::number(""), Column::prose("")),
        Medium::Comment | Medium::Browser => (Column::number("ratio"), Column::text("verdict")),
    };
    Table {
        caption: words::title(history),
        columns: vec![
            Column::text("series"),
            Column::history("nights"),
            Column::number("usual"),
            Column::number("tonight"),
            ratio,
            verdict,
            Column::prose("why"),
        ],
        rows: series.iter().map(row).collect(),
        ..Table::default()
    }
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

/// Every lasting change, oldest first; those of one night below what they have in common.
fn changes(history: &HistoryTrend, medium: Medium) -> Block {
    let with = |facts: &[FactChange]| match (words::coincidence(facts), medium) {
        (None, _) => String::new(),
        (Some(with), Medium::Terminal) => format!("with {with}"),
        (Some(with), _) => with,
    };
    let mut rows = Vec::new();
    for event in &history.events {
        let members = event.changes.iter().filter_map(|of| change_of(history, of));
        let together = event.changes.len() > 1;
        let mut when = words::when(history, &event.at);
        if together {
            let what = [
                std::mem::take(&mut when),
                counted(event.changes.len() as u64, "series"),
                String::new(),
                String::new(),
                words::ways(event),
                with(&event.coincides),
            ];
            rows.push(Row::new(what.map(Cell::new)));
        }
        for (series, change) in members {
            // One that is placed another night says so.
            let own = change.at != event.at;
            let when = match together && own {
                true => words::when(history, &change.at),
                false => std::mem::take(&mut when),
            };
            let with = if together { String::new() } else { with(&change.coincides) };
            let cells = [
                when,
                series.series.clone(),
                words::step(series, change),
                words::factor(change),
                words::outcome(change),
                with,
            ];
            rows.push(Row::new(cells.map(Cell::new)));
        }
    }
    let heads = ["since", "series", "change", "factor (95 %)"];
    let mut columns: Vec<Column> = heads.map(Column::line).to_vec();
    columns.extend([Column::text(""), Column::prose("with")]);
    if medium == Medium::Terminal {
        columns.iter_mut().for_each(|column| column.head.clear());
    }
    Block::Table(Table {
        caption: words::title(history),
        columns,
        rows,
        naming: 1,
        ..Table::default()
    })
}

/// The series and the change that a part of an event is about.
fn change_of<'a>(
    history: &'a HistoryTrend,
    of: &SeriesChange,
) -> Option<(&'a SeriesTrend, &'a ChangePoint)> {
    let series = history.series.iter().find(|series| series.series == of.series)?;
    Some((series, series.changes.iter().find(|change| change.at == of.at)?))
}

/// Every odd night, the newest first.
fn odd_nights(history: &HistoryTrend) -> Block {
    let odd = words::odd_nights(history);
    let summary = counted(odd.len() as u64, "night");
    let rows =
        odd.into_iter().rev().map(|(when, what)| Row::new([Cell::new(when), Cell::new(what)]));
    let table = Table {
        caption: format!("{}, the newest first", words::title(history)),
        columns: vec![Column::line("night"), Column::text("what")],
        rows: rows.collect(),
        ..Table::default()
    };
    Block::Fold(summary, vec![Block::Table(table)])
}

/// The newest of them, and how many there are before.
fn newest(history: &HistoryTrend) -> Block {
    let odd = words::odd_nights(history);
    let older = odd.len().saturating_sub(NEWEST);
    let before = (older > 0).then(|| format!("… and {older} before"));
    let told = odd.iter().skip(older).map(|(when, what)| format!("{when}  {what}"));
    Block::List(before.into_iter().chain(told).collect())
}

fn settings(trend: &Trend) -> Block {
    let settings = &trend.settings;
    let all = [
        ("bad nights in a row that confirm", settings.confirm_nights.to_string()),
        ("nights looked back on", settings.look_back.to_string()),
        ("false alarms of a single night", format_share(settings.night_alpha)),
        (
            "false alarms of a night that confirms itself (--confirm-nights 1)",
            format_share(settings.confirm_alpha),
        ),
        ("threshold of change points (p)", settings.change_p.to_string()),
    ];
    Block::facts(Labels::Long, all.map(|(label, value)| (label.to_owned(), value)))
}
