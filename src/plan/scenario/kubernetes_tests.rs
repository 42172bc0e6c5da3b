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
        bytes: 42e6,
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
        bytes: 405e6,
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
        bytes: 2.0e9,
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
        bytes: 2.85e9,
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
            "event-counts",
        ];
        let stays = stays.contains(&name) || name.starts_with("consistency-");
        let factor = if stays { 1.0 } else { 0.1 };
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

const GENERATIONS: [&str; 3] = ["1.30", "1.34", "1.37"];

fn of_class(plan: &LoadPlan, wanted: &str) -> Option<LoadPlan> {
    plan.parts().into_iter().find(|(name, _)| *name == Some(wanted)).map(|(_, part)| part)
}

#[test]
fn each_version_reads_as_it_does() {
    for version in GENERATIONS {
        let plan = load("k8s-1000", &[("kubernetes", version)]);
        let has = |name: &str| of_class(&plan, name).is_some();
        let old = version == "1.30";
        assert_eq!(has("lists"), old, "{version}");
        for name in ["consistency-pods", "consistency-leases", "event-counts"] {
            assert_eq!(has(name), !old, "{version}, {name}");
        }
        let idle = of_class(&plan, "idle-types").unwrap();
        assert_eq!(idle.reads.count_only, old, "{version}");
        // 130 types, each counted by 3 apiservers every 96 s.
        about(idle.steps()[0].from_per_s, 4.06, "counts");
        let probes = of_class(&plan, "revision-probes").unwrap();
        assert_eq!(probes.watch.is_some_and(|watch| watch.freshness), !old, "{version}");
        about(probes.steps()[0].from_per_s, if old { 25.0 } else { 27.0 }, "probes");
        let rules: Vec<String> = plan.rules.iter().map(ToString::to_string).collect();
        let fresh = rules.iter().any(|rule| rule.starts_with("revision-probes.freshness.max"));
        assert_eq!(fresh, !old, "{rules:?}");
        // One connection for each type and apiserver, whatever the version.
        assert_eq!(plan.connections, 390, "{version}");
        let parts = plan.parts();
        let watches = parts.iter().filter_map(|(_, part)| part.watch).map(|watch| watch.streams);
        assert_eq!(watches.sum::<u32>(), 390, "{version}");
    }
    let bytes_per_s: f64 = load("k8s-1000", &[])
        .parts()
        .iter()
        .filter(|(name, _)| name.is_some_and(|name| name.starts_with("consistency-")))
        .map(|(name, part)| {
            let of = name.unwrap_or_default().trim_start_matches("consistency-");
            let from = match of {
                "configs" => "gets",
                "nodes" => "node-status",
                "leases" => "node-leases",
                "customs" => "custom-resources",
                "others" => "masterleases",
                other => other,
            };
            bytes(&of_class(&load("k8s-1000", &[]), from).unwrap()) * part.steps()[0].from_per_s
        })
        .sum();
    // All that is cached, by three apiservers every 375 s.
    about(bytes_per_s, 3.2e6, "bytes of consistency checks");
}

#[test]
fn what_follows_from_a_parameter_changes_with_it() {
    let of = |set: &[(&str, &str)], name: &str| {
        of_class(&load("k8s-1000", set), name).unwrap().steps()[0].from_per_s
    };
    about(of(&[("lease_interval", "30")], "node-leases"), 1000.0 / 30.0, "leases");
    assert_eq!(of(&[("nodes", "2000")], "node-leases"), 200.0);
    assert_eq!(of(&[("node_leases", "7")], "node-leases"), 7.0);
    assert_eq!(of(&[("apiservers", "1")], "health"), 1.1);
    assert_eq!(of(&[("operators", "many")], "custom-resources"), 30.0);
    let sizes = |set: &[(&str, &str)]| of_class(&load("k8s-100", set), "pods").unwrap().values;
    assert_eq!(sizes(&[]).size_at(0.0), 10_000);
    assert_eq!(sizes(&[("pod_size", "small")]).size_at(0.0), 5500);
    assert_eq!(sizes(&[("pod_size", "700")]).max_size, 700);
}

#[test]
fn an_etcd_has_its_share_alone() {
    let names = |set: &[(&str, &str)]| -> Vec<String> {
        load("k8s-1000", set).classes.into_iter().map(|class| class.name).collect()
    };
    let has = |set: &[(&str, &str)], name: &str| names(set).iter().any(|one| one == name);
    for (shards, events, leases) in [
        ("none", true, true),
        ("events", false, true),
        ("leases", true, false),
        ("both", false, false),
    ] {
        let set = [("shards", shards)];
        assert_eq!((has(&set, "events"), has(&set, "node-leases")), (events, leases), "{shards}");
        assert!(has(&set, "pods"));
    }
    assert!(!has(&[("part", "events")], "pods") && has(&[("part", "events")], "events"));
    assert!(!has(&[("part", "leases")], "events") && has(&[("part", "leases")], "node-leases"));
}

#[test]
fn a_choice_that_there_is_not_is_refused_with_those_that_there_are() {
    let refused = |name: &str, value: &str| {
        let args = RunArgs {
            scenario: "k8s-100".to_owned(),
            set: vec![(name.into(), value.into())],
            ..RunArgs::default()
        };
        ScenarioPlan::resolve(&args).unwrap_err().to_string()
    };
    let told = refused("kubernetes", "1.31");
    assert!(told.contains("--set kubernetes = 1.31: it is one of 1.30, 1.34, 1.37"), "{told}");
    assert!(refused("operators", "some").contains("few, many"));
    assert!(refused("nodes", "many").contains("nodes is many, which is no number"));
}
