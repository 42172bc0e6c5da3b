//! Neighbours on purpose: they work, they are told, they slow down what they should, and nothing of them is left.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::loopdisk::LoopDisk;
use crate::support::needs::{Need, needs};
use crate::support::probe::{self, Finished};
use crate::support::quiet::quiet;
use crate::support::sides::median;
use etcdbench::result::Run;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// What a neighbour's counters grew by in all phases together.
fn done(run: &Run, source: &str, counter: &str) -> f64 {
    let counters = run.counters.iter().filter(|one| one.source == source);
    counters.filter_map(|one| one.values.get(counter)).sum()
}

/// Whatever is in a directory.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("the directory is there");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    entries.map(|entry| name(entry.expect("it can be listed"))).collect()
}

/// A directory for the probe, one for a neighbour and one for the result.
struct Place {
    scratch: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let scratch = probe::scratch();
        for name in ["probe", "other"] {
            fs::create_dir(scratch.path().join(name)).expect("a directory");
        }
        Place { scratch }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn run(&self, more: &str) -> Finished {
        probe::run(&self.path("probe"), &self.path("result.jsonl"), more)
    }

    /// A run with a neighbour in each of the two directories, both at work.
    fn at_work(&self) -> Child {
        let more = format!(
            "--quiet --phases etcd=60s --rate 100 --neighbour unpack --neighbour sync@{}",
            self.path("other").display()
        );
        let command = Command::new(probe::program());
        let (directory, result) = (self.path("probe"), self.path("result.jsonl"));
        let child = probe::disk(command, &directory, &result, &more).spawn();
        let child = child.expect("etcdbench can be started");
        let works = || {
            let told = fs::read_to_string(&result).unwrap_or_default();
            ["neighbour.1", "neighbour.2"].iter().all(|source| {
                let of_it = |line: &&str| line.contains(r#""counters""#) && line.contains(source);
                told.lines().filter(of_it).count() >= 2
            })
        };
        within(Duration::from_secs(60), "they work", works);
        child
    }

    fn is_clean(&self) {
        for name in ["probe", "other"] {
            assert_eq!(names(&self.path(name)), [""; 0], "{name}");
        }
    }
}

fn within(limit: Duration, what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < limit, "not within {limit:?}: {what}");
        sleep(Duration::from_millis(50));
    }
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(id as i32).expect("a process id")
}

/// The neighbours' processes.
fn children(parent: u32) -> Vec<Pid> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    let children = children.expect("the process is there");
    children.split_whitespace().map(|id| pid(id.parse().expect("a process id"))).collect()
}

fn finish(child: Child, place: &Place) -> Finished {
    let output = child.wait_with_output().expect("it ends");
    probe::finished(output, &place.path("result.jsonl"))
}

#[test]
fn every_kind_works_is_told_and_leaves_nothing() {
    let _quiet = quiet();
    let place = Place::new();
    let more = format!(
        "--phases durability=500ms,wal=2s,etcd=3s --rate 100 --neighbour unpack=200 --neighbour bulk=8MiB \
         --neighbour sync=20@{} --neighbour read=8MiB --neighbour none",
        place.path("other").display()
    );
    let finished = place.run(&more);
    let run = finished.read();
    place.is_clean();
    for (source, counter, least) in [
        ("neighbour.1", "files", 100.0),
        ("neighbour.2", "written_bytes", 8_388_608.0),
        ("neighbour.3", "syncs", 5.0),
        ("neighbour.4", "read_bytes", 8_388_608.0),
    ] {
        let done = done(&run, source, counter);
        assert!(done >= least, "{source}: {done} {counter}\n{finished:#?}");
    }
    let begun = run.events.iter().filter(|event| event.kind == "neighbour");
    let on: Vec<_> = begun.map(|event| event.detail["on"].clone()).collect();
    assert_eq!(on, ["the same file system"; 4]);
    let summary = run.summary.expect("a summary");
    assert!(summary.complete, "{finished:#?}");
    let told = summary.findings.iter().filter(|f| f.code.to_string() == "neighbour");
    assert_eq!(told.count(), 4);
    let words: Vec<&str> = finished.stdout.split_whitespace().collect();
    let page = words.join(" ");
    for words in [
        "beside neighbours: unpack (200 files/s), bulk (8 MiB/s), sync (20 syncs/s), read (8 MiB/s)",
        "with a neighbour: sync did",
        "--neighbour 'unpack=200' --neighbour 'bulk=8MiB'",
    ] {
        assert!(page.contains(words), "no {words:?} in {page}");
    }
    assert!(finished.stderr.contains("the neighbour bulk (8 MiB/s)"));
}

