//! The device and the file system, and what holds them back.

use crate::report::words::judged::finding::Words;
use crate::units::{format_bytes, format_duration, significant};

pub(super) fn mapping_not_confirmed(devices: &[String]) -> Words {
    Words::message(format!(
        "The write counters of {} did not move with what was written: mapping not confirmed.",
        if devices.is_empty() { "the device".to_owned() } else { devices.join(" → ") }
    ))
    .advise(
        "Read what is said about the device with care: the data may go elsewhere, or nowhere yet.",
    )
}

pub(super) fn memory_filesystem(filesystem: &str) -> Words {
    Words::message(format!("{filesystem} keeps everything in memory."))
        .advise("Name a directory on a disk.")
}

pub(super) fn overlay() -> Words {
    Words::message("This is the writable layer of a container: it goes with the container.")
        .advise("Mount a volume and name a directory on it.")
}

pub(super) fn remote_filesystem(filesystem: &str) -> Words {
    Words::message(format!(
        "{filesystem} hands writes to another machine or process, whose disk is not seen from here."
    ))
    .advise("Use a local disk: network file systems are not recommended for etcd.")
}

pub(super) fn unsafe_mount(option: &str) -> Words {
    Words::message(format!(
        "Mounted with '{option}': a sync does not wait until the data is on stable storage."
    ))
    .advise(format!("Mount it again without '{option}' and run again."))
}

pub(super) fn scheduler(device: &str, scheduler: &str) -> Words {
    Words::message(format!("{device} uses the I/O scheduler {scheduler}, which waits to be fair."))
        .advise(format!(
            "Try 'none' or 'mq-deadline' in /sys/block/{device}/queue/scheduler and compare."
        ))
}

pub(super) fn io_limits(in_force: &[String]) -> Words {
    Words::message(format!(
        "Limits on what this process may write are in force: {}.",
        in_force.join(", ")
    ))
    .advise("What was measured is the limit, not the disk. Run it under the limits that etcd will have.")
}

pub(super) fn journal_tax(
    block_bytes: u64,
    fresh_ns: u64,
    same_ns: u64,
    filesystem: Option<&str>,
) -> Words {
    Words::message(format!(
        "A sync into a fresh {} block takes {}, within a block {}: each fresh block commits the {} journal.",
        format_bytes(block_bytes),
        format_duration(fresh_ns),
        format_duration(same_ns),
        filesystem.unwrap_or("file system"),
    ))
    .advise("Give etcd a file system of its own, so that it never waits for a commit of somebody else's changes.")
}

pub(super) fn gp2(device: &str, bytes: u64, baseline_iops: f64, syncs_per_s: f64) -> Words {
    Words::message(format!(
        "{device} is an EBS volume of {}. If it is a gp2, it is held to {} IOPS once its burst credits are spent: \
         about {} WAL syncs/s.",
        format_bytes(bytes),
        significant(baseline_iops),
        significant(syncs_per_s),
    ))
    .advise("A gp3 has no such credits. --soak 45m spends them and shows what is left.")
}

pub(super) fn azure_disk(device: &str, bytes: u64) -> Words {
    Words::message(format!(
        "{device} is an Azure disk of {}. If it is a Premium SSD, it bursts for 30 minutes and is slower afterwards.",
        format_bytes(bytes),
    ))
    .advise("Above 512 GiB (P30) it does not rely on bursts. --soak 45m spends them and shows what is left.")
}
