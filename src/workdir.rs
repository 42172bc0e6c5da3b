//! A run's own fresh sub-directory: locked while it lives, removed on every way out, found again after a kill.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, FlockOperation};

use crate::error::{Error, Result};

/// What the name of every working directory begins with.
const PREFIX: &str = ".etcdbench-";
/// The file inside it whose lock says that its run is alive.
const LOCK: &str = "lock";

/// A fresh directory below one of the user's choice. Dropping it removes it.
#[derive(Debug)]
pub struct Workdir {
    path: PathBuf,
    _lock: File,
}

impl Workdir {
    /// Creates a directory that no other run uses.
    ///
    /// # Errors
    /// When the directory cannot be written to.
    pub fn create(below: &Path, run_id: &str) -> Result<Self> {
        let path = below.join(format!("{PREFIX}{run_id}"));
        std::fs::create_dir(&path).map_err(Error::io("create a working directory", &path))?;
        match lock_in(&path) {
            Ok(lock) => Ok(Workdir { path, _lock: lock }),
            Err(error) => {
                let _ = std::fs::remove_dir_all(&path);
                Err(error)
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it and says if that failed; dropping it does the same silently.
    ///
    /// # Errors
    /// When something of it is left.
    pub fn remove(self) -> Result<()> {
        std::fs::remove_dir_all(&self.path).map_err(Error::io("remove", &self.path))
    }
}

impl Drop for Workdir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Whether a directory of the user's choice is one to work in.
///
/// # Errors
/// [`Error::Refused`] with what is wrong with it, and the way out.
pub fn check(dir: &Path) -> Result<()> {
    let meta = std::fs::metadata(dir).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::Refused(format!(
            "{}: no such directory; create it on the disk that is meant: mkdir -p {}",
            dir.display(),
            dir.display()
        )),
        _ => Error::io("look at", dir)(error),
    })?;
    if !meta.is_dir() {
        return Err(Error::Refused(format!(
            "{} is not a directory; name one on the disk that is meant, never a device or a file",
            dir.display()
        )));
    }
    rustix::fs::access(dir, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
        let reason = io::Error::from(error);
        Error::Refused(format!(
            "{}: cannot create files here: {reason}; name a directory on the same file system that you may write to",
            dir.display()
        ))
    })
}

fn lock_in(path: &Path) -> Result<File> {
    let lock_path = path.join(LOCK);
    let lock = File::create(&lock_path).map_err(Error::io("create", &lock_path))?;
    rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)
        .map_err(Error::io("lock", &lock_path))?;
    Ok(lock)
}

/// Removes what killed runs left below a directory and gives what was removed. A directory whose lock is held
/// belongs to a run that is alive and is left alone.
pub fn remove_leftovers(below: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(below) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok())
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX))
        .map(|entry| entry.path())
        .filter(|path| is_dead(path) && std::fs::remove_dir_all(path).is_ok())
        .collect()
}

/// A directory is only ours to remove if it has our lock file and nobody holds it.
fn is_dead(path: &Path) -> bool {
    let is_directory = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir());
    is_directory
        && File::open(path.join(LOCK)).is_ok_and(|lock| {
            rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_gone_when_dropped() {
        let below = tempfile::tempdir().unwrap();
        let work = Workdir::create(below.path(), "a").unwrap();
        std::fs::write(work.path().join("file"), "x").unwrap();
        drop(work);
        assert_eq!(std::fs::read_dir(below.path()).unwrap().count(), 0);
    }

    #[test]
    fn leftovers_are_removed_and_the_living_are_not() {
        let below = tempfile::tempdir().unwrap();
        let alive = Workdir::create(below.path(), "alive").unwrap();
        let dead = below.path().join(".etcdbench-dead");
        std::fs::create_dir(&dead).unwrap();
        std::fs::write(dead.join(LOCK), "").unwrap();
        let stranger = below.path().join(".etcdbench-not-ours");
        std::fs::create_dir(&stranger).unwrap();
        std::fs::write(stranger.join("data"), "precious").unwrap();
        assert_eq!(remove_leftovers(below.path()), [dead]);
        assert!(alive.path().exists());
        assert!(stranger.join("data").exists());
    }
}
