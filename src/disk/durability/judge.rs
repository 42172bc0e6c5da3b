//! What the measured times and the device's counters say.

use crate::host::device::DeviceCounters;
use crate::result::{BlockDevice, DiskFacts};
use crate::units::{format_bytes, format_count, format_duration, significant};

use super::evidence::{Evidence, Weight};
use super::ladder::Measured;
use super::observer::Seen;

/// A file system's way to a device and back takes longer than this on anything but persistent memory; a sync that
/// does not is a system call that did nothing.
const NOTHING_DONE_NS: u64 = 5_000;

/// Half a turn at 15,000 rpm: no spinning disk syncs into fresh blocks in less at its median.
const SPINNING_NS: u64 = 2_000_000;

/// Share of syncs below which what each of them should have caused at the device counts as missing. Others can only
/// add to what is seen, so an honest device stays near one.
const MISSING: f64 = 0.5;

/// Weighs times and counters.
pub(super) fn of(
    facts: &DiskFacts,
    counters: Option<&DeviceCounters>,
    measured: &Measured,
) -> Vec<Evidence> {
    let watched = counters.map(DeviceCounters::description);
    weigh(facts, watched.as_deref(), counters.map_or(&[], DeviceCounters::names), measured)
}

fn weigh(
    facts: &DiskFacts,
    watched: Option<&str>,
    names: &[String],
    measured: &Measured,
) -> Vec<Evidence> {
    let disks: Vec<&BlockDevice> =
        facts.devices.iter().filter(|device| names.contains(&device.name)).collect();
    let mut found = Vec::new();
    found.extend(times(measured));
    found.extend(library(measured));
    match (measured.device, watched) {
        (Some(seen), Some(watched)) => {
            let device = AtDevice { seen, watched, syncs: measured.syncs };
            found.extend(device.arrivals(&disks));
        }
        _ => found.push(Evidence::new(
            Weight::Note,
            "no device counters can be read: whether anything reached a device is not known",
        )),
    }
    found.extend(disks.iter().filter_map(|disk| spinning(disk, measured)));
    found.extend(disks.iter().filter_map(|disk| trusted(disk)));
    found
}

/// Does the sync take any time at all?
fn times(measured: &Measured) -> Option<Evidence> {
    let sync = measured.fdatasync_p50_ns?;
    let unsynced = measured.unsynced_p50_ns.map(format_duration);
    let dsync = measured.dsync_p50_ns.map(format_duration);
    let words = format!(
        "a 4 KiB write returns in {}, the fdatasync after it in {}, an O_DSYNC write in {} (medians of up to {})",
        unsynced.as_deref().unwrap_or("–"),
        format_duration(sync),
        dsync.as_deref().unwrap_or("–"),
        format_count(measured.syncs),
    );
    Some(if sync < NOTHING_DONE_NS {
        let words = format!("{words}: too fast for any device, so the sync does nothing");
        Evidence::new(Weight::Disproves, words)
    } else {
        Evidence::new(Weight::For, words)
    })
}

/// Does something stand in front of the C library's fdatasync?
fn library(measured: &Measured) -> Option<Evidence> {
    let (kernel, library) = (measured.fdatasync_p50_ns?, measured.library_p50_ns?);
    let swallowed = library < NOTHING_DONE_NS && kernel >= 4 * NOTHING_DONE_NS;
    swallowed.then(|| {
        Evidence::new(
            Weight::Unsettles,
            format!(
                "fdatasync takes {} in the kernel, but {} through the C library: something loaded into this process \
                 swallows it",
                format_duration(kernel),
                format_duration(library)
            ),
        )
    })
}

/// What the device showed during the fdatasync rung.
struct AtDevice<'a> {
    seen: Seen,
    /// Which device, in words.
    watched: &'a str,
    syncs: u64,
}

