//! The machine, its disk and the etcd it met, as the header tells them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Facts about the machine. What could not be found out is absent, not guessed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// Host name.
    pub host: String,
    /// Distribution, from os-release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Kernel release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// CPU architecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// CPU model name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_model: Option<String>,
    /// Logical CPUs this process may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// Frequency governor of CPU 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_governor: Option<String>,
    /// Memory of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Hypervisor or cloud, from DMI and the CPU flags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtualization: Option<String>,
    /// Kind of container, if in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Clock source of the kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clocksource: Option<String>,
    /// What limits this process' I/O, CPU and memory, as `name: value` (cgroup v1 or v2).
    #[serde(default)]
    pub limits: BTreeMap<String, String>,
    /// Kernel settings that matter: `vm.dirty_ratio` …
    #[serde(default)]
    pub sysctls: BTreeMap<String, String>,
    /// The disk under the measured directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<DiskFacts>,
    /// etcd versions and settings, for runs that meet an etcd.
    #[serde(default)]
    pub etcd: BTreeMap<String, String>,
    /// The members of the etcd that was driven, in the order that `member` of a series counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberFacts>,
}

/// A member of an etcd cluster at the beginning of the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberFacts {
    /// etcd's id of it, hexadecimal.
    pub id: String,
    /// Its `--name`.
    pub name: String,
    /// Where it was reached.
    pub endpoint: String,
    /// Version of its server; empty when it did not answer.
    pub version: String,
    /// Whether it led.
    pub leader: bool,
    /// Whether it only learned.
    pub learner: bool,
    /// Size of its database file.
    pub db_bytes: u64,
    /// Its quota, where it could be found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_bytes: Option<u64>,
}

/// Directory → mount → block devices.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct DiskFacts {
    /// The directory that was qualified, absolute.
    pub directory: String,
    /// Mount point it lies on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount_point: Option<String>,
    /// What is mounted there (`/dev/nvme0n1p2`, `overlay`, `server:/export`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount_source: Option<String>,
    /// File system type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filesystem: Option<String>,
    /// Mount options and super-block options.
    #[serde(default)]
    pub mount_options: Vec<String>,
    /// File-system block size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_size: Option<u64>,
    /// Size of the file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Space an unprivileged process may still use, before the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_bytes: Option<u64>,
    /// Free inodes before the run; absent where the file system has no such limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_inodes: Option<u64>,
    /// The block devices from the file system down to the hardware, top first.
    #[serde(default)]
    pub devices: Vec<BlockDevice>,
    /// File systems that carry the first: of an overlay's upper directory, of a loop device's backing file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<FileSystemBelow>,
    /// Whether the device's own write counters moved as much as was written: `confirmed`, `not confirmed`, or
    /// absent when there are no counters to watch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapping>,
    /// What is not known and why, in words.
    #[serde(default)]
    pub unknown: Vec<String>,
}

/// A file system that carries another one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileSystemBelow {
    /// The directory or file that lies on it.
    pub path: String,
    /// What led there: `overlay upper directory`, `backing file of loop0`.
    pub reached_through: String,
    /// What is mounted.
    pub mount_source: String,
    /// File system type.
    pub filesystem: String,
    /// Mount options and super-block options.
    pub mount_options: Vec<String>,
}

/// Was the device found the one that was written to?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mapping {
    /// Its write counters moved with what we wrote.
    Confirmed,
    /// They did not.
    NotConfirmed,
}

/// One layer of the block device chain.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct BlockDevice {
    /// Kernel name: `nvme0n1`, `dm-0`.
    pub name: String,
    /// `major:minor`.
    pub number: String,
    /// `disk`, `partition`, `lvm`, `crypt`, `multipath`, `raid`, `loop`, `zram`, `nbd`, `rbd`, `bcache` …
    pub kind: String,
    /// For a loop device its backing file; for RAID its level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Model name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Firmware revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// `nvme`, `sata`, `virtio`, `usb`, `mmc` … where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// Size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// What the device claims; virtual disks claim it without meaning it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotational: Option<bool>,
    /// I/O scheduler in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<String>,
    /// `write back` or `write through`, as the kernel believes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_cache: Option<String>,
    /// Whether the device takes forced-unit-access writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fua: Option<bool>,
    /// Logical block size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logical_block_size: Option<u64>,
    /// Physical block size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_block_size: Option<u64>,
    /// Other queue settings: `nr_requests`, `wbt_lat_usec`, `nomerges` …
    #[serde(default)]
    pub queue: BTreeMap<String, String>,
    /// The cloud volume this looks like, if any: `AWS EBS`, `GCP Persistent Disk` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud: Option<String>,
}
