//! The page: the answer, the causes with their evidence, where the time goes at each member, what is worth knowing.

use super::{depends, notice, table};
use crate::diagnosis::{self, Answer, Checked, Diagnosis, Member, Notice, Observed};
use crate::report::diagnosed::{self, Parts, causes, words};
use crate::report::logs::{log_limits, log_sections};
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
    let depends = observed.check.as_ref().and_then(depends::depends);
    let depends = depends.map(Block::Table).into_iter().collect();
    let mut sections = vec![
        Section::new("causes", "Causes", vec![causes(members, found, medium)]),
        Section::new("times", "Where the time goes", vec![Block::Table(table::times(members))])
            .shown(Shown::Titled),
        Section::new("depends", "What depends on it", depends).shown(Shown::Titled),
        Section::new("members", "The members", vec![Block::Table(table::members(members))])
            .shown(Shown::Titled),
        Section::new("findings", "Worth knowing", vec![Block::Findings(notes)])
            .shown(Shown::Titled),
        Section::new("limits", "Limits", vec![Block::List(limits(observed))]).shown(Shown::Titled),
    ];
    if members.iter().any(|member| member.lines > 0) {
        let at = sections.iter().position(|one| one.id == "findings").unwrap_or(sections.len());
        sections.splice(at..at, log_sections(members, medium));
    }
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

/// The answer in capitals, and why.
pub(super) fn answered(observed: &Observed, found: &[Diagnosis]) -> (String, String) {
    let answer = diagnosis::answer(found);
    (words::answer(&answer), reason(&observed.members, found, &answer))
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
        None if observed.check.as_ref().is_some_and(|check| check.files > 0) => {}
        None => items.push("no leader among them".to_owned()),
    }
    if let Some(check) = &observed.check {
        items.push(looked(check));
    }
    items
}

fn looked(check: &Checked) -> String {
    let long = format_duration(check.window_ns);
    if check.files > 0 {
        let rates =
            if check.window_ns > 0 { format!(", rates over {long}") } else { String::new() };
        return format!("from {}{rates}", counted(check.files, "file"));
    }
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

fn knows_paths(members: &[Member]) -> bool {
    let mut lives = members.iter().filter_map(|member| member.live.as_deref());
    members.len() < 2 || lives.any(|live| !live.peer_rtt_within.is_empty())
}

fn spoken_of(check: &Checked) -> String {
    let long = format_duration(check.window_ns);
    match (check.files, check.window_ns) {
        (0, _) => format!(
            "it speaks of the {long} in which it looked; what comes once an hour is not in it"
        ),
        (_, 0) => "nothing was asked: it speaks of what the files hold alone".to_owned(),
        _ => format!(
            "nothing was asked: it speaks of what the files hold, and of what grew within {long} between two texts of metrics"
        ),
    }
}

/// What a reader has to know of how far this can be trusted.
fn limits(observed: &Observed) -> Vec<String> {
    let Some(check) = &observed.check else { return Vec::new() };
    let mut told = vec![spoken_of(check)];
    if !check.active && check.files == 0 {
        told.push(
            "no read and no write was sent: what a write takes is predicted from the metrics, and the paths between members are not known"
                .to_owned(),
        );
    }
    if observed.members.iter().any(|member| member.lines > 0) {
        told.extend(log_limits(observed));
    }
    if check.files > 0 && check.window_ns > 0 && !knows_paths(&observed.members) {
        told.push(
            "round trips between the members were not taken down within it: etcd does that every 30 s, so let two minutes pass between the texts"
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
