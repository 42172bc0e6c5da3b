//! The running system as its files tell it: `/proc`, `/sys`, `/etc`. Everything is read below a root that a test
//! can move, so that machines nobody has at hand can be imitated by a directory.

pub mod environment;
pub mod mount;

use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use rustix::fs::{AtFlags, Mode, OFlags, StatxFlags};

type MountIds = Box<dyn Fn(&Path) -> Option<u64> + Send + Sync>;

/// Where facts about the machine are read from. Paths given to its methods are absolute, as on a live system.
pub struct System {
    root: PathBuf,
    mount_ids: MountIds,
}

impl System {
    /// The machine this runs on.
    pub fn live() -> Self {
        System { root: PathBuf::from("/"), mount_ids: Box::new(live_mount_id) }
    }

    /// An imitation below `root`, in which `mount_ids` says on which mount each path lies.
    #[cfg(test)]
    pub fn imitated(
        root: &Path,
        mount_ids: impl Fn(&Path) -> Option<u64> + Send + Sync + 'static,
    ) -> Self {
        System { root: root.to_path_buf(), mount_ids: Box::new(mount_ids) }
    }

    /// The place where `path` is really found.
    pub fn place(&self, path: impl AsRef<Path>) -> PathBuf {
        let below: PathBuf =
            path.as_ref().components().filter(|part| !matches!(part, Component::RootDir)).collect();
        self.root.join(below)
    }

    /// The id of the mount that `path` lies on.
    pub fn mount_id(&self, path: &Path) -> Option<u64> {
        (self.mount_ids)(path)
    }

    /// The text of a file without surrounding white space; nothing when it is absent, unreadable or empty.
    pub fn read(&self, path: impl AsRef<Path>) -> Option<String> {
        let bytes = std::fs::read(self.place(path)).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The number a file holds.
    pub fn number<T: FromStr>(&self, path: impl AsRef<Path>) -> Option<T> {
        self.read(path)?.parse().ok()
    }

    /// The names in a directory, sorted; none when it cannot be read.
    pub fn names(&self, path: impl AsRef<Path>) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.place(path)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Whether something is there.
    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.place(path).exists()
    }

    /// The path with every symbolic link followed.
    pub fn resolve(&self, path: impl AsRef<Path>) -> Option<PathBuf> {
        let found = std::fs::canonicalize(self.place(path)).ok()?;
        let root = std::fs::canonicalize(&self.root).ok()?;
        Some(Path::new("/").join(found.strip_prefix(root).ok()?))
    }
}

/// The mount id by statx(2) (Linux 5.8), else from `/proc/self/fdinfo`. Neither the longest matching mount point
/// nor `st_dev` would do: bind mounts hide behind the first, btrfs and overlayfs answer the second with devices
/// that no mount table lists.
fn live_mount_id(path: &Path) -> Option<u64> {
    let fd = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()?;
    if let Ok(found) = rustix::fs::statx(&fd, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)
        && found.stx_mask & StatxFlags::MNT_ID.bits() != 0
    {
        return Some(found.stx_mnt_id);
    }
    use std::os::fd::AsRawFd;
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_raw_fd())).ok()?;
    info.lines().find_map(|line| line.strip_prefix("mnt_id:")).and_then(|id| id.trim().parse().ok())
}