impl AtDevice<'_> {
    fn share(&self, syncs: u64) -> f64 {
        syncs as f64 / self.syncs as f64
    }

    /// Did what was synced arrive at the device, and the flushes with it?
    fn arrivals(&self, disks: &[&BlockDevice]) -> Vec<Evidence> {
        let watched = self.watched;
        let (saw, syncs) = (format_count(self.seen.saw_data), format_count(self.syncs));
        if self.share(self.seen.saw_data) < MISSING {
            return vec![Evidence::new(
                Weight::Unsettles,
                format!(
                    "only {saw} of {syncs} syncs of 4 KiB saw their data reach {watched}: either syncs do not get there, \
                     or it is not the device under this directory"
                ),
            )];
        }
        let bytes = format_bytes(self.seen.bytes.round() as u64);
        let writes = significant(self.seen.writes);
        let mut found = vec![Evidence::new(
            Weight::For,
            format!(
                "{saw} of {syncs} syncs of 4 KiB saw their data reach {watched}: {bytes} in {writes} writes per \
                 sync"
            ),
        )];
        let cache_of = |cache| disks.iter().any(|disk| disk.write_cache.as_deref() == Some(cache));
        if cache_of("write back") {
            found.push(self.flushes());
        } else if cache_of("write through") {
            found.push(Evidence::new(
                Weight::Note,
                format!(
                    "{watched} is said to have no volatile cache (write through), so the kernel sends it no flushes; true \
                     of drives with power-loss protection, untrue if somebody merely wrote that into queue/write_cache"
                ),
            ));
        }
        found
    }

    fn flushes(&self) -> Evidence {
        let watched = self.watched;
        let Some(saw) = self.seen.saw_flush else {
            return Evidence::new(
                Weight::Note,
                format!("the kernel keeps no count of the flushes of {watched}"),
            );
        };
        let share = self.share(saw);
        let (saw, syncs) = (format_count(saw), format_count(self.syncs));
        if share < MISSING {
            return Evidence::new(
                Weight::Disproves,
                format!(
                    "the data reached {watched}, but only {saw} of {syncs} syncs saw a flush, and its cache is write back: \
                     flushes are dropped on the way, and a power cut loses what was synced"
                ),
            );
        }
        let ratio = significant(self.seen.flushes.unwrap_or(0.0));
        Evidence::new(
            Weight::For,
            format!(
                "{saw} of {syncs} syncs saw a flush of {watched} (write back) end: {ratio} per sync"
            ),
        )
    }
}

/// A disk that says it spins and syncs faster than one can. Believed only of a physical ATA disk: virtual ones say
/// so without meaning it, and a controller may have a battery.
fn spinning(disk: &BlockDevice, measured: &Measured) -> Option<Evidence> {
    let sync = measured.fdatasync_p50_ns?;
    if disk.rotational != Some(true) || sync >= SPINNING_NS {
        return None;
    }
    let physical = disk.transport.as_deref() == Some("sata")
        && disk.vendor.as_deref() == Some("ATA")
        && disk.cloud.is_none();
    let model = disk.model.as_deref().unwrap_or("unknown model");
    Some(if physical {
        Evidence::new(
            Weight::Unsettles,
            format!(
                "{} ({model}) says it is a spinning disk, yet syncs into fresh blocks in {}, less than half a turn: its \
                 cache may not be flushed",
                disk.name,
                format_duration(sync)
            ),
        )
    } else {
        Evidence::new(
            Weight::Note,
            format!(
                "{} says it is rotational; virtual disks and controllers say so without meaning it",
                disk.name
            ),
        )
    })
}

