//! The machine and the disk, fact by fact: a label and what is known. What is not known is left out.

use super::Table;
use crate::report::text::clean;
use crate::result::{BlockDevice, DiskFacts, Environment, Mapping};
use crate::units::{format_bytes, format_count};

/// A label and a fact.
pub type Fact = (String, String);

/// The machine.
pub fn machine(environment: &Environment) -> Vec<Fact> {
    let cpus = match (&environment.cpu_model, environment.cpus) {
        (Some(model), Some(cpus)) => Some(format!("{cpus} × {model}")),
        (None, Some(cpus)) => Some(cpus.to_string()),
        (model, None) => model.clone(),
    };
    let facts = [
        ("host", Some(environment.host.clone())),
        ("system", environment.os.clone()),
        ("kernel", environment.kernel.clone()),
        ("architecture", environment.arch.clone()),
        ("CPUs", cpus),
        ("frequency governor", environment.cpu_governor.clone()),
        ("memory", environment.memory_bytes.map(format_bytes)),
        ("virtualization", environment.virtualization.clone()),
        ("container", environment.container.clone()),
        ("clock", environment.clocksource.clone()),
    ];
    let mut facts = known(facts);
    for (kind, map) in [
        ("limit", &environment.limits),
        ("sysctl", &environment.sysctls),
        ("etcd", &environment.etcd),
    ] {
        facts.extend(
            map.iter().map(|(name, value)| (format!("{kind} {}", clean(name)), clean(value))),
        );
    }
    facts
}

/// The file system under the measured directory, and what carries it.
pub fn disk_facts(disk: &DiskFacts) -> Vec<Fact> {
    let mapping = disk.mapping.map(|mapping| match mapping {
        Mapping::Confirmed => "confirmed: its counters moved with what was written",
        Mapping::NotConfirmed => "not confirmed: its counters did not move with what was written",
    });
    let facts = [
        ("directory", Some(disk.directory.clone())),
        ("file system", disk.filesystem.clone()),
        ("mounted at", disk.mount_point.clone()),
        ("mounted from", disk.mount_source.clone()),
        ("mount options", some(disk.mount_options.join(", "))),
        ("block size", disk.block_size.map(format_bytes)),
        ("size", disk.size_bytes.map(format_bytes)),
        ("free before the run", disk.available_bytes.map(format_bytes)),
        ("free inodes", disk.available_inodes.map(format_count)),
        ("the device found", mapping.map(str::to_owned)),
        ("not known", some(disk.unknown.join("; "))),
    ];
    let mut facts = known(facts);
    for below in &disk.below {
        let text = format!(
            "{} on {} ({}), {}",
            below.filesystem,
            below.mount_source,
            below.path,
            below.mount_options.join(", ")
        );
        facts.push((clean(&below.reached_through), clean(&text)));
    }
    facts
}

/// The block devices from the file system down to the hardware, a row each.
pub fn devices(devices: &[BlockDevice]) -> Table {
    let head = [
        "device",
        "kind",
        "model",
        "size",
        "write cache",
        "scheduler",
        "transport",
        "rotational",
        "queue",
    ];
    Table {
        head: head.map(str::to_owned).to_vec(),
        rows: devices.iter().map(device).collect(),
        names: head.len(),
    }
}

fn device(device: &BlockDevice) -> Vec<String> {
    let model = [&device.vendor, &device.model, &device.firmware, &device.cloud, &device.detail];
    let model: Vec<&str> = model.into_iter().flatten().map(|text| text.trim()).collect();
    let queue = device.queue.iter().map(|(name, value)| format!("{name} {value}"));
    let fua = device.fua.filter(|fua| *fua).map(|_| "forced unit access".to_owned());
    let blocks =
        device.physical_block_size.map(|bytes| format!("blocks of {}", format_bytes(bytes)));
    let queue: Vec<String> = fua.into_iter().chain(blocks).chain(queue).collect();
    let text = |text: &Option<String>| clean(text.as_deref().unwrap_or_default());
    vec![
        clean(&format!("{} ({})", device.name, device.number)),
        clean(&device.kind),
        clean(&model.join(", ")),
        device.size_bytes.map_or_else(String::new, format_bytes),
        text(&device.write_cache),
        text(&device.scheduler),
        text(&device.transport),
        device
            .rotational
            .map_or_else(String::new, |claimed| if claimed { "yes" } else { "no" }.to_owned()),
        clean(&queue.join(", ")),
    ]
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn known<const N: usize>(facts: [(&str, Option<String>); N]) -> Vec<Fact> {
    let known =
        facts.into_iter().filter_map(|(label, fact)| Some((label.to_owned(), clean(&fact?))));
    known.collect()
}
