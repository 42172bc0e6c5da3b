//! The disk probe: writes as etcd writes, and times it.

pub mod arrivals;
pub mod backend;
pub mod capacity;
pub mod control;
pub mod engine;
pub mod value;
pub mod wal;
pub mod workdir;
