//! The tests' own instruments: a throttle that does not throttle would let everything pass.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::support::loopdisk::LoopDisk;
use crate::support::needs::{Need, needs};
use crate::support::quiet::quiet;
use crate::support::sides::median;
use crate::support::strace;
use crate::support::{probe, shape};

#[test]
fn the_throttle_holds() {
    needs!(Need::Root, Need::WriteThrottle, Need::Program("dd"));
    let _quiet = quiet();
    let disk = LoopDisk::new("ext4", 256).throttled(400);
    let write = |program: &mut Command| {
        let file = disk.path().join("file");
        let began = Instant::now();
        let status = program
            .arg(format!("of={}", file.display()))
            .args(["if=/dev/zero", "bs=4k", "count=800", "oflag=direct", "status=none"])
            .status();
        assert!(status.expect("dd can be started").success());
        std::fs::remove_file(file).expect("dd wrote a file");
        began.elapsed().as_secs_f64()
    };
    // Each beside one that is not held: what others do to the disk meanwhile is in both.
    let pairs = [(); 3].map(|()| {
        let free = write(&mut Command::new("dd"));
        (free, write(&mut disk.command(Path::new("dd"))))
    });
    let told = format!("800 writes, free and held to 400 per second, took {pairs:.2?} s");
    assert!(pairs.iter().all(|&(_, held)| held > 1.7), "{told}");
    let longer = median(pairs.iter().map(|(free, held)| held - free).collect());
    assert!((1.0..2.6).contains(&longer), "{told}");
}

#[test]
fn a_panic_leaves_no_mount() {
    needs!(Need::Root);
    let left = std::panic::catch_unwind(|| {
        let disk = LoopDisk::new("ext4", 64);
        std::panic::panic_any(disk.path().to_path_buf());
    });
    let mount_point = *left.expect_err("it panicked").downcast::<PathBuf>().expect("a path");
    let mounts = std::fs::read_to_string("/proc/self/mounts").expect("/proc is there");
    assert!(!mounts.contains(&*mount_point.to_string_lossy()), "{mounts}");
    assert!(!mount_point.exists());
}

#[test]
fn strace_is_read_back() {
    let trace = "\
22143 1795295224.316727 pwrite64(9</d/member/snap/db>, \"\"..., 4096, 8192) = 4096 <0.000045>
22143 1795295224.316823 fdatasync(9</d/member/snap/db> <unfinished ...>
22150 1795295224.319000 write(11</d/member/wal/0-0.wal>, \"\"..., 360) = 360 <0.000026>
22143 1795295224.318094 <... fdatasync resumed>) = 0 (DELAYED) <0.001271>
22143 1795295224.320000 pwrite64(9</d/member/snap/db>, \"\"..., 4096, 4096) = 4096 <0.000045>
22143 1795295224.320100 fdatasync(9</d/member/snap/db>) = 0 <0.000271>
22150 1795295224.321000 fdatasync(11</d/member/wal/0-0.wal>) = 0 <0.000271>
22150 1795295224.321859 renameat(AT_FDCWD</>, \"/d/member/wal/0.tmp\", AT_FDCWD</>, \"/d/member/wal/1-1.wal\") = 0 <0.000088>
22150 1795295224.3221";
    let scratch = probe::scratch();
    let file = scratch.path().join("trace");
    std::fs::write(&file, trace).expect("a file can be written");
    let calls = strace::read(&file);
    assert_eq!(calls.len(), 7);
    assert_eq!((calls[1].name.as_str(), calls[1].duration_ns), ("fdatasync", 1_271_000));
    assert_eq!(calls[1].start_ns, 1_795_295_224_316_823_000);
    assert!(calls[1].delayed && !calls[5].delayed);
    assert_eq!(calls[6].path, "/d/member/wal/1-1.wal");
    assert_eq!(shape::wal_syncs(&calls), [[360]]);
    let commits = shape::commits(&calls);
    assert_eq!(commits.len(), 1);
    assert_eq!(commits[0].offsets, [8192]);
    assert!(commits[0].meta_alone);
}
