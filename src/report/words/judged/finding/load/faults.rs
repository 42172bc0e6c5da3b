//! Leaders and connections lost, by plan and without.

use super::super::Words;
use crate::exit::Verdict;
use crate::units::{format_count, format_duration, time_of_day};
use crate::verdict::{ELECTION_WITHIN_NS, LeaderChanged, LeaderKilled, WayBack};

pub(super) fn leader_changed(changed: &LeaderChanged) -> Words {
    let LeaderChanged { changes, killed, leaders, term, gap_ns } = changed;
    let times = match changes {
        1 => "once".to_owned(),
        n => format!("{} times", format_count(*n)),
    };
    let moved = leaders.iter().map(|(from, to, at)| {
        let at = time_of_day(at);
        match from {
            Some(from) => format!("{from} → {to} at {at}"),
            None => format!("{to} at {at}"),
        }
    });
    let mut told: Vec<String> = moved.collect();
    told.extend(term.map(|(from, to)| format!("raft term {from} → {to}")));
    let how = if told.is_empty() { String::new() } else { format!(" ({})", told.join("; ")) };
    let gap = gap_ns.map_or_else(String::new, |ns| {
        format!(" The longest time without an acknowledgement was {}.", format_duration(ns))
    });
    let planned = match killed {
        0 => "",
        1 => ", once of them by plan",
        _ => ", more often than it was killed by plan",
    };
    Words::message(format!("The leader changed {times}{planned}{how}.{gap}")).advise(
        "If nobody took the leader away, its heartbeats were late: slow fsyncs, a full CPU or a slow network. \
         'etcdbench disk' on its machine tells of the first.",
    )
}

pub(super) fn leader_killed(killed: &LeaderKilled) -> Words {
    let gap = match killed.gap_ns {
        Some(ns) => format!("Nothing was acknowledged for {}", format_duration(ns)),
        None => "Nothing was acknowledged for a time".to_owned(),
    };
    let next = killed.next.as_ref();
    let next = next.map_or_else(String::new, |name| format!(", then {name} led"));
    let price = killed.price.as_ref();
    let price = price.map_or_else(String::new, |(failed, classes)| price_of(*failed, classes));
    Words::message(format!(
        "{}, the leader, was {} as planned at {}, {} into the load. {gap}{next}. {}{price}{}",
        killed.name,
        if killed.paused { "stopped" } else { "killed" },
        time_of_day(&killed.at),
        format_duration(killed.into_ns),
        way_back(killed),
        killed.way_back.as_ref().map(level).unwrap_or_default(),
    ))
    .advise(match killed.way_back {
        Some(WayBack { back_ns: None, .. }) => {
            "What piled up meanwhile is more than it can take beside what goes on being due: shed load until it is back, and \
             plan for less. 'etcdbench run recovery' tells up to which rate it comes back."
                .to_owned()
        }
        _ => judged(killed.verdict),
    })
}

/// Whether the load came back to its level.
fn level(way: &WayBack) -> String {
    let level = format_duration(way.level_ns);
    match way.back_ns {
        Some(back_ns) => {
            format!(
                " p99 was back at its level of {level} {} after the loss.",
                format_duration(back_ns)
            )
        }
        None => format!(
            " p99 did not come back to its level of {level} in the {} that were left: it was {} at the end.",
            format_duration(way.watched_ns),
            format_duration(way.last_ns)
        ),
    }
}

fn judged(verdict: Verdict) -> String {
    let within = format_duration(ELECTION_WITHIN_NS);
    match verdict {
        Verdict::Pass | Verdict::Inconclusive => {
            format!("An election with the default timeout of 1 s explains up to {within}.")
        }
        Verdict::Warn => format!(
            "An election with the default timeout of 1 s explains up to {within}, one more after a split vote twice as \
             much: run it again to see which it was."
        ),
        Verdict::Fail => format!(
            "An election explains up to {within}: the rest is slow fsyncs, for a vote is synced before it is cast, or a \
             full CPU. 'etcdbench disk' tells of the first."
        ),
    }
}

fn way_back(killed: &LeaderKilled) -> String {
    if killed.paused {
        return paused(killed.away_ns, killed.took_ns);
    }
    match (killed.away_ns, killed.took_ns) {
        (Some(away_ns), Some(took_ns)) => format!(
            "Started again after {}, it served clients {} later.",
            format_duration(away_ns),
            format_duration(took_ns)
        ),
        (Some(away_ns), None) => format!(
            "Started again after {}, it did not serve clients before the end.",
            format_duration(away_ns)
        ),
        (None, _) => "It was not started again before the end.".to_owned(),
    }
}

/// The way back of a member that was only stopped.
fn paused(away_ns: Option<u64>, took_ns: Option<u64>) -> String {
    match (away_ns, took_ns) {
        (Some(away_ns), Some(took_ns)) => format!(
            "It went on after {}, and served clients {} later.",
            format_duration(away_ns),
            format_duration(took_ns)
        ),
        (Some(away_ns), None) => format!(
            "It went on after {}, and did not serve clients before the end.",
            format_duration(away_ns)
        ),
        (None, _) => "It did not go on before the end.".to_owned(),
    }
}

/// What failed meanwhile.
fn price_of(failed: u64, classes: &[(String, u64)]) -> String {
    if failed == 0 {
        return " No operation failed.".to_owned();
    }
    let classes: Vec<String> =
        classes.iter().map(|(class, count)| format!("{} {class}", format_count(*count))).collect();
    let classes = match classes.is_empty() {
        true => String::new(),
        false => format!(" ({})", classes.join(", ")),
    };
    format!(" Until then {} operations failed{classes}.", format_count(failed))
}

pub(super) fn connections_lost(
    count: u64,
    endpoints: &[(String, u64, String)],
    back_ns: Option<u64>,
) -> Words {
    let endpoints = endpoints.iter().map(|(endpoint, count, why)| {
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        format!("{} to {endpoint}{why}", format_count(*count))
    });
    let endpoints: Vec<String> = endpoints.collect();
    let back = match back_ns {
        Some(ns) => format!("; the longest to come back took {}", format_duration(ns)),
        None => "; none came back".to_owned(),
    };
    let noun = if count == 1 { "connection was" } else { "connections were" };
    Words::message(format!("{} {noun} lost ({}){back}.", format_count(count), endpoints.join("; ")))
}
