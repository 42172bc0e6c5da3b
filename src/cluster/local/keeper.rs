//! Keeps the members' processes: started by a thread that lives as long as they may, killed with it.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpid, getppid, set_parent_process_death_signal, waitid,
};

use crate::error::{Error, Result};

/// What a member is started with.
#[derive(Debug, Clone)]
pub struct Start {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Where its log goes.
    pub log: PathBuf,
}

/// The members' processes. Dropping it kills them and waits until they are gone.
///
/// The kernel sends a process its parent-death signal when the *thread* that started it ends (prctl(2),
/// PR_SET_PDEATHSIG), so the members are started by a thread of their own, which only ends with the keeper. It ends
/// as well when this process is killed, in whatever way.
pub struct Keeper {
    pids: Vec<u32>,
    release: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts the members.
    ///
    /// # Errors
    /// When one of them cannot be started; those before it are killed.
    pub fn start(starts: Vec<Start>) -> Result<Self> {
        let (tell, told) = channel();
        let (release, released) = channel::<()>();
        let thread = std::thread::Builder::new()
            .name("members".to_owned())
            .spawn(move || {
                let mut members = Members::default();
                let started = starts.iter().try_for_each(|start| members.start(start));
                let pids = members.0.iter().map(Child::id).collect();
                let started = started.map(|()| pids);
                let go_on = started.is_ok();
                if tell.send(started).is_ok() && go_on {
                    // Nothing is ever sent: it ends when the keeper is dropped.
                    let _ = released.recv();
                }
            })
            .map_err(|error| Error::Refused(format!("cannot start a thread: {error}")))?;
        let mut keeper = Keeper {
            pids: Vec::new(),
            release: Some(release),
            thread: Some(thread),
        };
        let died = |_| {
            Err(Error::Refused(
                "the thread that keeps the members died".to_owned(),
            ))
        };
        keeper.pids = told.recv().unwrap_or_else(died)?;
        Ok(keeper)
    }

    /// Process ids of the members.
    pub fn pids(&self) -> &[u32] {
        &self.pids
    }

    /// The first member that has ended by itself, as an index.
    pub fn ended(&self) -> Option<usize> {
        // Looks without taking the status away from who waits in the end.
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let has_ended = |pid: &u32| {
            let pid = i32::try_from(*pid).ok().and_then(Pid::from_raw);
            pid.is_some_and(|pid| matches!(waitid(WaitId::Pid(pid), look), Ok(Some(_))))
        };
        self.pids.iter().position(has_ended)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.release = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Killed and waited for when dropped: what they wrote is thrown away, so there is nothing to end in good order.
#[derive(Default)]
struct Members(Vec<Child>);

impl Members {
    fn start(&mut self, start: &Start) -> Result<()> {
        let log = std::fs::File::create(&start.log).map_err(Error::io("create", &start.log))?;
        let copy = log.try_clone().map_err(Error::io("open", &start.log))?;
        let mut command = Command::new(&start.program);
        without_settings(&mut command)
            .args(&start.arguments)
            .stdin(Stdio::null())
            .stdout(copy)
            .stderr(log)
            // A Ctrl-C is for us: the members are needed until the keys are counted and deleted.
            .process_group(0);
        let parent = getpid();
        // SAFETY: runs between fork and exec and makes nothing but system calls.
        unsafe {
            command.pre_exec(move || {
                set_parent_process_death_signal(Some(Signal::KILL))?;
                // The parent was gone before the line above: no signal would ever come.
                if getppid() != Some(parent) {
                    return Err(std::io::ErrorKind::BrokenPipe.into());
                }
                Ok(())
            });
        }
        let child = command
            .spawn()
            .map_err(Error::io("start", &start.program))?;
        self.0.push(child);
        Ok(())
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        for member in &mut self.0 {
            let _ = member.kill();
        }
        for member in &mut self.0 {
            let _ = member.wait();
        }
    }
}

/// Takes away settings of another etcd that the environment may hold (`ETCD_NAME`, `ETCD_DATA_DIR` …).
pub fn without_settings(command: &mut Command) -> &mut Command {
    let settings = std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("ETCD_") && name != "ETCD_UNSUPPORTED_ARCH"
    });
    for name in settings {
        command.env_remove(name);
    }
    command
}
