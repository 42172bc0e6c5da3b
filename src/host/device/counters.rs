//! The device's own counters: what really reached it.

use std::sync::Arc;

use crate::result::{BlockDevice, DiskFacts, Mapping};
use crate::system::System;

use crate::host::device::block::SECTOR_BYTES;

/// Layers that only pass requests on; what counts is what arrives below them.
const PASSING_ON: &[&str] =
    &["partition", "lvm", "crypt", "multipath", "raid", "device-mapper", "bcache"];

/// The counters of the whole disks at the bottom of a chain.
#[derive(Clone)]
pub struct DeviceCounters {
    system: Arc<System>,
    names: Vec<String>,
    above: Option<String>,
}

/// Counters at one moment, counted since the machine started, or their growth between two moments. Of several
/// disks, their sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeviceReading {
    /// Reads completed.
    pub reads: u64,
    /// Bytes read.
    pub read_bytes: u64,
    /// Writes completed.
    pub writes: u64,
    /// Bytes written.
    pub written_bytes: u64,
    /// Milliseconds all writes took together.
    pub write_ms: u64,
    /// Requests under way at this moment.
    pub in_flight: u64,
    /// Milliseconds during which the device was busy.
    pub busy_ms: u64,
    /// Flush requests completed; absent before Linux 5.5.
    pub flushes: Option<u64>,
    /// Milliseconds all flushes took together.
    pub flush_ms: Option<u64>,
}

impl DeviceCounters {
    /// The counters to watch for these facts: the disks at the bottom, or the lowest loop device when its backing
    /// file is out of sight. Nothing when no device is known or its counters cannot be read.
    pub fn find(facts: &DiskFacts) -> Option<Self> {
        Self::find_in(Arc::new(System::live()), facts)
    }

    pub(super) fn find_in(system: Arc<System>, facts: &DiskFacts) -> Option<Self> {
        let bottom = bottom(&facts.devices);
        let above = facts
            .devices
            .first()
            .filter(|top| bottom.iter().all(|device| device.name != top.name))
            .map(|top| top.name.clone());
        let found = DeviceCounters {
            system,
            names: bottom.iter().map(|device| device.name.clone()).collect(),
            above,
        };
        found.snapshot().map(|_| found)
    }

    /// Kernel names of the devices watched.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Which devices are watched, in words: `sda and sdb (together), under dm-0`.
    pub fn description(&self) -> String {
        let names = self.names.join(" and ");
        let together = if self.names.len() > 1 { " (together)" } else { "" };
        match &self.above {
            Some(above) => format!("{names}{together}, under {above}"),
            None => format!("{names}{together}"),
        }
    }

    /// Reads the counters; nothing when any of the devices has gone.
    pub fn snapshot(&self) -> Option<DeviceReading> {
        let mut names = self.names.iter();
        let first = self.read(names.next()?)?;
        names.try_fold(first, |sum, name| Some(sum.plus(&self.read(name)?)))
    }

    fn read(&self, name: &str) -> Option<DeviceReading> {
        parse(&self.system.read(format!("/sys/block/{name}/stat"))?)
    }
}

/// The disks at the bottom. A loop device is one only where nothing below it is known.
pub(super) fn bottom(devices: &[BlockDevice]) -> Vec<&BlockDevice> {
    let (loops, disks): (Vec<&BlockDevice>, Vec<&BlockDevice>) = devices
        .iter()
        .filter(|device| !PASSING_ON.contains(&device.kind.as_str()))
        .partition(|device| device.kind == "loop");
    if disks.is_empty() { loops } else { disks }
}

/// Fields as in Documentation/block/stat.rst.
fn parse(text: &str) -> Option<DeviceReading> {
    let fields: Vec<u64> =
        text.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
    Some(DeviceReading {
        reads: *fields.first()?,
        read_bytes: fields.get(2)? * SECTOR_BYTES,
        writes: *fields.get(4)?,
        written_bytes: fields.get(6)? * SECTOR_BYTES,
        write_ms: *fields.get(7)?,
        in_flight: *fields.get(8)?,
        busy_ms: *fields.get(9)?,
        flushes: fields.get(15).copied(),
        flush_ms: fields.get(16).copied(),
    })
}

