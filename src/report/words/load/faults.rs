//! What was done to the etcd by plan, and how long each step took.

use crate::report::subject::RunAndPlan;
use crate::report::text::clean;
use crate::result::Event;
use crate::units::{format_bytes, format_duration};

/// The leaders killed or stopped and the database brought back, each with its label.
pub fn faults(page: &RunAndPlan<'_>) -> Vec<(&'static str, Vec<String>)> {
    let entries = [
        ("killed", lost(page, "fault.kill", "fault.restart")),
        ("stopped", lost(page, "fault.pause", "fault.resume")),
        ("quota", quota(page)),
    ];
    let told = entries.into_iter().filter(|(_, items)| !items.is_empty());
    told.collect()
}

fn events<'a>(page: &'a RunAndPlan<'_>, kind: &'a str) -> impl Iterator<Item = &'a Event> {
    page.run.events.iter().filter(move |event| event.kind == kind)
}

fn duration(event: &Event, name: &str) -> Option<String> {
    Some(format_duration(event.detail.get(name)?.as_u64()?))
}

fn bytes(event: &Event, name: &str) -> Option<String> {
    Some(format_bytes(event.detail.get(name)?.as_u64()?))
}

fn name(event: &Event) -> String {
    let name = event.detail.get("name").and_then(serde_json::Value::as_str);
    clean(name.unwrap_or("?"))
}

/// `m2 after 10 s, away for 5 s, serving clients 640 ms later`.
fn lost(page: &RunAndPlan<'_>, fault: &str, comes_back: &'static str) -> Vec<String> {
    let mut items = Vec::new();
    for kill in events(page, fault) {
        let next = |kind: &'static str| {
            events(page, kind).find(|e| e.member == kill.member && e.at_ns >= kill.at_ns)
        };
        let planned = duration(kill, "planned_ns").unwrap_or_else(|| "?".to_owned());
        items.push(format!("{} after {planned}", name(kill)));
        let away = next(comes_back).and_then(|event| duration(event, "away_ns"));
        items.extend(away.map(|away| format!("away for {away}")));
        items.push(match next("fault.back") {
            Some(back) => {
                let took = duration(back, "took_ns").unwrap_or_else(|| "?".to_owned());
                format!("serving clients {took} later")
            }
            None => "not back before the end".to_owned(),
        });
    }
    items
}

/// `reached after 12 s at 64 MiB, writes refused for 800 ms, compacted in 90 ms, …, 3 MiB after`.
fn quota(page: &RunAndPlan<'_>) -> Vec<String> {
    let Some(reached) = events(page, "quota.reached").next() else {
        return Vec::new();
    };
    let after = duration(reached, "after_ns").unwrap_or_else(|| "?".to_owned());
    let at = bytes(reached, "db_bytes").unwrap_or_else(|| "?".to_owned());
    let mut items = vec![format!("reached after {after} at {at}")];
    let disarmed = events(page, "quota.disarmed").next();
    items.push(match disarmed.and_then(|event| duration(event, "refused_ns")) {
        Some(refused) => format!("writes refused for {refused}"),
        None => "not brought back".to_owned(),
    });
    let took = |event: &Event| duration(event, "took_ns").unwrap_or_else(|| "?".to_owned());
    items.extend(events(page, "quota.compacted").map(|e| format!("compacted in {}", took(e))));
    items.extend(
        events(page, "quota.defragmented")
            .map(|e| format!("{} defragmented in {}", name(e), took(e))),
    );
    if let Some(disarmed) = disarmed {
        items.push(format!("disarmed in {}", took(disarmed)));
        items.extend(bytes(disarmed, "db_bytes").map(|size| format!("{size} after")));
    }
    items
}
