//! A user who owns the directory that root was told to work in: whatever root creates there he renames, and puts a
//! symbolic link to a directory of his in its place.

use std::ffi::{CStr, OsStr};
use std::fs::{self, File};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::needs::{Need, needs};
use crate::support::probe::{disk, program, scratch};

/// An unprivileged user: nobody.
const USER: u32 = 65_534;
/// What a probe and a local cluster create first in their directory.
const NAMES: [&str; 8] = [
    "lock",
    "mapping",
    "durability-unsynced",
    "durability-fdatasync",
    "member-0",
    "m1.log",
    "m1",
    "0.tmp",
];
const PRECIOUS: &str = "only root may read and write this";

/// The user at work; dropping it ends him.
struct Attacker {
    swapped: Arc<AtomicU32>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Attacker {
    fn start(directory: &Path) -> Attacker {
        let events = inotify::init(inotify::CreateFlags::NONBLOCK).expect("inotify");
        inotify::add_watch(&events, directory, inotify::WatchFlags::CREATE).expect("a watch");
        let place: OwnedFd = File::open(directory).expect("his directory").into();
        let (swapped, stop) = (Arc::<AtomicU32>::default(), Arc::<AtomicBool>::default());
        let (count, end) = (Arc::clone(&swapped), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            become_nobody();
            while !end.load(Ordering::Relaxed) {
                swap(&events, &place, &count);
            }
        });
        Attacker { swapped, stop, thread: Some(thread) }
    }
}

impl Drop for Attacker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the attacker ends in good order");
        }
    }
}

/// This thread alone: the library's functions would change all of the process.
fn become_nobody() {
    // SAFETY: plain numbers; the kernel keeps the identity of each thread by itself.
    let refused = unsafe {
        libc::syscall(libc::SYS_setgroups, 0, std::ptr::null::<u32>())
            | libc::syscall(libc::SYS_setresgid, USER, USER, USER)
            | libc::syscall(libc::SYS_setresuid, USER, USER, USER)
    };
    assert_eq!(refused, 0, "the thread gives up its rights");
}

/// Waits for something to be created, and swaps it.
fn swap(events: &OwnedFd, place: &OwnedFd, count: &AtomicU32) {
    let wait = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
    if poll(&mut [PollFd::new(events, PollFlags::IN)], Some(&wait)).unwrap_or(0) == 0 {
        return;
    }
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut reader = inotify::Reader::new(events, &mut buffer);
    while let Ok(event) = reader.next() {
        // His own link is an event as well.
        let is_new = |name: &&CStr| {
            name.to_bytes().starts_with(b".etcdbench-")
                && event.events().contains(inotify::ReadFlags::ISDIR)
        };
        let Some(name) = event.file_name().filter(is_new) else {
            continue;
        };
        let name = OsStr::from_bytes(name.to_bytes());
        let away = format!("gone-{}", count.load(Ordering::Relaxed));
        if rustix::fs::renameat(place, name, place, &*away).is_ok()
            && rustix::fs::symlinkat("fake", place, name).is_ok()
        {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Lets root begin to work in the user's directory again and again for so long.
fn race(time: Duration, begin: impl Fn(&Path, u32) -> Command) {
    let scratch = scratch();
    let (his, victim) = (scratch.path().join("his"), scratch.path().join("victim"));
    let fake = his.join("fake");
    fs::create_dir_all(&fake).unwrap();
    for directory in [&his, &fake] {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o777)).unwrap();
        chown(directory, Some(USER), Some(USER)).unwrap();
    }
    fs::write(&victim, PRECIOUS).unwrap();
    fs::set_permissions(&victim, fs::Permissions::from_mode(0o600)).unwrap();
    NAMES.iter().for_each(|name| symlink(&victim, fake.join(name)).unwrap());
    let attacker = Attacker::start(&his);
    let began = Instant::now();
    let mut runs = 0;
    while began.elapsed() < time {
        runs += 1;
        let mut child = begin(&his, runs).spawn().expect("the program starts");
        thread::sleep(Duration::from_millis(1200));
        let pid = Pid::from_raw(child.id() as i32).expect("a process");
        let _ = kill_process(pid, Signal::INT);
        child.wait().expect("it ends");
    }
    let swapped = attacker.swapped.load(Ordering::Relaxed);
    drop(attacker);
    assert!(swapped > 0, "nothing was swapped in {runs} runs, so nothing was proved");
    assert_eq!(fs::read_to_string(&victim).unwrap(), PRECIOUS, "{swapped} swapped of {runs}");
    assert_eq!(fs::read_dir(&fake).unwrap().count(), NAMES.len(), "something was made through it");
    for number in 0..swapped {
        let left = fs::read_dir(his.join(format!("gone-{number}"))).unwrap().count();
        assert_eq!(left, 0, "gone-{number} is emptied, wherever it was moved");
    }
}

fn probe(his: &Path, run: u32) -> Command {
    let result = his.with_file_name(format!("{run}.jsonl"));
    let mut command = disk(Command::new(program()), his, &result, "--quick");
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    command
}

#[test]
fn root_writes_nothing_through_a_link_that_another_user_puts_there() {
    needs!(Need::Root);
    race(Duration::from_secs(4), probe);
}

#[test]
#[ignore = "takes a minute"]
fn nor_in_a_minute() {
    needs!(Need::Root);
    race(Duration::from_secs(60), probe);
}
