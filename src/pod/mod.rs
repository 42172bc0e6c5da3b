//! What pods need beside a measurement: their turn, their part of a load, and their answer where Kubernetes shows it. In an
//! image without a shell nothing else can do it.

mod answer;
mod process;
mod run;
mod shard;
mod turn;

use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

pub use run::run;
pub use turn::turn;

use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::signals;

/// How often a signal, or the end of a process, is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// Does nothing until a signal comes.
///
/// # Errors
/// When the system lets no signal be watched for.
pub fn stay() -> Result<Exit> {
    let signalled = signals::watch()?;
    while !signalled.load(Ordering::SeqCst) {
        thread::sleep(LOOK);
    }
    Ok(Exit::Ok)
}

/// Whether the answer that a run has kept is good.
///
/// # Errors
/// [`Error::Io`] where there is none.
pub fn good(file: &Path) -> Result<Exit> {
    let kept = fs::read_to_string(file).map_err(Error::io("read", file))?;
    Ok(if kept.trim() == "0" { Exit::Ok } else { Exit::Bad })
}
