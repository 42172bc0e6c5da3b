//! Side by side with a real etcd on the same throttled disk.

use std::path::Path;

use crate::support::loopdisk::LoopDisk;
use crate::support::needs::{self, Need, needs};
use crate::support::neighbours::Neighbours;
use crate::support::quiet::quiet;
use crate::support::sides::{self, Figures, median};

const WRITES_PER_SECOND: u32 = 400;
/// Runs of each side, alternating; medians are compared.
const REPEATS: usize = 3;
const SECONDS: u64 = 12;
/// Where others take more of the processors, it is them who decide what etcd carries.
const MOST_TAKEN: f64 = 0.4;

fn compare(file_system: &str, clients: usize) {
    let _quiet = quiet();
    let load = sides::small_puts(clients, SECONDS);
    let (mut etcd, mut probe) = (Vec::new(), Vec::new());
    let neighbours = Neighbours::watch();
    for _ in 0..REPEATS {
        let disk = fresh(file_system);
        let wrapped = |program: &Path| disk.command(program);
        etcd.push(Figures::of_etcd(&sides::etcd(Path::new("etcd"), disk.path(), wrapped, load)));
        drop(disk);
        let disk = fresh(file_system);
        probe.push(sides::probe(disk.path(), |program| disk.command(program), load));
    }
    let told = format!("{file_system}, {clients} clients\netcd {etcd:#?}\nprobe {probe:#?}");
    let ratio = |of: fn(&Figures) -> f64| {
        let middle = |side: &[Figures]| median(side.iter().map(of).collect());
        middle(&probe) / middle(&etcd)
    };
    // What others take of the processors etcd lacks, and the probe, which needs little, does not.
    let taken = neighbours.share();
    println!("{:.0} % of the processors went to others", 100.0 * taken);
    // With a hundred clients etcd's processors are as busy as its disk, and no model of the disk knows their speed.
    let busy = clients >= 100;
    if busy && taken > MOST_TAKEN {
        needs::skipped("others use most of this machine's processors, and etcd needs them all");
        return;
    }
    let processors = taken / 2.0 + if busy { 0.10 } else { 0.0 };
    within(ratio(|side| side.fsync_mean), 0.10 + processors, "mean wal.fsync", &told);
    // One commit in ten waits for a whole slice of the throttle, so the mean of a few hundred is only known so well.
    let chance = 2.0 * chance_of_ratio(&etcd, &probe);
    within(
        mean_commit(&probe) / mean_commit(&etcd),
        0.25 + taken / 2.0 + chance,
        "mean backend.commit",
        &told,
    );
    within(ratio(|side| side.puts_per_s), 0.15 + processors, "puts per second", &told);
}

/// Over all runs of a side.
fn mean_commit(side: &[Figures]) -> f64 {
    let commits: f64 = side.iter().map(|run| run.commits).sum();
    let total: f64 = side.iter().map(|run| run.commits * run.commit_mean).sum();
    total / commits
}

/// Standard error of the ratio of the two mean commits, relative; etcd's commits are taken to spread as the probe's.
fn chance_of_ratio(etcd: &[Figures], probe: &[Figures]) -> f64 {
    let spread = median(probe.iter().map(|run| run.commit_spread).collect());
    let count = |side: &[Figures]| side.iter().map(|run| run.commits).sum::<f64>();
    spread * (1.0 / count(etcd) + 1.0 / count(probe)).sqrt()
}

/// A file system neither side has written to.
fn fresh(file_system: &str) -> LoopDisk {
    LoopDisk::new(file_system, 3072).throttled(WRITES_PER_SECOND)
}

fn within(ratio: f64, tolerance: f64, what: &str, told: &str) {
    let off = (ratio - 1.0).abs();
    assert!(off <= tolerance, "{what}: probe / etcd = {ratio:.3}\n{told}");
}

macro_rules! oracle {
    ($($name:ident: $file_system:literal, $clients:literal;)+) => {$(
        #[test]
        #[ignore = "long: ./scripts/test --all"]
        fn $name() {
            needs!(
                Need::Root,
                Need::Program("etcd"),
                Need::Program(concat!("mkfs.", $file_system)),
                Need::WriteThrottle,
            );
            compare($file_system, $clients);
        }
    )+};
}

oracle! {
    ext4_1_client: "ext4", 1;
    ext4_10_clients: "ext4", 10;
    ext4_100_clients: "ext4", 100;
    xfs_1_client: "xfs", 1;
    xfs_10_clients: "xfs", 10;
    xfs_100_clients: "xfs", 100;
}
