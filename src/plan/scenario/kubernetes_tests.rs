//! The scenarios of Kubernetes ask for what the table in docs/scenarios.md says.

use super::*;
use crate::plan::{LoadPace, LoadPlan, Operation, Target};

/// A column of the table: name, apiservers × types, writes per second but events, events per second, reads per second,
/// keys but events, bytes of their values, events, bytes of theirs.
struct Column {
    scenario: &'static str,
    watches: u64,
    writes: f64,
    events: f64,
    reads: f64,
    keys: f64,
    bytes: f64,
    old_events: f64,
    event_bytes: f64,
}

const TABLE: [Column; 4] = [
    Column {
        scenario: "k8s-100",
        watches: 100,
        writes: 21.0,
        events: 2.7,
        reads: 20.0,
        keys: 5.5e3,
        bytes: 25e6,
        old_events: 10e3,
        event_bytes: 8e6,
    },
    Column {
        scenario: "k8s-1000",
        watches: 390,
        writes: 167.0,
        events: 22.0,
        reads: 112.0,
        keys: 55e3,
        bytes: 240e6,
        old_events: 80e3,
        event_bytes: 67e6,
    },
    Column {
        scenario: "k8s-5000",
        watches: 510,
        writes: 805.0,
        events: 110.0,
        reads: 457.0,
        keys: 275e3,
        bytes: 1.2e9,
        old_events: 400e3,
        event_bytes: 340e6,
    },
    Column {
        scenario: "k8s-15000",
        watches: 1100,
        writes: 2390.0,
        events: 330.0,
        reads: 1330.0,
        keys: 420e3,
        bytes: 1.8e9,
        old_events: 1e6,
        event_bytes: 850e6,
    },
];

fn load(scenario: &str, set: &[(&str, &str)]) -> LoadPlan {
    let set = set.iter().map(|(key, value)| ((*key).into(), (*value).into()));
    let args = RunArgs { scenario: scenario.to_owned(), set: set.collect(), ..RunArgs::default() };
    let plan = ScenarioPlan::resolve(&args).unwrap_or_else(|error| panic!("{scenario}: {error}"));
    match &plan.cells[0].steps[..] {
        [Step { run: PlannedRun { plan: Resolved::Load(plan), .. }, .. }] => (**plan).clone(),
        other => panic!("{scenario}: {} runs", other.len()),
    }
}

/// The sum of something over the classes that are, or are not, about events.
fn sum(plan: &LoadPlan, events: bool, of: impl Fn(&LoadPlan) -> f64) -> f64 {
    let parts = plan.parts();
    let parts = parts.iter().filter(|(name, _)| (*name == Some("events")) == events);
    parts.map(|(_, part)| of(part)).sum()
}

/// Operations of these kinds per second.
fn rate(part: &LoadPlan, kinds: &[Operation]) -> f64 {
    let all: f64 = part.operations.iter().map(|w| w.weight).sum();
    let of = part.operations.iter().filter(|w| kinds.contains(&w.operation));
    let share = of.map(|w| w.weight).sum::<f64>() / all;
    part.steps().first().map_or(0.0, |step| step.from_per_s) * share
}

fn writes(part: &LoadPlan) -> f64 {
    rate(part, &[Operation::Create, Operation::Txn, Operation::Delete])
}

fn bytes(part: &LoadPlan) -> f64 {
    part.preload as f64 * f64::from(part.values.mean_size())
}

#[track_caller]
fn about(got: f64, wanted: f64, what: &str) {
    let off = (got / wanted - 1.0).abs();
    assert!(off < 0.1, "{what}: {got} and not {wanted}");
}

