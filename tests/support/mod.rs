//! What the integration tests and benchmarks share: a real etcd, throttled loop devices, strace read back, certificates.

// Each test binary uses its own part of this.
#![allow(dead_code, unused_imports, unused_macros)]

pub mod authority;
pub mod cgroup;
pub mod clients;
pub mod cluster;
pub mod command;
pub mod dated;
pub mod delay;
pub mod etcd;
pub mod fio;
pub mod grpc;
pub mod guarded;
pub mod lateness;
pub mod load;
pub mod loopdisk;
pub mod metrics;
pub mod needs;
pub mod neighbours;
pub mod null_server;
pub mod probe;
pub mod pypi;
pub mod quiet;
pub mod readers;
pub mod scenario;
pub mod shape;
pub mod sides;
pub mod strace;
pub mod validators;
