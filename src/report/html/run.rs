//! The page of a run: the answer, its reasons, the evidence, and at the end what is needed to do it again.

use std::path::Path;

use super::parts::{
    Article, Cell, Section, Table, charts, facts, findings, folded, html, paragraph, tone, verbatim,
};
use super::{quantiles, stalls};
use crate::report::chart;
use crate::report::subject::{Plan, Subject};
use crate::report::text::clean;
use crate::report::words;
use crate::report::words::rules;
use crate::result::{Capacity, CapacityStep};
use crate::units::{date_and_time, format_count, format_millis, significant};

/// The article of a run, with a heading of this level.
pub fn article(subject: &Subject<'_>, path: &Path, id: &str, level: u8) -> Article {
    let summary = subject.summary;
    let header = &subject.run.header;
    let (word, reason) = words::headline(&summary.headline);
    let about = words::about(subject);
    let above = [
        format!("etcdbench {}", header.kind),
        header.name.clone(),
        header.environment.host.clone(),
        date_and_time(&header.started_at),
    ];
    // A run without a name of its own is named for what the page tells anyway.
    let told = |item: &String| about.first() == Some(item);
    Article {
        id: id.to_owned(),
        level,
        tone: tone(summary.verdict),
        mark: words::mark(summary.verdict),
        word,
        reason,
        above: above
            .iter()
            .map(|text| clean(text))
            .filter(|item| !item.is_empty() && !told(item))
            .collect(),
        notes: words::cut_short(subject).into_iter().collect(),
        about,
        lines: false,
        sections: sections(subject, path, level),
    }
}

fn sections(subject: &Subject<'_>, path: &Path, level: u8) -> Vec<Section> {
    let told = words::findings(subject);
    let worth_knowing = match told.is_empty() {
        true => String::new(),
        false => findings(&told),
    };
    let drawn = chart::of_run(subject.run, subject.summary);
    let sections = [
        Section::new("rules", "Rules", self::rules(subject)),
        Section::new("findings", "Worth knowing", worth_knowing),
        Section::new("charts", "Charts", charts(&drawn)),
        Section::new("quantiles", "Quantiles", quantiles::tables(subject)),
        Section::new("stalls", "Stalls", stalls::stalls(subject)),
        Section::new("events", "What happened", events(subject)),
        Section::new("load", "Load", load(subject, level)),
        Section::new("capacity", "Capacity", capacity(subject)),
        Section::new("members", "Members", members(subject)),
        Section::new("disk", "Disk", disk(subject, level)),
        Section::new("machine", "Machine", machine(subject, level)),
        Section::new("again", "Do it again", again(subject, path, level)),
    ];
    sections.into_iter().flatten().collect()
}

