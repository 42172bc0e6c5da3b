//! What is known of a run besides its figures: which history it belongs to, and the facts whose changes may explain a
//! change of level.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::result::{BlockDevice, Environment, Header};

/// Parts of a plan that may differ within one history: where, how long something is kept, what is judged, not what is
/// measured.
const NOT_ESSENTIAL: &[&str] = &[
    "allow_foreign",
    "allow_quota",
    "beside_live",
    "compact",
    "defrag",
    "dial_timeout_ns",
    "directory",
    "etcd",
    "keep_keys",
    "max_bytes",
    "prefix",
    "profile",
    "rules",
    "scrape",
    "security",
    "seed",
    "verify",
];
/// Label that names the machine where host names come and go.
const MACHINE_LABEL: &str = "machine";

/// What a run's history is told by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scenario {
    /// `disk /var/lib/etcd`, `load nightly` …
    pub name: String,
    /// The label `machine`, or the host.
    pub machine: String,
    /// What the plan says about what is measured, flat: `workload.val_size` → `1024`.
    pub essentials: BTreeMap<String, String>,
}

impl Scenario {
    /// That of a run. `one_machine` takes all hosts for one.
    pub fn of(header: &Header, one_machine: bool) -> Self {
        let name = if header.name.is_empty() {
            header.kind.clone()
        } else {
            format!("{} {}", header.kind, header.name)
        };
        let host = header
            .labels
            .get(MACHINE_LABEL)
            .unwrap_or(&header.environment.host);
        let mut essentials = BTreeMap::new();
        flatten("", &header.plan, &mut essentials, &|key| {
            !NOT_ESSENTIAL.contains(&key)
        });
        Scenario {
            name,
            machine: if one_machine {
                String::new()
            } else {
                host.clone()
            },
            essentials,
        }
    }
}

/// A JSON value as flat `path` → text; keys that are not wanted, and what is null, are left out.
fn flatten(
    path: &str,
    value: &Value,
    into: &mut BTreeMap<String, String>,
    wanted: &dyn Fn(&str) -> bool,
) {
    let below = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (key, field) in fields.iter().filter(|(key, _)| wanted(key)) {
                flatten(&below(key), field, into, wanted);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                flatten(&below(&index.to_string()), item, into, wanted);
            }
        }
        Value::String(text) => drop(into.insert(path.to_owned(), text.clone())),
        other => drop(into.insert(path.to_owned(), other.to_string())),
    }
}

/// The facts of a run, by the name they are told by.
pub(super) fn facts(header: &Header) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.insert(name.to_owned(), value);
        }
    };
    let tool = &header.tool;
    put("tool version", Some(tool.version.clone()));
    put("tool commit", tool.git.clone());
    put("host", Some(header.environment.host.clone()));
    for (label, value) in &header.labels {
        put(&format!("label {label}"), Some(value.clone()));
    }
    machine(&header.environment, &mut put);
    disk(&header.environment, &mut put);
    etcd(&header.environment, &mut put);
    let mut rest = BTreeMap::new();
    flatten("", &header.plan, &mut rest, &|_| true);
    for (path, value) in rest {
        put(&format!("plan {path}"), Some(value));
    }
    facts
}

type Put<'a> = &'a mut dyn FnMut(&str, Option<String>);

fn machine(environment: &Environment, put: Put<'_>) {
    put("OS", environment.os.clone());
    put("kernel", environment.kernel.clone());
    put("architecture", environment.arch.clone());
    put("CPU", environment.cpu_model.clone());
    put("CPUs", environment.cpus.map(|n| n.to_string()));
    put("CPU governor", environment.cpu_governor.clone());
    // A kernel update moves what is left of the memory by a little.
    let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / (1_u64 << 30) as f64);
    put("memory", environment.memory_bytes.map(gib));
    put("virtualization", environment.virtualization.clone());
    put("container", environment.container.clone());
    put("clock source", environment.clocksource.clone());
    for (name, value) in &environment.limits {
        put(&format!("limit {name}"), Some(value.clone()));
    }
    for (name, value) in &environment.sysctls {
        put(&format!("sysctl {name}"), Some(value.clone()));
    }
}

fn disk(environment: &Environment, put: Put<'_>) {
    let Some(disk) = &environment.disk else {
        return;
    };
    put("mount source", disk.mount_source.clone());
    put("file system", disk.filesystem.clone());
    let mut options = disk.mount_options.clone();
    options.sort();
    put("mount options", Some(options.join(",")));
    put("file-system size", disk.size_bytes.map(|n| n.to_string()));
    for device in &disk.devices {
        block_device(device, put);
    }
}

fn block_device(device: &BlockDevice, put: Put<'_>) {
    let name = &device.name;
    let mut tell = |what: &str, value: Option<String>| put(&format!("{name} {what}"), value);
    tell("model", device.model.clone());
    tell("firmware", device.firmware.clone());
    tell("transport", device.transport.clone());
    tell("size", device.size_bytes.map(|n| n.to_string()));
    tell("scheduler", device.scheduler.clone());
    tell("write cache", device.write_cache.clone());
    for (setting, value) in &device.queue {
        tell(setting, Some(value.clone()));
    }
}

fn etcd(environment: &Environment, put: Put<'_>) {
    for (name, value) in &environment.etcd {
        put(&format!("etcd {name}"), Some(value.clone()));
    }
    let mut versions: Vec<&str> = environment
        .members
        .iter()
        .map(|member| member.version.as_str())
        .filter(|version| !version.is_empty())
        .collect();
    versions.sort_unstable();
    versions.dedup();
    put("etcd version", Some(versions.join(", ")));
    let members = environment.members.len();
    put("members", (members > 0).then(|| members.to_string()));
}
