//! What the probe itself costs: its time outside the system calls, and its syncs beside fio's.

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::channel;

use etcdbench::clock::Clock;
use etcdbench::disk::backend::Backend;
use etcdbench::disk::control::Control;
use etcdbench::disk::costs::Costs;
use etcdbench::disk::engine::{Engine, Member, SyncEngine, Task};
use etcdbench::disk::value::Values;
use etcdbench::disk::wal::Wal;
use etcdbench::plan::Load;
use etcdbench::record::{Emission, Pool, RecorderSettings};
use etcdbench::result::Run;
use support::sides::median;
use support::{fio, probe, quiet};

/// At most this much time outside write(2) and fdatasync(2) per sync of one put.
const COST_LIMIT_NS: f64 = 2_000.0;
/// The medians may be this far apart.
const FIO_TOLERANCE: f64 = 0.05;
/// Alternated pairs; the median of their ratios counts.
const PAIRS: usize = 11;
/// Rounds of the own cost.
const ROUNDS: usize = 5;
/// One 8-byte key and 256-byte value, with its hard state.
const SYNC_BYTES: u64 = 360;

fn main() {
    let _quiet = quiet::quiet();
    let cost_ns = own_cost_ns();
    println!(
        "own cost: {cost_ns:.0} ns outside write and fdatasync per sync of one put (limit {COST_LIMIT_NS:.0})"
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
fn wal_alone(directory: &Path, seconds: u64) -> Run {
    let scratch = probe::scratch();
    let result = scratch.path().join("result.jsonl");
    let more = format!("--quiet --phases wal={seconds}s --clients 1 --key-size 8 --val-size 256");
    let command = probe::disk(Command::new(probe::program()), directory, &result, &more);
    probe::finish(command, &result).read()
}

/// The engine with a client that comes back at once, so that the loop never waits: what is not write or sync is its
/// own. The best of several rounds, because others use the processor too.
fn own_cost_ns() -> f64 {
    let directory = probe::scratch();
    (0..ROUNDS)
        .map(|round| one_round_ns(&directory.path().join(round.to_string())))
        .fold(f64::INFINITY, f64::min)
}

fn one_round_ns(directory: &Path) -> f64 {
    std::fs::create_dir(directory).expect("a scratch directory");
    let mut members = [Member {
        id: None,
        wal: Wal::create(directory, Values::new(8, 256, 1)).expect("a log"),
        backend: Backend::create(directory, 8, 256, 0, 1, |_| true).expect("a database"),
    }];
    let clock = Clock::start();
    let (sink, emissions) = channel();
    let task = Task {
        clock,
        control: Control::new(Arc::default(), u64::MAX),
        recorder: RecorderSettings {
            phase: "wal".into(),
            interval_ns: 1_000_000_000,
            stall_ns: 100_000_000,
            sink,
            pool: Pool::default(),
        },
        load: Load::Closed { clients: 1 },
        costs: Costs::NONE,
        seed: 1,
        until_ns: clock.now_ns() + 2_000_000_000,
        commits: None,
    };
    let start_ns = clock.now_ns();
    SyncEngine.run(&mut members, &task).expect("a run");
    let elapsed_ns = clock.now_ns() - start_ns;
    drop(task);
    let (mut syncs, mut in_calls_ns) = (0, 0);
    for emission in emissions {
        if let Emission::Interval(interval) = emission
            && interval.series == "wal.sync"
        {
            syncs += interval.samples.count();
            in_calls_ns += interval.samples.sum_ns();
        }
    }
    (elapsed_ns - in_calls_ns) as f64 / syncs as f64
}

fn beside_fio() -> f64 {
    let directory = probe::scratch();
    // posix_fallocate is fallocate mode 0: a fresh file of unwritten extents, as etcd's segments are. The pause is
    // about what the model of one client spends between two syncs: a processor that slept wakes up slower.
    let more = "--size=64000000 --fallocate=posix --runtime=4 --thinktime=850";
    let ratios = (0..PAIRS).map(|_| {
        let run = wal_alone(directory.path(), 4);
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
