//! etcdbench: is this disk, this machine, this cluster good enough for etcd?
//!
//! One direction, no way back: arguments ([`cli`]) → validated [`plan`] → engine ([`disk`], [`load`]) → samples
//! ([`record`]) → result file ([`result`]) → [`verdict`] → [`report`] → exit code ([`exit`]); [`command`] goes that way.
//! A renderer never measures, an engine never prints, only `main` exits.

pub mod charts;
pub mod check;
pub mod child;
pub mod cli;
pub mod clock;
pub mod cluster;
pub mod command;
pub mod compare;
pub mod delivery;
pub mod diagnosis;
pub mod disk;
pub mod error;
pub mod etcd;
pub mod execution;
pub mod exit;
pub mod files;
pub mod host;
pub mod import;
#[cfg(test)]
mod layers;
pub mod load;
pub mod logs;
pub mod merge;
pub mod plan;
pub mod pod;
pub mod printable;
pub mod profile;
pub mod progress;
pub mod record;
pub mod rendezvous;
pub mod report;
pub mod result;
pub mod rule;
pub mod run;
pub mod session;
pub mod signals;
pub mod spec;
pub mod stats;
pub mod suggest;
pub mod survey;
pub mod system;
pub mod tool;
pub mod trend;
pub mod units;
pub mod verdict;
pub mod wire;
pub mod workdir;
