//! Processes of a pod: signals are handed on, and their end is waited for.

use std::io;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use super::LOOK;
use crate::error::{Error, Result};
use crate::exit::Exit;

/// Starts a program with its arguments, with this process' own streams and environment.
pub fn start(words: &[String]) -> Result<Child> {
    let (program, arguments) = words.split_first().ok_or_else(|| {
        // The command line asks for one.
        Error::Refused("there is no program to be run".to_owned())
    })?;
    Command::new(program).args(arguments).spawn().map_err(Error::io("run", program))
}

/// Asks a process to end in good order.
pub fn ask_to_end(child: &Child) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // One that is gone already needs no asking.
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// Waits for the end of a process, which is asked to come to one when a signal is there for this one.
pub fn attend(child: &mut Child, signalled: &AtomicBool) -> io::Result<Exit> {
    let mut asked = false;
    loop {
        if let Some(status) = child.try_wait()? {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            return Ok(code.and_then(exit_of).unwrap_or(Exit::CannotMeasure));
        }
        if signalled.load(Ordering::SeqCst) && !asked {
            ask_to_end(child);
            asked = true;
        }
        thread::sleep(LOOK);
    }
}

/// What a code of etcdbench means; another program's is none.
pub fn exit_of(code: u8) -> Option<Exit> {
    [Exit::Ok, Exit::CannotMeasure, Exit::Usage, Exit::Bad, Exit::NoVerdict, Exit::Interrupted]
        .into_iter()
        .find(|exit| exit.code() == code)
}
