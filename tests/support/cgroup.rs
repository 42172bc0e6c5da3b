//! A cgroup that holds its processes to so many writes per second on one device: blkio (v1) or io (v2).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

/// A throttling cgroup; removed on drop.
pub struct WriteThrottle {
    directory: PathBuf,
}

impl WriteThrottle {
    /// Creates the cgroup.
    ///
    /// Under v1 a buffered write is charged to whoever issues it: the process's own fdatasync writes its pages back
    /// and is throttled, the journal thread's blocks are not. Under v2 the owner of the page is charged.
    pub fn new(device: (u32, u32), writes_per_second: u32) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "etcdbench-test-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let (major, minor) = device;
        let v1 = Path::new("/sys/fs/cgroup/blkio");
        if v1.join("blkio.throttle.write_iops_device").exists() {
            let throttle = Self::create(v1.join(name))?;
            let limit = format!("{major}:{minor} {writes_per_second}");
            fs::write(throttle.directory.join("blkio.throttle.write_iops_device"), limit)?;
            return Ok(throttle);
        }
        let v2 = Path::new("/sys/fs/cgroup");
        // Refused when already on, or when v1 owns the controller; creating io.max below tells.
        let _ = fs::write(v2.join("cgroup.subtree_control"), "+io");
        let throttle = Self::create(v2.join(name))?;
        let limit = format!("{major}:{minor} wiops={writes_per_second}");
        fs::write(throttle.directory.join("io.max"), limit)?;
        Ok(throttle)
    }

    fn create(directory: PathBuf) -> io::Result<Self> {
        fs::create_dir(&directory)?;
        Ok(WriteThrottle { directory })
    }

    /// A command that runs `program` inside this cgroup from its first instruction on.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg("echo $$ > \"$0\" && exec \"$@\"")
            .arg(self.directory.join("cgroup.procs"))
            .arg(program);
        command
    }
}

impl Drop for WriteThrottle {
    fn drop(&mut self) {
        // A killed process leaves its cgroup a moment after its parent has reaped it.
        for _ in 0..100 {
            if fs::remove_dir(&self.directory).is_ok() {
                return;
            }
            sleep(Duration::from_millis(20));
        }
        eprintln!("left behind: {}", self.directory.display());
    }
}
