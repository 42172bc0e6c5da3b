//! The load generator: drives an etcd, and charges every delay to the request that suffered it.

mod account;
mod after;
mod books;
pub mod clean;
mod client;
mod compactor;
mod connections;
mod draw;
mod drive;
mod faults;
mod feed;
mod files;
mod flight;
mod gaps;
mod halt;
mod keys;
mod lane;
mod leases;
mod ledger;
mod operation;
mod outstanding;
mod part;
mod population;
mod preload;
mod run;
mod schedule;
mod timer;
mod values;
#[cfg(test)]
mod virtual_time;
mod watching;
mod worker;

pub use run::run;

/// Seconds that leases of lease operations live.
const LEASE_TTL_S: u64 = 60;
