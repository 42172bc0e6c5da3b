//! What measures time, or loads the machine so that others would: one test at a time, whatever binary or thread asks.

#[path = "../support/mod.rs"]
mod support;

mod bad_day;
mod conclusions;
mod disk_faults;
mod extended;
mod harness;
mod load_faults;
mod load_length;
mod load_stages;
mod load_truth;
mod neighbour;
mod nightly;
mod null_server;
mod oracle;
mod parity;
mod soak;
mod stall;
mod uring;
