//! The load generator: drives an etcd, and charges every delay to the request that suffered it.

mod account;
mod ack_log;
mod after;
pub mod clean;
mod client;
mod compactor;
mod connection;
mod connection_spec;
mod draw;
mod drive;
mod faults;
mod feed;
mod files;
mod flight;
mod freshness;
mod gaps;
mod halt;
mod keys;
mod leases;
mod operation;
mod outstanding;
mod parts;
mod population;
mod preload;
mod recorder;
mod run;
mod schedule;
#[cfg(test)]
mod shard_tests;
mod start;
mod timer;
mod values;
#[cfg(test)]
mod virtual_time;
mod watching;
mod worker;
mod workload;

pub use run::run;

/// Seconds that leases of lease operations live.
const LEASE_TTL_S: u64 = 60;
