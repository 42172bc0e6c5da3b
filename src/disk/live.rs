//! Is this directory part of an etcd's data directory, and is that etcd running? Nothing is changed to find out.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Dir, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

/// bbolt's magic number in the byte order of most machines, and where it is.
const MAGIC: [u8; 4] = 0xED0C_DAED_u32.to_le_bytes();
const MAGIC_AT: usize = 16;

/// What a directory has to do with etcd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveEtcd {
    /// Nothing.
    No,
    /// It is an etcd data directory (or a separate WAL directory), or lies in one.
    DataDir {
        /// The data directory.
        path: PathBuf,
        /// Whether an etcd holds its locks. True also where that cannot be looked at: when in doubt it runs.
        live: bool,
    },
}

/// Looks at `dir` and everything above it.
pub fn detect(dir: &Path) -> LiveEtcd {
    let dir = std::fs::canonicalize(dir).unwrap_or_else(|_| dir.to_path_buf());
    for ancestor in dir.ancestors() {
        if let Some(member) = member_of_data_dir(ancestor) {
            return LiveEtcd::DataDir {
                path: ancestor.to_path_buf(),
                live: member_is_live(&member),
            };
        }
    }
    // A WAL on a disk of its own (--wal-dir), or a part of a member that is mounted elsewhere, has no `member` above it.
    let part = dir.ancestors().find_map(|path| Some((path, part_of_member(path)?)));
    part.map_or(LiveEtcd::No, |(path, live)| LiveEtcd::DataDir { path: path.to_path_buf(), live })
}

/// Whether this is what etcd keeps in `member/wal`, `member/snap` or `member`, and if so whether it runs.
fn part_of_member(path: &Path) -> Option<bool> {
    let wal = |path: &Path| (!segments(path).is_empty()).then(|| wal_is_locked(path));
    let database = path.join("db");
    if is_database(&database) {
        return Some(is_flocked(&database));
    }
    wal(path).or_else(|| {
        let holds = !segments(&path.join("wal")).is_empty() && path.join("snap").is_dir();
        holds.then(|| member_is_live(path))
    })
}

/// Whether a file begins as a database of bbolt does: its first page is a meta page with a magic number behind the page's
/// header (bbolt internal/common: page.go, types.go).
fn is_database(file: &Path) -> bool {
    let mut head = [0; MAGIC_AT + MAGIC.len()];
    open(file, OFlags::empty())
        .is_ok_and(|fd| rustix::io::pread(&fd, &mut head, 0) == Ok(head.len()))
        && (head[MAGIC_AT..] == MAGIC || head[MAGIC_AT..].iter().rev().eq(MAGIC.iter()))
}

/// The `member` directory of a data directory (etcd server/config: member/wal, member/snap).
fn member_of_data_dir(path: &Path) -> Option<PathBuf> {
    let member = path.join("member");
    let looks_right = member.join("snap").is_dir() || member.join("wal").exists();
    // A `member` that must not be looked into is taken for etcd's, which has mode 0700.
    let hidden = std::fs::symlink_metadata(member.join("snap"))
        .is_err_and(|e| e.kind() == std::io::ErrorKind::PermissionDenied);
    (looks_right || hidden).then_some(member)
}

fn member_is_live(member: &Path) -> bool {
    wal_is_locked(&member.join("wal")) || is_flocked(&member.join("snap").join("db"))
}

/// etcd locks each WAL segment it may still need, the newest always, with an open-file-description lock (etcd
/// client/pkg/fileutil/lock_linux.go).
fn wal_is_locked(wal: &Path) -> bool {
    match list(wal) {
        Err(Errno::NOENT | Errno::NOTDIR) => false,
        Err(_) => true,
        Ok(names) => names
            .iter()
            .filter(|name| is_segment(name))
            .any(|name| is_record_locked(&wal.join(name))),
    }
}

fn is_record_locked(file: &Path) -> bool {
    match open(file, OFlags::empty()) {
        Err(Errno::NOENT) => false,
        Err(_) => true,
        Ok(fd) => refuses_readers(&fd),
    }
}

/// Asks the kernel whether a lock for reading would be granted, without taking one: an etcd that starts in this very
/// instant must not find its log locked.
fn refuses_readers(fd: &OwnedFd) -> bool {
    let mut question = libc::flock {
        l_type: libc::F_RDLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    // SAFETY: the descriptor is open, and F_OFD_GETLK writes one struct flock to the address it is given.
    // (rustix' own F_GETLK cannot express the owner -1 that the kernel reports for these locks.)
    let answered = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_OFD_GETLK, &mut question) };
    answered == 0 && question.l_type != libc::F_UNLCK as libc::c_short
}

/// bbolt locks its file with flock(2) (bbolt bolt_unix.go).
fn is_flocked(file: &Path) -> bool {
    match open(file, OFlags::empty()) {
        Err(Errno::NOENT | Errno::NOTDIR) => false,
        Err(_) => true,
        Ok(fd) => cannot_share(&fd),
    }
}

/// Whether somebody holds the file exclusively. There is no way to ask flock(2) but to try; a shared lock, given
/// back at once, disturbs nobody but an etcd that starts in this very instant, and that one tries again.
fn cannot_share(fd: &OwnedFd) -> bool {
    match rustix::fs::flock(fd, FlockOperation::NonBlockingLockShared) {
        Ok(()) => {
            // Closing the descriptor unlocks too; a failure here changes nothing.
            let _ = rustix::fs::flock(fd, FlockOperation::Unlock);
            false
        }
        Err(Errno::WOULDBLOCK) => true,
        Err(_) => false,
    }
}

