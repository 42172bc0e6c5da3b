//! What may go wrong on a machine goes wrong cleanly: a clear word, the right exit code, nothing left behind.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::command::run;
use crate::support::etcd::Fresh;
use crate::support::loopdisk::LoopDisk;
use crate::support::needs::{Need, needs};
use crate::support::probe::{self, Finished};
use crate::support::quiet::quiet;
use crate::support::strace;
use etcdbench::exit::Verdict;
use etcdbench::result;
use rustix::process::{Pid, Signal, kill_process};

const SHORT: &str = "--quiet --phases etcd=2s --rate 100";
const LONG: &str = "--quiet --phases etcd=60s --rate 100";

/// The working directories of runs, alive or dead.
fn leftovers(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("the directory is there");
    entries
        .map(|entry| entry.expect("it can be listed"))
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(".etcdbench-"))
        .map(|entry| entry.path())
        .collect()
}

/// Refused: exit code 1, and these words.
fn refused(finished: &Finished, words: &str) {
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    let told = finished.stderr.to_lowercase();
    assert!(told.contains(words), "no {words:?} in {finished:#?}");
    assert!(!told.contains("panicked"), "{finished:#?}");
}

/// A run that is under way and has written for a second.
fn under_way(directory: &Path, result: &Path, more: &str) -> Child {
    let command = Command::new(probe::program());
    let child = probe::disk(command, directory, result, more).spawn();
    let child = child.expect("etcdbench can be started");
    let deadline = Instant::now() + Duration::from_secs(30);
    while leftovers(directory).is_empty() {
        assert!(Instant::now() < deadline, "no working directory after 30 s");
        sleep(Duration::from_millis(20));
    }
    sleep(Duration::from_millis(2500));
    child
}

fn send(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid as i32).expect("a process id");
    kill_process(pid, signal).expect("the process is there");
}

fn wait(child: Child, result: &Path) -> Finished {
    probe::finished(child.wait_with_output().expect("it ends"), result)
}

#[test]
fn no_such_directory() {
    let scratch = probe::scratch();
    let missing = scratch.path().join("missing");
    let finished = probe::run(&missing, &scratch.path().join("result.jsonl"), SHORT);
    refused(&finished, "no such directory");
    assert!(!missing.exists());
}

#[test]
fn not_a_directory() {
    let scratch = probe::scratch();
    let file = scratch.path().join("file");
    fs::write(&file, "precious").expect("a file");
    let finished = probe::run(&file, &scratch.path().join("result.jsonl"), SHORT);
    refused(&finished, "not a directory");
    assert_eq!(fs::read_to_string(&file).expect("it is still there"), "precious");
}

#[test]
fn no_permission() {
    needs!(Need::Root, Need::Program("setpriv"));
    // The build may lie where others cannot go.
    let open = tempfile::tempdir_in("/var/tmp").expect("a directory");
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode can be set");
    };
    mode(open.path(), 0o777);
    let program = open.path().join("etcdbench");
    fs::copy(probe::program(), &program).expect("the program can be copied");
    let closed = open.path().join("closed");
    fs::create_dir(&closed).expect("a directory");
    mode(&closed, 0o755);
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    let result = open.path().join("result.jsonl");
    let finished = probe::finish(probe::disk(command, &closed, &result, SHORT), &result);
    refused(&finished, "permission");
}

#[test]
fn a_read_only_mount() {
    needs!(Need::Root);
    let (disk, scratch) = (LoopDisk::new("ext4", 64), probe::scratch());
    disk.remount("ro");
    let finished = probe::run(disk.path(), &scratch.path().join("result.jsonl"), SHORT);
    refused(&finished, "read-only");
}

/// Fills a disk down to so many MiB with a file.
fn fill(disk: &LoopDisk, leave_mebibytes: u64) {
    let room = rustix::fs::statvfs(disk.path()).expect("a mounted file system");
    let free = room.f_bavail * room.f_frsize;
    let filler = File::create(disk.path().join("filler")).expect("a file");
    let bytes = free - (leave_mebibytes << 20).min(free);
    let flags = rustix::fs::FallocateFlags::empty();
    rustix::fs::fallocate(&filler, flags, 0, bytes).expect("room for the filler");
}

#[test]
fn a_hundred_megabytes_left() {
    needs!(Need::Root);
    let (disk, scratch) = (LoopDisk::new("ext4", 512), probe::scratch());
    fill(&disk, 100);
    let finished = probe::run(disk.path(), &scratch.path().join("result.jsonl"), SHORT);
    refused(&finished, "free");
    assert!(leftovers(disk.path()).is_empty());
}

