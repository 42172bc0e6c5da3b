//! What is odd about this disk and what to do about it: a file per idea, each a pure function from the evidence.
//!
//! A finding fires only on what noise does not bring: a false alarm teaches people to skip the section.

mod beside;
mod capacity;
mod cloud;
mod contention;
mod cpu;
mod device;
mod durability;
mod etcd;
mod idle;
mod journal;
mod kind;
mod length;
mod members;
mod neighbour;
mod periodic;
mod step;
#[cfg(test)]
mod tests;
mod throttle;
mod tuning;

use crate::result::Capacity;
use crate::verdict::finding::{Found, median, part, quantile};

use super::evidence::Evidence;
pub use kind::{DiskFinding, EtcdHere, NeighbourSays, NeighbourWork, Pace, Timer};

/// Every finding, the gravest first; among equals in the order of this list.
pub(super) fn findings(evidence: &Evidence, capacity: Option<&Capacity>) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    found.extend(durability::find(evidence));
    found.extend(tuning::find(evidence));
    found.extend(throttle::find(evidence));
    found.extend(step::find(evidence));
    found.extend(periodic::find(evidence));
    found.extend(beside::find(evidence));
    found.extend(idle::find(evidence));
    found.extend(contention::find(evidence));
    found.extend(neighbour::find(evidence));
    found.extend(members::find(evidence));
    found.extend(cpu::find(evidence));
    found.extend(etcd::find(evidence));
    found.extend(device::find(evidence));
    found.extend(journal::find(evidence));
    found.extend(cloud::find(evidence));
    found.extend(capacity.and_then(capacity::find));
    found.extend(length::find(evidence));
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}