/// WAL segments in a directory, as etcd names them: `%016x-%016x.wal`.
fn segments(dir: &Path) -> Vec<String> {
    let mut names = list(dir).unwrap_or_default();
    names.retain(|name| is_segment(name));
    names
}

fn is_segment(name: &str) -> bool {
    let hex = |text: &str| text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    name.strip_suffix(".wal")
        .and_then(|stem| stem.split_once('-'))
        .is_some_and(|(sequence, index)| hex(sequence) && hex(index))
}

fn list(dir: &Path) -> Result<Vec<String>, Errno> {
    let fd = open(dir, OFlags::DIRECTORY)?;
    let mut names = Vec::new();
    for entry in Dir::read_from(&fd)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

/// Opens without leaving an access time behind, where that is allowed (to the owner and root).
fn open(path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    match rustix::fs::open(path, flags | OFlags::NOATIME, Mode::empty()) {
        Err(Errno::PERM) => rustix::fs::open(path, flags, Mode::empty()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::fs::{self, File};
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    const SEGMENT: &str = "0000000000000000-0000000000000000.wal";

    fn data_dir(live: bool, path: &Path) -> LiveEtcd {
        LiveEtcd::DataDir { path: fs::canonicalize(path).expect("a path"), live }
    }

    #[test]
    fn segment_names() {
        assert!(is_segment(SEGMENT));
        assert!(is_segment("000000000000000a-00000000000f4240.wal"));
        assert!(!is_segment("0.tmp"));
        assert!(!is_segment("0-0.wal"));
        assert!(!is_segment("postgres.wal"));
    }

    #[test]
    fn an_ordinary_directory() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(detect(dir.path()), LiveEtcd::No);
        fs::create_dir(dir.path().join("member")).expect("a directory");
        assert_eq!(detect(dir.path()), LiveEtcd::No);
    }

    #[test]
    fn a_stopped_etcd_from_every_place_in_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let member = dir.path().join("member");
        fs::create_dir_all(member.join("wal")).expect("a directory");
        fs::create_dir_all(member.join("snap").join("mine")).expect("a directory");
        fs::write(member.join("wal").join(SEGMENT), "").expect("a file");
        fs::write(member.join("snap").join("db"), "").expect("a file");
        for inside in ["", "member", "member/wal", "member/snap", "member/snap/mine"] {
            let seen = detect(&dir.path().join(inside));
            assert_eq!(seen, data_dir(false, dir.path()), "{inside}");
        }
    }

    fn lock_as_etcd_does(file: &File) {
        let mut lock = libc::flock {
            l_type: libc::F_WRLCK as libc::c_short,
            l_whence: libc::SEEK_SET as libc::c_short,
            l_start: 0,
            l_len: 0,
            l_pid: 0,
        };
        // SAFETY: the descriptor is open and the lock a valid struct flock.
        let taken = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &mut lock) };
        assert_eq!(taken, 0);
    }

    #[test]
    fn locks_of_either_kind_are_seen() {
        let dir = tempfile::tempdir().expect("a directory");
        let snap = dir.path().join("member").join("snap");
        fs::create_dir_all(&snap).expect("a directory");
        let db = File::create(snap.join("db")).expect("a file");
        rustix::fs::flock(&db, FlockOperation::LockExclusive).expect("a lock");
        assert_eq!(detect(dir.path()), data_dir(true, dir.path()));
        drop(db);
        assert_eq!(detect(dir.path()), data_dir(false, dir.path()));

        let wal = tempfile::tempdir().expect("a directory");
        let segment = File::create(wal.path().join(SEGMENT)).expect("a file");
        assert_eq!(detect(wal.path()), data_dir(false, wal.path()));
        lock_as_etcd_does(&segment);
        assert_eq!(detect(wal.path()), data_dir(true, wal.path()));
    }

    struct Etcd(Child);

    impl Drop for Etcd {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn start_etcd(dir: &Path) -> Option<Etcd> {
        Command::new("etcd")
            .arg("--data-dir")
            .arg(dir)
            .args(["--listen-client-urls", "http://127.0.0.1:23790"])
            .args(["--advertise-client-urls", "http://127.0.0.1:23790"])
            .args(["--listen-peer-urls", "http://127.0.0.1:23800"])
            .args(["--initial-advertise-peer-urls", "http://127.0.0.1:23800"])
            .args(["--initial-cluster", "default=http://127.0.0.1:23800"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()
            .map(Etcd)
    }

    #[test]
    fn a_real_etcd_is_seen_while_it_runs_and_nothing_of_it_changes() {
        let dir = tempfile::tempdir().expect("a directory");
        let Some(etcd) = start_etcd(dir.path()) else {
            eprintln!("skipped: no etcd on this machine");
            return;
        };
        let db = dir.path().join("member/snap/db");
        let wal = dir.path().join("member/wal");
        let deadline = Instant::now() + Duration::from_secs(20);
        // The files are there a moment before their locks are.
        while !(wal_is_locked(&wal) && is_flocked(&db)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(wal_is_locked(&wal), "the WAL alone tells");
        assert!(is_flocked(&db), "the database alone tells");
        assert_eq!(detect(&wal), data_dir(true, dir.path()));
        drop(etcd);
        assert_eq!(detect(dir.path()), data_dir(false, dir.path()));
        let accessed = fs::metadata(&wal).and_then(|m| m.accessed()).ok();
        detect(dir.path());
        let again = fs::metadata(&wal).and_then(|m| m.accessed()).ok();
        assert_eq!(accessed, again);
    }
}
