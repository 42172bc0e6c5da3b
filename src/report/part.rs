//! What a load would send, and what of it falls to one of several machines. Pure.

use super::classes;
use super::page::terminal;
use super::style::Style;
use super::text::{clean, entry};
use crate::plan::{LoadPace, LoadPlan, Start};
use crate::units::{format_bytes, format_count, format_duration, significant};

const GUTTER: usize = 13;

/// A load before it is made: its command, its length, and of several machines the part of this one.
pub fn load_planned(plan: &LoadPlan, style: &Style) -> String {
    let mut out = String::new();
    let mut tell = |label: &str, items: &[String]| entry(&mut out, label, GUTTER, items);
    tell("command", &[clean(&plan.command())]);
    let length =
        plan.length_ns().map_or_else(|| "until its count is reached".to_owned(), format_duration);
    let growth = match plan.whole().expected_growth_bytes() {
        Some(bytes) => format!("grows the database by about {}", format_bytes(bytes)),
        None => "grows the database by what it can write".to_owned(),
    };
    tell("length", &[length, growth]);
    tell("plan", &[plan.hash().unwrap_or_default()]);
    if let Some(shard) = plan.shard {
        tell("machine", &[format!("{} of {}", shard.index, shard.of)]);
    }
    match &plan.start {
        Some(Start::At(time)) => tell("begins", &[format!("at {time}")]),
        Some(Start::Rendezvous { url, .. }) => {
            tell("begins", &[format!("as all agree at {}", clean(url))]);
        }
        None => {}
    }
    for (class, part) in plan.parts() {
        tell(class.unwrap_or("sends"), &facts(&part));
    }
    if !plan.classes.is_empty() {
        out.push('\n');
        out.push_str(&terminal::table(&classes::table(plan), style));
    }
    out
}

/// What of a load falls to this machine, or all of it.
fn facts(part: &LoadPlan) -> Vec<String> {
    let slice = part.slice.as_ref();
    let of = |number: u64, all: Option<u64>, what: &str| match all {
        Some(all) => format!("{} of {} {what}", format_count(number), format_count(all)),
        None => format!("{} {what}", format_count(number)),
    };
    let mut told = vec![match &part.pace {
        LoadPace::Closed { clients } => of(u64::from(*clients), None, "clients"),
        LoadPace::Open { steps, .. } => {
            let rates = steps.iter().flat_map(|step| [step.from_per_s, step.to_per_s]);
            let mut rates: Vec<String> = rates.map(significant).collect();
            rates.dedup();
            rates.truncate(8);
            format!("{}/s", rates.join(" → "))
        }
    }];
    told.push(of(
        part.connections.into(),
        slice.map(|slice| slice.connections.into()),
        "connections",
    ));
    told.push(of(part.keys.space, slice.map(|slice| slice.keys), "keys"));
    if let Some(slice) = slice.filter(|_| part.keys.space > 0) {
        let last = slice.first_key + part.keys.space - 1;
        told.push(format!("numbers {} to {last}", slice.first_key));
    }
    if part.preload > 0 {
        told.push(format!("{} written before", format_count(part.preload)));
    }
    if let Some(watch) = part.watch {
        let watches = u64::from(watch.streams) * u64::from(watch.watches_per_stream);
        told.push(of(watches, None, "watches"));
    }
    told
}
