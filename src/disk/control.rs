//! What can end a run early: a signal, the write budget, the last free space, a neighbour that failed.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::cpu_wait::{CpuWaits, CpuWitness};

/// Why a run ended before its plan did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Halt {
    /// Ctrl-C or SIGTERM.
    Signal = 1,
    /// As many bytes as `--max-bytes` allows have been written.
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
    written: AtomicU64,
    max_bytes: u64,
    cpu: OnceLock<CpuWitness>,
}

impl Control {
    /// `signalled` is set from outside when the run is to end.
    pub fn new(signalled: Arc<AtomicBool>, max_bytes: u64) -> Self {
        Control {
            signalled,
            shared: Arc::new(Shared {
                halt: AtomicU8::new(0),
                written: AtomicU64::new(0),
                max_bytes,
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

    /// Accounts for bytes written; beyond the budget the run halts.
    pub fn spend(&self, bytes: u64) {
        let written = self.shared.written.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if written >= self.shared.max_bytes {
            self.halt(Halt::Budget);
        }
    }

    /// Bytes written so far.
    pub fn written(&self) -> u64 {
        self.shared.written.load(Ordering::Relaxed)
    }

    /// Bytes that may still be written.
    pub fn left(&self) -> u64 {
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
