//! What the mount, the device and the limits on them say by themselves.

use crate::result::{BlockDevice, DiskFacts, DurabilityOutcome, Mapping, Severity};

use super::super::evidence::Evidence;
use super::super::facts;
use super::{DiskFinding, Found};

/// File systems in another machine or process.
const REMOTE: [&str; 9] =
    ["nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "ceph", "glusterfs", "afs"];
/// Names of limits on writing, as cgroup v2 and v1 have them.
const WRITE_LIMITS: [&str; 2] = ["io.max", "blkio.throttle.write"];

pub(super) fn find(evidence: &Evidence) -> Vec<Found> {
    let mut found = Vec::new();
    if let Some(disk) = evidence.run.header.environment.disk.as_ref() {
        found.extend(mapping(disk));
        // Where the sync is shown to be none, that has been said, with the reason.
        if !disproved(evidence) {
            found.extend(filesystem(disk));
            found.extend(barriers(disk));
        }
        found.extend(scheduler(disk));
    }
    found.extend(limits(evidence));
    found
}

fn disproved(evidence: &Evidence) -> bool {
    facts::durability(evidence.run)
        .is_some_and(|found| found.outcome == DurabilityOutcome::Disproved)
}

fn mapping(disk: &DiskFacts) -> Option<Found> {
    if disk.mapping != Some(Mapping::NotConfirmed) {
        return None;
    }
    let names = disk.devices.iter().map(|device| device.name.clone()).collect();
    Some(Found::new(DiskFinding::MappingNotConfirmed(names), Severity::Warning))
}

fn filesystem(disk: &DiskFacts) -> Option<Found> {
    let filesystem = disk.filesystem.as_deref()?;
    let what = match filesystem {
        "tmpfs" | "ramfs" => DiskFinding::MemoryFilesystem(filesystem.to_owned()),
        "overlay" => DiskFinding::Overlay,
        _ if REMOTE.contains(&filesystem) || filesystem.starts_with("fuse") => {
            DiskFinding::RemoteFilesystem(filesystem.to_owned())
        }
        _ => return None,
    };
    Some(Found::new(what, Severity::Warning))
}

/// Options that make a sync return before the data is safe: ext4(5), xfs(5), overlayfs.rst.
fn barriers(disk: &DiskFacts) -> Option<Found> {
    const UNSAFE: [&str; 3] = ["nobarrier", "barrier=0", "volatile"];
    let option = disk.mount_options.iter().find(|option| UNSAFE.contains(&option.as_str()))?;
    Some(Found::new(DiskFinding::UnsafeMount(option.clone()), Severity::Warning))
}

fn scheduler(disk: &DiskFacts) -> Option<Found> {
    let device = disk.devices.iter().find(|device| is_fast(device) && is_fair_queueing(device))?;
    let scheduler = device.scheduler.clone().unwrap_or_default();
    Some(Found::new(DiskFinding::Scheduler(device.name.clone(), scheduler), Severity::Info))
}

fn is_fast(device: &BlockDevice) -> bool {
    device.rotational == Some(false) || device.transport.as_deref() == Some("nvme")
}

fn is_fair_queueing(device: &BlockDevice) -> bool {
    matches!(device.scheduler.as_deref(), Some("bfq" | "cfq"))
}

fn limits(evidence: &Evidence) -> Option<Found> {
    let in_force = write_limits(evidence);
    (!in_force.is_empty()).then(|| Found::new(DiskFinding::IoLimits(in_force), Severity::Warning))
}

/// The control groups' limits on writes to the device under the directory, as `name: value`.
pub(super) fn write_limits(evidence: &Evidence) -> Vec<String> {
    let environment = &evidence.run.header.environment;
    let devices = environment.disk.as_ref().map_or(&[] as &[BlockDevice], |disk| &disk.devices);
    let mut in_force = Vec::new();
    for (name, value) in &environment.limits {
        if !WRITE_LIMITS.iter().any(|limit| name.starts_with(limit)) {
            continue;
        }
        let ours = value
            .split(';')
            .map(str::trim)
            .filter(|line| limits_writes(line) && is_on(line, devices));
        in_force.extend(ours.map(|line| format!("{name}: {line}")));
    }
    in_force
}

/// Whether a line of a limit, `8:0 rbps=max wbps=max riops=max wiops=400` or `8:0 400`, limits writes.
fn limits_writes(line: &str) -> bool {
    let mut values = line.split_whitespace().skip(1).peekable();
    match values.peek() {
        Some(first) if first.contains('=') => {
            values.any(|value| value.starts_with('w') && !value.ends_with("=max"))
        }
        Some(_) => true,
        None => false,
    }
}

/// Whether it is on one of these devices; where none is known it may be.
fn is_on(line: &str, devices: &[BlockDevice]) -> bool {
    let number = line.split_whitespace().next().unwrap_or_default();
    devices.is_empty() || devices.iter().any(|device| device.number == number)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::Builder;
    use crate::result::{BlockDevice, DiskFacts, Mapping};

    fn codes(change: impl FnOnce(&mut DiskFacts)) -> Vec<String> {
        let summary = Builder::healthy(1).disk(change).conclude();
        summary.findings.into_iter().map(|finding| finding.code.to_string()).collect()
    }

    #[test]
    fn each_oddity_is_told_and_nothing_else() {
        assert_eq!(codes(|_| {}), Vec::<String>::new());
        assert_eq!(
            codes(|disk| disk.mapping = Some(Mapping::NotConfirmed)),
            ["mapping_not_confirmed"]
        );
        assert_eq!(codes(|disk| disk.mapping = Some(Mapping::Confirmed)), Vec::<String>::new());
        assert_eq!(codes(|disk| disk.filesystem = Some("tmpfs".to_owned())), ["memory_filesystem"]);
        assert_eq!(codes(|disk| disk.filesystem = Some("overlay".to_owned())), ["overlay"]);
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
        assert_eq!(codes(|disk| disk.devices = vec![device("bfq", false)]), ["scheduler"]);
        assert_eq!(codes(|disk| disk.devices = vec![device("bfq", true)]), Vec::<String>::new());
        assert_eq!(codes(|disk| disk.devices = vec![device("none", false)]), Vec::<String>::new());
    }

    #[test]
    fn limits_on_writes_to_this_device_are_told() {
        let told = |name: &str, value: &str| {
            let device = BlockDevice { number: "8:0".to_owned(), ..BlockDevice::default() };
            let builder = Builder::healthy(1).disk(|disk| disk.devices = vec![device]).run(|run| {
                run.header.environment.limits.insert(name.to_owned(), value.to_owned());
            });
            builder.conclude().findings.into_iter().map(|finding| finding.message).next()
        };
        assert_eq!(
            told("io.max (/pods)", "8:16 wbps=1048576; 8:0 rbps=max wbps=max riops=max wiops=400")
                .as_deref(),
            Some(
                "Limits on what this process may write are in force: io.max (/pods): 8:0 rbps=max wbps=max riops=max \
                 wiops=400."
            )
        );
        assert!(told("blkio.throttle.write_iops_device", "8:0 400").is_some());
        assert_eq!(told("blkio.throttle.write_iops_device", "8:16 400"), None, "another device");
        assert_eq!(told("blkio.throttle.read_iops_device", "8:0 400"), None, "reads only");
        assert_eq!(
            told("io.max", "8:0 rbps=1000 wbps=max riops=max wiops=max"),
            None,
            "reads only"
        );
        assert_eq!(told("io.weight", "default 50"), None);
    }
}
