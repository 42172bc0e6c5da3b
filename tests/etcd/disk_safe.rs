//! What a qualification does to others on its disk: how much it makes the disk write, and who is told and spared.

use std::fs;
use std::path::Path;
use std::process::Command;

use etcdbench::result::{FindingCode, Run};

use crate::support::etcd::Fresh;
use crate::support::loopdisk::LoopDisk;
use crate::support::needs::{Need, needs};
use crate::support::probe;

/// Bytes that a block device has written since it is there.
fn written(device: &Path) -> u64 {
    let name = device.file_name().expect("a device").to_string_lossy();
    let text = fs::read_to_string(format!("/sys/block/{name}/stat")).expect("its counters");
    let sectors: u64 = text.split_whitespace().nth(6).expect("a count").parse().expect("a number");
    sectors * 512
}

#[test]
fn the_disk_never_writes_more_than_was_allowed() {
    needs!(Need::Root, Need::Program("losetup"), Need::Program("mkfs.xfs"));
    for file_system in ["ext4", "xfs"] {
        for (allowed, more) in [
            (5, "--clients 4 --phases durability=1s,etcd=20s"),
            (8, "--rate 400 --val-size 100 --phases wal=4s,etcd=20s"),
        ] {
            let disk = LoopDisk::new(file_system, 2048);
            rustix::fs::syncfs(fs::File::open(disk.path()).expect("a directory")).expect("a sync");
            let before = written(disk.device());
            let results = probe::scratch();
            let more = format!("{more} --max-bytes {allowed}MiB");
            let result = results.path().join("result.jsonl");
            let finished = probe::run(disk.path(), &result, &more);
            let grown = written(disk.device()) - before;
            let run = finished.read();
            let told = run.halted().unwrap_or_default().to_owned();
            assert!(told.contains("--max-bytes"), "{file_system} {more}: {told:?} after {grown}");
            assert!(grown <= allowed << 20, "{file_system} {more}: {grown} bytes at the device");
            // It is not ended long before, either: the device has the last word.
            assert!(
                grown >= (allowed << 20) / 2,
                "{file_system} {more}: {grown} bytes at the device"
            );
        }
    }
}

/// `disk DIR` as a user runs it, who is beside others.
fn beside(directory: &Path, result: &Path, more: &str) -> probe::Finished {
    let mut command = probe::disk(Command::new(probe::program()), directory, result, more);
    command.env_remove("ETCDBENCH_ASSUME_ALONE");
    probe::finish(command, result)
}

fn warned_of(run: &Run, code: FindingCode, words: &[&str]) -> bool {
    let summary = run.summary.as_ref().expect("a summary");
    summary.findings.iter().any(|finding| {
        finding.code == code && words.iter().all(|word| finding.message.contains(word))
    })
}

#[test]
fn a_live_etcd_on_the_same_disk_is_told_and_spared() {
    needs!(Need::Root);
    let etcd = Fresh::packaged();
    // Above the data directory: nothing of it is an etcd's.
    let above = etcd.data_dir().parent().expect("a parent").to_path_buf();
    let results = probe::scratch();
    let result = |name: &str| results.path().join(name);
    let data_dir = etcd.data_dir().to_str().expect("UTF-8");
    let phases = "--rate 50 --phases etcd=1s,capacity=3s";

    let run = beside(&above, &result("spared.jsonl"), phases);
    let read = run.read();
    assert!(warned_of(&read, FindingCode::LiveEtcd, &[data_dir, "left out"]), "{run:#?}");
    assert!(read.phase("capacity").is_none(), "{run:#?}");
    assert!(run.stderr.contains("a live etcd (process"), "{}", run.stderr);

    let run = beside(&above, &result("both.jsonl"), &format!("{phases} --beside-live"));
    let read = run.read();
    assert!(warned_of(&read, FindingCode::LiveEtcd, &[data_dir]), "{run:#?}");
    assert!(read.phase("capacity").is_some(), "{run:#?}");

    let run = beside(&above, &result("refused.jsonl"), "--phases capacity=3s");
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(
        run.stderr.contains(data_dir) && run.stderr.contains("--beside-live"),
        "{}",
        run.stderr
    );
    assert!(!run.result.exists());
}

#[test]
fn two_probes_on_one_disk_know_of_each_other() {
    needs!(Need::Root);
    let (first, second) = (probe::scratch(), probe::scratch());
    let result = |place: &Path| place.join("result.jsonl");
    let long = probe::disk(
        Command::new(probe::program()),
        first.path(),
        &result(first.path()),
        "--rate 20 --phases etcd=20s",
    )
    .spawn();
    let mut long = long.expect("a probe");
    let work = || fs::read_dir(first.path()).expect("a directory").flatten();
    while !work().any(|entry| entry.path().join("lock").exists()) {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let run = beside(second.path(), &result(second.path()), "--rate 20 --phases etcd=1s");
    let pid = long.id().to_string();
    long.kill().and_then(|()| long.wait()).expect("an end");
    assert!(warned_of(&run.read(), FindingCode::OtherProbe, &[&pid]), "{run:#?}");
}

#[test]
fn what_was_left_beside_a_live_etcd_goes_also_where_a_run_is_refused() {
    let etcd = Fresh::packaged();
    let left = etcd.data_dir().join(".etcdbench-killed");
    fs::create_dir(&left).expect("a directory");
    fs::write(left.join("lock"), "").expect("a file");
    let results = probe::scratch();
    let run = probe::run(etcd.data_dir(), &results.path().join("r.jsonl"), "--phases etcd=1s");
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(run.stderr.contains("live etcd"), "{}", run.stderr);
    assert!(!left.exists(), "left behind");
}

#[test]
fn a_mount_of_a_members_snap_directory_is_the_members() {
    needs!(Need::Root);
    let etcd = Fresh::packaged();
    let mount = probe::scratch();
    let snap = etcd.data_dir().join("member/snap");
    crate::support::command::run(
        "mount",
        &["--bind", snap.to_str().expect("UTF-8"), mount.path().to_str().expect("UTF-8")],
    );
    let results = probe::scratch();
    let run = probe::run(mount.path(), &results.path().join("r.jsonl"), "--phases etcd=1s");
    crate::support::command::run("umount", &[mount.path().to_str().expect("UTF-8")]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(run.stderr.contains("live etcd"), "{}", run.stderr);
}
