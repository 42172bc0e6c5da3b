//! The ladder on real file systems. Those that need a mount run as root and say so where they cannot.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tempfile::TempDir;

use super::{DeviceCounters, Durability, examine};
use crate::host::device;
use crate::result::DurabilityOutcome;

fn examined(dir: &Path) -> Durability {
    let facts = device::describe(dir).expect("facts");
    let counters = DeviceCounters::find(&facts);
    let stop = AtomicBool::new(false);
    let budget = Duration::from_millis(1500);
    let (found, written) =
        examine(dir, &facts, counters.as_ref(), (budget, u64::MAX), &stop, &mut |_, _| ())
            .expect("an examination");
    assert!(written >= 4 * 8 * 4096);
    let left = std::fs::read_dir(dir).expect("a directory").flatten();
    assert_eq!(left.filter(|e| e.file_name() != "lost+found").count(), 0);
    found
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("{program}: {e}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// A mount that goes with its directory.
struct Mounted {
    dir: TempDir,
}

impl Mounted {
    fn new(arguments: &[&str]) -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
        let mut all = arguments.to_vec();
        let target = dir.path().to_string_lossy().into_owned();
        all.push(&target);
        run("mount", &all)?;
        Ok(Mounted { dir })
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = run("umount", &[&self.dir.path().to_string_lossy()]);
    }
}

/// A file system in a file below `home`, and its mount.
fn on_loop(home: &Path, mkfs: &[&str], options: &str) -> Result<Mounted, String> {
    let image = home.join("image");
    let path = image.to_string_lossy().into_owned();
    run("truncate", &["-s", "400M", &path])?;
    let (program, arguments) = mkfs.split_first().ok_or("no mkfs")?;
    let mut arguments = arguments.to_vec();
    arguments.push(&path);
    run(program, &arguments)?;
    Mounted::new(&["-o", &format!("loop,{options}"), &path])
}

/// The value, or the reason printed.
fn or_skip<T>(made: Result<T, String>) -> Option<T> {
    made.inspect_err(|why| eprintln!("skipped: {why}")).ok()
}

fn has(found: &Durability, words: &str) -> bool {
    found.evidence.iter().any(|line| line.contains(words))
}

#[test]
fn a_stop_ends_it_at_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let facts = device::describe(dir.path()).expect("facts");
    let stop = AtomicBool::new(true);
    let (found, written) =
        examine(dir.path(), &facts, None, (Duration::ZERO, u64::MAX), &stop, &mut |_, _| ())
            .expect("an answer");
    assert_eq!((found.syncs, written), (0, 0));
    assert_ne!(found.outcome, DurabilityOutcome::NotDisproved);
}

#[test]
fn tmpfs_is_memory() {
    let Some(mount) = or_skip(Mounted::new(&["-t", "tmpfs", "tmpfs"])) else {
        return;
    };
    let found = examined(mount.path());
    assert_eq!(found.outcome, DurabilityOutcome::Disproved);
    assert!(has(&found, "keeps files in memory"), "{found:#?}");
}

#[test]
fn loop_file_systems_sync_down_to_the_disk() {
    let kinds: &[&[&str]] = &[&["mkfs.ext4", "-q"], &["mkfs.xfs", "-q"], &["mkfs.btrfs", "-q"]];
    for mkfs in kinds {
        let home = tempfile::tempdir_in("/var/tmp").expect("a directory");
        let Some(mount) = or_skip(on_loop(home.path(), mkfs, "rw")) else {
            continue;
        };
        let facts = device::describe(mount.path()).expect("facts");
        assert_eq!(facts.devices[0].kind, "loop", "{mkfs:?}");
        assert_eq!(facts.below.len(), 1, "{mkfs:?} {facts:#?}");
        let found = examined(mount.path());
        eprintln!("{mkfs:?} {found:#?}");
        assert_ne!(found.outcome, DurabilityOutcome::Disproved, "{found:#?}");
    }
}

