//! Ctrl-C and SIGTERM: the first asks the run to end in good order, the second ends it at once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};
use signal_hook::flag;

use crate::error::{Error, Result};
use crate::exit::Exit;

/// Registers the handlers. The flag is set by the first signal.
///
/// # Errors
/// When the system refuses a handler.
pub fn watch() -> Result<Arc<AtomicBool>> {
    let signalled = Arc::new(AtomicBool::new(false));
    let code = i32::from(Exit::Interrupted.code());
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // In this order: a signal that finds the flag set ends the process; the first one only sets it.
        flag::register_conditional_shutdown(signal, code, Arc::clone(&signalled))
            .and_then(|_| flag::register(signal, Arc::clone(&signalled)))
            .map_err(|error| Error::Refused(format!("cannot watch for signals: {error}")))?;
    }
    Ok(signalled)
}

/// A flag that SIGUSR1 sets: somebody wants to know how it goes. Where no handler can be had, it is never set.
pub fn asked_how_it_goes() -> Arc<AtomicBool> {
    let asked = Arc::new(AtomicBool::new(false));
    let _ = flag::register(SIGUSR1, Arc::clone(&asked));
    asked
}

/// A write beyond the limit of file sizes (`ulimit -f`) becomes an error like any other, so that what was made is removed.
/// By default the signal that comes with it ends the process at once.
pub fn outlive_file_limits() {
    // Where no handler can be had, nothing is worse than before.
    let _ = flag::register(SIGXFSZ, Arc::default());
}
