//! Runs made by this very program in a process of their own: what a run leaves behind in memory, threads or open files
//! can be no part of the next one.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{
    Pid, Signal, getpid, getppid, kill_process, set_parent_process_death_signal,
};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::etcd::Credentials;
use crate::exit::Exit;
use crate::plan::{PlannedRun, Task};
use crate::system::environment;

/// How often a running measurement is looked after.
const LOOK: Duration = Duration::from_millis(50);
/// The subcommand that makes a run that is written to its stdin.
const PLANNED: &str = "planned";

/// One run that is to be made.
#[derive(Debug, Clone, Copy)]
pub struct ChildRun<'a> {
    /// What is done.
    pub run: &'a PlannedRun,
    /// Who it is to the etcd.
    pub credentials: Option<&'a Credentials>,
    /// Its name in the result; its own when absent.
    pub name: Option<&'a str>,
    /// Where the result goes.
    pub result: &'a Path,
    /// Labels beside its own.
    pub labels: &'a [(String, String)],
    /// Whether it tells on stderr how far it is.
    pub quiet: bool,
}

impl ChildRun<'_> {
    fn task(&self) -> Result<Task> {
        let own = self.run.labels.iter().map(|(key, value)| (key.clone(), value.clone()));
        let labels: BTreeMap<String, String> = self.labels.iter().cloned().chain(own).collect();
        Ok(Task {
            plan: self.run.plan.clone(),
            name: self.name.map(str::to_owned).or_else(|| self.run.name.clone()),
            labels,
            result: self.result.to_path_buf(),
            quiet: self.quiet,
            credentials: self.credentials.cloned(),
            token: self.run.token()?,
        })
    }
}

/// Makes a run, to its end. When `signalled` is set it is asked to end in good order; it is too when this process dies.
///
/// The child reads what it is to do, resolved, from its stdin: nothing of it stands in its arguments or environment.
///
/// # Errors
/// [`Error::Refused`] with what the run ended with, when it could not measure.
pub fn run(asked: ChildRun<'_>, signalled: &AtomicBool) -> Result<()> {
    let task = asked.task()?;
    // Nothing the run before has left to be written may count for this one.
    rustix::fs::sync();
    let program = std::env::current_exe().map_err(Error::io("find", "this program"))?;
    let mut command = Command::new(&program);
    command.arg(PLANNED);
    environment::keep_what_is_needed(&mut command);
    // A Ctrl-C of the terminal is ours to pass on, once.
    command.stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0);
    end_with_this_process(&mut command);
    let mut child = command.spawn().map_err(Error::io("run", &program))?;
    hand_over(&mut child, &task).map_err(Error::io("write to", &program))?;
    let status = attend(&mut child, signalled).map_err(Error::io("wait for", &program))?;
    let was_measured =
        [Exit::Ok, Exit::Bad, Exit::NoVerdict].map(|exit| Some(i32::from(exit.code())));
    if signalled.load(Ordering::SeqCst) || was_measured.contains(&status.code()) {
        return Ok(());
    }
    let how = status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"));
    Err(Error::Refused(format!(
        "{} ended with {how}; what it said stands above",
        shortened(&asked.run.plan.command())
    )))
}

/// Writes what is to be done to the child's stdin and closes it. One that has died meanwhile is told by its status.
fn hand_over(child: &mut Child, task: &Task) -> io::Result<()> {
    let Some(mut stdin) = child.stdin.take() else {
        return Ok(());
    };
    match stdin.write_all(&Zeroizing::new(task.text())) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// As much of a command as tells it from others: one with classes fills pages.
fn shortened(command: &str) -> String {
    const MOST: usize = 100;
    let shown: String = command.chars().take(MOST).collect();
    match shown.len() < command.len() {
        true => format!("{shown} …"),
        false => shown,
    }
}

/// Has the kernel ask the child to end in good order when this process dies without a word.
fn end_with_this_process(command: &mut Command) {
    let parent = getpid();
    // SAFETY: between fork and exec only system calls are made, which take no locks and no memory.
    unsafe {
        command.pre_exec(move || {
            set_parent_process_death_signal(Some(Signal::TERM))?;
            match getppid() == Some(parent) {
                true => Ok(()),
                false => Err(io::Error::other("the parent is gone")),
            }
        });
    }
}

/// Waits, and passes a signal on to the run.
fn attend(child: &mut Child, signalled: &AtomicBool) -> io::Result<ExitStatus> {
    let mut told = false;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if signalled.load(Ordering::SeqCst) && !told {
            told = true;
            if let Some(pid) = Pid::from_raw(child.id() as i32) {
                // It may have ended this moment.
                let _ = kill_process(pid, Signal::INT);
            }
        }
        thread::sleep(LOOK);
    }
}
