//! A run's plan and environment as flat facts that can be held against one another.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::plan::Neighbour;
use crate::result::{Header, PhaseData, Run};

use super::subject;

/// Dotted path → value as text.
pub(crate) type Facts = BTreeMap<String, String>;

/// What a fact is about; it decides whether a difference forbids comparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// What was asked to be done: nothing may differ.
    Scenario,
    /// The machine.
    Hardware,
    /// The device under the measured directory.
    Disk,
    /// Its kernel and distribution.
    Release,
    /// Settings of system and file system.
    System,
    /// The version of the etcd.
    Version,
    /// Settings of the etcd.
    Setting,
    /// Who else was at work meanwhile, on purpose.
    Beside,
    /// How long it took.
    Length,
    /// Where it was done, and what bears on nothing that is measured: worth telling.
    Noted,
    /// Different in every run.
    Ignored,
}

/// Who else was at work, and what is said where nobody was.
pub(crate) const NEIGHBOURS: &str = "plan.neighbours";
pub(crate) const NOBODY: &str = "none";

/// The longest prefix that fits decides. Parts of a plan that are not named are the scenario, of an environment the
/// system.
const ABOUT: &[(&str, About)] = &[
    ("kind", About::Scenario),
    ("tool", About::Noted),
    ("labels", About::Noted),
    ("plan", About::Scenario),
    ("plan.allow_foreign", About::Noted),
    ("plan.allow_quota", About::Noted),
    ("plan.beside_live", About::Noted),
    ("plan.clock", About::Ignored),
    ("plan.compact", About::Noted),
    ("plan.defrag", About::Noted),
    ("plan.dial_timeout_ns", About::Noted),
    ("plan.devices", About::Ignored),
    ("plan.directory", About::Noted),
    ("plan.duration_ns", About::Length),
    ("plan.election_ns", About::Noted),
    ("plan.figures", About::Noted),
    ("plan.file", About::Ignored),
    ("plan.heartbeat_ns", About::Noted),
    ("plan.keep_keys", About::Noted),
    ("plan.keys.prefix", About::Ignored),
    ("plan.max_bytes", About::Ignored),
    (NEIGHBOURS, About::Beside),
    ("plan.neighbours.directories", About::Noted),
    ("plan.options.directory", About::Noted),
    ("plan.options.filename", About::Noted),
    ("plan.options.runtime", About::Length),
    ("plan.options.size", About::Noted),
    ("plan.options_complete", About::Noted),
    ("plan.phases", About::Length),
    ("plan.profile", About::Noted),
    ("plan.quota_bytes", About::Noted),
    ("plan.remarks", About::Ignored),
    ("plan.rules", About::Noted),
    ("plan.scrape", About::Noted),
    ("plan.security", About::Noted),
    ("plan.seed", About::Noted),
    ("plan.target", About::Noted),
    ("plan.target.local.directory", About::Noted),
    ("plan.target.local.etcd", About::Version),
    ("plan.target.local.members", About::Scenario),
    ("plan.target.local.quota_bytes", About::Setting),
    ("plan.target.local.arguments", About::Setting),
    ("plan.threads", About::Noted),
    ("plan.tls", About::Setting),
    ("plan.verify", About::Noted),
    ("plan.version", About::Noted),
    ("plan.warmup_ns", About::Length),
    ("plan.wire", About::Noted),
    ("plan.workload.batch_interval_ns", About::Setting),
    ("plan.workload.batch_limit", About::Setting),
    ("plan.writes", About::Ignored),
    ("environment", About::System),
    ("environment.arch", About::Hardware),
    ("environment.cpu_model", About::Hardware),
    ("environment.cpus", About::Hardware),
    ("environment.disk.available_bytes", About::Ignored),
    ("environment.disk.available_inodes", About::Ignored),
    ("environment.disk.devices", About::Disk),
    ("environment.disk.directory", About::Ignored),
    ("environment.disk.mapping", About::Noted),
    ("environment.disk.mount_point", About::Noted),
    ("environment.disk.mount_source", About::Disk),
    ("environment.disk.size_bytes", About::Disk),
    ("environment.disk.unknown", About::Ignored),
    ("environment.etcd", About::Setting),
    ("environment.host", About::Noted),
    ("environment.kernel", About::Release),
    ("environment.members", About::Noted),
    ("environment.memory_bytes", About::Hardware),
    ("environment.os", About::Release),
    ("environment.virtualization", About::Hardware),
];

