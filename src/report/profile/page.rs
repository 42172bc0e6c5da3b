//! The page: what it is like, prefix by prefix, and how far it can be trusted.

use std::path::Path;

use super::words;
use crate::exit::Verdict;
use crate::profile::{Beside, Prefix, Profile, Scenario};
use crate::report::diagnosed::{self, Parts};
use crate::report::page::{Block, Cell, Column, Command, Page, Row, Section, Shown, Table};
use crate::units::{counted, format_bytes, format_count, format_duration, significant};

/// Rows that a page shows.
const MOST_ROWS: usize = 40;

/// The page.
pub(super) fn page(
    profile: &Profile,
    scenario: &Scenario,
    beside: Option<&Beside>,
    file: &Path,
) -> Page {
    let run = format!("etcdbench run {}", file.display());
    let command = Command { label: "next", text: run, hint: None };
    let sections = vec![
        Section::new(
            "prefixes",
            "What it holds, and what is written",
            vec![Block::Table(prefixes(profile))],
        )
        .shown(Shown::Titled),
        Section::new("requests", "What clients ask for", vec![Block::Table(requests(profile))])
            .shown(Shown::Titled),
        Section::new("next", "Run it", vec![Block::Command(command)]).shown(Shown::Plain),
        Section::new("limits", "Limits", vec![Block::List(limits(profile, scenario))])
            .shown(Shown::Titled),
    ];
    diagnosed::page(Parts {
        kind: "profile",
        command: "profile",
        verdict: Verdict::Pass,
        word: "PROFILE".to_owned(),
        reason: words::beside(beside),
        about: about(profile),
        sections,
        elsewhere: "etcdbench profile … --format html",
    })
}

fn about(profile: &Profile) -> Vec<String> {
    let mut items = vec![counted(profile.members, "member")];
    if !profile.versions.is_empty() {
        items.push(format!("etcd {}", profile.versions.join(", ")));
    }
    items.push(format!(
        "{} keys, {}",
        format_count(profile.keys()),
        format_bytes(profile.value_bytes() as u64)
    ));
    items.push(format!("{} writes/s", significant(profile.writes_per_s())));
    items.push(format!(
        "watched for {}, {} requests of our own",
        format_duration((profile.window_s * 1e9) as u64),
        format_count(profile.requests)
    ));
    items
}

fn rate(per_s: f64) -> String {
    if per_s > 0.0 { significant(per_s) } else { String::new() }
}

fn prefixes(profile: &Profile) -> Table {
    let mut all: Vec<&Prefix> = profile.prefixes.iter().collect();
    all.sort_by_key(|prefix| std::cmp::Reverse((prefix.writes.all(), prefix.keys)));
    let row = |prefix: &&Prefix| {
        let writes = &prefix.writes;
        let name = if prefix.name.is_empty() { "elsewhere" } else { &prefix.name };
        let size =
            |bytes: u64| if prefix.sizes.samples > 0 { format_bytes(bytes) } else { String::new() };
        Row::new(vec![
            Cell::new(name),
            Cell::new(format_count(prefix.keys)),
            Cell::new(size(prefix.sizes.p50)),
            Cell::new(size(prefix.sizes.p99)),
            Cell::new(rate(profile.per_s(writes.creates))),
            Cell::new(rate(profile.per_s(writes.updates))),
            Cell::new(rate(profile.per_s(writes.deletes))),
        ])
    };
    let mut rows: Vec<Row> = all.iter().take(MOST_ROWS).map(row).collect();
    if all.len() > MOST_ROWS {
        let more = format!("and {} more", all.len() - MOST_ROWS);
        let empty = (0..6).map(|_| Cell::new(""));
        rows.push(Row::new([Cell::new(more)].into_iter().chain(empty).collect::<Vec<_>>()));
    }
    Table {
        caption: "What it holds, and what is written".to_owned(),
        columns: vec![
            Column::text("prefix"),
            Column::number("keys"),
            Column::number("value p50"),
            Column::number("p99"),
            Column::number("created/s"),
            Column::number("updated/s"),
            Column::number("removed/s"),
        ],
        rows,
        ..Table::default()
    }
}

fn requests(profile: &Profile) -> Table {
    let Some(traffic) = &profile.traffic else {
        return Table::default();
    };
    let mut methods: Vec<(&String, f64)> = traffic
        .per_s
        .iter()
        .map(|(method, rate)| (method, *rate))
        .filter(|one| one.1 > 0.0)
        .collect();
    methods.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut rows: Vec<Row> = methods
        .into_iter()
        .map(|(method, rate)| Row::new(vec![Cell::new(method), Cell::new(significant(rate))]))
        .collect();
    let figure = |name: &str, figure: String| Row::new(vec![Cell::new(name), Cell::new(figure)]);
    rows.push(figure("watches, now", format_count(traffic.watches)));
    rows.push(figure("bytes sent", format!("{}/s", format_bytes(traffic.sent_bytes_per_s as u64))));
    Table {
        caption: "What clients ask for".to_owned(),
        columns: vec![Column::text("request"), Column::number("per second")],
        rows,
        ..Table::default()
    }
}

fn limits(profile: &Profile, scenario: &Scenario) -> Vec<String> {
    let mut told = vec![format!(
        "it is the {} in which it was watched; what comes once an hour is not in it",
        format_duration((profile.window_s * 1e9) as u64)
    )];
    match &profile.traffic {
        Some(_) => told.push(
            "what was read is not told by etcd: gets, lists and revision probes of the scenario are as many requests with as \
             many bytes"
                .to_owned(),
        ),
        None => told.push("without metrics nothing is known of reads and watches; the scenario has none".to_owned()),
    }
    if scenario.expiries_per_s > 0.0 {
        told.push(format!(
            "{} removals a second of keys bound to leases are taken for leases that ended: etcd makes them by itself",
            significant(scenario.expiries_per_s)
        ));
    }
    if scenario.fan_out > 0 {
        told.push(format!(
            "each change goes to {} on average; all classes have that many",
            counted(scenario.fan_out, "watch").replace("watchs", "watches")
        ));
    }
    told.push(
        "values are not looked at: how much of one changes, and how well it compresses, is a guess of the scenario".to_owned(),
    );
    told.extend(profile.gaps.iter().map(words::gap));
    told
}
