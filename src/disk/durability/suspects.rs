//! What is known to make a sync empty, wherever it stands: file system types, mount options, memory devices,
//! libraries that swallow syncs.

use crate::host::device::{Storage, storage, zfs_sync_property};
use crate::result::{BlockDevice, DiskFacts};
use crate::system::System;

use super::evidence::{Evidence, Weight};

/// Options that keep a file system from flushing the device's cache (ext4, xfs before 4.19, btrfs, reiserfs, f2fs).
const NO_BARRIERS: &[&str] = &["nobarrier", "barrier=0", "barrier=none", "fsync_mode=nobarrier"];

/// Options that make overlayfs ignore every sync (Documentation/filesystems/overlayfs.rst).
const VOLATILE: &[&str] = &["volatile", "fsync=volatile"];

/// Libraries made to swallow syncs.
const SWALLOWERS: &[&str] = &["libeatmydata", "libnosync", "nosync.so"];

/// Every suspect in this story. `preload` is the value of `LD_PRELOAD`.
pub(super) fn of(system: &System, facts: &DiskFacts, preload: &str) -> Vec<Evidence> {
    let cache = volatile_cache(&facts.devices);
    let mut found = Vec::new();
    if let Some(filesystem) = &facts.filesystem {
        let source = facts.mount_source.as_deref().unwrap_or("");
        found.extend(file_system(filesystem, source));
        found.extend(options(filesystem, &facts.mount_options, cache));
    } else {
        found.push(Evidence::new(Weight::Unsettles, "the file system is not known"));
    }
    for below in &facts.below {
        let (kind, source) = (&below.filesystem, &below.mount_source);
        let words = |e: Evidence| {
            Evidence::new(e.weight, format!("{}: {}", below.reached_through, e.words))
        };
        found.extend(file_system(kind, source).map(words));
        found.extend(options(kind, &below.mount_options, cache).into_iter().map(words));
    }
    found.extend(facts.devices.iter().filter_map(device));
    found.extend(swallowers(system, preload));
    found
}

/// Whether any layer has a cache that loses its content with the power; absent when no layer tells.
pub(super) fn volatile_cache(devices: &[BlockDevice]) -> Option<bool> {
    let mut told = devices.iter().filter_map(|device| device.write_cache.as_deref()).peekable();
    told.peek()?;
    Some(told.any(|cache| cache == "write back"))
}

fn file_system(filesystem: &str, source: &str) -> Option<Evidence> {
    let (weight, words) = match storage(filesystem) {
        Storage::Memory => (
            Weight::Disproves,
            format!(
                "{filesystem} keeps files in memory: a sync does nothing, and a power cut or reboot loses all"
            ),
        ),
        Storage::Network => (
            Weight::Unsettles,
            format!(
                "{filesystem} ({source}): the server decides what a sync means (an NFS export with `async` drops it)"
            ),
        ),
        Storage::Host => (
            Weight::Unsettles,
            format!("{filesystem} ({source}): the host decides what a sync means"),
        ),
        Storage::UserSpace => (
            Weight::Unsettles,
            format!("{filesystem} ({source}): a user-space program decides what a sync means"),
        ),
        Storage::Unknown => (
            Weight::Unsettles,
            format!("{filesystem}: nothing is known here about what a sync means on it"),
        ),
        Storage::Local if filesystem == "zfs" => return Some(zfs(source)),
        Storage::Local | Storage::Stacked => return None,
    };
    Some(Evidence::new(weight, words))
}

fn zfs(dataset: &str) -> Evidence {
    match zfs_sync_property(dataset).as_deref() {
        Some("disabled") => Evidence::new(
            Weight::Disproves,
            format!("the ZFS dataset {dataset} has sync=disabled: every sync is dropped"),
        ),
        Some(value) => {
            Evidence::new(Weight::Note, format!("the ZFS dataset {dataset} has sync={value}"))
        }
        None => Evidence::new(
            Weight::Unsettles,
            format!(
                "the ZFS dataset {dataset}: `zfs get sync` does not answer here, and sync=disabled would drop every sync"
            ),
        ),
    }
}

