//! What was due, sent and answered by all machines together, and in which time: seconds that do not count are taken out
//! of both.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::late::LateSeconds;
use super::pile::{Pile, SECOND};
use super::shard::Shard;
use crate::plan::RateStep;

/// Seconds of each phase that do not count for throughput.
pub struct Counted {
    /// How long all machines were active, by phase.
    pub window_ns: BTreeMap<String, u64>,
    excluded: BTreeMap<String, BTreeSet<u64>>,
}

impl Counted {
    /// Throughput counts where all machines were active, and none was late by itself.
    pub fn of(shards: &[Shard], pile: &Pile, late: &LateSeconds) -> Counted {
        let mut window_ns: BTreeMap<String, u64> = BTreeMap::new();
        for phase in phases(shards) {
            let shortest = shards.iter().map(|shard| active_ns(shard, &phase)).min();
            window_ns.insert(phase, shortest.unwrap_or(0));
        }
        let mut excluded: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        for (phase, second) in late.keys() {
            excluded.entry(phase.clone()).or_default().insert(*second);
        }
        for ((phase, _, _), seconds) in &pile.cells {
            let Some(window_ns) = window_ns.get(phase) else { continue };
            let longest = shards.iter().map(|shard| active_ns(shard, phase)).max().unwrap_or(0);
            // All were active to the end: answers that come after it belong to it.
            if longest.saturating_sub(*window_ns) < SECOND / 2 {
                continue;
            }
            let beyond = seconds.keys().filter(|second| (**second + 1) * SECOND > *window_ns);
            excluded.entry(phase.clone()).or_default().extend(beyond);
        }
        Counted { window_ns, excluded }
    }

    /// The time of a phase that counts.
    fn length_ns(&self, phase: &str) -> u64 {
        let window_ns = self.window_ns.get(phase).copied().unwrap_or(0);
        let of = |second: &u64| window_ns.saturating_sub(second * SECOND).min(SECOND);
        let out: u64 = self.excluded.get(phase).map_or(0, |seconds| seconds.iter().map(of).sum());
        window_ns.saturating_sub(out)
    }

    /// Operations answered and failed in the seconds that do not count, of these series.
    fn left_out(&self, phase: &str, pile: &Pile, takes: impl Fn(&str) -> bool) -> (u64, u64) {
        let (mut answered, mut failed) = (0, 0);
        let Some(excluded) = self.excluded.get(phase) else {
            return (0, 0);
        };
        for ((of, series, _), seconds) in &pile.cells {
            if of == phase && series.ends_with(".service") && takes(series) {
                for (_, cell) in seconds.iter().filter(|(second, _)| excluded.contains(second)) {
                    answered += cell.samples.count();
                    failed += cell.failed();
                }
            }
        }
        (answered, failed)
    }

    /// The event's detail for all machines; none where nothing counts.
    pub fn sum(
        &self,
        shards: &[&Shard],
        pile: &Pile,
        phase: &str,
        class: Option<&str>,
    ) -> Option<Value> {
        let kind = if class.is_some() { "load.class" } else { "load.phase" };
        let mut sum = Value::Null;
        for shard in shards {
            let told = shard.events.iter().find(|event| {
                event.kind == kind
                    && event.phase == phase
                    && class.is_none_or(|class| event.detail["class"] == class)
            });
            match told {
                Some(event) => add(&mut sum, &event.detail),
                None => add(&mut sum, &as_far_as_it_got(shard, phase, class)?),
            }
        }
        let length_ns = self.length_ns(phase);
        if sum.is_null() || length_ns == 0 {
            return None;
        }
        let begins = class.map(|class| format!("{class}."));
        let takes = |series: &str| begins.as_ref().is_none_or(|begins| series.starts_with(begins));
        let (answered, failed) = self.left_out(phase, pile, takes);
        for (field, less) in [
            ("due", answered + failed),
            ("sent", answered + failed),
            ("answered", answered),
            ("failed", failed),
        ] {
            sum[field] = sum[field].as_u64().unwrap_or(0).saturating_sub(less).into();
        }
        sum["length_ns"] = length_ns.into();
        sum["span_ns"] = self.window_ns.get(phase).copied().unwrap_or(length_ns).into();
        Some(sum)
    }
}

/// Phases of the load, which all machines have.
pub fn phases(shards: &[Shard]) -> BTreeSet<String> {
    let told = shards.iter().flat_map(|shard| &shard.events);
    let told = told.filter(|event| event.kind == "load.phase").map(|event| event.phase.clone());
    let begun = shards.iter().flat_map(|shard| shard.phases.keys());
    let begun = begun.filter(|phase| super::shard::counts(phase)).cloned();
    told.chain(begun).collect()
}

fn active_ns(shard: &Shard, phase: &str) -> u64 {
    let mut told = shard.events.iter().filter(|e| e.kind == "load.phase" && e.phase == phase);
    let told = told.find_map(|event| event.detail["length_ns"].as_u64());
    told.or_else(|| shard.lasted.get(phase).copied()).unwrap_or(0)
}

/// What a machine that was killed had told by then; none of a load whose rate nobody knows.
fn as_far_as_it_got(shard: &Shard, phase: &str, class: Option<&str>) -> Option<Value> {
    let begins = class.map(|class| format!("{class}."));
    let (mut answered, mut failed) = (0, 0);
    for ((of, series), (ok, bad)) in &shard.counts {
        if of == phase && begins.as_ref().is_none_or(|begins| series.starts_with(begins)) {
            answered += ok;
            failed += bad;
        }
    }
    let own = shard.plan.own();
    let steps = match class {
        None => own.steps().to_vec(),
        Some(class) => {
            let part = own.parts().into_iter().find(|(name, _)| *name == Some(class));
            part.map_or_else(Vec::new, |(_, part)| part.steps().to_vec())
        }
    };
    let wanted = rate_in(&steps, phase);
    let mut detail = json!({
        "due": answered + failed, "sent": answered + failed, "answered": answered, "failed": failed,
        "unsent": 0, "wanted_per_s": wanted, "in_flight_max": 0,
    });
    if let Some(class) = class {
        detail["class"] = class.into();
    }
    Some(detail)
}

/// Operations per second of a phase.
pub fn rate_in(steps: &[RateStep], phase: &str) -> Option<f64> {
    let number = phase.strip_prefix("rate.").and_then(|number| number.parse::<usize>().ok());
    let step = steps.get(number.unwrap_or(1).checked_sub(1)?)?;
    Some((step.from_per_s + step.to_per_s) / 2.0)
}

/// Adds numbers to numbers and lists to lists; of texts the first stays.
pub fn add(sum: &mut Value, other: &Value) {
    match (&mut *sum, other) {
        (Value::Null, other) => *sum = other.clone(),
        (Value::Number(a), Value::Number(b)) => {
            let whole = a.as_u64().zip(b.as_u64()).map(|(a, b)| json!(a.saturating_add(b)));
            let real = || json!(a.as_f64().unwrap_or(0.0) + b.as_f64().unwrap_or(0.0));
            *sum = whole.unwrap_or_else(real);
        }
        (Value::Array(a), Value::Array(b)) => a.extend(b.iter().cloned()),
        (Value::Object(a), Value::Object(b)) => add_fields(a, b),
        _ => {}
    }
}

fn add_fields(sum: &mut Map<String, Value>, other: &Map<String, Value>) {
    for (name, value) in other {
        add(sum.entry(name.clone()).or_insert(Value::Null), value);
    }
}
