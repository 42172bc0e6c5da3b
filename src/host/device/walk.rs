//! The way down: mount by mount, device by device.

use std::collections::BTreeSet;
use std::path::Path;

use crate::result::{DiskFacts, FileSystemBelow};
use crate::system::System;
use crate::system::mount::{self, Mount};

use crate::host::device::block::BlockDir;
use crate::host::device::cloud;
use crate::host::device::cloud::Dmi;
use crate::host::device::filesystem::{Storage, storage};
use crate::host::device::zfs;

/// The facts under `directory`, its space left out.
pub(super) fn under(system: &System, directory: &Path) -> DiskFacts {
    let mut walk = Walk::new(system);
    if let Some(mount) = walk.mount_of(directory) {
        walk.facts.mount_point = Some(mount.point.clone());
        walk.facts.mount_source = Some(mount.source.clone());
        walk.facts.filesystem = Some(mount.filesystem.clone());
        walk.facts.mount_options = mount.options.clone();
        walk.descend(&mount, directory);
    }
    walk.facts
}

/// The devices that the block device with this number is built on, itself among them.
pub(super) fn from(system: &System, number: &str) -> DiskFacts {
    let mut walk = Walk::new(system);
    if !number.starts_with("0:") {
        walk.device(number);
    }
    walk.facts
}

struct Walk<'a> {
    system: &'a System,
    dmi: Dmi,
    facts: DiskFacts,
    seen_devices: BTreeSet<String>,
    seen_mounts: BTreeSet<u64>,
}

impl<'a> Walk<'a> {
    fn new(system: &'a System) -> Self {
        Walk {
            system,
            dmi: Dmi::read(system),
            facts: DiskFacts::default(),
            seen_devices: BTreeSet::new(),
            seen_mounts: BTreeSet::new(),
        }
    }
}

