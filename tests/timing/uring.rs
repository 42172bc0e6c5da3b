//! The io_uring engine against a real directory, beside the reference engine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use etcdbench::clock::Clock;
use etcdbench::disk::backend::Backend;
use etcdbench::disk::control::Control;
use etcdbench::disk::costs::Costs;
use etcdbench::disk::engine::{Commits, Engine, Member, SyncEngine, Task, UringEngine};
use etcdbench::disk::value::Values;
use etcdbench::disk::wal::Wal;
use etcdbench::exit::Exit;
use etcdbench::plan::{Arrival, Load};
use etcdbench::record::{Emission, Pool, RecorderSettings};

const MS: u64 = 1_000_000;
const SYSCTL: &str = "/proc/sys/kernel/io_uring_disabled";
/// Names the directory in which [`traced_child`] works.
const CHILD_DIR: &str = "ETCDBENCH_TEST_URING_DIR";

/// One test at a time: one of them forbids io_uring for a moment.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn member(dir: &Path, id: Option<u32>, val_size: u32) -> Member {
    Member {
        id,
        wal: Wal::create(dir, Values::new(64, val_size, 7)).unwrap(),
        backend: Backend::create(dir, 64, val_size, 0, 7, |_| true).unwrap(),
    }
}

fn task(load: Load, lasting_ns: u64, max_bytes: u64) -> (Task, Receiver<Emission>) {
    let (sink, emissions) = channel();
    let clock = Clock::start();
    let task = Task {
        clock,
        control: Control::new(Arc::new(AtomicBool::new(false)), max_bytes),
        recorder: RecorderSettings {
            phase: Arc::from("test"),
            interval_ns: 1000 * MS,
            stall_ns: 100_000 * MS,
            sink,
            pool: Pool::default(),
        },
        load,
        costs: Costs::NONE,
        seed: 7,
        until_ns: clock.now_ns() + lasting_ns,
        commits: None,
    };
    (task, emissions)
}

/// Samples by series and member.
fn counts(emissions: &Receiver<Emission>) -> BTreeMap<(&'static str, Option<u32>), u64> {
    let mut counts = BTreeMap::new();
    for emission in emissions.try_iter() {
        if let Emission::Interval(interval) = emission {
            *counts.entry((interval.series, interval.member)).or_default() +=
                interval.samples.count();
        }
    }
    counts
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn segments(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(dir.join("wal")).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "wal"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

#[test]
fn both_engines_leave_the_same_log_over_a_rotation() {
    let _alone = alone();
    // Saves of 150 puts of 20 KiB, each cut into several writes, up to 80 MB: the second segment is begun.
    let load = Load::Closed { clients: 150 };
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let engines: [Box<dyn Engine>; 2] =
        [Box::new(SyncEngine), Box::new(UringEngine::new(1).unwrap())];
    let mut all_counts = Vec::new();
    for (dir, mut engine) in dirs.iter().zip(engines) {
        let mut members = [member(dir.path(), None, 20 << 10)];
        let (task, emissions) = task(load, 120_000 * MS, 80_000_000);
        engine.run(&mut members, &task).unwrap();
        all_counts.push(counts(&emissions));
    }
    let [sync, uring] = dirs.map(|dir| segments(dir.path()));
    assert_eq!(sync.len(), 2);
    assert!(sync.keys().eq(uring.keys()));
    for (name, bytes) in &sync {
        assert!(bytes == &uring[name], "{name} differs");
    }
    assert_eq!(all_counts[0], all_counts[1]);
    assert_eq!(all_counts[0][&("wal.cut", None)], 1);
}

#[test]
fn every_put_that_arrived_is_acknowledged_and_the_backend_commits() {
    let _alone = alone();
    let load = Load::Open { rate: 500.0, arrival: Arrival::Constant };
    let dir = tempfile::tempdir().unwrap();
    let mut members = [member(dir.path(), None, 1024)];
    let (mut task, emissions) = task(load, 1500 * MS, u64::MAX);
    task.commits = Some(Commits { interval_ns: 100 * MS, limit: 10_000, fixed_puts: None });
    UringEngine::new(1).unwrap().run(&mut members, &task).unwrap();
    assert!(task.clock.now_ns() < task.until_ns + 1000 * MS);
    let counts = counts(&emissions);
    // The engine starts a few milliseconds into the task.
    let puts = counts[&("put.commit", None)];
    assert!((735..=749).contains(&puts), "{puts}");
    let commits = counts[&("backend.commit", None)];
    assert!((3..=15).contains(&commits), "{commits}");
    let fsyncs = counts[&("wal.fsync", None)];
    assert_eq!(fsyncs, counts[&("wal.sync", None)]);
    let labelled = counts[&("wal.fsync.fresh", None)] + counts[&("wal.fsync.same", None)];
    assert_eq!(fsyncs, labelled);
    assert!(members[0].backend.db_bytes() > 735 * 1024);
}

#[test]
fn a_sync_task_goes_on_where_a_ring_task_ended() {
    let _alone = alone();
    let load = Load::Closed { clients: 1 };
    let dir = tempfile::tempdir().unwrap();
    let mut members = [member(dir.path(), None, 256)];
    let engines: [Box<dyn Engine>; 2] =
        [Box::new(UringEngine::new(1).unwrap()), Box::new(SyncEngine)];
    for mut engine in engines {
        let (task, _emissions) = task(load, 10_000 * MS, 10_000);
        engine.run(&mut members, &task).unwrap();
    }
    let end = members[0].wal.offset() as usize;
    let bytes = segments(dir.path()).into_values().next().unwrap();
    // Records never end in a long run of zeroes before the end, and nothing follows it.
    assert!(bytes[..end].windows(64).all(|w| w.iter().any(|&b| b != 0)));
    assert!(bytes[end..].iter().all(|&b| b == 0));
}

#[test]
fn eight_members_share_one_thread() {
    let _alone = alone();
    let load = Load::Closed { clients: 2 };
    let dir = tempfile::tempdir().unwrap();
    let mut members: Vec<Member> = (0..8)
        .map(|id| {
            let dir = dir.path().join(id.to_string());
            std::fs::create_dir(&dir).unwrap();
            member(&dir, Some(id), 256)
        })
        .collect();
    let (mut task, emissions) = task(load, 1500 * MS, u64::MAX);
    task.commits = Some(Commits { interval_ns: 100 * MS, limit: 10_000, fixed_puts: None });
    let mut engine = UringEngine::new(8).unwrap();
    engine.smoke_test(dir.path()).unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 8);
    engine.run(&mut members, &task).unwrap();
    let counts = counts(&emissions);
    for series in ["wal.fsync", "put.commit", "backend.commit"] {
        let of: BTreeSet<_> = counts.keys().filter(|key| key.0 == series).collect();
        assert_eq!(of.len(), 8, "{series}: {of:?}");
    }
}

#[test]
#[ignore = "run by the test below, under strace"]
fn traced_child() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else {
        return;
    };
    let mut members = [member(dir.as_ref(), None, 256)];
    let (mut task, emissions) = task(Load::Closed { clients: 3 }, 1000 * MS, u64::MAX);
    task.commits = Some(Commits { interval_ns: 50 * MS, limit: 10_000, fixed_puts: None });
    UringEngine::new(1).unwrap().run(&mut members, &task).unwrap();
    let counts = counts(&emissions);
    assert!(counts[&("wal.fsync", None)] > 20);
    assert!(counts[&("backend.commit", None)] > 3);
}

