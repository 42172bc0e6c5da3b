//! The members side by side: a row per figure, a column per member, so that the odd one out shows.

use crate::diagnosis::{Live, Member, Presence, Probe, Range, Timing};
use crate::report::page::{Cell, Column, Row, Table};
use crate::units::{format_between, format_bytes, format_count, format_duration, format_share};

type Fact<'a> = &'a dyn Fn(&Member, &Live) -> String;

/// Histograms of fewer have no percentile worth telling.
const FOR_P99: u64 = 100;

/// What each member is.
pub(super) fn members(members: &[Member]) -> Table {
    let rows: &[(&str, Fact<'_>)] = &[
        ("asked at", &|_, live| {
            let endpoint = &live.endpoint;
            endpoint.split_once("://").map_or(endpoint.as_str(), |(_, rest)| rest).to_owned()
        }),
        ("version", &|member, _| member.version.clone().unwrap_or_default()),
        ("answers", &|_, live| presence(live.presence).to_owned()),
        ("raft term", &|_, live| {
            if live.term == 0 { String::new() } else { live.term.to_string() }
        }),
        ("committed, not applied", &|_, live| {
            live.apply_backlog.map(format_count).unwrap_or_default()
        }),
        ("database", &|member, _| {
            member.database_bytes.map(|(n, _)| format_bytes(n)).unwrap_or_default()
        }),
        ("of it in use", &|member, _| {
            member.database_bytes.and_then(|(_, used)| used).map(format_bytes).unwrap_or_default()
        }),
        ("quota", &quota),
        ("alarms", &|member, live| alarms(member, live)),
        ("clock, ahead of this one", &|_, live| live.clock.as_ref().map(clock).unwrap_or_default()),
        ("running for", &|_, live| {
            let ns = live.uptime_s.map(|s| s.saturating_mul(1_000_000_000));
            ns.map(format_duration).unwrap_or_default()
        }),
    ];
    table("What the members are", members, rows)
}

/// Where the time goes.
pub(super) fn times(members: &[Member]) -> Table {
    let rows: &[(&str, Fact<'_>)] = &[
        ("from memory (p50, max)", &|_, live| probe(&live.ping)),
        ("serializable read", &|_, live| probe(&live.serializable)),
        ("linearizable read", &|_, live| probe(&live.linearizable)),
        ("write", &|_, live| probe(&live.write)),
        ("WAL sync (mean, p99)", &|_, live| timing(live.fsync.as_ref())),
        ("backend commit", &|_, live| timing(live.commit.as_ref())),
        ("apply", &|_, live| timing(live.apply.as_ref())),
        ("CPUs used", &|_, live| {
            let of = live.max_procs.map_or_else(String::new, |n| format!(" of {n}"));
            live.cpu_cores.map_or_else(String::new, |cores| format!("{cores:.2}{of}"))
        }),
        ("waited for a CPU", &|_, live| local(live)),
        ("heartbeats late", &|_, live| grew(live, "heartbeat_send_failures")),
        ("leader changes", &|_, live| grew(live, "leader_changes")),
        ("proposals failed", &|_, live| grew(live, "proposals_failed")),
        ("slow applies", &|_, live| grew(live, "slow_apply")),
        ("slow reads of the leader", &|_, live| grew(live, "slow_read_indexes")),
    ];
    table("Where the time goes", members, rows)
}

fn table(caption: &str, members: &[Member], facts: &[(&str, Fact<'_>)]) -> Table {
    let head = |member: &Member| {
        let leads = member.live.as_deref().is_some_and(|live| live.leader);
        Column::number(match leads {
            true => format!("{} (leader)", member.name),
            false => member.name.clone(),
        })
    };
    let row = |(name, fact): &(&str, Fact<'_>)| {
        let cell = |member: &Member| member.live.as_deref().map(|live| fact(member, live));
        let cells: Vec<String> = members.iter().map(|m| cell(m).unwrap_or_default()).collect();
        let known = cells.iter().any(|cell| !cell.is_empty());
        known.then(|| {
            let all = std::iter::once((*name).to_owned()).chain(cells);
            Row::new(all.map(Cell::new).collect::<Vec<_>>())
        })
    };
    Table {
        caption: caption.to_owned(),
        columns: std::iter::once(Column::text("")).chain(members.iter().map(head)).collect(),
        rows: facts.iter().filter_map(row).collect(),
        ..Table::default()
    }
}

fn presence(presence: Presence) -> &'static str {
    match presence {
        Presence::Answers => "yes",
        Presence::Silent => "silent",
        Presence::Refused => "refused",
        Presence::Unreachable => "unreachable",
        Presence::NotAsked => "not asked",
    }
}

fn quota(member: &Member, _: &Live) -> String {
    let Some(quota) = member.quota_bytes.filter(|quota| *quota > 0) else { return String::new() };
    let share = member.database_bytes.map(|(bytes, _)| bytes as f64 / quota as f64);
    let share = share.map_or_else(String::new, |share| format!(" ({})", format_share(share)));
    format!("{}{share}", format_bytes(quota))
}

fn alarms(member: &Member, live: &Live) -> String {
    match (member.no_space, live.corrupt) {
        (true, true) => "NOSPACE, CORRUPT",
        (true, false) => "NOSPACE",
        (false, true) => "CORRUPT",
        (false, false) => "",
    }
    .to_owned()
}

/// The middle of the range, and how far it reaches to both sides.
fn clock(range: &Range) -> String {
    let middle = range.from_ns / 2 + range.to_ns / 2;
    let half = (range.to_ns - range.from_ns).unsigned_abs() / 2;
    let sign = if middle < 0 { "-" } else { "" };
    format!("{sign}{} ± {}", format_duration(middle.unsigned_abs()), format_duration(half))
}

fn probe(probe: &Probe) -> String {
    match (probe.answered, probe.failed) {
        (0, 0) => String::new(),
        (0, failed) => format!("{} failed", format_count(failed)),
        (_, failed) => {
            let failed = match failed {
                0 => String::new(),
                n => format!(", {} failed", format_count(n)),
            };
            let (p50, max) = (format_duration(probe.p50_ns), format_duration(probe.max_ns));
            format!("{p50}, max {max}{failed}")
        }
    }
}

fn timing(timing: Option<&Timing>) -> String {
    let Some(timing) = timing else { return String::new() };
    match timing.count {
        0 => "none".to_owned(),
        n if n < FOR_P99 => {
            format!("{} of {}", format_duration(timing.mean_ns), format_count(n))
        }
        _ => format!(
            "{}, {}",
            format_duration(timing.mean_ns),
            format_between(timing.p99_above_ns, timing.p99_at_most_ns)
        ),
    }
}

fn local(live: &Live) -> String {
    let Some(seen) = live.local_cpu else { return String::new() };
    let throttled = match seen.throttled_ns {
        0 => String::new(),
        ns => format!(", throttled {}", format_duration(ns)),
    };
    format!("{}{throttled}", format_duration(seen.waited_ns))
}

fn grew(live: &Live, name: &str) -> String {
    live.growth(name).map(|n| format_count(n as u64)).unwrap_or_default()
}
