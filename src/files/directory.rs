//! A directory held by its handle. Whoever owns the directory above can rename it, or put a symbolic link in its
//! place; what is done through the handle still happens in the directory that was opened.

use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, RawDir, ResolveFlags, SeekFrom};
use rustix::io::Errno;

/// Directories in directories beyond which nothing is removed: each is a file that is open meanwhile.
const DEEPEST: u32 = 64;

/// A directory, open.
#[derive(Debug)]
pub struct Directory {
    fd: OwnedFd,
    /// Where it was when it was opened.
    place: PathBuf,
}

/// What kind of thing has a name in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A directory.
    Directory,
    /// Anything else.
    Other,
}

impl Directory {
    /// Opens the directory that a person has named; symbolic links on the way to it are theirs and are followed.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(path, flags, Mode::empty())?;
        Ok(Directory { fd, place: path.to_path_buf() })
    }

    /// Opens a directory in this one by its name; never through a symbolic link.
    ///
    /// # Errors
    /// What the system says.
    pub fn open_in(&self, name: &OsStr) -> io::Result<Self> {
        let fd = beneath(self.fd.as_fd(), name, OFlags::RDONLY | OFlags::DIRECTORY)?;
        Ok(Directory { fd, place: self.place.join(name) })
    }

    /// Creates a directory in this one that nobody else may enter, and opens it.
    ///
    /// # Errors
    /// What the system says, also where something has that name.
    pub fn create_in(&self, name: &OsStr) -> io::Result<Self> {
        rustix::fs::mkdirat(&self.fd, name, Mode::RWXU)?;
        self.open_in(name).inspect_err(|_| {
            // Nothing but an empty directory is removed by this.
            let _ = rustix::fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR);
        })
    }

    /// Creates a file in this directory that was not there before, for this user alone.
    ///
    /// # Errors
    /// What the system says, also where something has that name.
    pub fn create_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let mode = Mode::RUSR | Mode::WUSR;
        Ok(rustix::fs::openat(&self.fd, name, flags | OFlags::CLOEXEC, mode)?.into())
    }

    /// Opens a regular file of this directory to read it. Neither a symbolic link nor a FIFO can make this go
    /// elsewhere or wait.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::InvalidInput`] for what is no regular file.
    pub fn open_file(&self, name: &str) -> io::Result<File> {
        let fd = beneath(self.fd.as_fd(), OsStr::new(name), OFlags::RDONLY | OFlags::NONBLOCK)?;
        let file = File::from(fd);
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(io::Error::new(io::ErrorKind::InvalidInput, "this is no regular file")),
        }
    }

    /// The path it was opened by, for people: who goes there now may find something else.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// A path that leads to this very directory in this process, wherever it is moved; nothing without `/proc`.
    pub fn path(&self) -> Option<PathBuf> {
        let path = PathBuf::from(format!("/proc/self/fd/{}", self.fd.as_raw_fd()));
        let leads_here = rustix::fs::stat(&path)
            .and_then(|there| Ok((there, rustix::fs::fstat(&self.fd)?)))
            .is_ok_and(|(there, here)| (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino));
        leads_here.then_some(path)
    }

    /// The names in it.
    ///
    /// # Errors
    /// What the system says.
    pub fn names(&self) -> io::Result<Vec<CString>> {
        Ok(names(self.fd.as_fd())?)
    }

    /// Who owns it.
    ///
    /// # Errors
    /// What the system says.
    pub fn owner(&self) -> io::Result<u32> {
        Ok(rustix::fs::fstat(&self.fd)?.st_uid)
    }

    /// Removes everything in it, by handle: nothing outside of it can be meant, whoever renames what.
    ///
    /// # Errors
    /// What the system says first; the rest is removed all the same.
    pub fn clear(&self) -> io::Result<()> {
        Ok(clear(self.fd.as_fd(), DEEPEST)?)
    }

    /// Removes an empty directory from this one.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove_in(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR)?)
    }
}

