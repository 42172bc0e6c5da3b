//! The page: the answer, the causes with their evidence, what each member logged, what happened when.

use super::table;
use crate::diagnosis::{self, Answer, Diagnosis, Member, Observed};
use crate::report::diagnosed::{self, Parts, causes, words};
use crate::report::page::{Block, Cell, Column, Medium, Page, Row, Section, Shown, Table};
use crate::units::{counted, format_count};

/// Lines of the time line.
const MOST_EVENTS: [usize; 3] = [24, 40, 1_000];

/// The page.
pub(super) fn page(read: &Observed, found: &[Diagnosis], medium: Medium) -> Page {
    let members = &read.members;
    let [logged, timeline] = sections(members, medium);
    let sections = vec![
        Section::new("causes", "Causes", vec![causes(members, found, medium)]),
        logged,
        timeline,
        Section::new("limits", "Limits", vec![Block::List(limits(read))]).shown(Shown::Titled),
    ];
    let answer = diagnosis::answer(found);
    diagnosed::page(Parts {
        kind: "logs",
        command: "logs",
        verdict: diagnosis::verdict(found),
        reason: reason(members, found, &answer),
        word: words::answer(&answer),
        about: about(read),
        sections,
        elsewhere: "etcdbench logs … -o page.html",
    })
}

/// What each member logged, and what happened when.
pub(in crate::report) fn sections(members: &[Member], medium: Medium) -> [Section; 2] {
    [
        Section::new("logged", "What was logged", vec![Block::Table(table::logged(members))])
            .shown(Shown::Titled),
        timeline(members, medium).shown(Shown::Titled),
    ]
}

/// The answer's reason: the cause in a sentence, and what else is of its kind.
fn reason(members: &[Member], found: &[Diagnosis], answer: &Answer) -> String {
    let tell = |one: &Diagnosis| words::reason(members, one);
    match (answer, found.first()) {
        (Answer::Ok, None) | (_, None) => {
            "nothing in these logs held etcd back for long enough to be logged".to_owned()
        }
        (Answer::Ok, Some(first)) => format!("nothing did harm; noticed: {}", tell(first)),
        (Answer::Causes(_), Some(_)) => diagnosed::named(members, found),
        (Answer::NotSure, Some(first)) => {
            let open = found.iter().filter(|one| one.harm == first.harm);
            let mut open: Vec<&Diagnosis> = open.collect();
            open.sort_by_key(|one| std::cmp::Reverse(one.lasted_ns));
            open.into_iter().take(2).map(tell).collect::<Vec<_>>().join(" · ")
        }
    }
}

fn about(read: &Observed) -> Vec<String> {
    let members = &read.members;
    let lines: u64 = members.iter().map(|member| member.lines).sum();
    let who = match members.len() {
        1 => words::member(members, 0),
        n => counted(n as u64, "member"),
    };
    let mut items = vec![who, format!("{} of etcd", counted(lines, "line"))];
    items.extend(diagnosed::versions(members));
    let spans = || members.iter().filter_map(|member| member.span);
    if let Some((from, to)) = spans().map(|s| s.from_ns).min().zip(spans().map(|s| s.to_ns).max()) {
        let same_day = from.div_euclid(86_400_000_000_000) == to.div_euclid(86_400_000_000_000);
        let to = if same_day { words::time_of_day(to) } else { words::time(to) };
        let zone = if members.iter().any(|member| member.zoned) { " UTC" } else { "" };
        items.push(format!("{} to {to}{zone}", words::time(from)));
    }
    items
}

fn timeline(members: &[Member], medium: Medium) -> Section {
    let most = match medium {
        Medium::Terminal => MOST_EVENTS[0],
        Medium::Comment => MOST_EVENTS[1],
        Medium::Browser => MOST_EVENTS[2],
    };
    let (events, left_out) = diagnosis::timeline(members, most);
    let several = members.len() > 1;
    let row = |one: &diagnosis::Happened| {
        let name = members.get(one.member).map_or("", |member| &member.name);
        let who = if several { name } else { "" };
        Row::new([
            Cell::new(words::time(one.at_ns)),
            Cell::new(who),
            Cell::new(words::event(members, &one.event)),
        ])
    };
    let table = Table {
        caption: "By the moments at which things began, UTC where the log tells its zone"
            .to_owned(),
        columns: vec![Column::line("began"), Column::text("member"), Column::prose("what")],
        rows: events.iter().map(row).collect(),
        ..Table::default()
    };
    let more = (left_out > 0)
        .then(|| format!("{} more, less grave, are left out", format_count(left_out as u64)));
    Section::new(
        "timeline",
        "What happened when",
        vec![Block::Table(table), Block::List(more.into_iter().collect())],
    )
}

/// What a reader has to know of how far this can be trusted.
pub(in crate::report) fn limits(read: &Observed) -> Vec<String> {
    let members = &read.members;
    let mut told = vec![
        "etcd logs a WAL sync from 1 s on and an apply from 100 ms on: what is shorter is not in its log. Its words \
         \"likely from slow disk\" are a guess that it prints for every late heartbeat, and count for nothing here"
            .to_owned(),
    ];
    if members.iter().any(table::is_sampled) {
        told.push(
            "of more than 100 equal messages a second etcd logs every hundredth: counts with ≥ are lower bounds".to_owned(),
        );
    }
    if members.iter().any(|member| !member.zoned && member.span.is_some()) {
        told.push("times without a zone are taken as UTC".to_owned());
    }
    for member in members.iter().filter(|member| !member.others.is_empty()) {
        let ids: Vec<String> =
            member.id.iter().chain(&member.others).map(ToString::to_string).collect();
        told.push(format!(
            "{} holds lines of several members ({}), which cannot be told apart: give each a file of its own",
            member.name,
            ids.join(", ")
        ));
    }
    let damaged: u64 = members.iter().map(|member| member.damaged).sum();
    if damaged > 0 {
        told.push(format!("{} could not be read: cut or damaged", counted(damaged, "line")));
    }
    if read.cut > 0 {
        told.push(format!(
            "{} longer than 1 MiB: only the beginning was read",
            counted(read.cut, "line")
        ));
    }
    told
}
