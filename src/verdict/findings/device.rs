//! What the mount, the device and the limits on them say by themselves.

use crate::result::{BlockDevice, DiskFacts, Finding, Mapping, Severity};

use super::super::evidence::Evidence;
use super::{Complete, finding};

/// File systems in another machine or process.
const REMOTE: [&str; 9] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "9p",
    "virtiofs",
    "ceph",
    "glusterfs",
    "afs",
];
/// Names of limits on I/O, as cgroup v2 and v1 have them.
const IO_LIMITS: [&str; 3] = ["io.max", "io.latency", "blkio.throttle"];

pub(super) fn find(evidence: &Evidence) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(disk) = evidence.run.header.environment.disk.as_ref() {
        found.extend(mapping(disk));
        found.extend(filesystem(disk));
        found.extend(barriers(disk));
        found.extend(scheduler(disk));
    }
    found.extend(limits(evidence));
    found
}

/// Whether the name of a limit, as recorded, is one on I/O.
pub(super) fn is_io_limit(name: &str) -> bool {
    IO_LIMITS.iter().any(|limit| name.starts_with(limit))
}

fn mapping(disk: &DiskFacts) -> Option<Finding> {
    if disk.mapping != Some(Mapping::NotConfirmed) {
        return None;
    }
    let names: Vec<&str> = disk
        .devices
        .iter()
        .map(|device| device.name.as_str())
        .collect();
    let message = format!(
        "The write counters of {} did not move with what was written: mapping not confirmed.",
        if names.is_empty() {
            "the device".to_owned()
        } else {
            names.join(" → ")
        }
    );
    Some(finding("mapping_not_confirmed", Severity::Warning, message).advise(
        "Read what is said about the device with care: the data may go elsewhere, or nowhere yet.",
    ))
}

fn filesystem(disk: &DiskFacts) -> Option<Finding> {
    let filesystem = disk.filesystem.as_deref()?;
    match filesystem {
        "tmpfs" | "ramfs" => Some(
            finding("memory_filesystem", Severity::Critical, format!("{filesystem} keeps everything in memory."))
                .advise("Name a directory on a disk."),
        ),
        "overlay" => Some(
            finding(
                "overlay",
                Severity::Warning,
                "This is the writable layer of a container: it goes with the container.".to_owned(),
            )
            .advise("Mount a volume and name a directory on it."),
        ),
        _ if REMOTE.contains(&filesystem) || filesystem.starts_with("fuse") => Some(
            finding(
                "remote_filesystem",
                Severity::Warning,
                format!("{filesystem} hands writes to another machine or process, whose disk is not seen from here."),
            )
            .advise("Use a local disk: network file systems are not recommended for etcd."),
        ),
        _ => None,
    }
}

/// Options that make a sync return before the data is safe: ext4(5), xfs(5), overlayfs.rst.
fn barriers(disk: &DiskFacts) -> Option<Finding> {
    const UNSAFE: [&str; 3] = ["nobarrier", "barrier=0", "volatile"];
    let option = disk
        .mount_options
        .iter()
        .find(|option| UNSAFE.contains(&option.as_str()))?;
    let message = format!(
        "Mounted with '{option}': a sync does not wait until the data is on stable storage."
    );
    Some(
        finding("unsafe_mount", Severity::Critical, message)
            .advise(format!("Mount it again without '{option}' and run again.")),
    )
}

fn scheduler(disk: &DiskFacts) -> Option<Finding> {
    let device = disk
        .devices
        .iter()
        .find(|device| is_fast(device) && is_fair_queueing(device))?;
    let scheduler = device.scheduler.as_deref().unwrap_or_default();
    let message = format!(
        "{} uses the I/O scheduler {scheduler}, which waits to be fair.",
        device.name
    );
    Some(
        finding("scheduler", Severity::Info, message).advise(format!(
            "Try 'none' or 'mq-deadline' in /sys/block/{}/queue/scheduler and compare.",
            device.name
        )),
    )
}