/// Opens what lies in a directory under a single name. Kernels before 5.6, and sandboxes that do not know openat2(2),
/// are asked the old way, which is as strict for a single name.
fn beneath(fd: BorrowedFd<'_>, name: &OsStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    if name.is_empty() || name == "." || name == ".." || name.as_bytes().contains(&b'/') {
        return Err(Errno::INVAL);
    }
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(fd, name, flags, Mode::empty(), resolve) {
        Err(Errno::NOSYS | Errno::PERM) => rustix::fs::openat(fd, name, flags, Mode::empty()),
        opened => opened,
    }
}

/// Reads the names through the handle itself, which takes no file more than are open already.
fn names(fd: BorrowedFd<'_>) -> Result<Vec<CString>, Errno> {
    rustix::fs::seek(fd, SeekFrom::Start(0))?;
    let mut buffer = [MaybeUninit::uninit(); 8192];
    let mut entries = RawDir::new(fd, &mut buffer);
    let mut found = Vec::new();
    while let Some(entry) = entries.next() {
        let name = entry?.file_name().to_owned();
        if name.as_bytes() != b"." && name.as_bytes() != b".." {
            found.push(name);
        }
    }
    Ok(found)
}

fn clear(fd: BorrowedFd<'_>, deeper: u32) -> Result<(), Errno> {
    let mut outcome = Ok(());
    for name in names(fd)? {
        outcome = outcome.and(remove(fd, &name, deeper));
    }
    outcome
}

fn remove(fd: BorrowedFd<'_>, name: &CStr, deeper: u32) -> Result<(), Errno> {
    match rustix::fs::unlinkat(fd, name, AtFlags::empty()) {
        // POSIX has EPERM for a directory, Linux EISDIR.
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(Errno::NOENT) => return Ok(()),
        other => return other,
    }
    let deeper = deeper.checked_sub(1).ok_or(Errno::LOOP)?;
    let inner =
        beneath(fd, OsStr::from_bytes(name.to_bytes()), OFlags::RDONLY | OFlags::DIRECTORY)?;
    clear(inner.as_fd(), deeper)?;
    drop(inner);
    rustix::fs::unlinkat(fd, name, AtFlags::REMOVEDIR)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_done_by_handle_happens_where_it_was_opened() {
        let above = tempfile::tempdir().unwrap();
        let victim = tempfile::tempdir().unwrap();
        let one = Directory::open(above.path()).unwrap();
        let work = one.create_in(OsStr::new("work")).unwrap();
        fs::rename(above.path().join("work"), above.path().join("moved")).unwrap();
        symlink(victim.path(), above.path().join("work")).unwrap();
        fs::write(work.path().unwrap().join("through"), "x").unwrap();
        work.create_file("file").unwrap();
        assert_eq!(fs::read_dir(victim.path()).unwrap().count(), 0);
        assert_eq!(fs::read_dir(above.path().join("moved")).unwrap().count(), 2);
        assert!(one.open_in(OsStr::new("work")).is_err(), "a link is not followed");
        work.clear().unwrap();
        assert_eq!(fs::read_dir(above.path().join("moved")).unwrap().count(), 0);
    }

    #[test]
    fn links_are_removed_and_not_followed() {
        let victim = tempfile::tempdir().unwrap();
        fs::write(victim.path().join("precious"), "x").unwrap();
        let above = tempfile::tempdir().unwrap();
        let inner = above.path().join("a/b/c");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("file"), "x").unwrap();
        symlink(victim.path(), inner.join("link")).unwrap();
        symlink(victim.path().join("precious"), above.path().join("link")).unwrap();
        Directory::open(above.path()).unwrap().clear().unwrap();
        assert_eq!(fs::read_dir(above.path()).unwrap().count(), 0);
        assert!(victim.path().join("precious").exists());
    }

    #[test]
    fn a_link_and_a_fifo_are_no_files_to_open() {
        let above = tempfile::tempdir().unwrap();
        symlink("/etc/passwd", above.path().join("link")).unwrap();
        let fifo = above.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, Mode::RWXU, 0)
            .unwrap();
        let directory = Directory::open(above.path()).unwrap();
        assert!(directory.open_file("link").is_err());
        assert!(directory.open_file("fifo").is_err(), "without waiting for a writer");
        assert!(directory.create_file("link").is_err());
        for name in ["", ".", "..", "a/b", "/etc"] {
            assert!(directory.open_in(OsStr::new(name)).is_err(), "{name}");
        }
    }
}
