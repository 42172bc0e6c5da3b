//! The page: the answer, the causes with their evidence, where the time goes at each member, what is worth knowing.

use super::{notice, table};
use crate::diagnosis::{self, Answer, Checked, Diagnosis, Member, Notice, Observed};
use crate::report::diagnosed::{self, Parts, causes, words};
use crate::report::page::{Block, Medium, Page, Section, Shown};
use crate::units::{counted, format_count, format_duration};

/// The page.
pub(super) fn page(
    observed: &Observed,
    found: &[Diagnosis],
    notices: &[Notice],
    medium: Medium,
) -> Page {
    let members = &observed.members;
    let notes = notices.iter().map(|one| notice::note(members, one)).collect();
    let sections = vec![
        Section::new("causes", "Causes", vec![causes(members, found, medium)]),
        Section::new("times", "Where the time goes", vec![Block::Table(table::times(members))])
            .shown(Shown::Titled),
        Section::new("members", "The members", vec![Block::Table(table::members(members))])
            .shown(Shown::Titled),
        Section::new("findings", "Worth knowing", vec![Block::Findings(notes)])
            .shown(Shown::Titled),
        Section::new("limits", "Limits", vec![Block::List(limits(observed))]).shown(Shown::Titled),
    ];
    let answer = diagnosis::answer(found);
    diagnosed::page(Parts {
        kind: "check",
        command: "check",
        verdict: diagnosis::with_notices(diagnosis::verdict(found), notices),
        reason: reason(members, found, &answer),
        word: words::answer(&answer),
        about: about(observed),
        sections,
        elsewhere: "etcdbench check … -o page.html",
    })
}

fn reason(members: &[Member], found: &[Diagnosis], answer: &Answer) -> String {
    let tell = |one: &Diagnosis| words::reason(members, one);
    match (answer, found.first()) {
        (Answer::Ok, _) | (_, None) => {
            "nothing that was looked at holds this cluster back".to_owned()
        }
        (Answer::Causes(_), Some(_)) => diagnosed::named(members, found),
        (Answer::NotSure, Some(first)) => {
            let open = found.iter().filter(|one| one.harm == first.harm);
            open.take(2).map(tell).collect::<Vec<_>>().join(" · ")
        }
    }
}

fn about(observed: &Observed) -> Vec<String> {
    let members = &observed.members;
    let mut items = vec![counted(members.len() as u64, "member")];
    items.extend(diagnosed::versions(members));
    let lives = || members.iter().filter_map(|m| Some((m, m.live.as_deref()?)));
    match lives().find(|(_, live)| live.leader) {
        Some((leader, _)) => items.push(format!("{} leads", leader.name)),
        None => items.push("no leader among them".to_owned()),
    }
    if let Some(check) = &observed.check {
        items.push(looked(check));
    }
    items
}

fn looked(check: &Checked) -> String {
    let long = format_duration(check.window_ns);
    let early = if check.interrupted { ", ended early" } else { "" };
    match (check.active, check.writes) {
        (false, _) => format!("looked at for {long}{early}, nothing read or written"),
        (true, writes) => format!(
            "{long}{early}, {} writes and {} reads of our own",
            format_count(writes),
            format_count(check.reads)
        ),
    }
}

/// What a reader has to know of how far this can be trusted.
fn limits(observed: &Observed) -> Vec<String> {
    let Some(check) = &observed.check else { return Vec::new() };
    let mut told = vec![format!(
        "it speaks of the {} in which it looked; what comes once an hour is not in it",
        format_duration(check.window_ns)
    )];
    if !check.active {
        told.push(
            "no read and no write was sent: what a write takes is predicted from the metrics, and the paths between members are not known"
                .to_owned(),
        );
    }
    let has_metrics = |one: &Member| one.live.as_deref().is_some_and(|live| live.metrics);
    if observed.members.iter().any(has_metrics) {
        told.push(
            "etcd's times are taken by the clock on the wall, and its histograms have bounds that double: a percentile is known as a range alone"
                .to_owned(),
        );
    }
    told.extend(check.notes.iter().cloned());
    told
}
