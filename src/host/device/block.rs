//! One block device, as sysfs describes it.

use std::collections::BTreeMap;

use crate::result::BlockDevice;
use crate::system::System;

/// A size in sysfs is in these, whatever the device's own blocks are (include/linux/blk_types.h, SECTOR_SIZE).
pub(super) const SECTOR_BYTES: u64 = 512;

/// Queue settings worth recording that have no field of their own.
const QUEUE_SETTINGS: &[&str] = &[
    "nr_requests",
    "wbt_lat_usec",
    "nomerges",
    "rq_affinity",
    "max_sectors_kb",
    "minimum_io_size",
    "optimal_io_size",
    "discard_max_bytes",
    "write_zeroes_unmap_max_hw_bytes",
    "zoned",
    "dax",
];

/// The sysfs directory of a device, and what is read there.
pub(super) struct BlockDir<'a> {
    system: &'a System,
    /// Absolute, links followed.
    path: String,
    name: String,
}

impl<'a> BlockDir<'a> {
    /// By `major:minor`.
    pub(super) fn by_number(system: &'a System, number: &str) -> Option<Self> {
        let path = system.resolve(format!("/sys/dev/block/{number}"))?;
        Some(BlockDir {
            system,
            name: path.file_name()?.to_string_lossy().into_owned(),
            path: path.to_string_lossy().into_owned(),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, file: &str) -> Option<String> {
        self.system.read(format!("{}/{file}", self.path))
    }

    fn number(&self, file: &str) -> Option<u64> {
        self.read(file)?.parse().ok()
    }

    /// The numbers of the devices this one is built on.
    pub(super) fn slaves(&self) -> Vec<String> {
        self.system
            .names(format!("{}/slaves", self.path))
            .iter()
            .filter_map(|slave| self.read(&format!("slaves/{slave}/dev")))
            .collect()
    }

    /// For a partition, the number of the disk it is on.
    pub(super) fn parent(&self) -> Option<String> {
        self.read("partition")?;
        let (parent, _) = self.path.rsplit_once('/')?;
        self.system.read(format!("{parent}/dev"))
    }

    /// For a loop device, its backing file as this process would name it.
    pub(super) fn backing_file(&self) -> Option<String> {
        self.read("loop/backing_file")
    }

    /// Everything that is recorded about it. Partitions share their disk's queue and are described by their name
    /// and size alone.
    pub(super) fn describe(&self, number: &str) -> BlockDevice {
        let (kind, detail) = self.kind();
        let mut device = BlockDevice {
            name: self.name.clone(),
            number: number.to_owned(),
            kind,
            detail,
            size_bytes: self.number("size").map(|sectors| sectors * SECTOR_BYTES),
            ..BlockDevice::default()
        };
        if device.kind == "partition" {
            return device;
        }
        device.transport = self.transport();
        device.model = self.read("device/model").or_else(|| self.card_name());
        device.vendor = self.read("device/vendor").filter(|vendor| !vendor.starts_with("0x")); // virtio and PCI put a number here
        device.firmware = ["device/firmware_rev", "device/rev", "device/fwrev"]
            .iter()
            .find_map(|file| self.read(file));
        device.rotational = self.number("queue/rotational").map(|flag| flag != 0);
        device.scheduler = self.read("queue/scheduler").map(|text| chosen(&text));
        device.write_cache = self.read("queue/write_cache");
        device.fua = self.number("queue/fua").map(|flag| flag != 0);
        device.logical_block_size = self.number("queue/logical_block_size");
        device.physical_block_size = self.number("queue/physical_block_size");
        device.queue = self.queue();
        device
    }

    fn queue(&self) -> BTreeMap<String, String> {
        QUEUE_SETTINGS
            .iter()
            .filter_map(|&name| Some((name.to_owned(), self.read(&format!("queue/{name}"))?)))
            .collect()
    }

    /// The product name of an SD card or eMMC.
    fn card_name(&self) -> Option<String> {
        self.name.starts_with("mmcblk").then_some(())?;
        self.read("device/name")
    }

    /// The kind of layer, and what tells it from others of its kind.
    fn kind(&self) -> (String, Option<String>) {
        let (kind, detail) = if self.read("partition").is_some() {
            ("partition", None)
        } else if let Some(uuid) = self.read("dm/uuid") {
            (mapper_kind(&uuid), self.read("dm/name"))
        } else if self.name.starts_with("dm-") {
            ("device-mapper", self.read("dm/name"))
        } else if let Some(level) = self.read("md/level") {
            ("raid", Some(level))
        } else if let Some(mode) = self.read("bcache/cache_mode") {
            ("bcache", Some(chosen(&mode)))
        } else {
            match self.name.trim_end_matches(|c: char| c.is_ascii_digit()) {
                "loop" => ("loop", self.backing_file()),
                "zram" => ("zram", None),
                "ram" => ("ramdisk", None),
                "pmem" => ("pmem", None),
                "nbd" => ("nbd", self.read("backend")),
                "rbd" => ("rbd", self.rbd_image()),
                "drbd" => ("drbd", None),
                _ => ("disk", None),
            }
        };
        (kind.to_owned(), detail)
    }

    fn rbd_image(&self) -> Option<String> {
        let id = self.name.strip_prefix("rbd")?;
        let field = |name: &str| self.system.read(format!("/sys/bus/rbd/devices/{id}/{name}"));
        Some(format!("{}/{}", field("pool")?, field("name")?))
    }

    /// The bus, read off the device's place in the tree.
    fn transport(&self) -> Option<String> {
        if self.name.starts_with("nvme") {
            return Some(match self.read("device/transport").as_deref() {
                Some("pcie") | None => "nvme".to_owned(),
                Some(fabric) => format!("nvme-{fabric}"),
            });
        }
        let device = self.system.resolve(format!("{}/device", self.path))?;
        let path = device.to_string_lossy();
        let buses = [
            ("/usb", "usb"),
            ("/virtio", "virtio"),
            ("/mmc_host", "mmc"),
            ("/session", "iscsi"),
            ("/rport-", "fibre channel"),
            ("/end_device-", "sas"),
            ("/ata", "sata"),
            ("/vmbus", "vmbus"),
            ("/VMBUS", "vmbus"),
            ("/vbd-", "xen"),
        ];
        buses.into_iter().find(|(part, _)| path.contains(part)).map(|(_, bus)| bus.to_owned())
    }
}

/// The device-mapper target's owner, by the prefix it puts before the uuid.
fn mapper_kind(uuid: &str) -> &'static str {
    let prefixes = [
        ("LVM-", "lvm"),
        ("CRYPT-", "crypt"),
        ("mpath-", "multipath"),
        ("DMRAID-", "raid"),
        ("part", "partition"),
    ];
    prefixes
        .into_iter()
        .find(|(prefix, _)| uuid.starts_with(prefix))
        .map_or("device-mapper", |(_, kind)| kind)
}

/// The bracketed word of `none [mq-deadline] kyber`, or the whole text.
fn chosen(text: &str) -> String {
    text.split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or(text, |(word, _)| word)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use crate::host::device::block::*;

    #[test]
    fn the_bracketed_word_is_the_chosen_one() {
        assert_eq!(chosen("none [mq-deadline] kyber"), "mq-deadline");
        assert_eq!(chosen("none"), "none");
    }

    #[test]
    fn mapper_owners() {
        assert_eq!(mapper_kind("LVM-abc"), "lvm");
        assert_eq!(mapper_kind("CRYPT-LUKS2-abc-luks"), "crypt");
        assert_eq!(mapper_kind("mpath-3600"), "multipath");
        assert_eq!(mapper_kind("part1-mpath-3600"), "partition");
        assert_eq!(mapper_kind("other"), "device-mapper");
    }
}
