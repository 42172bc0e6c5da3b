//! The disk probe: what lies under a directory, then writes as etcd writes, and times them.

pub mod arrivals;
pub mod backend;
mod beside;
pub mod capacity;
pub mod control;
pub mod costs;
mod cpu_wait;
pub mod durability;
pub mod engine;
pub mod headroom;
pub mod live;
pub mod neighbour;
mod phases;
mod preflight;
mod run;
mod timers;
pub mod value;
pub mod wal;
mod watch;

pub use preflight::check;
pub use run::run;