#[test]
fn control_c_sends_them_home() {
    let _quiet = quiet();
    let place = Place::new();
    let child = place.at_work();
    let neighbours = children(child.id());
    assert_eq!(neighbours.len(), 2);
    kill_process(pid(child.id()), Signal::INT).expect("the process is there");
    let finished = finish(child, &place);
    assert_eq!(finished.code, Some(130), "{finished:#?}");
    assert!(!finished.stderr.contains("could not go on"), "{finished:#?}");
    place.is_clean();
    for neighbour in neighbours {
        assert!(test_kill_process(neighbour).is_err(), "it still runs");
    }
    let summary = finished.read().summary.expect("a summary");
    assert!(summary.interrupted && summary.headline.contains("beside neighbours"));
}

#[test]
fn they_do_not_outlive_a_probe_that_was_killed() {
    let _quiet = quiet();
    let place = Place::new();
    let child = place.at_work();
    let neighbours = children(child.id());
    kill_process(pid(child.id()), Signal::KILL).expect("the process is there");
    let finished = finish(child, &place);
    assert_eq!(finished.code, None);
    within(Duration::from_secs(30), "both are gone", || {
        neighbours.iter().all(|one| test_kill_process(*one).is_err())
    });
    // The probe's own directory waits for the next run, theirs are gone with them.
    assert_eq!(names(&place.path("probe")).len(), 1);
    assert_eq!(names(&place.path("other")), [""; 0]);
}

#[test]
fn a_run_whose_neighbour_dies_is_no_run_with_a_neighbour() {
    let _quiet = quiet();
    let place = Place::new();
    let child = place.at_work();
    let neighbours = children(child.id());
    kill_process(neighbours[1], Signal::KILL).expect("the process is there");
    let finished = finish(child, &place);
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    assert!(finished.stderr.contains("the neighbour sync (100 syncs/s) in"), "{finished:#?}");
    assert!(finished.stderr.contains("could not go on"), "{finished:#?}");
    let run = finished.read();
    assert!(run.summary.is_some_and(|summary| !summary.complete));
    place.is_clean();
}

/// What is refused, with which exit code, and what must be said.
const REFUSED: &[(&str, i32, &[&str])] = &[
    ("--neighbour bluk", 2, &["--neighbour", "did you mean 'bulk'?"]),
    ("--neighbour backup", 2, &["no kind 'backup'", "unpack, bulk, sync, read, none"]),
    ("--neighbour sync=fast", 2, &["sync=fast", "whole number"]),
    ("--neighbour bulk=0", 2, &["bulk=0", "1MiB to"]),
    ("--neighbour none=5", 2, &["none=5", "has no rate"]),
    ("--neighbour sync@", 2, &["--neighbour", "after @"]),
    ("--neighbour sync --phases idle", 2, &["--neighbour", "wal, etcd, commits, capacity"]),
    ("--neighbour bulk@missing", 1, &["--neighbour bulk@", "no such directory"]),
    ("--neighbour bulk@/dev/null", 1, &["--neighbour bulk@/dev/null", "not a directory"]),
];

#[test]
fn what_cannot_be_is_refused_before_anything_is_touched() {
    let place = Place::new();
    for (more, code, said) in REFUSED {
        let finished = place.run(&format!("--quiet {more}"));
        assert_eq!(finished.code, Some(*code), "{more}: {finished:#?}");
        for part in *said {
            assert!(finished.stderr.contains(part), "{more}: no {part:?} in {finished:#?}");
        }
        place.is_clean();
        assert!(!place.path("result.jsonl").exists(), "{more}");
    }
}