#[test]
fn a_loop_file_system_in_memory_is_memory() {
    let home = tempfile::tempdir_in("/dev/shm").expect("a directory");
    let Some(mount) = or_skip(on_loop(home.path(), &["mkfs.ext4", "-q"], "rw")) else {
        return;
    };
    let found = examined(mount.path());
    assert_eq!(found.outcome, DurabilityOutcome::Disproved);
    assert!(has(&found, "backing file of loop"), "{found:#?}");
}

#[test]
fn nobarrier_over_a_volatile_cache() {
    let home = tempfile::tempdir_in("/var/tmp").expect("a directory");
    let Some(mount) = or_skip(on_loop(home.path(), &["mkfs.ext4", "-q"], "nobarrier")) else {
        return;
    };
    let found = examined(mount.path());
    assert_eq!(found.outcome, DurabilityOutcome::Disproved, "{found:#?}");
    assert!(has(&found, "`nobarrier`"), "{found:#?}");
}

#[test]
fn overlays_honest_and_volatile() {
    let home = tempfile::tempdir_in("/var/tmp").expect("a directory");
    for (volatile, option) in [(false, ""), (true, ",volatile")] {
        let layer = |name: &str| {
            let path = home.path().join(format!("{name}{volatile}"));
            std::fs::create_dir(&path).expect("a directory");
            path.to_string_lossy().into_owned()
        };
        let (lower, upper, work) = (layer("lower"), layer("upper"), layer("work"));
        let options = format!("lowerdir={lower},upperdir={upper},workdir={work}{option}");
        let made = Mounted::new(&["-t", "overlay", "overlay", "-o", &options]);
        let Some(mount) = or_skip(made) else {
            return;
        };
        let facts = device::describe(mount.path()).expect("facts");
        assert_eq!(facts.below.len(), 1, "{facts:#?}");
        let found = examined(mount.path());
        let disproved = found.outcome == DurabilityOutcome::Disproved;
        assert_eq!(disproved, volatile, "{found:#?}");
        if volatile {
            assert!(has(&found, "volatile`: every sync is dropped"), "{found:#?}");
            assert!(has(&found, "the sync does nothing"), "{found:#?}");
        }
    }
}

/// Not a test of its own: what `eatmydata` below runs, in a process that has the library loaded.
#[test]
#[ignore = "run by another test"]
fn in_this_process() {
    let dir = tempfile::tempdir_in("/var/tmp").expect("a directory");
    println!("{:#?}", examined(dir.path()));
}

#[test]
fn eatmydata_is_seen_by_its_name_and_by_its_deed() {
    let library = "/usr/lib/x86_64-linux-gnu/libeatmydata.so";
    if !Path::new(library).exists() {
        eprintln!("skipped: {library} is not installed (package libeatmydata1)");
        return;
    }
    let itself = std::env::current_exe().expect("this program");
    let output = Command::new(itself)
        .args(["--exact", "disk::durability::tests::in_this_process"])
        .args(["--ignored", "--nocapture"])
        .env("LD_PRELOAD", library)
        .output()
        .expect("this program again");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("outcome: NotEstablished"), "{text}");
    assert!(text.contains("libeatmydata is loaded into this process"), "{text}");
    assert!(text.contains("through the C library: something loaded"), "{text}");
}

#[test]
fn the_disk_of_this_machine_is_not_accused() {
    let dir = tempfile::tempdir_in("/var/tmp").expect("a directory");
    let facts = device::describe(dir.path()).expect("facts");
    if facts.filesystem.as_deref() == Some("overlay") || facts.devices.is_empty() {
        eprintln!("skipped: /var/tmp lies on {:?}", facts.filesystem);
        return;
    }
    let found = examined(dir.path());
    assert_eq!(found.outcome, DurabilityOutcome::NotDisproved, "{found:#?}");
}
