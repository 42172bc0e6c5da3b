//! What was measured.

use crate::report::subject::RunAndPlan;
use crate::report::text::clean;
use crate::result::{BlockDevice, DiskFacts};
use crate::units::{format_bytes, format_duration};

/// The directory, what it lies on, the kernel, how long the run was.
pub fn head(page: &RunAndPlan<'_>) -> Vec<String> {
    let environment = &page.run.header.environment;
    let mut items = Vec::new();
    match &environment.disk {
        Some(disk) => {
            items.push(clean(&disk.directory));
            items.push(clean(&storage(disk)));
        }
        None => items.push(clean(&page.run.header.name)),
    }
    if let Some(kernel) = &environment.kernel {
        let release = kernel.split('-').next().unwrap_or(kernel);
        items.push(format!("Linux {}", clean(release)));
    }
    if page.run.length_ns() > 0 {
        items.push(format_duration(page.run.length_ns()));
    }
    items
}

/// `ext4 on nvme0n1p2 (SAMSUNG MZQL2960, 894 GiB, write through)`.
fn storage(disk: &DiskFacts) -> String {
    let filesystem = disk.filesystem.as_deref().unwrap_or("unknown file system");
    let Some(top) = disk.devices.first() else {
        return match &disk.mount_source {
            Some(source) if source != filesystem => format!("{filesystem} on {source}"),
            _ => filesystem.to_owned(),
        };
    };
    let bottom = disk.devices.last().unwrap_or(top);
    let under = if bottom.name == top.name || top.kind == "partition" {
        String::new()
    } else {
        format!(" over {}", bottom.name)
    };
    let traits = traits(&disk.devices);
    if traits.is_empty() {
        format!("{filesystem} on {}{under}", top.name)
    } else {
        format!("{filesystem} on {}{under} ({})", top.name, traits.join(", "))
    }
}

/// What tells devices apart: of each fact the one nearest to the hardware.
fn traits(devices: &[BlockDevice]) -> Vec<String> {
    let lowest = |get: fn(&BlockDevice) -> Option<String>| devices.iter().rev().find_map(get);
    [
        lowest(|device| device.model.clone().map(|model| model.trim().to_owned())),
        lowest(|device| device.cloud.clone()),
        lowest(|device| device.detail.clone()),
        lowest(|device| device.size_bytes.map(format_bytes)),
        lowest(|device| device.write_cache.clone()),
    ]
    .into_iter()
    .flatten()
    .filter(|text| !text.is_empty())
    .collect()
}
