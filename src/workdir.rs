//! A run's own fresh sub-directory: locked while it lives, removed on every way out, found again after a kill.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, FlockOperation};

use crate::error::{Error, Result};
use crate::files::Directory;

/// What the name of every working directory begins with.
const PREFIX: &str = ".etcdbench-";
/// The file inside it whose lock says that its run is alive.
const LOCK: &str = "lock";

/// A fresh directory below one of the user's choice. Dropping it removes it.
///
/// The directory above may belong to somebody else, who can rename this one and put a symbolic link in its place. So it
/// is reached and removed by its handle, nobody but this user may enter it, and it is looked at once more after it was
/// opened.
#[derive(Debug)]
pub struct Workdir {
    above: Directory,
    name: OsString,
    inside: Directory,
    path: PathBuf,
    _lock: File,
    gone: bool,
}

impl Workdir {
    /// Creates a directory that no other run uses.
    ///
    /// # Errors
    /// When the directory cannot be written to, or somebody put another one in its place.
    pub fn create(below: &Path, run_id: &str) -> Result<Self> {
        let name = OsString::from(format!("{PREFIX}{run_id}"));
        let place = below.join(&name);
        let above = Directory::open(below).map_err(Error::io("open", below))?;
        let inside =
            above.create_in(&name).map_err(Error::io("create a working directory", &place))?;
        let prepared = lock_in(&inside).and_then(|lock| Ok((lock, way_in(&inside, below)?)));
        match prepared {
            Ok((lock, path)) => Ok(Workdir { above, name, inside, path, _lock: lock, gone: false }),
            Err(error) => {
                let _ = above.remove_in(&name);
                Err(error)
            }
        }
    }

    /// The way into it, in this process: through its handle, wherever somebody moves it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it and says if that failed; dropping it does the same silently.
    ///
    /// # Errors
    /// When something of it is left.
    pub fn remove(mut self) -> Result<()> {
        self.gone = true;
        self.take_away().map_err(Error::io("remove", self.inside.place()))
    }

    fn take_away(&self) -> io::Result<()> {
        self.inside.clear()?;
        self.above.remove_in(&self.name).map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::DirectoryNotEmpty => {
                io::Error::other("somebody has moved it away; it is empty, wherever it is now")
            }
            _ => error,
        })
    }
}

impl Drop for Workdir {
    fn drop(&mut self) {
        if !self.gone {
            let _ = self.take_away();
        }
    }
}

/// The path by which files are made in a directory that is held. Without `/proc` it is that of its name, where nobody
/// else can rename it.
fn way_in(inside: &Directory, below: &Path) -> Result<PathBuf> {
    match inside.path() {
        Some(path) => Ok(path),
        None if is_safe(below) => Ok(inside.place().to_path_buf()),
        None => Err(Error::Refused(format!(
            "{}: somebody else may rename what is made here, and without /proc there is no safe way in; mount /proc, or \
             name a directory of your own",
            below.display()
        ))),
    }
}

/// Whether nobody but this user and root can rename anything on the way to this directory and in it.
fn is_safe(below: &Path) -> bool {
    const STICKY: u32 = 0o1000;
    let own = rustix::process::geteuid().as_raw();
    let Ok(below) = std::fs::canonicalize(below) else {
        return false;
    };
    below.ancestors().all(|step| {
        std::fs::symlink_metadata(step).is_ok_and(|found| {
            let others_write = found.mode() & 0o022 != 0 && found.mode() & STICKY == 0;
            [0, own].contains(&found.uid()) && !others_write
        })
    })
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

/// Locks a directory that was created a moment ago. Its owner must be who owns what is made in it, and it must be empty:
/// otherwise it is another one, which somebody put in its place.
fn lock_in(inside: &Directory) -> Result<File> {
    let place = inside.place();
    let lock_path = place.join(LOCK);
    let names = inside.names().map_err(Error::io("look into", place))?;
    let lock = inside.create_file(LOCK).map_err(Error::io("create", &lock_path))?;
    let owner = lock.metadata().map_err(Error::io("look at", &lock_path))?.uid();
    let directory = inside.owner().map_err(Error::io("look at", place))?;
    if !names.is_empty() || owner != directory {
        return Err(Error::Refused(format!(
            "{}: somebody put another directory in the place of the one that was made here; name a directory that nobody \
             else may write to",
            place.display()
        )));
    }
    rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)
        .map_err(Error::io("lock", &lock_path))?;
    Ok(lock)
}

/// Removes what killed runs left below a directory and gives what was removed. A directory whose lock is held
/// belongs to a run that is alive and is left alone.
pub fn remove_leftovers(below: &Path) -> Vec<PathBuf> {
    let Ok(above) = Directory::open(below) else {
        return Vec::new();
    };
    let names = above.names().unwrap_or_default();
    let ours = names.iter().map(|name| OsStr::from_bytes(name.to_bytes()));
    ours.filter(|name| name.as_bytes().starts_with(PREFIX.as_bytes()))
        .filter(|name| remove_dead(&above, name))
        .map(|name| below.join(name))
        .collect()
}

/// The working directory that a file is the lock of.
pub fn of_lock(file: &Path) -> Option<&Path> {
    let work = file.parent().filter(|_| file.ends_with(LOCK))?;
    work.file_name()?.to_string_lossy().starts_with(PREFIX).then_some(work)
}

/// A directory is only ours to remove if it has our lock file and nobody holds it. What is emptied is the very directory
/// that was looked at.
fn remove_dead(above: &Directory, name: &OsStr) -> bool {
    let Ok(inside) = above.open_in(name) else {
        return false;
    };
    let Ok(lock) = inside.open_file(LOCK) else {
        return false;
    };
    let dead = rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
    dead && inside.clear().is_ok() && above.remove_in(name).is_ok()
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
