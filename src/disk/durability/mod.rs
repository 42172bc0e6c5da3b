//! Is a sync on this disk real? A ladder of questions, none of which can prove that it is; only a power cut could.
//! So the best answer there is reads "not disproved".

mod evidence;
mod judge;
mod ladder;
mod observer;
mod suspects;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::result::{DiskFacts, Durability};
use crate::system::System;

use crate::host::device::DeviceCounters;
use evidence::{Evidence, outcome};

/// Writes small fresh files in `workdir` with and without syncs for about `budget`, watches the device meanwhile,
/// and weighs what was seen. Returns the bytes that reached the device too, at most `most_bytes`. The files are removed
/// again.
///
/// When `stop` is set it ends early and judges what it has. `told` hears of each synced write when it began and how
/// long it took.
///
/// # Errors
/// When a file in `workdir` cannot be created, written or synced.
pub fn examine(
    workdir: &Path,
    facts: &DiskFacts,
    counters: Option<&DeviceCounters>,
    (budget, most_bytes): (Duration, u64),
    stop: &AtomicBool,
    told: &mut dyn FnMut(Instant, Duration),
) -> Result<(Durability, u64)> {
    let measured = ladder::run_ladder(workdir, counters, (budget, most_bytes), stop, told)?;
    let preload = std::env::var("LD_PRELOAD").unwrap_or_default();
    let mut found = suspects::of(&System::live(), facts, &preload);
    found.extend(judge::of(facts, counters, &measured));
    let written = measured.written_bytes;
    Ok((report(found, &measured), written))
}

fn report(mut found: Vec<Evidence>, measured: &ladder::Measured) -> Durability {
    // What decides comes first; what merely is comes last.
    found.sort_by_key(|evidence| std::cmp::Reverse(evidence.weight));
    Durability {
        outcome: outcome(&found),
        evidence: found.into_iter().map(|evidence| evidence.words).collect(),
        unsynced_p50_ns: measured.unsynced_p50_ns,
        fdatasync_p50_ns: measured.synced_p50_ns,
        dsync_p50_ns: measured.dsync_p50_ns,
        flushes_per_sync: measured.device.and_then(|seen| seen.flushes),
        device_bytes_per_sync: measured.device.map(|seen| seen.bytes),
        device_writes_per_sync: measured.device.map(|seen| seen.writes),
        syncs: measured.syncs,
    }
}
