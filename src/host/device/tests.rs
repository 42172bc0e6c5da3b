//! Machines imitated by a directory, and the real one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::host::device::*;

/// A directory that imitates `/proc` and `/sys`.
struct Machine {
    root: TempDir,
    mounts: String,
}

impl Machine {
    fn new() -> Self {
        Machine { root: tempfile::tempdir().expect("a temporary directory"), mounts: String::new() }
    }

    fn place(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    fn dir(&self, path: &str) {
        fs::create_dir_all(self.place(path)).expect("a directory");
    }

    fn file(&self, path: &str, text: &str) {
        let place = self.place(path);
        fs::create_dir_all(place.parent().expect("a parent")).expect("a directory");
        fs::write(place, format!("{text}\n")).expect("a file");
    }

    fn link(&self, path: &str, target: &str) {
        let place = self.place(path);
        fs::create_dir_all(place.parent().expect("a parent")).expect("a directory");
        std::os::unix::fs::symlink(self.place(target), place).expect("a link");
    }

    fn mount(&mut self, line: &str) {
        self.mounts.push_str(line);
        self.mounts.push('\n');
    }

    /// A block device at `sysfs`, below `/sys/devices`, with files as `(name, text)`.
    fn device(&self, number: &str, sysfs: &str, files: &[(&str, &str)]) {
        let path = format!("/sys/devices/{sysfs}");
        self.file(&format!("{path}/dev"), number);
        for (name, text) in files {
            self.file(&format!("{path}/{name}"), text);
        }
        self.link(&format!("/sys/dev/block/{number}"), &path);
        let name = sysfs.rsplit('/').next().expect("a name");
        self.link(&format!("/sys/class/block/{name}"), &path);
        if !files.iter().any(|(file, _)| *file == "partition") {
            self.link(&format!("/sys/block/{name}"), &path);
        }
    }

    fn slave(&self, of: &str, slave: &str) {
        let name = slave.rsplit('/').next().expect("a name");
        self.link(&format!("/sys/devices/{of}/slaves/{name}"), &format!("/sys/devices/{slave}"));
    }

    fn system(&self, mount_ids: &'static [(&'static str, u64)]) -> System {
        self.file("/proc/self/mountinfo", &self.mounts);
        System::imitated(self.root.path(), move |path| {
            mount_ids.iter().find(|(prefix, _)| path.starts_with(prefix)).map(|&(_, id)| id)
        })
    }

    fn describe(&self, dir: &str, mount_ids: &'static [(&'static str, u64)]) -> DiskFacts {
        self.dir(dir);
        describe_in(&self.system(mount_ids), Path::new(dir)).expect("facts")
    }
}

fn layers(facts: &DiskFacts) -> Vec<String> {
    facts.devices.iter().map(|d| format!("{} {}", d.name, d.kind)).collect()
}

const NVME: &str = "pci0000:00/0000:00:04.0/nvme/nvme0/nvme0n1";

fn nvme_with_lvm_and_crypt() -> Machine {
    let mut machine = Machine::new();
    machine.device(
        "259:0",
        NVME,
        &[
            ("device/model", "SAMSUNG MZQL2960HCJR-00A07           "),
            ("device/firmware_rev", "GDC5502Q"),
            ("device/transport", "pcie"),
            ("size", "1875385008"),
            ("queue/rotational", "0"),
            ("queue/scheduler", "[none] mq-deadline"),
            ("queue/write_cache", "write through"),
            ("queue/fua", "0"),
            ("queue/logical_block_size", "512"),
            ("queue/physical_block_size", "4096"),
            ("queue/nr_requests", "1023"),
            ("stat", "1 0 8 0 10 0 80 4 0 3 0 0 0 0 0 7 1"),
        ],
    );
    machine.device(
        "259:3",
        &format!("{NVME}/nvme0n1p3"),
        &[("partition", "3"), ("size", "1000000")],
    );
    machine.device(
        "252:0",
        "virtual/block/dm-0",
        &[
            ("dm/uuid", "CRYPT-LUKS2-0a1b-luks"),
            ("dm/name", "luks"),
            ("queue/write_cache", "write through"),
        ],
    );
    machine.device(
        "252:1",
        "virtual/block/dm-1",
        &[("dm/uuid", "LVM-xyz"), ("dm/name", "vg-etcd")],
    );
    machine.slave("virtual/block/dm-1", "virtual/block/dm-0");
    machine.slave("virtual/block/dm-0", &format!("{NVME}/nvme0n1p3"));
    machine.mount("40 28 252:1 / /var/lib/etcd\\040one rw,noatime - ext4 /dev/mapper/vg-etcd rw");
    machine.file("/proc/fs/ext4/dm-1/options", "rw\nbarrier\ndata=ordered\ncommit=5");
    machine
}