impl Walk<'_> {
    fn unknown(&mut self, what: String) {
        self.facts.unknown.push(what);
    }

    /// The mount a path lies on, its ext4 details added.
    fn mount_of(&mut self, path: &Path) -> Option<Mount> {
        let Some(id) = self.system.mount_id(path) else {
            self.unknown(format!(
                "the mount of {}: the kernel does not tell its id",
                path.display()
            ));
            return None;
        };
        let Some(mut mount) = mount::find(self.system, id) else {
            self.unknown(format!(
                "the mount of {} (id {id}): it is not in this process' mount table (a chroot?)",
                path.display()
            ));
            return None;
        };
        self.add_journal_options(&mut mount);
        Some(mount)
    }

    /// The mount table leaves defaults out; ext4 tells its journal mode elsewhere.
    fn add_journal_options(&self, mount: &mut Mount) {
        if !mount.filesystem.starts_with("ext") {
            return;
        }
        let Some(device) = BlockDir::by_number(self.system, &mount.number) else {
            return;
        };
        let file = format!("/proc/fs/ext4/{}/options", device.name());
        let Some(options) = self.system.read(file) else {
            return;
        };
        let journal =
            options.lines().filter(|line| line.starts_with("data=") || line.starts_with("commit="));
        for option in journal {
            if mount.option(option.split('=').next().unwrap_or("")).is_none() {
                mount.options.push(option.to_owned());
            }
        }
    }

    /// From a mount to the devices behind it. `path` is what led here.
    fn descend(&mut self, mount: &Mount, path: &Path) {
        if !self.seen_mounts.insert(mount.id) {
            return;
        }
        if !mount.number.starts_with("0:") {
            return self.device(&mount.number);
        }
        match mount.filesystem.as_str() {
            "btrfs" => self.btrfs(mount),
            "zfs" => self.zfs(mount),
            "overlay" => self.overlay(mount, path),
            other => {
                if let Some(why) = no_devices(other, &mount.source) {
                    self.unknown(why);
                }
            }
        }
    }

    /// btrfs shows an anonymous device number; its devices are listed below its own uuid.
    fn btrfs(&mut self, mount: &Mount) {
        let source = self
            .system
            .resolve(&mount.source)
            .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
            .or_else(|| Some(mount.source.rsplit('/').next()?.to_owned()))
            .unwrap_or_default();
        let devices = self
            .system
            .names("/sys/fs/btrfs")
            .into_iter()
            .map(|fsid| format!("/sys/fs/btrfs/{fsid}/devices"))
            .find(|list| self.system.names(list).contains(&source));
        let Some(list) = devices else {
            return self.unknown(format!(
                "the devices of this btrfs: no list in /sys/fs/btrfs names {}",
                mount.source
            ));
        };
        for name in self.system.names(&list) {
            match self.system.read(format!("{list}/{name}/dev")) {
                Some(number) => self.device(&number),
                None => self.unknown(format!("the btrfs device {name}: sysfs tells no number")),
            }
        }
    }

    /// ZFS keeps its disks to itself; only its own tools know them.
    fn zfs(&mut self, mount: &Mount) {
        let pool = mount.source.split('/').next().unwrap_or(&mount.source);
        let paths = zfs::pool_devices(pool);
        if paths.is_empty() {
            self.unknown(format!(
                "the disks of the ZFS pool {pool}: `zpool list -v` does not tell them here"
            ));
        }
        for path in paths {
            let number = path
                .rsplit('/')
                .next()
                .and_then(|name| self.system.read(format!("/sys/class/block/{name}/dev")));
            match number {
                Some(number) => self.device(&number),
                None => self.unknown(format!("the ZFS device {path}: not in /sys/class/block")),
            }
        }
    }

    /// What is written to an overlay lands in its upper directory. In a container that path is the host's, usually
    /// out of sight, and another directory may have its name here: it counts only if it reports the same space.
    fn overlay(&mut self, mount: &Mount, path: &Path) {
        let Some(upper) = mount.option("upperdir").map(str::to_owned) else {
            return self
                .unknown("the disk under this overlay: it has no upper directory".to_owned());
        };
        let upper_path = Path::new(&upper);
        if !self.same_space(path, upper_path) {
            return self.unknown(format!(
                "the disk under this overlay: its upper directory {upper} cannot be seen from here (a container?); \
                 mount a volume and qualify that, as etcd should use one too"
            ));
        }
        self.below(upper_path, "overlay upper directory".to_owned());
    }

    fn same_space(&self, a: &Path, b: &Path) -> bool {
        let space = |path: &Path| {
            rustix::fs::statvfs(self.system.place(path))
                .ok()
                .map(|s| (s.f_blocks, s.f_frsize, s.f_files))
        };
        let of_a = space(a);
        of_a.is_some() && of_a == space(b)
    }

    /// Continues in another file system that carries the one above.
    fn below(&mut self, path: &Path, reached_through: String) {
        let Some(mount) = self.mount_of(path) else {
            return;
        };
        self.facts.below.push(FileSystemBelow {
            path: path.to_string_lossy().into_owned(),
            reached_through,
            mount_source: mount.source.clone(),
            filesystem: mount.filesystem.clone(),
            mount_options: mount.options.clone(),
        });
        self.descend(&mount, path);
    }

    /// A block device and all it is built on.
    fn device(&mut self, number: &str) {
        if !self.seen_devices.insert(number.to_owned()) {
            return;
        }
        let Some(dir) = BlockDir::by_number(self.system, number) else {
            return self.unknown(format!(
                "the block device {number}: not in /sys/dev/block (no sysfs here?)"
            ));
        };
        let mut device = dir.describe(number);
        device.cloud = cloud::volume(&device, &self.dmi);
        let kind = device.kind.clone();
        let name = device.name.clone();
        self.facts.devices.push(device);
        if let Some(parent) = dir.parent() {
            return self.device(&parent);
        }
        for slave in dir.slaves() {
            self.device(&slave);
        }
        if kind == "loop" {
            self.loop_file(&name, dir.backing_file());
        }
    }

    fn loop_file(&mut self, name: &str, file: Option<String>) {
        let Some(file) = file else {
            return self.unknown(format!("the backing file of {name}: sysfs does not tell it"));
        };
        if !self.system.exists(&file) {
            return self.unknown(format!(
                "the disk under {name}: its backing file {file} cannot be seen from here"
            ));
        }
        self.below(Path::new(&file), format!("backing file of {name}"));
    }
}

/// Why there is no block device to show, where there is none by nature.
fn no_devices(filesystem: &str, source: &str) -> Option<String> {
    match storage(filesystem) {
        Storage::Memory => None,
        Storage::Network => {
            Some(format!("the disk behind {filesystem}: it belongs to the server ({source})"))
        }
        Storage::Host => {
            Some(format!("the disk behind {filesystem}: it belongs to the host ({source})"))
        }
        Storage::UserSpace => {
            Some(format!("the disk behind {filesystem}: a user-space program decides ({source})"))
        }
        Storage::Local | Storage::Stacked | Storage::Unknown => Some(format!(
            "the disk behind {filesystem} ({source}): the kernel shows no block device for it"
        )),
    }
}
