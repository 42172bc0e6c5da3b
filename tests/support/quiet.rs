//! One measurement at a time on this machine, whichever test binary or thread it runs in.

use std::fs::File;

use rustix::fs::FlockOperation;

/// Held while a test measures or loads the machine.
pub struct Quiet {
    _lock: File,
}

/// Waits until no other test measures.
pub fn quiet() -> Quiet {
    let path = std::env::temp_dir().join("etcdbench-tests.lock");
    let lock = File::create(&path).expect("a lock file in the temporary directory");
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).expect("the lock can be had");
    Quiet { _lock: lock }
}