#[test]
fn lvm_on_crypt_on_an_nvme_partition() {
    let machine = nvme_with_lvm_and_crypt();
    let facts = machine.describe("/var/lib/etcd one", &[("/var/lib/etcd one", 40)]);
    assert_eq!(layers(&facts), ["dm-1 lvm", "dm-0 crypt", "nvme0n1p3 partition", "nvme0n1 disk"]);
    assert_eq!(facts.filesystem.as_deref(), Some("ext4"));
    assert_eq!(facts.mount_point.as_deref(), Some("/var/lib/etcd one"));
    assert_eq!(facts.mount_options, ["rw", "noatime", "data=ordered", "commit=5"]);
    let disk = &facts.devices[3];
    assert_eq!(disk.model.as_deref(), Some("SAMSUNG MZQL2960HCJR-00A07"));
    assert_eq!(disk.transport.as_deref(), Some("nvme"));
    assert_eq!(disk.size_bytes, Some(1_875_385_008 * 512));
    assert_eq!(disk.rotational, Some(false));
    assert_eq!(disk.scheduler.as_deref(), Some("none"));
    assert_eq!(disk.write_cache.as_deref(), Some("write through"));
    assert_eq!(disk.fua, Some(false));
    assert_eq!(disk.queue["nr_requests"], "1023");
    assert_eq!(disk.cloud, None);
    assert_eq!(facts.devices[1].detail.as_deref(), Some("luks"));
    assert!(facts.unknown.is_empty(), "{:?}", facts.unknown);
}

#[test]
fn counters_of_the_disk_below_the_stack() {
    let machine = nvme_with_lvm_and_crypt();
    let facts = machine.describe("/d", &[("/d", 40)]);
    let system = Arc::new(machine.system(&[]));
    let counters = DeviceCounters::find_in(system, &facts).expect("counters");
    assert_eq!(counters.description(), "nvme0n1, under dm-1");
    let before = counters.snapshot().expect("a reading");
    machine.file(&format!("/sys/devices/{NVME}/stat"), "1 0 8 0 14 0 160 9 0 9 0 0 0 0 0 9 2");
    let grown = counters.snapshot().expect("a reading").since(&before);
    assert_eq!((grown.writes, grown.written_bytes), (4, 80 * 512));
    assert_eq!(grown.flushes, Some(2));
}

#[test]
fn a_mirror_of_two_disks() {
    let mut machine = Machine::new();
    for (number, name) in [("8:0", "sda"), ("8:16", "sdb")] {
        let ata = format!("pci0/ata1/host0/target0/0:0:0:0/block/{name}");
        machine.device(
            number,
            &ata,
            &[("queue/rotational", "1"), ("stat", "1 0 8 0 10 0 80 4 0 3 0 0 0 0 0 7 1")],
        );
        machine.dir("/sys/devices/pci0/ata1/host0/target0/0:0:0:0/model");
        machine.link(
            &format!("/sys/devices/{ata}/device"),
            "/sys/devices/pci0/ata1/host0/target0/0:0:0:0",
        );
        machine.slave("virtual/block/md0", &ata);
    }
    machine.device("9:0", "virtual/block/md0", &[("md/level", "raid1")]);
    machine.mount("5 1 9:0 / / rw - xfs /dev/md0 rw");
    let facts = machine.describe("/data", &[("/", 5)]);
    assert_eq!(layers(&facts), ["md0 raid", "sda disk", "sdb disk"]);
    assert_eq!(facts.devices[0].detail.as_deref(), Some("raid1"));
    assert_eq!(facts.devices[1].transport.as_deref(), Some("sata"));
    let counters = DeviceCounters::find_in(Arc::new(machine.system(&[])), &facts).expect("both");
    assert_eq!(counters.description(), "sda and sdb (together), under md0");
    assert_eq!(counters.snapshot().expect("a reading").writes, 20);
}

#[test]
fn an_ebs_volume() {
    let mut machine = Machine::new();
    machine.device("259:1", NVME, &[("device/model", "Amazon Elastic Block Store")]);
    machine.mount("5 1 259:1 / / rw - xfs /dev/nvme1n1 rw");
    let facts = machine.describe("/", &[("/", 5)]);
    assert_eq!(facts.devices[0].cloud.as_deref(), Some("AWS EBS"));
}

#[test]
fn an_overlay_in_a_container_says_what_it_cannot_see() {
    let mut machine = Machine::new();
    machine.mount(
        "600 500 0:50 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/var/lib/docker/o/1/diff,workdir=/w",
    );
    let facts = machine.describe("/data", &[("/data", 600)]);
    assert!(facts.devices.is_empty());
    assert_eq!(facts.filesystem.as_deref(), Some("overlay"));
    assert_eq!(facts.unknown.len(), 1);
    assert!(facts.unknown[0].contains("/var/lib/docker/o/1/diff"));
}