fn options(filesystem: &str, options: &[String], cache: Option<bool>) -> Vec<Evidence> {
    let find =
        |list: &[&str]| options.iter().find(|option| list.contains(&option.as_str())).cloned();
    let mut found = Vec::new();
    if filesystem == "overlay"
        && let Some(option) = find(VOLATILE)
    {
        found.push(Evidence::new(
            Weight::Disproves,
            format!("the overlay is mounted with `{option}`: every sync is dropped"),
        ));
    }
    if let Some(option) = find(NO_BARRIERS) {
        let (weight, why) = match cache {
            Some(true) => (
                Weight::Disproves,
                "syncs do not flush the device's write-back cache, and a power cut loses it",
            ),
            Some(false) => (
                Weight::Note,
                "no flushes are sent; the device reports no volatile cache that would need them",
            ),
            None => (
                Weight::Unsettles,
                "no flushes are sent, and whether the device would need them is not known",
            ),
        };
        found
            .push(Evidence::new(weight, format!("{filesystem} is mounted with `{option}`: {why}")));
    }
    found
}

fn device(device: &BlockDevice) -> Option<Evidence> {
    let name = &device.name;
    let (weight, words) = match device.kind.as_str() {
        "zram" | "ramdisk" => (
            Weight::Disproves,
            format!("{name} keeps its blocks in memory: a power cut or reboot loses all"),
        ),
        "pmem" => (
            Weight::Unsettles,
            format!(
                "{name} is persistent memory, or ordinary memory set aside to look like it; from here they look the same"
            ),
        ),
        "loop" if device.write_cache.as_deref() == Some("write through") => (
            Weight::Disproves,
            format!(
                "{name} takes no flushes (queue/write_cache says write through), so its backing file is never synced"
            ),
        ),
        "bcache" => (
            Weight::Note,
            format!(
                "{name} is a bcache in mode {}: the cache device must be as durable as the disk",
                detail(device)
            ),
        ),
        "lvm" | "device-mapper" if is_cache_part(detail(device)) => (
            Weight::Note,
            format!(
                "{} is part of an LVM cache: the cache device must be as durable as the disk",
                detail(device)
            ),
        ),
        "nbd" | "rbd" | "drbd" => (
            Weight::Unsettles,
            format!("{name} ({}): the server decides what a flush means", device.kind),
        ),
        _ => return instance_store(device),
    };
    Some(Evidence::new(weight, words))
}

fn detail(device: &BlockDevice) -> &str {
    device.detail.as_deref().unwrap_or("unknown")
}

/// The hidden volumes of dm-cache and dm-writecache (lvmcache(7)).
fn is_cache_part(name: &str) -> bool {
    ["_cdata", "_cmeta", "_cvol", "_cpool_cdata", "_wcorig", "_corig"]
        .iter()
        .any(|suffix| name.ends_with(suffix))
}

fn instance_store(device: &BlockDevice) -> Option<Evidence> {
    let cloud = device.cloud.as_deref()?;
    matches!(cloud, "AWS instance store" | "GCP Local SSD" | "Azure local NVMe").then(|| {
        Evidence::new(
            Weight::Note,
            format!(
                "{} is an {cloud}: durable while the instance exists, lost when it is stopped",
                device.name
            ),
        )
    })
}

