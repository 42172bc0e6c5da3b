//! What the probe itself costs: its processor time outside the system calls, and its syncs beside fio's.

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::process::Command;

use etcdbench::result::Run;
use support::sides::median;
use support::{fio, probe, quiet};

/// At most this much processor time in user mode per sync of one put.
const COST_LIMIT_NS: f64 = 2_000.0;
/// The medians may be this far apart.
const FIO_TOLERANCE: f64 = 0.05;
/// Alternated pairs; the median of their ratios counts.
const PAIRS: usize = 11;
/// One 8-byte key and 256-byte value, with its hard state.
const SYNC_BYTES: u64 = 360;

fn main() {
    let _quiet = quiet::quiet();
    let cost_ns = own_cost_ns();
    println!(
        "own cost: {cost_ns:.0} ns of processor time outside system calls per sync (limit {COST_LIMIT_NS:.0})"
    );
    let ratio = beside_fio();
    println!(
        "wal.fsync p50, probe to fio: {ratio:.3} (median of {PAIRS} pairs, limit ±{FIO_TOLERANCE})"
    );
    let too_dear = cost_ns > COST_LIMIT_NS;
    let apart = (ratio - 1.0).abs() > FIO_TOLERANCE;
    if too_dear || apart {
        eprintln!("error: over the limit");
        std::process::exit(1);
    }
}

/// The WAL alone, one client.
fn wal_alone(directory: &Path, seconds: u64) -> (Run, f64) {
    let scratch = probe::scratch();
    let result = scratch.path().join("result.jsonl");
    let more = format!("--quiet --phases wal={seconds}s --clients 1 --key-size 8 --val-size 256");
    let before = user_seconds();
    let command = probe::disk(Command::new(probe::program()), directory, &result, &more);
    let run = probe::finish(command, &result).read();
    (run, user_seconds() - before)
}

/// Processor time in user mode of all children that have ended.
fn user_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("/proc is there");
    // After the name in parentheses; cutime is field 16 (proc_pid_stat(5)).
    let fields = stat.rsplit_once(')').expect("a name in parentheses").1;
    let ticks = fields
        .split_whitespace()
        .nth(13)
        .and_then(|field| field.parse::<f64>().ok());
    ticks.expect("cutime") / rustix::param::clock_ticks_per_second() as f64
}

/// The difference between a long and a short run, so that start and end do not count. All threads are in it.
fn own_cost_ns() -> f64 {
    let directory = probe::scratch();
    let (short, short_seconds) = wal_alone(directory.path(), 5);
    let (long, long_seconds) = wal_alone(directory.path(), 35);
    let syncs = |run: &Run| probe::series(run, "wal", "wal.fsync").total.count() as f64;
    (long_seconds - short_seconds) * 1e9 / (syncs(&long) - syncs(&short))
}

fn beside_fio() -> f64 {
    let directory = probe::scratch();
    // posix_fallocate is fallocate mode 0: a fresh file of unwritten extents, as etcd's segments are. The pause is
    // about what the model of one client spends between two syncs: a processor that slept wakes up slower.
    let more = "--size=64000000 --fallocate=posix --runtime=4 --thinktime=550";
    let ratios = (0..PAIRS).map(|_| {
        let (run, _) = wal_alone(directory.path(), 4);
        let own = probe::series(&run, "wal", "wal.fsync").total.quantile(0.5);
        let fio = fio::write_and_sync(
            directory.path(),
            |program| Command::new(program),
            SYNC_BYTES,
            more,
        );
        own.expect("there were syncs") as f64 / 1e9 / fio.p50
    });
    median(ratios.collect())
}