#[test]
fn they_ask_for_what_the_table_says() {
    for column in TABLE {
        let name = column.scenario;
        let plan = load(name, &[]);
        let told = |what: &str| format!("{name}, {what}");
        about(sum(&plan, false, writes), column.writes, &told("writes"));
        about(sum(&plan, true, writes), column.events, &told("events"));
        let reads = sum(&plan, false, |part| rate(part, &[Operation::Range]));
        about(reads, column.reads, &told("reads"));
        let keys = |part: &LoadPlan| part.preload as f64;
        about(sum(&plan, false, keys), column.keys, &told("keys"));
        about(sum(&plan, false, bytes), column.bytes, &told("bytes"));
        about(sum(&plan, true, keys), column.old_events, &told("old events"));
        about(sum(&plan, true, bytes), column.event_bytes, &told("their bytes"));
        let watches = |part: &LoadPlan| part.watch.map_or(0, |watch| watch.streams);
        let watches: u32 = plan.parts().iter().map(|(_, part)| watches(part)).sum();
        assert_eq!(u64::from(watches), column.watches, "{name}");
        assert_eq!(u64::from(plan.connections), column.watches, "{name}");
        assert!(plan.parts().iter().all(|(_, part)| !has_bare(part)), "{name}");
    }
}

/// What an apiserver never sends.
fn has_bare(part: &LoadPlan) -> bool {
    let never = [Operation::Put, Operation::Stm, Operation::LeaseKeepalive, Operation::LeaseGrant];
    let bare = part.operations.iter().any(|w| never.contains(&w.operation));
    let writes = rate(part, &[Operation::Txn, Operation::Delete]) > 0.0;
    bare || part.reads.serializable || (writes && !part.writes.guarded)
}

#[test]
fn while_pods_are_rolled_out_five_times_as_many_come_and_go() {
    let plan = load("rollout", &[]);
    let middle = |part: &LoadPlan| LoadPlan {
        // The second phase alone.
        pace: match part.pace.clone() {
            LoadPace::Open { steps, arrival, burst, max_in_flight } => {
                LoadPace::Open { steps: steps[1..2].to_vec(), arrival, burst, max_in_flight }
            }
            closed => closed,
        },
        ..part.clone()
    };
    let reads = |part: &LoadPlan| rate(&middle(part), &[Operation::Range]);
    let writes = |part: &LoadPlan| writes(&middle(part));
    about(sum(&plan, false, writes), 360.0, "writes");
    about(sum(&plan, true, writes), 100.0, "events");
    about(sum(&plan, false, reads), 270.0, "reads");
}

#[test]
fn a_tenth_is_a_tenth_of_what_grows_with_the_cluster() {
    let (whole, tenth) = (load("k8s-1000", &[]), load("k8s-1000", &[("scale", "0.1")]));
    for ((name, whole), (_, tenth)) in whole.parts().iter().zip(tenth.parts()) {
        let name = name.unwrap_or_default();
        let stays = [
            "elections",
            "identity",
            "masterleases",
            "idle-types",
            "health",
            "compaction",
            "member-status",
        ];
        let factor = if stays.contains(&name) { 1.0 } else { 0.1 };
        let rates = |plan: &LoadPlan| plan.steps()[0].from_per_s;
        assert!((rates(&tenth) / rates(whole) - factor).abs() < 1e-9, "{name}");
        assert_eq!(tenth.connections, whole.connections, "{name}");
    }
}

#[test]
fn the_history_is_compacted_within_the_time_it_takes() {
    for column in TABLE {
        let plan = load(column.scenario, &[]);
        let per_s = sum(&plan, false, |part| rate(part, &[Operation::Compact]));
        let seconds = plan.duration_ns.unwrap_or(0) as f64 / 1e9;
        // Of two turns of the same apiserver the second compacts what was there at the first.
        assert!(per_s * seconds > 2.0, "{}", column.scenario);
        let quota = match plan.target {
            Target::Local { quota_bytes, .. } => quota_bytes as f64,
            Target::Endpoints(_) => panic!("a throwaway etcd"),
        };
        let growth = plan.expected_growth_bytes().unwrap() as f64;
        assert!(growth < 0.8 * quota, "{}: {growth} of {quota}", column.scenario);
    }
}
