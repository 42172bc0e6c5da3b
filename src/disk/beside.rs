//! Who else works on the same disk: members of etcd and other probes, found by the locks that they hold. Nothing is
//! changed to find out, and what may not be looked at is left out.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::host::device;
use crate::result::DiskFacts;
use crate::system::System;
use crate::workdir;

/// Set to `1` by who knows that whatever is beside the probe is meant to be there, such as a CI that runs many probes
/// at once: nobody is looked for.
const ASSUME_ALONE: &str = "ETCDBENCH_ASSUME_ALONE";
/// Programs that have an etcd within, by the names that the kernel shows. Where their files may not be looked at, a
/// lock on this disk of one of these is taken for its database's.
const PROGRAMS: [&str; 4] = ["etcd", "k3s-server", "rke2", "microshift-etcd"];

/// What kind of program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A member of an etcd.
    Etcd,
    /// A run of this program.
    Probe,
}

/// Somebody at work on the same disk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Other {
    /// What it is.
    pub kind: Kind,
    /// Its process.
    pub pid: u32,
    /// Its data directory, or the probe's working directory; absent where its files may not be looked at.
    pub path: Option<PathBuf>,
}

/// Everybody else who holds files on a disk that `dir` lies on, `facts` being what is known of that.
pub fn others(dir: &Path, facts: &DiskFacts) -> Vec<Other> {
    if std::env::var_os(ASSUME_ALONE).is_some_and(|set| set == "1") {
        return Vec::new();
    }
    let system = System::live();
    let here = Here {
        number: std::fs::metadata(dir).map_or(0, |meta| meta.dev()),
        disks: device::disks(facts).into_iter().collect(),
    };
    let Some(locks) = system.read("/proc/locks") else {
        return Vec::new();
    };
    let own = std::process::id();
    let found: BTreeSet<Other> = exclusive(&locks)
        .into_iter()
        .filter(|lock| lock.pid != own)
        .filter_map(|lock| who(&system, &lock, &here))
        .collect();
    found.into_iter().collect()
}

/// The disk that is looked at.
struct Here {
    number: u64,
    disks: BTreeSet<String>,
}

impl Here {
    /// Whether a file system with this device number lies on it.
    fn carries(&self, number: u64) -> bool {
        let (major, minor) = (rustix::fs::major(number), rustix::fs::minor(number));
        number == self.number
            || device::disks_under(&format!("{major}:{minor}"))
                .iter()
                .any(|name| self.disks.contains(name))
    }
}

/// A lock by flock(2) for writing, as bbolt and this program take them.
#[derive(Debug, PartialEq, Eq)]
struct Lock {
    pid: u32,
    number: u64,
    inode: u64,
}

/// Those in the text of `/proc/locks` whose process can be seen from here (fs/locks.c, lock_get_status):
/// `1: FLOCK  ADVISORY  WRITE 24588 fe:00:5808275 0 EOF`.
fn exclusive(text: &str) -> Vec<Lock> {
    let of_line = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let kind = (words.next()?, words.next()?, words.next()?);
        let pid = words.next()?.parse().ok().filter(|&pid| pid > 0)?;
        let mut place = words.next()?.split(':');
        let mut hex = || u32::from_str_radix(place.next()?, 16).ok();
        let number = rustix::fs::makedev(hex()?, hex()?);
        let inode = place.next()?.parse().ok()?;
        (kind.0 == "FLOCK" && kind.2 == "WRITE").then_some(Lock { pid, number, inode })
    };
    text.lines().filter_map(of_line).collect()
}

fn who(system: &System, lock: &Lock, here: &Here) -> Option<Other> {
    let fds = format!("/proc/{}/fd", lock.pid);
    let names = system.names(&fds);
    if names.is_empty() {
        let program = system.read(format!("/proc/{}/comm", lock.pid))?;
        return (PROGRAMS.contains(&program.as_str()) && here.carries(lock.number))
            .then_some(Other { kind: Kind::Etcd, pid: lock.pid, path: None });
    }
    names.iter().find_map(|name| {
        let link = system.place(format!("{fds}/{name}"));
        let path = std::fs::read_link(&link).ok()?;
        let (kind, owner) = owner(&path)?;
        // Device numbers of a lock and of its file differ on btrfs; the inode is the file's.
        let meta = std::fs::metadata(&link).ok().filter(|meta| meta.ino() == lock.inode)?;
        here.carries(meta.dev()).then(|| Other {
            kind,
            pid: lock.pid,
            path: Some(owner.to_path_buf()),
        })
    })
}

/// Whose lock it is, by the file's name: the database of a member, `DIR/member/snap/db`, or the lock of a working
/// directory.
fn owner(path: &Path) -> Option<(Kind, &Path)> {
    if path.ends_with("member/snap/db") {
        return Some((Kind::Etcd, path.ancestors().nth(3)?));
    }
    // A database below another path: a bind mount of `member/snap`, or of `member`.
    if path.ends_with("snap/db") {
        return Some((Kind::Etcd, path.ancestors().nth(2)?));
    }
    workdir::of_lock(path).map(|work| (Kind::Probe, work))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_of_either_kind_and_of_others() {
        let text = "1: FLOCK  ADVISORY  WRITE 24588 fe:00:5808275 0 EOF\n\
                    2: OFDLCK ADVISORY  WRITE -1 fe:00:77 0 EOF\n\
                    2: -> FLOCK  ADVISORY  WRITE 11 fe:00:5808275 0 EOF\n\
                    3: FLOCK  ADVISORY  READ 24270 fe:00:10133508 0 EOF\n\
                    4: FLOCK  ADVISORY  WRITE 0 08:11:9 0 EOF\n\
                    5: POSIX  ADVISORY  WRITE 5 08:11:9 0 EOF\n\
                    6: FLOCK  ADVISORY  WRITE 3 <none>:0 0 EOF\n";
        let lock = Lock { pid: 24588, number: rustix::fs::makedev(0xfe, 0), inode: 5_808_275 };
        assert_eq!(exclusive(text), [lock]);
    }

    #[test]
    fn whose_a_lock_is() {
        let of = |path: &'static str| {
            owner(Path::new(path)).map(|(kind, path)| (kind, path.to_str().unwrap()))
        };
        assert_eq!(of("/var/lib/etcd/member/snap/db"), Some((Kind::Etcd, "/var/lib/etcd")));
        assert_eq!(of("/mnt/snap/db"), Some((Kind::Etcd, "/mnt")));
        assert_eq!(of("/srv/.etcdbench-7/lock"), Some((Kind::Probe, "/srv/.etcdbench-7")));
        assert_eq!(of("/var/lib/dpkg/lock"), None);
        assert_eq!(of("/var/lib/db"), None);
    }
}