/// Settings of a block device, as they appear below `environment.disk.devices.N`.
const DEVICE_SETTINGS: [&str; 3] = ["scheduler", "queue", "write_cache"];

/// What was done to a throwaway etcd during a load.
const FAULTS: &str = "plan.faults";

/// What this fact is about.
pub(crate) fn about(field: &str) -> About {
    if let Some(part) = below(field, "environment.disk.devices") {
        let setting = part.split('.').nth(1).unwrap_or_default();
        return if DEVICE_SETTINGS.contains(&setting) { About::System } else { About::Disk };
    }
    if let Some(part) = below(field, "environment.members") {
        return member(part);
    }
    if let Some(name) = below(field, "environment.etcd")
        && name.contains("version")
    {
        return About::Version;
    }
    let fits = |&&(prefix, _): &&(&str, About)| field == prefix || below(field, prefix).is_some();
    let longest = ABOUT.iter().filter(fits).max_by_key(|(prefix, _)| prefix.len());
    longest.map_or(About::Noted, |(_, about)| *about)
}

fn member(part: &str) -> About {
    match part.split('.').nth(1) {
        Some("version") => About::Version,
        Some("quota_bytes") => About::Setting,
        Some("learner") => About::Scenario,
        None => About::Scenario,
        Some(_) => About::Noted,
    }
}

fn below<'a>(field: &'a str, prefix: &str) -> Option<&'a str> {
    field.strip_prefix(prefix)?.strip_prefix('.')
}

/// All facts of a run.
pub(super) fn facts(run: &Run) -> Facts {
    let mut facts = of_header(&run.header);
    let measured = |phase: &&PhaseData| !phase.series.is_empty() && subject::is_compared(phase);
    for phase in run.phases.iter().filter(measured) {
        facts.insert(format!("measured.{}", phase.name), phase.length_ns.to_string());
    }
    facts
}

/// The facts that are known before anything is measured.
pub(crate) fn of_header(header: &Header) -> Facts {
    let mut facts = Facts::new();
    facts.insert("kind".to_owned(), header.kind.clone());
    facts.insert("tool.version".to_owned(), header.tool.version.clone());
    if let Some(git) = &header.tool.git {
        facts.insert("tool.git".to_owned(), git.clone());
    }
    for (label, value) in &header.labels {
        // Labels of interleaved runs say which is which.
        if !label.starts_with("compare.") {
            facts.insert(format!("labels.{label}"), value.clone());
        }
    }
    flatten("plan", &header.plan, &mut facts);
    if let Some(endpoints) = facts.get("plan.target.endpoints") {
        let tls = if endpoints.contains("https://") { "yes" } else { "no" };
        facts.insert("plan.tls".to_owned(), tls.to_owned());
    }
    if header.kind == "disk" {
        beside(header, &mut facts);
    }
    // A plan says nothing of faults where there are none, and a load with them is another one.
    if header.kind == "load" {
        let planned = facts.keys().any(|field| below(field, FAULTS).is_some());
        let told = if planned { "planned" } else { "none" };
        facts.insert(FAULTS.to_owned(), told.to_owned());
    }
    let environment = serde_json::to_value(&header.environment).unwrap_or_default();
    flatten("environment", &environment, &mut facts);
    // Foreign programs do not say where they ran, and nowhere is no place.
    facts.retain(|field, value| field != "environment.host" || !value.is_empty());
    if !header.environment.members.is_empty() {
        let count = header.environment.members.len().to_string();
        facts.insert("environment.members.count".to_owned(), count);
    }
    facts
}

/// Neighbours are one fact, so that none is as known as some. Where they worked differs from machine to machine; that
/// it was elsewhere is part of what they are.
fn beside(header: &Header, facts: &mut Facts) {
    facts.retain(|field, _| below(field, NEIGHBOURS).is_none());
    let neighbours = header.plan.get("neighbours").cloned().unwrap_or_default();
    let neighbours: Vec<Neighbour> = serde_json::from_value(neighbours).unwrap_or_default();
    let told = neighbours.iter().map(|one| match one.directory {
        Some(_) => format!("{} in another directory", one.told()),
        None => one.told(),
    });
    let told = told.collect::<Vec<_>>().join(", ");
    let told = if told.is_empty() { NOBODY } else { &told };
    facts.insert(NEIGHBOURS.to_owned(), told.to_owned());
    let places: Vec<String> = neighbours
        .iter()
        .filter_map(|one| Some(one.directory.as_ref()?.display().to_string()))
        .collect();
    if !places.is_empty() {
        facts.insert(format!("{NEIGHBOURS}.directories"), places.join(", "));
    }
}

