//! What the measured times and the device's counters say.

use crate::disk::device::DeviceCounters;
use crate::result::{BlockDevice, DiskFacts};
use crate::units::{format_bytes, format_count, format_duration, significant};

use super::evidence::{Evidence, Weight};
use super::ladder::{Measured, PerSync, WRITE_BYTES};

/// A file system's way to a device and back takes longer than this on anything but persistent memory; a sync that
/// does not is a system call that did nothing.
const NOTHING_DONE_NS: u64 = 5_000;

/// Half a turn at 15,000 rpm: no spinning disk syncs into fresh blocks in less at its median.
const SPINNING_NS: u64 = 2_000_000;

/// Share of what was to be expected at the device below which it counts as missing. Far from one, so that neither a
/// rough estimate of others' writes nor a flush shared with somebody else's makes an accusation.
const MISSING: f64 = 0.5;

/// Weighs times and counters.
pub(super) fn of(
    facts: &DiskFacts,
    counters: Option<&DeviceCounters>,
    measured: &Measured,
) -> Vec<Evidence> {
    let watched = counters.map(DeviceCounters::description);
    weigh(
        facts,
        watched.as_deref(),
        counters.map_or(&[], DeviceCounters::names),
        measured,
    )
}

fn weigh(
    facts: &DiskFacts,
    watched: Option<&str>,
    names: &[String],
    measured: &Measured,
) -> Vec<Evidence> {
    let disks: Vec<&BlockDevice> = facts
        .devices
        .iter()
        .filter(|device| names.contains(&device.name))
        .collect();
    let mut found = Vec::new();
    found.extend(times(measured));
    found.extend(library(measured));
    match (measured.per_sync(), watched) {
        (Some(per_sync), Some(watched)) => {
            found.extend(arrivals(measured, &per_sync, watched, &disks));
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

/// Did what was synced arrive at the device, and the flushes with it?
fn arrivals(
    measured: &Measured,
    per_sync: &PerSync,
    watched: &str,
    disks: &[&BlockDevice],
) -> Vec<Evidence> {
    let bytes = format_bytes(per_sync.bytes.round() as u64);
    if per_sync.bytes < MISSING * WRITE_BYTES as f64 {
        return vec![Evidence::new(
            Weight::Unsettles,
            format!(
                "only {bytes} per sync of 4 KiB reached {watched}, others' writes taken off: either syncs do not get \
                 there, or it is not the device under this directory"
            ),
        )];
    }
    let mut found = vec![Evidence::new(
        Weight::For,
        format!(
            "{bytes} in {} writes per sync of 4 KiB reached {watched}, others' writes taken off",
            significant(per_sync.writes)
        ),
    )];
    let cache_of = |cache| {
        disks
            .iter()
            .any(|disk| disk.write_cache.as_deref() == Some(cache))
    };
    if cache_of("write back") {
        found.extend(flushes(measured, per_sync, watched));
    } else if cache_of("write through") {
        found.push(Evidence::new(
            Weight::Note,
            format!(
                "{watched} is said to have no volatile cache (write through), so the kernel sends it no flushes; true of \
                 drives with power-loss protection, untrue if somebody merely wrote that into queue/write_cache"
            ),
        ));
    }
    found
}

/// Each of our syncs waits for the one before, so each needs a flush of its own: even if every flush is shared with
/// other programs' there are as many flushes as syncs.
fn flushes(measured: &Measured, per_sync: &PerSync, watched: &str) -> Option<Evidence> {
    let ours = per_sync.flushes?;
    let all = measured.device?.grown.flushes? as f64 / measured.syncs as f64;
    let (weight, words) = if all < MISSING {
        (
            Weight::Disproves,
            format!(
                "the data reached {watched}, but only {} flushes per sync did, and its cache is write back: flushes are \
                 dropped on the way, and a power cut loses what was synced",
                significant(all)
            ),
        )
    } else if ours < MISSING {
        (
            Weight::Unsettles,
            format!(
                "{} flushes per sync reached {watched}, but others flush it about as often while idle: ours cannot be told \
                 from theirs",
                significant(all)
            ),
        )
    } else {
        (
            Weight::For,
            format!(
                "{} flushes per sync reached {watched} (write back), others' taken off",
                significant(ours)
            ),
        )
    };
    Some(Evidence::new(weight, words))
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
    use std::time::Duration;

    use super::*;
    use crate::disk::device::DeviceReading;
    use crate::disk::durability::evidence::outcome;
    use crate::disk::durability::ladder::Seen;
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

    /// 1,000 syncs of 90 µs, with this many flushes and bytes at the device per sync.
    fn measured(flushes: Option<f64>, bytes: f64) -> Measured {
        Measured {
            unsynced_p50_ns: Some(2_000),
            synced_p50_ns: Some(92_000),
            fdatasync_p50_ns: Some(90_000),
            dsync_p50_ns: Some(95_000),
            library_p50_ns: Some(90_000),
            syncs: 1000,
            device: Some(Seen {
                grown: DeviceReading {
                    writes: 2000,
                    written_bytes: (bytes * 1000.0) as u64,
                    flushes: flushes.map(|f| (f * 1000.0) as u64),
                    ..DeviceReading::default()
                },
                span: Duration::from_millis(100),
                idle: DeviceReading {
                    flushes: Some(0),
                    ..DeviceReading::default()
                },
                idle_span: Duration::from_millis(100),
            }),
            written_bytes: 0,
        }
    }

    fn judged(disk: BlockDevice, measured: &Measured) -> DurabilityOutcome {
        let facts = DiskFacts {
            devices: vec![disk],
            ..DiskFacts::default()
        };
        outcome(&weigh(&facts, Some("vda"), &["vda".to_owned()], measured))
    }

    #[test]
    fn an_honest_virtio_disk_is_not_accused() {
        let seen = measured(Some(1.0), 8192.0);
        assert_eq!(judged(disk("write back"), &seen), NotDisproved);
    }

    #[test]
    fn flushes_dropped_before_a_volatile_cache() {
        let seen = measured(Some(0.0), 8192.0);
        assert_eq!(judged(disk("write back"), &seen), Disproved);
        assert_eq!(judged(disk("write through"), &seen), NotDisproved);
    }

    #[test]
    fn an_old_kernel_counts_no_flushes() {
        let seen = measured(None, 8192.0);
        assert_eq!(judged(disk("write back"), &seen), NotDisproved);
    }

    #[test]
    fn nothing_arrives() {
        let seen = measured(Some(0.0), 0.0);
        assert_eq!(judged(disk("write back"), &seen), NotEstablished);
    }

    #[test]
    fn others_flushes_neither_hide_nor_accuse() {
        let mut seen = measured(Some(3.0), 40_960.0);
        if let Some(device) = &mut seen.device {
            device.idle.flushes = Some(3000);
        }
        assert_eq!(judged(disk("write back"), &seen), NotEstablished);
        if let Some(device) = &mut seen.device {
            device.idle.flushes = Some(2000);
        }
        assert_eq!(judged(disk("write back"), &seen), NotDisproved);
    }

    #[test]
    fn a_sync_that_takes_no_time() {
        let mut seen = measured(Some(1.0), 8192.0);
        seen.fdatasync_p50_ns = Some(300);
        assert_eq!(judged(disk("write back"), &seen), Disproved);
    }

    #[test]
    fn a_swallowed_library_call() {
        let mut seen = measured(Some(1.0), 8192.0);
        seen.library_p50_ns = Some(200);
        assert_eq!(judged(disk("write back"), &seen), NotEstablished);
    }

    #[test]
    fn only_a_physical_disk_is_held_to_its_turns() {
        let mut ata = disk("write back");
        ata.transport = Some("sata".to_owned());
        ata.vendor = Some("ATA".to_owned());
        let mut seen = measured(Some(1.0), 8192.0);
        assert_eq!(judged(ata.clone(), &seen), NotEstablished);
        ata.cloud = Some("QEMU virtual disk".to_owned());
        assert_eq!(judged(ata.clone(), &seen), NotDisproved);
        ata.cloud = None;
        seen.fdatasync_p50_ns = Some(12_000_000);
        assert_eq!(judged(ata, &seen), NotDisproved);
    }

    #[test]
    fn without_counters_time_alone_speaks() {
        let mut seen = measured(None, 0.0);
        seen.device = None;
        let found = weigh(&DiskFacts::default(), None, &[], &seen);
        assert_eq!(outcome(&found), NotDisproved);
        assert_eq!(outcome(&[]), NotEstablished);
    }
}
