//! Keeps the members' processes: started by a thread that lives as long as they may, killed with it.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpid, getppid, kill_process,
    set_parent_process_death_signal, waitid,
};

use crate::error::{Error, Result};
use crate::files;
use crate::system::environment;

/// What a member is started with.
#[derive(Debug, Clone)]
pub struct Start {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Where it works: its data directory is relative to it.
    pub directory: PathBuf,
    /// Where its log goes.
    pub log: PathBuf,
}

/// The members' processes. Dropping it kills them and waits until they are gone.
///
/// The kernel sends a process its parent-death signal when the *thread* that started it ends (prctl(2),
/// PR_SET_PDEATHSIG), so the members are started by a thread of their own, which only ends with the supervisor. It ends
/// as well when this process is killed, in whatever way.
pub struct Supervisor {
    pids: Vec<u32>,
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

/// What that thread is to do with a member.
enum What {
    Kill,
    StartAgain,
}

/// Something to be done, and whom to tell the member's process id then.
struct Order {
    what: What,
    index: usize,
    tell: Sender<Result<u32>>,
}

impl Supervisor {
    /// Starts the members.
    ///
    /// # Errors
    /// When one of them cannot be started; those before it are killed.
    pub fn start(starts: Vec<Start>) -> Result<Self> {
        let (tell, told) = channel();
        let (orders, to_do) = channel();
        let thread = std::thread::Builder::new()
            .name("members".to_owned())
            .spawn(move || {
                let mut members = Members::new(starts);
                let started = members.start_all();
                let go_on = started.is_ok();
                if tell.send(started).is_ok() && go_on {
                    members.obey(&to_do);
                }
            })
            .map_err(|error| Error::Refused(format!("cannot start a thread: {error}")))?;
        let mut supervisor =
            Supervisor { pids: Vec::new(), orders: Some(orders), thread: Some(thread) };
        supervisor.pids = told.recv().unwrap_or_else(|_| Err(died()))?;
        Ok(supervisor)
    }

    /// Process ids of the members.
    pub fn pids(&self) -> &[u32] {
        &self.pids
    }

    /// Sends a member SIGKILL; does not wait until it is gone.
    ///
    /// # Errors
    /// When the system refuses it.
    pub fn kill(&self, index: usize) -> Result<()> {
        self.order(What::Kill, index).map(drop)
    }

    /// Starts a member that was killed with the same command as before, and gives its new process id.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_again(&mut self, index: usize) -> Result<u32> {
        let pid = self.order(What::StartAgain, index)?;
        self.pids[index] = pid;
        Ok(pid)
    }

    /// Sends a member another signal.
    ///
    /// # Errors
    /// When the system refuses it.
    pub fn signal(&self, index: usize, signal: Signal) -> Result<()> {
        let pid = self.pids.get(index).and_then(|pid| Pid::from_raw(i32::try_from(*pid).ok()?));
        let sent = pid.map(|pid| kill_process(pid, signal));
        match sent {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(Error::Refused(format!("a member cannot be stopped: {error}"))),
            None => Err(died()),
        }
    }

    fn order(&self, what: What, index: usize) -> Result<u32> {
        let (tell, told) = channel();
        let order = Order { what, index, tell };
        let sent = self.orders.as_ref().map(|orders| orders.send(order));
        match sent {
            Some(Ok(())) => told.recv().unwrap_or_else(|_| Err(died())),
            _ => Err(died()),
        }
    }
}

fn died() -> Error {
    Error::Refused("the thread that keeps the members died".to_owned())
}

/// Whether a member has ended, by itself or not. Looks without taking the status away from who waits in the end.
pub fn has_ended(pid: u32) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| matches!(waitid(WaitId::Pid(pid), look), Ok(Some(_))))
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Killed and waited for when dropped: what they wrote is thrown away, so there is nothing to end in good order.
struct Members {
    starts: Vec<Start>,
    processes: Vec<Child>,
}

impl Members {
    fn new(starts: Vec<Start>) -> Self {
        Members { starts, processes: Vec::new() }
    }

    fn start_all(&mut self) -> Result<Vec<u32>> {
        for start in &self.starts {
            let log = files::create_new(&start.log).map_err(Error::io("create", &start.log))?;
            self.processes.push(spawn(start, log)?);
        }
        Ok(self.processes.iter().map(Child::id).collect())
    }

    /// Until nobody can order anything any more.
    fn obey(&mut self, orders: &Receiver<Order>) {
        for Order { what, index, tell } in orders {
            let done = match what {
                What::Kill => self.kill(index),
                What::StartAgain => self.start_again(index),
            };
            // Whoever orders waits for it.
            let _ = tell.send(done);
        }
    }

    fn kill(&mut self, index: usize) -> Result<u32> {
        let process = &mut self.processes[index];
        process.kill().map_err(Error::io("kill", &self.starts[index].program))?;
        Ok(process.id())
    }

    fn start_again(&mut self, index: usize) -> Result<u32> {
        let start = &self.starts[index];
        self.processes[index].wait().map_err(Error::io("wait for", &start.program))?;
        let log = OpenOptions::new()
            .append(true)
            .open(&start.log)
            .map_err(Error::io("open", &start.log))?;
        self.processes[index] = spawn(start, log)?;
        Ok(self.processes[index].id())
    }
}

/// A program named by a path from here, for a process that begins somewhere else. A bare name is looked up in `PATH`.
fn absolute(program: &Path) -> Result<PathBuf> {
    match program.components().count() {
        1 => Ok(program.to_path_buf()),
        _ => std::path::absolute(program).map_err(Error::io("find", program)),
    }
}

fn spawn(start: &Start, log: File) -> Result<Child> {
    let copy = log.try_clone().map_err(Error::io("open", &start.log))?;
    let mut command = Command::new(absolute(&start.program)?);
    environment::keep_what_is_needed(&mut command)
        .args(&start.arguments)
        .current_dir(&start.directory)
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
    command.spawn().map_err(Error::io("start", &start.program))
}

impl Drop for Members {
    fn drop(&mut self) {
        for member in &mut self.processes {
            let _ = member.kill();
        }
        for member in &mut self.processes {
            let _ = member.wait();
        }
    }
}