#[test]
fn the_disk_fills_up_in_the_middle() {
    needs!(Need::Root);
    let _quiet = quiet();
    let (disk, scratch) = (LoopDisk::new("ext4", 6144), probe::scratch());
    let result = scratch.path().join("result.jsonl");
    let more = "--quiet --phases etcd=20s --rate 300 --val-size 16KiB";
    let child = under_way(disk.path(), &result, more);
    fill(&disk, 0);
    let finished = wait(child, &result);
    // Stopped by its own watch on the free space, or by the disk.
    let own = finished.stderr.contains("is free");
    refused(&finished, if own { "is free" } else { "no space left" });
    let run = finished.read();
    assert!(probe::series(&run, "etcd", "wal.fsync").total.count() > 100);
    assert!(run.summary.is_none_or(|summary| !summary.complete));
    assert!(leftovers(disk.path()).is_empty(), "it cleans up on a full disk too");
}

fn interrupted_by(signal: Signal) {
    let _quiet = quiet();
    let scratch = probe::scratch();
    let result = scratch.path().join("result.jsonl");
    let child = under_way(scratch.path(), &result, LONG);
    let began = Instant::now();
    send(child.id(), signal);
    let finished = wait(child, &result);
    assert!(began.elapsed() < Duration::from_secs(10), "it took {:?}", began.elapsed());
    assert_eq!(finished.code, Some(130), "{finished:#?}");
    let run = finished.read();
    let summary = run.summary.as_ref().expect("what was measured is summarised");
    assert!(summary.interrupted && !summary.complete);
    assert!(probe::series(&run, "etcd", "wal.fsync").total.count() > 50);
    assert!(leftovers(scratch.path()).is_empty());
}

#[test]
fn control_c() {
    interrupted_by(Signal::INT);
}

#[test]
fn terminated() {
    interrupted_by(Signal::TERM);
}

#[test]
fn a_second_control_c_ends_at_once() {
    needs!(Need::Trace);
    let _quiet = quiet();
    let scratch = probe::scratch();
    let result = scratch.path().join("result.jsonl");
    // A sync that hangs: the first Ctrl-C has to wait for it.
    let mut command = Command::new("strace");
    command
        .args(strace::arguments("fdatasync", &scratch.path().join("trace")))
        .args(["-e", "inject=fdatasync:delay_enter=10s:when=60"])
        .arg(probe::program());
    let child = probe::disk(command, scratch.path(), &result, LONG).spawn();
    let child = child.expect("strace can be started");
    sleep(Duration::from_secs(4));
    let probe = child_of(child.id());
    send(probe, Signal::INT);
    sleep(Duration::from_secs(1));
    let again = Instant::now();
    send(probe, Signal::INT);
    // strace itself stays until the delay it was told to make is over.
    while is_running(probe) {
        assert!(again.elapsed() < Duration::from_secs(3), "it still runs");
        sleep(Duration::from_millis(20));
    }
    let finished = wait(child, &result);
    assert_eq!(finished.code, Some(130), "{finished:#?}");
    finished.read();
}