impl DeviceReading {
    fn combine(&self, other: &Self, with: impl Fn(u64, u64) -> u64) -> Self {
        let both = |a: Option<u64>, b: Option<u64>| Some(with(a?, b?));
        DeviceReading {
            reads: with(self.reads, other.reads),
            read_bytes: with(self.read_bytes, other.read_bytes),
            writes: with(self.writes, other.writes),
            written_bytes: with(self.written_bytes, other.written_bytes),
            write_ms: with(self.write_ms, other.write_ms),
            in_flight: with(self.in_flight, other.in_flight),
            busy_ms: with(self.busy_ms, other.busy_ms),
            flushes: both(self.flushes, other.flushes),
            flush_ms: both(self.flush_ms, other.flush_ms),
        }
    }

    fn plus(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a + b)
    }

    /// The growth since an earlier reading; `in_flight` stays the later one's. Counters that went backwards (a
    /// device replaced) count as not grown.
    pub fn since(&self, earlier: &Self) -> Self {
        DeviceReading { in_flight: self.in_flight, ..self.combine(earlier, u64::saturating_sub) }
    }
}

/// Whether the device found is the one that was written to: its counter must have grown by what was written and
/// synced, after `others_bytes`, what others would have written in that time, is taken off. One part in ten is
/// allowed for the estimate of the others.
pub fn confirm_mapping(written_bytes: u64, grown: &DeviceReading, others_bytes: u64) -> Mapping {
    let ours = grown.written_bytes.saturating_sub(others_bytes);
    if written_bytes > 0 && ours as f64 >= written_bytes as f64 * 0.9 {
        Mapping::Confirmed
    } else {
        Mapping::NotConfirmed
    }
}

#[cfg(test)]
mod tests {
    use crate::host::device::counters::*;

    fn device(name: &str, kind: &str) -> BlockDevice {
        BlockDevice { name: name.to_owned(), kind: kind.to_owned(), ..BlockDevice::default() }
    }

    fn bottom_names(devices: &[BlockDevice]) -> Vec<&str> {
        bottom(devices).iter().map(|d| d.name.as_str()).collect()
    }

    #[test]
    fn the_whole_disks_at_the_bottom_are_watched() {
        let chain = [
            device("dm-0", "crypt"),
            device("md0", "raid"),
            device("sda1", "partition"),
            device("sda", "disk"),
            device("sdb", "disk"),
        ];
        assert_eq!(bottom_names(&chain), ["sda", "sdb"]);
        let seen = [device("loop0", "loop"), device("vda", "disk")];
        assert_eq!(bottom_names(&seen), ["vda"]);
        let unseen = [device("dm-0", "lvm"), device("loop0", "loop")];
        assert_eq!(bottom_names(&unseen), ["loop0"]);
        assert!(bottom(&[]).is_empty());
    }

    #[test]
    fn seventeen_fields_or_eleven() {
        let new = parse("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17").expect("a reading");
        assert_eq!((new.writes, new.written_bytes), (5, 7 * 512));
        assert_eq!((new.flushes, new.flush_ms), (Some(16), Some(17)));
        let old = parse("1 2 3 4 5 6 7 8 9 10 11").expect("a reading");
        assert_eq!((old.in_flight, old.busy_ms, old.flushes), (9, 10, None));
        assert_eq!(parse("1 2 3"), None);
        assert_eq!(parse("a b"), None);
    }

    #[test]
    fn growth() {
        let earlier = parse("1 0 8 0 10 0 80 4 0 3 0 0 0 0 0 7 1").expect("a reading");
        let later = parse("1 0 8 0 15 0 120 9 2 9 0 0 0 0 0 9 2").expect("a reading");
        let grown = later.since(&earlier);
        assert_eq!((grown.writes, grown.written_bytes), (5, 40 * 512));
        assert_eq!((grown.in_flight, grown.flushes), (2, Some(2)));
        assert_eq!(earlier.since(&later).writes, 0);
    }

    #[test]
    fn a_mapping_is_confirmed_by_what_arrives_beyond_the_others() {
        let grown = |written_bytes| DeviceReading { written_bytes, ..DeviceReading::default() };
        let mib = 1 << 20;
        assert_eq!(confirm_mapping(mib, &grown(mib), 0), Mapping::Confirmed);
        assert_eq!(confirm_mapping(mib, &grown(3 * mib), mib), Mapping::Confirmed);
        assert_eq!(confirm_mapping(mib, &grown(3 * mib), 3 * mib), Mapping::NotConfirmed);
        assert_eq!(confirm_mapping(mib, &grown(0), 0), Mapping::NotConfirmed);
        assert_eq!(confirm_mapping(0, &grown(mib), 0), Mapping::NotConfirmed);
    }
}