fn is_fast(device: &BlockDevice) -> bool {
    device.rotational == Some(false) || device.transport.as_deref() == Some("nvme")
}

fn is_fair_queueing(device: &BlockDevice) -> bool {
    matches!(device.scheduler.as_deref(), Some("bfq" | "cfq"))
}

fn limits(evidence: &Evidence) -> Option<Finding> {
    let limits = &evidence.run.header.environment.limits;
    let in_force: Vec<String> = limits
        .iter()
        .filter(|(name, value)| is_io_limit(name) && limits_anything(value))
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    if in_force.is_empty() {
        return None;
    }
    let message = format!(
        "Limits on this process' I/O are in force: {}.",
        in_force.join(", ")
    );
    Some(finding("io_limits", Severity::Warning, message).advise(
        "What was measured is the limit, not the disk. Run it under the limits that etcd will have.",
    ))
}

/// Whether the value of a limit limits something: `8:0 rbps=max wbps=max` does not.
fn limits_anything(value: &str) -> bool {
    let named: Vec<&str> = value
        .split_whitespace()
        .filter_map(|part| Some(part.split_once('=')?.1))
        .collect();
    if named.is_empty() {
        !value.trim().is_empty() && value.trim() != "max"
    } else {
        named.iter().any(|value| *value != "max")
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::Builder;
    use super::limits_anything;
    use crate::result::{BlockDevice, DiskFacts, Mapping};

    fn codes(change: impl FnOnce(&mut DiskFacts)) -> Vec<String> {
        let summary = Builder::healthy(1).disk(change).conclude();
        summary
            .findings
            .into_iter()
            .map(|finding| finding.code)
            .collect()
    }

    #[test]
    fn each_oddity_is_told_and_nothing_else() {
        assert_eq!(codes(|_| {}), Vec::<String>::new());
        assert_eq!(
            codes(|disk| disk.mapping = Some(Mapping::NotConfirmed)),
            ["mapping_not_confirmed"]
        );
        assert_eq!(
            codes(|disk| disk.mapping = Some(Mapping::Confirmed)),
            Vec::<String>::new()
        );
        assert_eq!(
            codes(|disk| disk.filesystem = Some("tmpfs".to_owned())),
            ["memory_filesystem"]
        );
        assert_eq!(
            codes(|disk| disk.filesystem = Some("overlay".to_owned())),
            ["overlay"]
        );
        assert_eq!(
            codes(|disk| disk.filesystem = Some("fuse.sshfs".to_owned())),
            ["remote_filesystem"]
        );
        assert_eq!(
            codes(|disk| disk.mount_options = vec!["rw".to_owned(), "nobarrier".to_owned()]),
            ["unsafe_mount"]
        );
        let device = |scheduler: &str, rotational| BlockDevice {
            name: "sda".to_owned(),
            scheduler: Some(scheduler.to_owned()),
            rotational: Some(rotational),
            ..BlockDevice::default()
        };
        assert_eq!(
            codes(|disk| disk.devices = vec![device("bfq", false)]),
            ["scheduler"]
        );
        assert_eq!(
            codes(|disk| disk.devices = vec![device("bfq", true)]),
            Vec::<String>::new()
        );
        assert_eq!(
            codes(|disk| disk.devices = vec![device("none", false)]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn limits_without_effect_are_no_limits() {
        assert!(!limits_anything(
            "8:0 rbps=max wbps=max riops=max wiops=max"
        ));
        assert!(!limits_anything("max"));
        assert!(!limits_anything(""));
        assert!(limits_anything("8:0 rbps=max wbps=max riops=max wiops=400"));
        assert!(limits_anything("7:0 400"));
        let with = |name: &str| {
            let run = Builder::healthy(1).run(|run| {
                run.header
                    .environment
                    .limits
                    .insert(name.to_owned(), "8:0 wiops=400".to_owned());
            });
            run.conclude().findings.len()
        };
        assert_eq!(with("io.max"), 1);
        assert_eq!(with("blkio.throttle.write_iops_device"), 1);
        assert_eq!(with("io.weight"), 0);
    }
}
