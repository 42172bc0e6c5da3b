//! The machines of a load that several made: what each measured beside the others, and which is the odd one out.

use crate::report::text::clean;
use crate::report::words::Table;
use crate::result::{Merged, ShardFigures};
use crate::units::{counted, format_count, format_duration, format_share};

/// Without a machine, the 99th percentile of the others changes by more than this: it measured something else.
const ODD: f64 = 0.1;

/// A row per machine.
pub fn table(merged: &Merged) -> Table {
    let head = [
        "machine", "answered", "failed", "p50", "p99", "lag p99", "thread", "CPU", "steal", "late",
        "clock",
    ];
    Table {
        head: head.map(str::to_owned).to_vec(),
        rows: merged.shards.iter().map(row).collect(),
        names: 1,
    }
}

fn row(shard: &ShardFigures) -> Vec<String> {
    let share = |share: Option<f64>| share.map_or_else(String::new, format_share);
    let some = |count: u64| if count > 0 { format_count(count) } else { String::new() };
    let clock = shard.clock.map_or_else(String::new, |clock| {
        let sign = if clock.offset_ns < 0 { "−" } else { "+" };
        format!("{sign}{}", format_duration(clock.offset_ns.unsigned_abs()))
    });
    vec![
        name(shard),
        format_count(shard.answered),
        some(shard.failed),
        format_duration(shard.p50_ns),
        format_duration(shard.p99_ns),
        shard.lag_p99_ns.map_or_else(String::new, format_duration),
        share(shard.thread_use),
        share(shard.busy),
        share(shard.stolen),
        match shard.late_seconds {
            0 => String::new(),
            late => format!("{late} s"),
        },
        clock,
    ]
}

fn name(shard: &ShardFigures) -> String {
    format!("{} {}", shard.index, clean(&shard.host)).trim_end().to_owned()
}

/// What is to be known about them, a sentence each.
pub fn told(merged: &Merged) -> Vec<String> {
    let mut told = Vec::new();
    let there = merged.shards.len() as u32;
    if !merged.missing.is_empty() {
        let cut: Vec<String> =
            merged.shards.iter().filter(|shard| !shard.complete).map(name).collect();
        let ended = match cut.as_slice() {
            [] => String::new(),
            cut => format!("; {} did not come to its end", cut.join(", ")),
        };
        told.push(format!(
            "{there} of {} machines left a result{ended}: {} of the planned load was sent to the end",
            merged.of,
            format_share(merged.offered)
        ));
    }
    for shard in merged.shards.iter().filter(|shard| shard.late_seconds > 0) {
        told.push(format!(
            "Machine {} was late by itself for {} while the others were not: what was measured then is not judged. It was \
             stopped, or had no CPU; look at what else it does",
            name(shard),
            counted(shard.late_seconds, "second")
        ));
    }
    for shard in merged.shards.iter().filter(|shard| is_odd(shard)) {
        told.push(format!(
            "Machine {} is the odd one out: its p99 is {}, that of all others {}. Look at its network, its CPU and at what \
             else it does before etcd is blamed",
            name(shard),
            format_duration(shard.p99_ns),
            format_duration(shard.others_p99_ns)
        ));
    }
    if let Some(apart_ns) = merged.clocks_apart_ns {
        told.push(format!("Clocks are within {} of each other", format_duration(apart_ns)));
    } else if merged.of > 1 {
        told.push(
            "How far the clocks are apart was not measured: all began by their own (--start-at)"
                .to_owned(),
        );
    }
    told
}

/// Whether all others together would have told another 99th percentile than this one, and not by a hair.
fn is_odd(shard: &ShardFigures) -> bool {
    let (own, others) = (shard.p99_ns as f64, shard.others_p99_ns as f64);
    let enough = shard.answered >= 1_000;
    enough
        && others > 0.0
        && ((own - others) / others).abs() > 2.0 * ODD
        && (own - others).abs() > 1e6
}