/// etcd is a Go program and calls the kernel directly, and so does this one; such a library reaches neither. But an
/// environment that asks for it does not mean to keep what it writes.
fn swallowers(system: &System, preload: &str) -> Option<Evidence> {
    let named = |text: &str| SWALLOWERS.iter().find(|name| text.contains(**name)).copied();
    let in_file = |file: &str| system.read(file).and_then(|text| named(&text));
    let (name, place) = in_file("/proc/self/maps")
        .map(|name| (name, "is loaded into this process"))
        .or_else(|| {
            in_file("/etc/ld.so.preload").map(|name| (name, "is named in /etc/ld.so.preload"))
        })
        .or_else(|| named(preload).map(|name| (name, "is named in LD_PRELOAD")))?;
    Some(Evidence::new(
        Weight::Unsettles,
        format!(
            "{name} {place}: it swallows the syncs of every program that makes them through the C library; etcd and \
             this probe call the kernel directly and are out of its reach, but run this again without it"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::FileSystemBelow;

    fn weights(facts: &DiskFacts, preload: &str) -> Vec<Weight> {
        let root = tempfile::tempdir().expect("a directory");
        let system = System::imitated(root.path(), |_| None);
        of(&system, facts, preload).iter().map(|e| e.weight).collect()
    }

    fn on(filesystem: &str, options: &[&str], cache: Option<&str>) -> DiskFacts {
        DiskFacts {
            filesystem: Some(filesystem.to_owned()),
            mount_options: options.iter().map(|o| (*o).to_owned()).collect(),
            devices: vec![BlockDevice {
                name: "sda".to_owned(),
                kind: "disk".to_owned(),
                write_cache: cache.map(str::to_owned),
                ..BlockDevice::default()
            }],
            ..DiskFacts::default()
        }
    }

    #[test]
    fn an_ordinary_disk_raises_no_suspicion() {
        assert_eq!(weights(&on("ext4", &["rw"], Some("write back")), ""), []);
    }

    #[test]
    fn barriers_matter_only_to_a_volatile_cache() {
        for option in ["nobarrier", "barrier=0"] {
            let with = |cache| weights(&on("ext4", &["rw", option], cache), "");
            assert_eq!(with(Some("write back")), [Weight::Disproves]);
            assert_eq!(with(Some("write through")), [Weight::Note]);
            assert_eq!(with(None), [Weight::Unsettles]);
        }
        assert_eq!(weights(&on("ext4", &["barrier=1"], None), ""), []);
    }

    #[test]
    fn file_systems_that_cannot_promise() {
        let of = |filesystem| weights(&on(filesystem, &[], None), "");
        assert_eq!(of("tmpfs"), [Weight::Disproves]);
        assert_eq!(of("nfs4"), [Weight::Unsettles]);
        assert_eq!(of("fuse.sshfs"), [Weight::Unsettles]);
        assert_eq!(of("neverheard"), [Weight::Unsettles]);
        assert_eq!(weights(&DiskFacts::default(), ""), [Weight::Unsettles]);
    }

    #[test]
    fn volatile_belongs_to_overlays() {
        assert_eq!(weights(&on("overlay", &["rw", "volatile"], None), ""), [Weight::Disproves]);
        assert_eq!(weights(&on("ext4", &["volatile"], None), ""), []);
    }

    #[test]
    fn what_lies_below_counts_as_well() {
        let mut facts = on("ext4", &["rw"], Some("write back"));
        facts.devices[0].kind = "loop".to_owned();
        facts
            .below
            .push(FileSystemBelow { filesystem: "tmpfs".to_owned(), ..FileSystemBelow::default() });
        assert_eq!(weights(&facts, ""), [Weight::Disproves]);
    }

    #[test]
    fn devices_in_memory_and_far_away() {
        let of = |kind: &str, cache| {
            let mut facts = on("ext4", &["rw"], cache);
            facts.devices[0].kind = kind.to_owned();
            weights(&facts, "")
        };
        assert_eq!(of("zram", None), [Weight::Disproves]);
        assert_eq!(of("loop", Some("write through")), [Weight::Disproves]);
        assert_eq!(of("loop", Some("write back")), []);
        assert_eq!(of("nbd", None), [Weight::Unsettles]);
    }

    #[test]
    fn a_swallowing_library_is_named() {
        let facts = on("ext4", &[], None);
        assert_eq!(weights(&facts, "libeatmydata.so"), [Weight::Unsettles]);
        assert_eq!(weights(&facts, "libjemalloc.so"), []);
    }
}
