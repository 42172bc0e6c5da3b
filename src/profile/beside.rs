//! What was seen beside the scenarios of a Kubernetes that come with the program.

use std::collections::BTreeMap;

use super::{Kind, Profile};
use crate::cli::RunArgs;
use crate::error::Result;
use crate::plan::{LoadPlan, Operation, PlannedRun, Resolved, ScenarioPlan};

/// The scenarios that are compared with, from the smallest.
const SCENARIOS: [&str; 4] = ["k8s-100", "k8s-1000", "k8s-5000", "k8s-15000"];
/// What differs by less from the whole is not worth a word.
const ODD: f64 = 2.0;

/// A part of what a cluster does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Renewals of node leases.
    NodeLeases,
    /// Writes of nodes.
    Nodes,
    /// Writes of pods.
    Pods,
    /// Writes of custom resources.
    CustomResources,
    /// Events created.
    Events,
    /// Ranges.
    Reads,
    /// Keys.
    Keys,
    /// Watches.
    Watches,
}

/// A scenario that what was seen is like.
#[derive(Debug, Clone, PartialEq)]
pub struct Beside {
    /// Its name.
    pub scenario: &'static str,
    /// How many times its writes there are.
    pub writes: f64,
    /// The part that differs most from that, and how many times the scenario's it is.
    pub odd: Option<(Part, f64)>,
}

/// The shipped scenario whose writes are nearest; nothing where nothing was written.
///
/// # Errors
/// None that a build that passed its tests can have.
pub fn beside(profile: &Profile) -> Result<Option<Beside>> {
    let own = profile.writes_per_s();
    if own <= 0.0 {
        return Ok(None);
    }
    let mut nearest: Option<(f64, Beside)> = None;
    for scenario in SCENARIOS {
        let plan = plan(scenario)?;
        let ratio = own / writes(&plan, |_| true);
        let far = ratio.ln().abs();
        if nearest.as_ref().is_none_or(|(least, _)| far < *least) {
            let odd = odd(&parts(profile), &parts_of(&plan), ratio);
            nearest = Some((far, Beside { scenario, writes: ratio, odd }));
        }
    }
    Ok(nearest.map(|(_, beside)| beside))
}

fn plan(scenario: &str) -> Result<LoadPlan> {
    let args = RunArgs { scenario: scenario.to_owned(), ..RunArgs::default() };
    let plan = ScenarioPlan::resolve(&args)?;
    let steps = plan.cells.into_iter().flat_map(|cell| cell.steps);
    let mut loads = steps.filter_map(|step| match step.run {
        PlannedRun { plan: Resolved::Load(load), .. } => Some(*load),
        PlannedRun { .. } => None,
    });
    loads.next().ok_or_else(|| {
        crate::error::Error::Refused(format!("{scenario}: a scenario of Kubernetes without a load"))
    })
}

/// Operations a second of some classes.
fn rate(plan: &LoadPlan, class: impl Fn(&str) -> bool, counts: impl Fn(Operation) -> bool) -> f64 {
    let parts = plan.parts();
    let some = parts.iter().filter(|(name, _)| class(name.unwrap_or_default()));
    some.map(|(_, part)| {
        let all: f64 = part.operations.iter().map(|weighted| weighted.weight).sum();
        let counted = part.operations.iter().filter(|weighted| counts(weighted.operation));
        let share = counted.map(|weighted| weighted.weight).sum::<f64>() / all;
        part.steps().first().map_or(0.0, |step| step.from_per_s) * share
    })
    .sum()
}

fn writes(plan: &LoadPlan, class: impl Fn(&str) -> bool) -> f64 {
    rate(plan, class, Operation::writes)
}

fn parts_of(plan: &LoadPlan) -> BTreeMap<Part, f64> {
    let parts = plan.parts();
    let watches = parts.iter().filter_map(|(_, part)| part.watch);
    BTreeMap::from([
        (Part::NodeLeases, writes(plan, |name| name == "node-leases")),
        (Part::Nodes, writes(plan, |name| name == "node-status")),
        (Part::Pods, writes(plan, |name| name == "pods")),
        (Part::CustomResources, writes(plan, |name| name == "custom-resources")),
        (Part::Events, writes(plan, |name| name == "events")),
        (Part::Reads, rate(plan, |_| true, |operation| operation == Operation::Range)),
        (Part::Keys, plan.preload as f64),
        (
            Part::Watches,
            watches.map(|watch| f64::from(watch.streams * watch.watches_per_stream)).sum(),
        ),
    ])
}

fn parts(profile: &Profile) -> BTreeMap<Part, f64> {
    let mut parts = BTreeMap::from([(Part::Keys, profile.keys() as f64)]);
    if let Some(traffic) = &profile.traffic {
        parts.insert(Part::Reads, traffic.per_s("Range"));
        parts.insert(Part::Watches, traffic.watches as f64);
    }
    if !profile.is_kubernetes() {
        return parts;
    }
    for (part, kind) in [
        (Part::NodeLeases, Kind::NodeLeases),
        (Part::Nodes, Kind::Nodes),
        (Part::Pods, Kind::Pods),
        (Part::CustomResources, Kind::CustomResources),
    ] {
        let of_kind = profile.prefixes.iter().filter(|prefix| prefix.kind == kind);
        parts.insert(part, profile.per_s(of_kind.map(|prefix| prefix.writes.all()).sum()));
    }
    let events = profile.prefixes.iter().filter(|prefix| prefix.kind == Kind::Events);
    parts.insert(Part::Events, profile.per_s(events.map(|prefix| prefix.writes.creates).sum()));
    parts
}

/// The part whose ratio is farthest from that of all writes, where it is far.
fn odd(own: &BTreeMap<Part, f64>, theirs: &BTreeMap<Part, f64>, whole: f64) -> Option<(Part, f64)> {
    let ratios = own.iter().filter_map(|(part, rate)| {
        let other = theirs.get(part).copied().filter(|other| *other > 0.0)?;
        Some((*part, rate / other))
    });
    // A part that is not there is as far as can be told.
    let far = |ratio: f64| ((ratio.max(1e-3)) / whole).ln().abs();
    let farthest = ratios.max_by(|a, b| far(a.1).total_cmp(&far(b.1)))?;
    (far(farthest.1) >= ODD.ln()).then_some(farthest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Prefix, Writes};

    fn prefix(name: &str, updates: u64) -> Prefix {
        Prefix {
            name: name.to_owned(),
            kind: Kind::of(name.as_bytes()),
            keys: 55_000,
            writes: Writes { updates, ..Writes::default() },
            ..Prefix::default()
        }
    }

    #[test]
    fn the_nearest_is_named_with_what_is_odd() {
        // k8s-1000 writes 189 a second with its events, 3 of them custom resources.
        let profile = Profile {
            window_s: 10.0,
            prefixes: vec![
                prefix("/registry/leases/kube-node-lease/", 1000),
                prefix("/registry/minions/", 100),
                prefix("/registry/pods/", 320),
                prefix("/registry/acme.example/widgets/", 180),
            ],
            ..Profile::default()
        };
        let found = beside(&profile).unwrap().unwrap();
        assert_eq!(found.scenario, "k8s-1000");
        assert!((0.8..0.9).contains(&found.writes), "{found:?}");
        // No events at all are farther than six times as many custom resources.
        assert_eq!(found.odd, Some((Part::Events, 0.0)));
        let idle =
            Profile { prefixes: vec![prefix("/a/", 0)], window_s: 1.0, ..Profile::default() };
        assert_eq!(beside(&idle).unwrap(), None);
    }
}
