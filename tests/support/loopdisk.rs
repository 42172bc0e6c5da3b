//! A file system of its own on a loop device, optionally held to so many writes per second.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use super::cgroup::WriteThrottle;
use super::command::{run, try_run};

/// A mounted loop device. The backing file is already unlinked and the device set to free itself, so that unmounting
/// is all there is to clean up, also when a test panics.
pub struct LoopDisk {
    mount_point: PathBuf,
    device: PathBuf,
    throttle: Option<WriteThrottle>,
}

impl LoopDisk {
    /// Makes and mounts a file system (`ext4`, `xfs`, `btrfs`) of so many MiB.
    pub fn new(file_system: &str, mebibytes: u64) -> Self {
        Self::below(Path::new("/var/tmp"), file_system, mebibytes)
    }

    /// The same, with backing file and mount point below a directory of the caller's choice.
    pub fn below(directory: &Path, file_system: &str, mebibytes: u64) -> Self {
        let scratch = tempfile::Builder::new()
            .prefix("etcdbench-loop-")
            .tempdir_in(directory)
            .expect("a directory for the backing file")
            .keep();
        let backing = scratch.join("backing");
        let mount_point = scratch.join("mnt");
        let file = fs::File::create_new(&backing).expect("a new backing file");
        file.set_len(mebibytes << 20).expect("a sparse backing file");
        fs::create_dir(&mount_point).expect("a new mount point");
        let device = PathBuf::from(run("losetup", &["-f", "--show", text(&backing)]).trim());
        let mounted = make(file_system, &device)
            .and_then(|_| try_run("mount", &[text(&device), text(&mount_point)]));
        // While it is mounted this only marks the device to be freed with its last user.
        run("losetup", &["-d", text(&device)]);
        fs::remove_file(&backing).expect("the backing file can be unlinked");
        if let Err(why) = mounted {
            let _ = fs::remove_dir_all(&scratch);
            panic!("{why}");
        }
        LoopDisk { mount_point, device, throttle: None }
    }

    /// Holds what [`LoopDisk::command`] starts to so many writes per second.
    pub fn throttled(mut self, writes_per_second: u32) -> Self {
        let id = fs::metadata(&self.device).expect("the loop device").rdev();
        let device = (rustix::fs::major(id), rustix::fs::minor(id));
        let throttle = WriteThrottle::new(device, writes_per_second);
        self.throttle = Some(throttle.expect("a throttling cgroup"));
        self
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.mount_point
    }

    /// The loop device.
    pub fn device(&self) -> &Path {
        &self.device
    }

    /// A command that runs `program` under this disk's throttle, if it has one.
    pub fn command(&self, program: &Path) -> Command {
        match &self.throttle {
            Some(throttle) => throttle.command(program),
            None => Command::new(program),
        }
    }

    /// Mounts it again with other options, such as `ro`.
    pub fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        run("mount", &["-o", &options, text(&self.mount_point)]);
    }
}

/// Makes the file system whole at once: lazy initialisation would write behind the measurement.
fn make(file_system: &str, device: &Path) -> Result<String, String> {
    let device = text(device);
    match file_system {
        "ext4" => {
            let now = "lazy_itable_init=0,lazy_journal_init=0";
            try_run("mkfs.ext4", &["-q", "-F", "-E", now, device])
        }
        other => try_run(&format!("mkfs.{other}"), &["-q", "-f", device]),
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("paths of tests are UTF-8")
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        // What ran on it may take a moment to die.
        for _ in 0..100 {
            if try_run("umount", &[text(&self.mount_point)]).is_ok() {
                if let Some(scratch) = self.mount_point.parent() {
                    let _ = fs::remove_dir(&self.mount_point);
                    let _ = fs::remove_dir(scratch);
                }
                return;
            }
            sleep(Duration::from_millis(50));
        }
        eprintln!("left mounted: {}", self.mount_point.display());
    }
}
