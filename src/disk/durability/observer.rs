//! Looks at the device's counters after each sync.
//!
//! Each sync waits for the one before, so its own data and a flush must end within its own time. What others do on
//! the device can add to that and never take away from it: a busy disk is never accused.

use crate::host::device::{DeviceCounters, DeviceReading};

pub(super) struct SyncObserver<'a> {
    counters: &'a DeviceCounters,
    last: DeviceReading,
    each: Vec<DeviceReading>,
}

impl<'a> SyncObserver<'a> {
    pub(super) fn new(counters: &'a DeviceCounters) -> Option<Self> {
        Some(SyncObserver { counters, last: counters.snapshot()?, each: Vec::new() })
    }

    /// To be called right after each sync.
    pub(super) fn look(&mut self) {
        if let Some(now) = self.counters.snapshot() {
            self.each.push(now.since(&self.last));
            self.last = now;
        }
    }

    /// Everything seen; nothing when there was no sync.
    pub(super) fn summary(&self) -> Option<Seen> {
        sum_up(&self.each, &self.last)
    }
}

fn sum_up(each: &[DeviceReading], last: &DeviceReading) -> Option<Seen> {
    let of = |value: fn(&DeviceReading) -> u64| middle(each.iter().map(value).collect());
    let flushes = |reading: &DeviceReading| reading.flushes.unwrap_or(0);
    let counted = last.flushes.is_some_and(|ever| ever > 0);
    let count = |seen: fn(&DeviceReading) -> bool| each.iter().filter(|r| seen(r)).count() as u64;
    Some(Seen {
        bytes: of(|reading| reading.written_bytes)?,
        writes: of(|reading| reading.writes)?,
        flushes: of(flushes).filter(|_| counted),
        saw_data: count(|reading| reading.written_bytes >= WRITE_BYTES),
        saw_flush: counted.then(|| count(|reading| reading.flushes > Some(0))),
    })
}

/// The mean of the middle half: others' bursts fall off its ends.
fn middle(mut values: Vec<u64>) -> Option<f64> {
    values.sort_unstable();
    let quarter = values.len() / 4;
    let half = &values[quarter..values.len() - quarter];
    (!half.is_empty()).then(|| half.iter().sum::<u64>() as f64 / half.len() as f64)
}

/// What the device did during the fdatasync rung.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    /// Flushes per sync; absent where they are not counted.
    pub(super) flushes: Option<f64>,
    /// Bytes written per sync.
    pub(super) bytes: f64,
    /// Writes per sync.
    pub(super) writes: f64,
    /// Syncs during which at least their own data was written.
    pub(super) saw_data: u64,
    /// Syncs during which at least one flush ended; absent where the kernel has counted none since it started, so
    /// that it may well not count them (before Linux 5.5, and for devices without a request queue).
    pub(super) saw_flush: Option<u64>,
}

/// Bytes of one write: a page, always into a fresh block, so that at least this much must reach the device.
pub(super) const WRITE_BYTES: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(written_bytes: u64, flushes: Option<u64>) -> DeviceReading {
        DeviceReading { writes: 2, written_bytes, flushes, ..DeviceReading::default() }
    }

    #[test]
    fn bursts_of_others_fall_off() {
        let mut each = vec![reading(8192, Some(1)); 9];
        each.push(reading(1 << 30, Some(500)));
        each.push(reading(512, Some(0)));
        let seen = sum_up(&each, &reading(0, Some(99))).expect("something");
        assert_eq!((seen.bytes, seen.writes), (8192.0, 2.0));
        assert_eq!(seen.flushes, Some(1.0));
        assert_eq!((seen.saw_data, seen.saw_flush), (10, Some(10)));
    }

    #[test]
    fn a_count_that_never_moved_is_no_count() {
        for never in [Some(0), None] {
            let seen = sum_up(&[reading(8192, never)], &reading(0, never)).expect("something");
            assert_eq!((seen.flushes, seen.saw_flush), (None, None));
        }
    }

    #[test]
    fn no_sync_no_testimony() {
        assert!(sum_up(&[], &reading(0, Some(1))).is_none());
    }

    #[test]
    fn the_middle_half() {
        assert_eq!(middle(vec![1]), Some(1.0));
        assert_eq!(middle(vec![0, 2, 3, 900]), Some(2.5));
    }
}