fn flatten(path: &str, value: &Value, facts: &mut Facts) {
    let mut set = |text: String| {
        facts.insert(path.to_owned(), text);
    };
    match value {
        Value::Null => set("none".to_owned()),
        Value::Bool(yes) => set(yes.to_string()),
        Value::Number(number) => set(number.to_string()),
        Value::String(text) => set(text.clone()),
        Value::Array(items) if items.iter().all(|item| !item.is_object()) => {
            let texts: Vec<String> = items.iter().map(plain).collect();
            set(texts.join(", "));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                flatten(&format!("{path}.{}", name_of(item, index)), item, facts);
            }
        }
        Value::Object(fields) => {
            // Variants of an enumeration are objects of one field: which one it is is a fact of its own.
            if let Some((variant, inner)) = fields.iter().next()
                && fields.len() == 1
                && !inner.is_string()
            {
                set(variant.clone());
            }
            for (name, inner) in fields {
                flatten(&format!("{path}.{name}"), inner, facts);
            }
        }
    }
}

/// Phases and operations have names; other things are counted.
fn name_of(item: &Value, index: usize) -> String {
    let named = item.get("name").or_else(|| item.get("operation"));
    let is_device = item.get("number").is_some() || item.get("endpoint").is_some();
    match named.and_then(Value::as_str) {
        Some(name) if !is_device => name.to_owned(),
        _ => index.to_string(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_longest_prefix_decides() {
        for (field, expected) in [
            ("plan.workload.val_size", About::Scenario),
            ("plan.workload.batch_limit", About::Setting),
            ("plan.writes", About::Ignored),
            ("plan.devices", About::Ignored),
            ("plan.directory", About::Noted),
            ("plan.phases.etcd.duration_ns", About::Length),
            ("plan.something_new", About::Scenario),
            ("environment.kernel", About::Release),
            ("environment.disk.filesystem", About::System),
            ("environment.disk.devices.0.model", About::Disk),
            ("environment.disk.devices.1.scheduler", About::System),
            ("environment.disk.devices.0.queue.nr_requests", About::System),
            ("environment.members.0.version", About::Version),
            ("environment.members.0.endpoint", About::Noted),
            ("environment.members.count", About::Scenario),
            ("environment.etcd.version", About::Version),
            ("environment.etcd.snapshot_count", About::Setting),
            ("environment.sysctls.vm.dirty_ratio", About::System),
        ] {
            assert_eq!(about(field), expected, "{field}");
        }
    }

    #[test]
    fn neighbours_are_one_fact_and_so_are_none() {
        let told = |plan: Value| {
            let header = Header { kind: "disk".to_owned(), plan, ..Header::default() };
            of_header(&header)
        };
        assert_eq!(told(json!({}))[NEIGHBOURS], NOBODY);
        let bulk = json!({ "kind": "bulk", "per_second": 67_108_864 });
        let sync = json!({ "kind": "sync", "per_second": 100, "directory": "/mnt" });
        let facts = told(json!({ "neighbours": [bulk, sync] }));
        assert_eq!(facts[NEIGHBOURS], "bulk (64 MiB/s), sync (100 syncs/s) in another directory");
        let of_neighbours = |field: &&String| field.starts_with(NEIGHBOURS);
        assert_eq!(facts.keys().filter(of_neighbours).count(), 2);
        assert_eq!(about(NEIGHBOURS), About::Beside);
        assert_eq!(about("plan.neighbours.directories"), About::Noted);
    }

    #[test]
    fn variants_lists_and_nothing_are_facts() {
        let mut facts = Facts::new();
        let plan = json!({
            "load": { "open": { "rate": 500.0 } },
            "phases": [{ "name": "etcd", "duration_ns": 5 }],
            "rules": ["a", "b"],
            "total": null,
        });
        flatten("plan", &plan, &mut facts);
        let get = |field: &str| facts.get(field).map(String::as_str);
        assert_eq!(get("plan.load"), Some("open"));
        assert_eq!(get("plan.load.open.rate"), Some("500.0"));
        assert_eq!(get("plan.phases.etcd.duration_ns"), Some("5"));
        assert_eq!(get("plan.rules"), Some("a, b"));
        assert_eq!(get("plan.total"), Some("none"));
    }
}
