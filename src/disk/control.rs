//! What can end a run early: a signal, the write budget, the last free space, a neighbour that failed.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::cpu_wait::{CpuWaits, CpuWitness};
use crate::host::device::{DeviceCounters, DeviceReading};

/// What removing the files of a run may make the journal write.
const CLOSING_BYTES: u64 = 512 << 10;

/// Why a run ended before its plan did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Halt {
    /// Ctrl-C or SIGTERM.
    Signal = 1,
    /// As many bytes as `--max-bytes` allows have reached the device.
    Budget = 2,
    /// Going on would have eaten the last free space.
    Space = 3,
    /// A neighbour that was to be at work cannot go on.
    Neighbour = 4,
}

/// Shared by everything that works in a run.
#[derive(Debug, Clone)]
pub struct Control {
    /// Set by the signal handler.
    signalled: Arc<AtomicBool>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    halt: AtomicU8,
    /// What was written, as far as it can be told from the calls: rather too much than too little.
    estimated: AtomicU64,
    /// By how much the device's own counters show that to be too much.
    refuted: AtomicU64,
    max_bytes: u64,
    device: OnceLock<Device>,
    cpu: OnceLock<CpuWitness>,
}

/// The device's counters, and what they said before the run wrote anything.
struct Device {
    counters: DeviceCounters,
    before: DeviceReading,
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device").field("before", &self.before).finish_non_exhaustive()
    }
}

impl Control {
    /// `signalled` is set from outside when the run is to end.
    pub fn new(signalled: Arc<AtomicBool>, max_bytes: u64) -> Self {
        Control {
            signalled,
            shared: Arc::new(Shared {
                halt: AtomicU8::new(0),
                estimated: AtomicU64::new(0),
                refuted: AtomicU64::new(0),
                max_bytes,
                device: OnceLock::new(),
                cpu: OnceLock::new(),
            }),
        }
    }

    /// From now on loops tell waits for a CPU from those for the disk.
    pub fn watch_cpus(&self, witness: CpuWitness) {
        let _ = self.shared.cpu.set(witness);
    }

    /// What of the calling thread's waits is for a CPU, as far as anybody watches.
    pub fn cpu_waits(&self) -> CpuWaits {
        self.shared.cpu.get_or_init(CpuWitness::default).of_thread()
    }

    /// From now on the device's own counters, as they were `before` anything was written, can show that less was
    /// written than the calls let fear. Others' writes are among what they count, so they never show too little.
    pub fn watch_device(&self, counters: DeviceCounters, before: DeviceReading) {
        let _ = self.shared.device.set(Device { counters, before });
    }

    /// Accounts for bytes that reach the device; the run halts before they are more than the budget.
    pub fn spend(&self, bytes: u64) {
        self.shared.estimated.fetch_add(bytes, Ordering::Relaxed);
        if self.is_spent(bytes) {
            self.look_at_device();
            if self.is_spent(bytes) {
                self.halt(Halt::Budget);
            }
        }
    }

    /// Whether as much again would be beyond the budget, or a hundredth of it more: writes are under way elsewhere, and the
    /// files are to be removed in the end, which takes the same however small the budget is. What is written in large pieces
    /// looks itself whether the next still fits.
    fn is_spent(&self, bytes: u64) -> bool {
        let budget = self.shared.max_bytes;
        let reserve = bytes.max(CLOSING_BYTES).clamp(budget / 100, budget / 8);
        self.written().saturating_add(reserve) >= self.shared.max_bytes
    }

    fn look_at_device(&self) {
        let Some(device) = self.shared.device.get() else {
            return;
        };
        let estimated = self.shared.estimated.load(Ordering::Relaxed);
        if let Some(now) = device.counters.snapshot() {
            let grown = now.since(&device.before).written_bytes;
            self.shared.refuted.fetch_max(estimated.saturating_sub(grown), Ordering::Relaxed);
        }
    }

    /// Bytes that reached the device so far, at most.
    pub fn written(&self) -> u64 {
        let refuted = self.shared.refuted.load(Ordering::Relaxed);
        self.shared.estimated.load(Ordering::Relaxed).saturating_sub(refuted)
    }

    /// Bytes that may still be written.
    pub fn left(&self) -> u64 {
        self.look_at_device();
        self.shared.max_bytes.saturating_sub(self.written())
    }

    /// Ends the run for this reason; the first reason stands.
    pub fn halt(&self, why: Halt) {
        let _ =
            self.shared.halt.compare_exchange(0, why as u8, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Why the run is to end, if it is. A signal is told even if something else came first.
    pub fn halted(&self) -> Option<Halt> {
        if self.signalled.load(Ordering::Relaxed) {
            return Some(Halt::Signal);
        }
        match self.shared.halt.load(Ordering::Relaxed) {
            2 => Some(Halt::Budget),
            3 => Some(Halt::Space),
            4 => Some(Halt::Neighbour),
            _ => None,
        }
    }
}