fn rules(subject: &Subject<'_>) -> String {
    let rows: Vec<Vec<Cell>> = subject
        .summary
        .rules
        .iter()
        .map(|outcome| {
            let row = rules::row(outcome);
            let [rule, measured, limit, margin, samples, source] = row.cells;
            vec![
                Cell::verdict(row.verdict),
                Cell::text(rule),
                Cell::text(measured).class("nowrap"),
                Cell::number(limit),
                Cell::number(margin),
                Cell::number(samples),
                Cell::text(source).class("long").small(row.note.unwrap_or_default()),
            ]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let [rule, measured, limit, margin, samples, source] = rules::HEAD;
    html(&Table {
        caption: "What was asked of it, and what it came to".to_owned(),
        head: vec![
            Cell::text("verdict"),
            Cell::text(rule),
            Cell::text(measured),
            Cell::number(limit),
            Cell::number(margin),
            Cell::number(samples),
            Cell::text(source),
        ],
        rows,
        naming: 1,
    })
}

/// Events that are not in every run.
fn events(subject: &Subject<'_>) -> String {
    const LISTED: usize = 200;
    const OPEN: usize = 12;
    let all = words::events(subject);
    let row = |event: &words::Told| {
        vec![
            Cell::text(date_and_time(&event.at)).class("nowrap"),
            Cell::text(event.phase.clone()),
            Cell::text(event.what.clone()).class("long"),
        ]
    };
    let table = Table {
        caption: match all.len() {
            n if n > LISTED => format!("The first {LISTED} of {}", format_count(n as u64)),
            _ => "In the order of time".to_owned(),
        },
        head: ["at", "phase", "what"].map(Cell::text).to_vec(),
        rows: all.iter().take(LISTED).map(row).collect(),
        naming: 0,
    };
    match all.len() {
        0 => String::new(),
        n if n > OPEN => folded(&format!("{} events", format_count(n as u64)), &html(&table)),
        _ => html(&table),
    }
}

/// What a client asked for and got, what failed, what each rate came to, what became of the keys.
fn load(subject: &Subject<'_>, level: u8) -> String {
    let Plan::Load(plan) = &subject.plan else {
        return String::new();
    };
    let entries =
        words::load::client(subject, plan).into_iter().chain(words::load::outcome(subject));
    let entries: Vec<(String, String)> =
        entries.map(|(label, items)| (label.to_owned(), items.join(", "))).collect();
    let mut out = facts(level + 2, "", &entries);
    for (title, table) in words::load::tables(subject, plan) {
        out.push_str(&html(&Table::of(&title, &table)));
    }
    out
}

fn members(subject: &Subject<'_>) -> String {
    let Plan::Load(plan) = &subject.plan else {
        return String::new();
    };
    let table = words::load::members(subject, plan);
    if table.rows.is_empty() {
        return String::new();
    }
    html(&Table::of("What each member says of itself, beside what its clients see", &table))
}

fn capacity(subject: &Subject<'_>) -> String {
    if subject.disk().is_none() {
        return String::new();
    }
    let Some(capacity) = &subject.summary.capacity else {
        return String::new();
    };
    let mut out: String =
        words::disk::capacity(subject).iter().map(|text| paragraph(text)).collect();
    if !capacity.curve.is_empty() {
        out.push_str(&html(&curve(capacity)));
    }
    out
}

fn curve(capacity: &Capacity) -> Table {
    let head = [
        "wanted",
        "reached",
        "wal.fsync p99",
        "backend.commit p99",
        "put.commit p50",
        "put.commit p99",
        "WAL syncs",
    ];
    let mut head: Vec<Cell> = head.map(Cell::number).to_vec();
    head.push(Cell::text("every rule"));
    let row = |step: &CapacityStep| {
        let per_s = |rate: f64| Cell::number(format!("{}/s", significant(rate)));
        let ms = |ns: u64| Cell::number(format!("{} ms", format_millis(ns)));
        vec![
            per_s(step.wanted_per_s),
            per_s(step.reached_per_s),
            ms(step.wal_fsync_p99_ns),
            ms(step.backend_commit_p99_ns),
            ms(step.put_commit_p50_ns),
            ms(step.put_commit_p99_ns),
            Cell::number(format_count(step.wal_syncs)),
            match &step.broke {
                Some(rule) => Cell::text("✘ broken").class("fail").small(clean(rule)),
                None if step.kept => Cell::text("✔ kept").class("pass"),
                None => Cell::text("–"),
            },
        ]
    };
    Table {
        caption: "Every rate that was tried, in puts per second".to_owned(),
        head,
        rows: capacity.curve.iter().map(row).collect(),
        naming: 0,
    }
}

fn disk(subject: &Subject<'_>, level: u8) -> String {
    let Some(disk) = &subject.run.header.environment.disk else {
        return String::new();
    };
    let mut out = facts(level + 2, "", &words::disk_facts(disk));
    if !disk.devices.is_empty() {
        let table = words::devices(&disk.devices);
        out.push_str(&html(&Table::of(
            "Block devices, from the file system down to the hardware",
            &table,
        )));
    }
    out
}

fn machine(subject: &Subject<'_>, level: u8) -> String {
    facts(level + 2, "", &words::machine(&subject.run.header.environment))
}

/// Names, labels, the command and the whole plan.
fn again(subject: &Subject<'_>, path: &Path, level: u8) -> String {
    let header = &subject.run.header;
    let version = match &header.tool.git {
        Some(git) => format!("{} {} ({git})", header.tool.name, header.tool.version),
        None => format!("{} {}", header.tool.name, header.tool.version),
    };
    let mut known = vec![
        ("result".to_owned(), clean(&path.display().to_string())),
        ("run".to_owned(), clean(&header.run_id)),
        ("from".to_owned(), clean(&header.started_at)),
        ("to".to_owned(), clean(&subject.summary.ended_at)),
        ("written by".to_owned(), clean(&version)),
        ("result format".to_owned(), clean(&header.schema)),
    ];
    let labels = header.labels.iter();
    known.extend(labels.map(|(name, value)| (format!("label {}", clean(name)), clean(value))));
    let mut out = String::new();
    if let Some((command, hint)) = words::again(subject) {
        out.push_str(&verbatim(&command));
        out.extend(hint.map(paragraph));
    }
    if let Plan::Import(plan) = &subject.plan {
        known.push(("options".to_owned(), words::import::options(plan)));
    }
    out.push_str(&facts(level + 2, "", &known));
    let plan = serde_json::to_string_pretty(&header.plan).unwrap_or_default();
    if !header.plan.is_null() {
        out.push_str(&folded("The whole plan, resolved", &verbatim(&plan)));
    }
    out
}