#[test]
fn an_overlay_whose_upper_directory_is_visible() {
    let mut machine = nvme_with_lvm_and_crypt();
    machine.mount(
        "600 1 0:50 / /merged rw - overlay overlay rw,lowerdir=/l,upperdir=/up/per,volatile",
    );
    machine.dir("/up/per");
    let facts = machine.describe("/merged", &[("/merged", 600), ("/up", 40)]);
    assert_eq!(facts.below[0].filesystem, "ext4");
    assert_eq!(facts.below[0].path, "/up/per");
    assert_eq!(layers(&facts).last().map(String::as_str), Some("nvme0n1 disk"));
}

#[test]
fn a_loop_device_is_followed_into_its_file() {
    let mut machine = nvme_with_lvm_and_crypt();
    machine.device("7:0", "virtual/block/loop0", &[("loop/backing_file", "/images/disk.img")]);
    machine.file("/images/disk.img", "");
    machine.mount("70 1 7:0 / /mnt rw - ext4 /dev/loop0 rw");
    let facts = machine.describe("/mnt", &[("/mnt", 70), ("/images", 40)]);
    assert_eq!(layers(&facts)[..2], ["loop0 loop", "dm-1 lvm"]);
    assert_eq!(facts.below[0].reached_through, "backing file of loop0");
    assert_eq!(facts.devices[0].detail.as_deref(), Some("/images/disk.img"));
}

#[test]
fn a_loop_device_whose_file_is_out_of_sight() {
    let mut machine = Machine::new();
    machine.device(
        "7:0",
        "virtual/block/loop0",
        &[("loop/backing_file", "/gone/disk.img (deleted)")],
    );
    machine.mount("70 1 7:0 / /mnt rw - ext4 /dev/loop0 rw");
    let facts = machine.describe("/mnt", &[("/mnt", 70)]);
    assert_eq!(layers(&facts), ["loop0 loop"]);
    assert!(facts.unknown[0].contains("/gone/disk.img (deleted)"));
}

#[test]
fn btrfs_over_two_devices() {
    let mut machine = Machine::new();
    for (number, name) in [("8:0", "sda"), ("8:16", "sdb")] {
        machine.device(number, &format!("x/block/{name}"), &[]);
        machine.link(
            &format!("/sys/fs/btrfs/1111-2222/devices/{name}"),
            &format!("/sys/devices/x/block/{name}"),
        );
    }
    machine.dir("/sys/fs/btrfs/features");
    machine.mount("70 1 0:44 /@home /home rw - btrfs /dev/sdb rw,subvol=/@home");
    let facts = machine.describe("/home/etcd", &[("/home", 70)]);
    assert_eq!(layers(&facts), ["sda disk", "sdb disk"]);
}

#[test]
fn network_host_and_memory_file_systems() {
    let mut machine = Machine::new();
    machine.mount("1 0 0:40 / /nfs rw - nfs4 filer:/export/etcd rw,vers=4.2");
    machine.mount("2 0 0:41 / /host rw - 9p share rw,trans=virtio");
    machine.mount("3 0 0:42 / /ram rw - tmpfs tmpfs rw,size=1g");
    machine.mount("4 0 0:43 / /user rw - fuse.sshfs me@there: rw");
    let ids: &[(&str, u64)] = &[("/nfs", 1), ("/host", 2), ("/ram", 3), ("/user", 4)];
    let nfs = machine.describe("/nfs", ids);
    assert!(nfs.unknown[0].contains("filer:/export/etcd"));
    assert_eq!(nfs.mount_source.as_deref(), Some("filer:/export/etcd"));
    assert!(machine.describe("/host", ids).unknown[0].contains("host"));
    assert!(machine.describe("/ram", ids).unknown.is_empty());
    assert!(machine.describe("/user", ids).unknown[0].contains("user-space"));
}

#[test]
fn no_sysfs_and_no_mount_table() {
    let mut machine = Machine::new();
    machine.mount("5 1 259:1 / / rw - xfs /dev/nvme1n1 rw");
    let facts = machine.describe("/", &[("/", 5)]);
    assert!(facts.devices.is_empty());
    assert!(facts.unknown[0].contains("259:1"));
    let facts = machine.describe("/", &[("/", 99)]);
    assert!(facts.unknown[0].contains("mount table"));
    assert_eq!(facts.filesystem, None);
}

#[test]
fn this_machine_tells_a_file_system_and_its_space() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let facts = describe(dir.path()).expect("facts");
    assert!(facts.filesystem.is_some());
    assert!(facts.size_bytes >= facts.available_bytes);
    assert!(facts.block_size.is_some_and(|size| size >= 512));
    assert!(describe(Path::new("/no/such/directory")).is_err());
}
