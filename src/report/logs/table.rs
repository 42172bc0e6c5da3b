//! What each member logged: a row per kind of event, a column per member, so that the odd one out shows.

use crate::diagnosis::{Member, Peer, Waits};
use crate::record::Distribution;
use crate::report::page::{Cell, Column, Row, Table};
use crate::units::{format_bytes, format_count, format_duration};

/// Fewer have no percentile worth telling.
const FOR_MEDIAN: u64 = 3;

/// Whether etcd left lines out of this log.
pub(super) fn is_sampled(member: &Member) -> bool {
    kinds_of_waits(member).iter().any(|(_, waits)| waits.sampled)
}

/// Every kind of wait, with its name.
fn kinds_of_waits(member: &Member) -> [(&'static str, &Waits); 5] {
    [
        ("WAL syncs ≥ 1 s", &member.slow_syncs),
        ("late heartbeats, excess", &member.heartbeats.late),
        ("slow applies of writes", &member.slow_writes),
        ("slow reads", &member.slow_reads),
        ("slow requests (≥ 300 ms)", &member.slow_requests),
    ]
}

/// The table.
pub(super) fn logged(members: &[Member]) -> Table {
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    let mut row = |name: &str, fact: &dyn Fn(&Member) -> String| {
        let cells: Vec<String> = members.iter().map(fact).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            rows.push((name.to_owned(), cells));
        }
    };
    for kind in 0..5 {
        let name = members.first().map_or("", |member| kinds_of_waits(member)[kind].0);
        row(name, &|member| waits(kinds_of_waits(member)[kind].1));
    }
    row("largest answer of a slow read", &|member| match member.largest_answer_bytes {
        0 => String::new(),
        n => format_bytes(n),
    });
    row("reads that waited for the leader", &|member| count(member.read_index_slow));
    row("elections begun", &|member| count(member.candidacies));
    row("votes refused to others", &|member| count(member.votes_refused));
    row("leader lost", &|member| count(member.losses().count() as u64));
    row("leader transferred as asked for", &|member| count(member.transfers() as u64));
    row("gave up leading without a quorum", &|member| count(member.stepped_down));
    row("failed contacts with peers", &|member| {
        count(member.peers.values().map(Peer::trouble).sum())
    });
    row("compactions", &|member| waits(&member.compactions));
    row("defragmentations", &|member| count(member.defragmentations.len() as u64));
    row("snapshots slow to send", &|member| count(member.slow_snapshots));
    row("writes refused for want of space", &|member| count(member.refused));
    row("starts", &|member| {
        count(member.runs.iter().filter(|run| run.started_ns.is_some()).count() as u64)
    });
    let heads = members
        .iter()
        .map(|member| Column::number(if members.len() > 1 { &member.name } else { "" }));
    let cells = |(name, cells): (String, Vec<String>)| {
        Row::new(std::iter::once(name).chain(cells).map(Cell::new).collect::<Vec<_>>())
    };
    Table {
        caption: "How often, and the longest".to_owned(),
        columns: std::iter::once(Column::text("")).chain(heads).collect(),
        rows: rows.into_iter().map(cells).collect(),
        ..Table::default()
    }
}

fn count(n: u64) -> String {
    if n == 0 { String::new() } else { format_count(n) }
}

fn waits(waits: &Waits) -> String {
    if waits.count == 0 {
        return String::new();
    }
    let least = if waits.sampled { "≥ " } else { "" };
    let lengths = waits.lengths.as_ref().filter(|_| waits.count >= FOR_MEDIAN);
    let median = lengths.and_then(|samples| Distribution::from_samples(samples).quantile(0.5));
    let median = median.map_or_else(String::new, |ns| format!("p50 {}, ", format_duration(ns)));
    format!(
        "{least}{} ({median}max {})",
        format_count(waits.count),
        format_duration(waits.longest_ns)
    )
}