fn is_running(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status"));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}

fn child_of(pid: u32) -> u32 {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.expect("the process is there");
    let first = children.split_whitespace().next().expect("it has a child");
    first.parse().expect("a process id")
}

#[test]
fn killed() {
    let _quiet = quiet();
    let scratch = probe::scratch();
    let result = scratch.path().join("result.jsonl");
    let child = under_way(scratch.path(), &result, LONG);
    send(child.id(), Signal::KILL);
    let finished = wait(child, &result);
    assert_eq!(finished.code, None);
    assert!(finished.read().summary.is_none());
    assert_eq!(leftovers(scratch.path()).len(), 1);

    let report = Command::new(probe::program()).arg("report").arg(&result).output();
    let report = probe::finished(report.expect("etcdbench can be started"), &result);
    assert!(report.stdout.to_lowercase().contains("incomplete"), "{report:#?}");
    assert!(report.stdout.contains("wal.fsync"), "{report:#?}");

    let next = probe::run(scratch.path(), &scratch.path().join("next.jsonl"), SHORT);
    assert!(next.read().summary.is_some_and(|summary| summary.complete), "{next:#?}");
    assert!(leftovers(scratch.path()).is_empty(), "the next run removes what is left");
}

/// The verdict of the rule on durability, and the whole run's exit code.
fn durability(finished: &Finished) -> Verdict {
    let summary = finished.read().summary.expect("a summary");
    let rule = summary.rules.iter().find(|rule| rule.rule.to_string() == "durability");
    rule.expect("durability is judged").verdict
}

#[test]
fn a_tmpfs_is_not_qualified() {
    needs!(Need::Root);
    let _quiet = quiet();
    let (mount_point, scratch) = (Tmpfs::new(), probe::scratch());
    let more = "--quiet --phases durability=2s,wal=2s,etcd=5s";
    let finished = probe::run(&mount_point.0, &scratch.path().join("result.jsonl"), more);
    assert_eq!(finished.code, Some(3), "{finished:#?}");
    assert_eq!(durability(&finished), Verdict::Fail);
    assert!(finished.stdout.contains("NOT QUALIFIED"), "{finished:#?}");
}

struct Tmpfs(PathBuf);

impl Tmpfs {
    fn new() -> Self {
        let path = tempfile::tempdir_in("/var/tmp").expect("a directory").keep();
        run("mount", &["-t", "tmpfs", "-o", "size=4g", "tmpfs", &path.to_string_lossy()]);
        Tmpfs(path)
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        run("umount", &[&self.0.to_string_lossy()]);
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn swallowed_syncs_are_not_qualified() {
    needs!(Need::Program("eatmydata"));
    let _quiet = quiet();
    let scratch = probe::scratch();
    let result = scratch.path().join("result.jsonl");
    let mut command = Command::new("eatmydata");
    command.arg(probe::program());
    let more = "--quiet --phases durability=2s,wal=2s,etcd=5s";
    let finished = probe::finish(probe::disk(command, scratch.path(), &result, more), &result);
    assert!(matches!(finished.code, Some(3 | 4)), "{finished:#?}");
    assert_ne!(durability(&finished), Verdict::Pass);
}

/// Sets a sysctl and puts the old value back.
struct Sysctl(&'static str, String);

impl Sysctl {
    fn set(path: &'static str, value: &str) -> Self {
        let old = fs::read_to_string(path).expect("the sysctl is there");
        fs::write(path, value).expect("it can be set");
        Sysctl(path, old)
    }
}

impl Drop for Sysctl {
    fn drop(&mut self) {
        let _ = fs::write(self.0, &self.1);
    }
}

#[test]
fn io_uring_is_forbidden() {
    needs!(Need::Root);
    const FORBIDDEN: &str = "/proc/sys/kernel/io_uring_disabled";
    if !Path::new(FORBIDDEN).exists() {
        eprintln!("SKIPPED: this kernel (before 6.6) cannot forbid io_uring by sysctl");
        return;
    }
    let _quiet = quiet();
    let _forbidden = Sysctl::set(FORBIDDEN, "2");
    let scratch = probe::scratch();
    let more = format!("{SHORT} --engine uring");
    let finished = probe::run(scratch.path(), &scratch.path().join("result.jsonl"), &more);
    refused(&finished, "io_uring_disabled");
    assert!(leftovers(scratch.path()).is_empty());
}

#[test]
fn a_live_etcd_is_left_alone() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let scratch = probe::scratch();
    let etcd = Fresh::packaged();
    for directory in ["", "member", "member/wal"] {
        let directory = etcd.data_dir().join(directory);
        let before = names(&directory);
        let finished = probe::run(&directory, &scratch.path().join("result.jsonl"), SHORT);
        refused(&finished, "etcd");
        assert!(finished.stderr.contains("--beside-live"), "it says the way out: {finished:#?}");
        assert_eq!(names(&directory), before);
    }
    let result = scratch.path().join("beside.jsonl");
    let more = format!("{SHORT} --beside-live");
    let finished = probe::run(etcd.data_dir(), &result, &more);
    assert!(finished.read().summary.is_some_and(|s| s.complete), "{finished:#?}");
    assert_eq!(names(etcd.data_dir()), ["member"]);
    assert!(etcd.scrape().has_leader());
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("the directory is there");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<_> = entries.map(|entry| name(entry.expect("an entry"))).collect();
    names.sort();
    names
}

#[test]
fn nonsense_is_wrong_usage_and_touches_nothing() {
    let nonsense = [
        "--no-such-flag",
        "--rate 0",
        "--rate -5",
        "--rate many",
        "--clients 0",
        "--clients 10 --rate 100",
        "--key-size 10ms",
        "--val-size 1XiB",
        "--phases nonsense",
        "--phases etcd=10",
        "--phases etcd=0s",
        "--heartbeat-interval 1s --election-timeout 2s",
        "--quota 1TB",
        "--members 0",
        "--profile nonsense",
        "--rule nonsense",
        "--rule wal.fsync.p99<10",
        "--engine nonsense",
        "--soak forever",
        "--max-bytes 1",
    ];
    let scratch = probe::scratch();
    let result = scratch.path().join("result.jsonl");
    for more in nonsense {
        let finished = probe::run(scratch.path(), &result, more);
        assert_eq!(finished.code, Some(2), "{more}: {finished:#?}");
        assert!(finished.stderr.contains("error"), "{more}: {finished:#?}");
        assert_eq!(names(scratch.path()), [""; 0], "{more} touched the directory");
    }
    let without = Command::new(probe::program()).arg("disk").output();
    assert_eq!(without.expect("etcdbench can be started").status.code(), Some(2));
}

#[test]
fn an_existing_result_is_never_overwritten() {
    let scratch = probe::scratch();
    let result = scratch.path().join("result.jsonl");
    fs::write(&result, "precious").expect("a file");
    let finished = probe::run(scratch.path(), &result, SHORT);
    assert!(matches!(finished.code, Some(1 | 2)), "{finished:#?}");
    assert_eq!(fs::read_to_string(&result).expect("it is still there"), "precious");
    assert!(result::read(&result).is_err());
}