/// Below a virtual disk somebody else keeps the promise.
fn trusted(disk: &BlockDevice) -> Option<Evidence> {
    let virtual_bus = matches!(disk.transport.as_deref(), Some("virtio" | "xen" | "vmbus"));
    let named = disk.cloud.as_deref();
    (virtual_bus || named.is_some()).then(|| {
        Evidence::new(
            Weight::Note,
            format!(
                "{} is a virtual disk ({}): that its host honours a flush is taken on trust",
                disk.name,
                named.or(disk.transport.as_deref()).unwrap_or("unknown")
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::durability::evidence::outcome;
    use crate::disk::durability::observer::Seen;
    use crate::result::DurabilityOutcome::{self, Disproved, NotDisproved, NotEstablished};

    fn disk(cache: &str) -> BlockDevice {
        BlockDevice {
            name: "vda".to_owned(),
            kind: "disk".to_owned(),
            transport: Some("virtio".to_owned()),
            rotational: Some(true),
            write_cache: Some(cache.to_owned()),
            ..BlockDevice::default()
        }
    }

    /// 1,000 syncs of 90 µs, of which so many saw their data arrive and so many a flush.
    fn measured(saw_data: u64, saw_flush: Option<u64>) -> Measured {
        Measured {
            unsynced_p50_ns: Some(2_000),
            synced_p50_ns: Some(92_000),
            fdatasync_p50_ns: Some(90_000),
            dsync_p50_ns: Some(95_000),
            library_p50_ns: Some(90_000),
            syncs: 1000,
            device: Some(Seen {
                flushes: Some(1.0),
                bytes: 8192.0,
                writes: 2.0,
                saw_data,
                saw_flush,
            }),
            written_bytes: 0,
        }
    }

    fn judged(disk: BlockDevice, measured: &Measured) -> DurabilityOutcome {
        let facts = DiskFacts { devices: vec![disk], ..DiskFacts::default() };
        outcome(&weigh(&facts, Some("vda"), &["vda".to_owned()], measured))
    }

    #[test]
    fn an_honest_virtio_disk_is_not_accused() {
        let seen = measured(1000, Some(1000));
        assert_eq!(judged(disk("write back"), &seen), NotDisproved);
    }

    #[test]
    fn flushes_dropped_before_a_volatile_cache() {
        // Others flush now and then.
        let seen = measured(1000, Some(30));
        assert_eq!(judged(disk("write back"), &seen), Disproved);
        assert_eq!(judged(disk("write through"), &seen), NotDisproved);
    }

    #[test]
    fn flushes_that_nobody_counts_are_not_missed() {
        let seen = measured(1000, None);
        assert_eq!(judged(disk("write back"), &seen), NotDisproved);
    }

    #[test]
    fn nothing_arrives() {
        let seen = measured(20, Some(20));
        assert_eq!(judged(disk("write back"), &seen), NotEstablished);
    }

    #[test]
    fn a_sync_that_takes_no_time() {
        let mut seen = measured(1000, Some(1000));
        seen.fdatasync_p50_ns = Some(300);
        assert_eq!(judged(disk("write back"), &seen), Disproved);
    }

    #[test]
    fn a_swallowed_library_call() {
        let mut seen = measured(1000, Some(1000));
        seen.library_p50_ns = Some(200);
        assert_eq!(judged(disk("write back"), &seen), NotEstablished);
    }

    #[test]
    fn only_a_physical_disk_is_held_to_its_turns() {
        let mut ata = disk("write back");
        ata.transport = Some("sata".to_owned());
        ata.vendor = Some("ATA".to_owned());
        let mut seen = measured(1000, Some(1000));
        assert_eq!(judged(ata.clone(), &seen), NotEstablished);
        ata.cloud = Some("QEMU virtual disk".to_owned());
        assert_eq!(judged(ata.clone(), &seen), NotDisproved);
        ata.cloud = None;
        seen.fdatasync_p50_ns = Some(12_000_000);
        assert_eq!(judged(ata, &seen), NotDisproved);
    }

    #[test]
    fn without_counters_time_alone_speaks() {
        let mut seen = measured(0, None);
        seen.device = None;
        let found = weigh(&DiskFacts::default(), None, &[], &seen);
        assert_eq!(outcome(&found), NotDisproved);
        assert_eq!(outcome(&[]), NotEstablished);
    }
}
