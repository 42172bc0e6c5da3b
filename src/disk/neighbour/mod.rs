//! Neighbours: what an image that is unpacked, a backup or another database does to etcd, done on purpose.
//!
//! Each is a process of its own, as it would be, so that its writes, its memory and its waits are not the probe's. It
//! ends and removes its directory as soon as its stdin is closed, which is also what the death of this process does.

mod bulk;
mod job;
mod pace;
mod processes;
mod read;
mod serve;
mod sync;
mod unpack;
mod words;

pub use processes::{Neighbours, RunContext};
pub use serve::serve;