#[test]
fn a_neighbours_file_system_needs_room_too() {
    needs!(Need::Root, Need::Program("mkfs.ext4"));
    let (place, disk) = (Place::new(), LoopDisk::new("ext4", 128));
    let bulk = format!("--quiet --neighbour bulk@{}", disk.path().display());
    let finished = place.run(&bulk);
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    assert!(finished.stderr.contains("256 MiB"), "{finished:#?}");
    // Another kind needs less.
    let sync = format!("--quiet --phases etcd=1s --neighbour sync@{}", disk.path().display());
    let finished = place.run(&sync);
    let run = finished.read();
    assert!(done(&run, "neighbour.1", "syncs") > 5.0, "{finished:#?}");
    let begun = run.events.iter().find(|event| event.kind == "neighbour");
    let on = begun.expect("it is told").detail["on"].clone();
    assert_ne!(on, "the same file system");
    assert_eq!(names(disk.path()), ["lost+found"]);
}

#[test]
#[ignore = "long: ./scripts/test --all"]
fn files_that_come_by_the_hundred_are_felt_on_a_slow_disk() {
    needs!(Need::Root, Need::Program("mkfs.ext4"), Need::WriteThrottle);
    let _quiet = quiet();
    let (disk, place) = (LoopDisk::new("ext4", 768).throttled(100), Place::new());
    let (means, told) = in_turn(&disk, &place, ["none", "unpack=100"], 3, 2);
    // Data that the journal's commit has to wait for.
    assert!(means[1] > 3.0 * means[0], "{told}");
}

#[test]
#[ignore = "long: ./scripts/test --all"]
fn neighbours_on_a_slow_disk_are_felt() {
    needs!(Need::Root, Need::Program("mkfs.ext4"), Need::WriteThrottle);
    let _quiet = quiet();
    let (disk, place) = (LoopDisk::new("ext4", 768).throttled(100), Place::new());
    let sides = ["none", "sync=200", "unpack=100"];
    let ([alone, sync, unpack], told) = in_turn(&disk, &place, sides, 4, 5);
    eprintln!("{told}");
    // Two share what one had, and each sync commits the other's changes.
    assert!(sync > 1.5 * alone, "{told}");
    assert!(unpack > 4.0 * alone, "{told}");

    // They can be held against each other as they are.
    let compare = Command::new(probe::program())
        .arg("compare")
        .args(sides.map(|side| place.path(side)))
        .current_dir(place.path("other"))
        .output()
        .expect("etcdbench can be started");
    let page = String::from_utf8_lossy(&compare.stdout);
    assert!(matches!(compare.status.code(), Some(0 | 3)), "{page}");
    assert!(page.contains("plan.neighbours"), "{page}");
    // What syncs do may be lost in the noise of four runs, what unpacking does is not.
    assert!(page.contains("C is worse"), "{page}");
    assert!(!page.contains("is better"), "{page}");
}

/// The mean `wal.fsync` beside each neighbour in turn: of so many runs of so many seconds each the median; and all of
/// them, to be told.
fn in_turn<const N: usize>(
    disk: &LoopDisk,
    place: &Place,
    sides: [&str; N],
    repeats: usize,
    seconds: u64,
) -> ([f64; N], String) {
    let run = |side: &str, repeat: usize| {
        let directory = place.path(side);
        fs::create_dir_all(&directory).expect("a directory");
        let result = directory.join(format!("{repeat}.jsonl"));
        let command = disk.command(probe::program());
        let more = format!("--quiet --phases etcd={seconds}s --rate 20 --neighbour {side}");
        let finished = probe::finish(probe::disk(command, disk.path(), &result, &more), &result);
        let told = finished.stdout.contains("These figures are with a neighbour");
        assert_eq!(told, side != "none", "{finished:#?}");
        probe::mean(&finished.read(), "etcd", "wal.fsync")
    };
    let mut means = sides.map(|_| Vec::new());
    for repeat in 0..repeats {
        for (side, means) in sides.iter().zip(&mut means) {
            means.push(run(side, repeat));
        }
    }
    let told = format!("mean wal.fsync in seconds, {sides:?}: {means:?}");
    (means.map(median), told)
}
