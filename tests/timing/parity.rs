//! Under strace, a real etcd and the probe do the same to their files.

use std::path::Path;
use std::time::Duration;

use crate::support::clients::ClosedLoop;
use crate::support::loopdisk::LoopDisk;
use crate::support::needs::{Need, needs};
use crate::support::quiet::quiet;
use crate::support::strace::{self, Call, FILE_CALLS};
use crate::support::{probe, shape, sides};

/// Slow enough that neither side's processor time decides how many puts a commit holds.
const WRITES_PER_SECOND: u32 = 400;

struct Traced {
    etcd: Vec<Call>,
    probe: Vec<Call>,
}

/// One client on a throttled disk, first a real etcd, then the probe.
fn traced(val_size: usize, seconds: u64) -> Traced {
    let load = ClosedLoop {
        val_size,
        duration: Duration::from_secs(seconds),
        ..sides::small_puts(1, seconds)
    };
    let scratch = probe::scratch();
    let trace_of = |name: &str, side: &dyn Fn(&LoopDisk, &Path)| {
        let output = scratch.path().join(name);
        let disk = LoopDisk::new("ext4", 3072).throttled(WRITES_PER_SECOND);
        side(&disk, &output);
        drop(disk);
        strace::read(&output)
    };
    let under_strace = |disk: &LoopDisk, output: &Path, program: &Path| {
        let mut command = disk.command(Path::new("strace"));
        command.args(strace::arguments(FILE_CALLS, output)).arg(program);
        command
    };
    Traced {
        etcd: trace_of("etcd", &|disk, output| {
            let wrapped = |program: &Path| under_strace(disk, output, program);
            sides::etcd(Path::new("etcd"), disk.path(), wrapped, load);
        }),
        probe: trace_of("probe", &|disk, output| {
            let wrapped = |program: &Path| under_strace(disk, output, program);
            sides::probe(disk.path(), wrapped, load);
        }),
    }
}

/// The last of so many, when everything runs evenly.
fn settled<T>(all: &[T]) -> &[T] {
    &all[all.len() / 3..]
}

fn most_common(lengths: &[Vec<i64>]) -> Vec<i64> {
    let mut counted = std::collections::BTreeMap::new();
    for writes in lengths {
        *counted.entry(writes.clone()).or_insert(0) += 1;
    }
    let most = counted.into_iter().max_by_key(|&(_, count)| count);
    most.expect("there were syncs").0
}

#[test]
fn a_put_costs_the_same_calls() {
    needs!(Need::Root, Need::Program("etcd"), Need::Trace, Need::WriteThrottle);
    let _quiet = quiet();
    let traced = traced(256, 6);

    let etcd = shape::wal_syncs(&traced.etcd);
    let probe = shape::wal_syncs(&traced.probe);
    assert!(etcd.len() > 300 && probe.len() > 300, "{} and {} syncs", etcd.len(), probe.len());
    assert!(settled(&etcd).iter().all(|writes| writes.len() == 1), "etcd writes once per sync");
    assert!(settled(&probe).iter().all(|writes| writes.len() == 1), "{:?}", settled(&probe));
    assert_eq!(most_common(settled(&etcd)), most_common(settled(&probe)));
    assert_eq!(shape::wal_write_call(&traced.etcd), shape::wal_write_call(&traced.probe));
    assert_eq!(shape::reservations(&traced.etcd), ["0, 0, 64000000", "0, 0, 64000000"]);
    assert_eq!(shape::reservations(&traced.probe), shape::reservations(&traced.etcd));

    let etcd = shape::commits(&traced.etcd);
    let probe = shape::commits(&traced.probe);
    for commits in [&etcd, &probe] {
        assert!(commits.len() > 30, "{} commits", commits.len());
        assert!(settled(commits).iter().all(|commit| commit.meta_alone), "{commits:?}");
        assert!(settled(commits).iter().all(|commit| commit.offsets.is_sorted()), "{commits:?}");
    }
    let ratio = mean_pages(settled(&probe)) / mean_pages(settled(&etcd));
    assert!((0.7..=1.3).contains(&ratio), "page writes per commit, probe to etcd: {ratio:.2}");
}

fn mean_pages(commits: &[shape::Commit]) -> f64 {
    let pages: usize = commits.iter().map(|commit| commit.offsets.len()).sum();
    pages as f64 / commits.len() as f64
}

#[test]
fn a_rotation_is_the_same_calls_in_the_same_order() {
    needs!(Need::Root, Need::Program("etcd"), Need::Trace, Need::WriteThrottle);
    let _quiet = quiet();
    // Below the page writer's 128 KiB, so that a batch is one write.
    let traced = traced(96 << 10, 10);
    let etcd = shape::rotations(&traced.etcd);
    let probe = shape::rotations(&traced.probe);
    assert!(!etcd.is_empty(), "etcd rotated");
    assert!(!probe.is_empty(), "the probe rotated");
    for rotation in &etcd {
        assert_eq!(rotation, &etcd[0]);
    }
    for rotation in &probe {
        assert_eq!(rotation, &etcd[0]);
    }
    assert!(shape::reservations(&traced.probe).iter().all(|what| what == "0, 0, 64000000"));
}