#[test]
fn the_loop_syncs_only_through_the_ring() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("strace.log");
    let traced = Command::new("strace")
        .args(["-f", "-qq", "-e"])
        .arg("trace=fsync,fdatasync,pwrite64,pwritev,pwritev2,io_uring_enter")
        .arg("-o")
        .arg(&log)
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "uring::traced_child"])
        .env(CHILD_DIR, dir.path())
        .output();
    let Ok(traced) = traced else {
        eprintln!("skipped: no strace here");
        return;
    };
    assert!(traced.status.success(), "{traced:?}");
    let log = std::fs::read_to_string(log).unwrap();
    let calls = |name: &str| log.matches(&format!(" {name}(")).count();
    assert!(calls("io_uring_enter") > 20, "{log}");
    let last = log.rfind(" fdatasync(").max(log.rfind(" fsync(")).max(log.rfind(" pwrite64("));
    let first_enter = log.find(" io_uring_enter(").unwrap();
    assert!(last.unwrap() < first_enter, "plain writes or syncs in the loop");
}

/// A file system of a given size; unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(mib: u32) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "none"])
            .arg(dir.path())
            .status();
        mounted.is_ok_and(|s| s.success()).then(|| SmallDisk(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_ends_the_task_with_the_file_and_the_cause() {
    let _alone = alone();
    let Some(disk) = SmallDisk::mount(140).filter(|_| is_root()) else {
        eprintln!("skipped: cannot mount here");
        return;
    };
    // Two segments take 122 MiB, so the database meets the end of the disk.
    let mut members = [member(disk.0.path(), None, 60_000)];
    // Slowly enough that commits keep up: the write budget ends before the second segment does.
    let load = Load::Open { rate: 500.0, arrival: Arrival::Constant };
    let (mut task, _emissions) = task(load, 60_000 * MS, 60_000_000);
    task.commits = Some(Commits { interval_ns: 10 * MS, limit: 10_000, fixed_puts: None });
    let ended = UringEngine::new(1).unwrap().run(&mut members, &task);
    drop(members);
    let error = ended.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("snap/db: cannot write: No space left"), "{text}");
    assert_eq!(error.exit(), Exit::CannotMeasure);
}

/// Sets the sysctl, and sets it back when dropped.
struct Forbidden(String);

impl Forbidden {
    fn set(value: &str) -> Option<Self> {
        let before = std::fs::read_to_string(SYSCTL).ok()?;
        std::fs::write(SYSCTL, value).ok()?;
        Some(Forbidden(before))
    }
}

impl Drop for Forbidden {
    fn drop(&mut self) {
        let _ = std::fs::write(SYSCTL, &self.0);
    }
}

#[test]
fn where_io_uring_is_forbidden_the_error_names_the_sysctl() {
    let _alone = alone();
    let Some(forbidden) = Forbidden::set("2") else {
        eprintln!("skipped: cannot set the sysctl here");
        return;
    };
    let error = UringEngine::new(1).unwrap_err();
    drop(forbidden);
    assert_eq!(
        error.to_string(),
        "--engine uring: the kernel refuses io_uring: sysctl kernel.io_uring_disabled is 2; set it to 0, or use \
         --engine sync"
    );
    assert_eq!(error.exit(), Exit::CannotMeasure);
    assert!(UringEngine::new(1).is_ok());
}
