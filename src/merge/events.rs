//! Events of all machines on one clock: what each says of itself side by side, what they say of the server once, sums
//! where they count.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::pile::Pile;
use super::shard::Shard;
use super::tally::{Counted, add, phases};
use crate::result::{Event, HALT, SHARD_START};

/// Told by each machine of itself.
const EACH: [&str; 5] = [HALT, "quota.stop", "connection.lost", "connection.back", "watch.lost"];
/// Counted by each machine for its part.
const SUMS: [&str; 6] =
    ["watch.total", "verify", "lease.grants", "txn.conflicts", "preload", "cleanup"];
/// Made here of what all machines told.
const MADE: [&str; 7] =
    ["phase", "load.phase", "load.class", "ack.gap", "note", "stalls.dropped", SHARD_START];

/// Where a machine's moment lies on the common clock.
pub struct Clocks {
    /// The beginning of the load on it.
    pub base_ns: u64,
}

impl Clocks {
    /// The first moment of the first machine is its zero.
    pub fn of(shards: &[Shard]) -> Clocks {
        Clocks { base_ns: shards.iter().map(Shard::start_ns).max().unwrap_or(0) }
    }

    /// A moment of a machine.
    pub fn common(&self, shard: &Shard, at_ns: u64) -> u64 {
        (self.base_ns + at_ns).saturating_sub(shard.start_ns())
    }

    /// When each phase began.
    pub fn phases(&self, shards: &[Shard]) -> BTreeMap<String, u64> {
        let mut begun: BTreeMap<String, u64> = BTreeMap::new();
        for shard in shards {
            for (phase, at_ns) in &shard.phases {
                let at_ns = self.common(shard, *at_ns);
                let known = begun.entry(phase.clone()).or_insert(at_ns);
                *known = at_ns.min(*known);
            }
        }
        begun
    }
}

/// All of them; `at` says the wall time of a moment.
pub fn merged(
    shards: &[Shard],
    pile: &Pile,
    counted: &Counted,
    clocks: &Clocks,
    at: &dyn Fn(u64) -> String,
) -> Vec<Event> {
    let begun = clocks.phases(shards);
    let mut gathered = Gathered::new(clocks, at);
    for (phase, at_ns) in &begun {
        gathered.tell((phase, *at_ns), "phase", None, planned(shards, phase));
    }
    let start = json!({ "start_ns": clocks.base_ns });
    gathered.tell(("setup", clocks.base_ns), SHARD_START, None, start);
    for (place, shard) in shards.iter().enumerate() {
        shard.events.iter().for_each(|told| gathered.take(told, shard, place == 0));
    }
    let all: Vec<&Shard> = shards.iter().collect();
    let classes = shards.first().map_or_else(Vec::new, |shard| shard.plan.classes.clone());
    for phase in phases(shards) {
        let begun_ns = begun.get(&phase).copied().unwrap_or(clocks.base_ns);
        let end = (phase.as_str(), begun_ns + counted.window_ns.get(&phase).copied().unwrap_or(0));
        if let Some(detail) = counted.sum(&all, pile, &phase, None) {
            gathered.tell(end, "load.phase", None, detail);
        }
        for class in &classes {
            let own: Vec<&Shard> = shards.iter().filter(|s| has_class(s, &class.name)).collect();
            if let Some(detail) = counted.sum(&own, pile, &phase, Some(&class.name)) {
                gathered.tell(end, "load.class", None, detail);
            }
        }
    }
    gathered.finish()
}

/// Events of all machines, as they gather.
struct Gathered<'a> {
    clocks: &'a Clocks,
    at: &'a dyn Fn(u64) -> String,
    events: Vec<Event>,
    /// Notes that are there already.
    notes: BTreeSet<String>,
    /// By phase and kind: when the last was told, and the sum.
    sums: BTreeMap<(String, String), (u64, Value)>,
    /// The shortest of the longest times without an acknowledgement, by phase and member.
    gaps: BTreeMap<(String, Option<u32>), Event>,
}

impl<'a> Gathered<'a> {
    fn new(clocks: &'a Clocks, at: &'a dyn Fn(u64) -> String) -> Self {
        Gathered {
            clocks,
            at,
            events: Vec::new(),
            notes: BTreeSet::new(),
            sums: BTreeMap::new(),
            gaps: BTreeMap::new(),
        }
    }

    fn event(
        &self,
        (phase, at_ns): (&str, u64),
        kind: &str,
        member: Option<u32>,
        detail: Value,
    ) -> Event {
        Event {
            phase: phase.to_owned(),
            at_ns,
            at: (self.at)(at_ns),
            kind: kind.to_owned(),
            member,
            detail,
        }
    }

    fn tell(&mut self, place: (&str, u64), kind: &str, member: Option<u32>, detail: Value) {
        let event = self.event(place, kind, member, detail);
        self.events.push(event);
    }

    /// Takes in what a machine told.
    fn take(&mut self, told: &Event, shard: &Shard, is_first: bool) {
        let at_ns = self.clocks.common(shard, told.at_ns);
        let place = (told.phase.as_str(), at_ns);
        let kind = told.kind.as_str();
        if kind == "note" {
            if self.notes.insert(told.detail["text"].to_string()) {
                self.tell(place, kind, told.member, told.detail.clone());
            }
        } else if kind == "ack.gap" {
            let length = |event: &Event| event.detail["length_ns"].as_u64().unwrap_or(0);
            let this = self.event(place, kind, told.member, shifted(told, self.clocks, shard));
            // For so long nobody was acknowledged anything: no longer than any machine says.
            let known = self.gaps.entry((told.phase.clone(), told.member));
            let known = known.or_insert_with(|| this.clone());
            if length(&this) < length(known) {
                *known = this;
            }
        } else if SUMS.contains(&kind) {
            let sum = self.sums.entry((told.phase.clone(), told.kind.clone()));
            let sum = sum.or_insert((at_ns, Value::Null));
            sum.0 = sum.0.max(at_ns);
            add(&mut sum.1, &told.detail);
        } else if EACH.contains(&kind) {
            let mut detail = told.detail.clone();
            if detail.is_object() {
                detail["shard"] = shard.part.index.into();
            }
            self.tell(place, kind, told.member, detail);
        } else if is_first && !MADE.contains(&kind) {
            self.tell(place, kind, told.member, told.detail.clone());
        }
    }

    fn finish(mut self) -> Vec<Event> {
        self.events.extend(std::mem::take(&mut self.gaps).into_values());
        for ((phase, kind), (at_ns, detail)) in std::mem::take(&mut self.sums) {
            self.tell((&phase, at_ns), &kind, None, detail);
        }
        self.events
    }
}

fn has_class(shard: &Shard, class: &str) -> bool {
    shard.plan.parts().iter().any(|(name, _)| *name == Some(class))
}

fn planned(shards: &[Shard], phase: &str) -> Value {
    let told = shards.iter().flat_map(|shard| &shard.events);
    let mut told = told.filter(|event| event.kind == "phase" && event.phase == phase);
    told.next().map_or(Value::Null, |event| event.detail.clone())
}

/// A gap whose beginning is a moment of the machine's clock.
fn shifted(told: &Event, clocks: &Clocks, shard: &Shard) -> Value {
    let mut detail = told.detail.clone();
    if let Some(start_ns) = detail["start_ns"].as_u64() {
        detail["start_ns"] = clocks.common(shard, start_ns).into();
    }
    detail
}
