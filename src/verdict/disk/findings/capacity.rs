//! The capacity in terms of a Kubernetes cluster.

use crate::result::{Capacity, Severity};

use super::{DiskFinding, Found};

/// Every kubelet renews its node's lease every 10 s (a quarter of nodeLeaseDurationSeconds 40).
const LEASE_WRITES_PER_NODE: f64 = 0.1;
/// What a 1,000-node cluster steadily writes to its main store: 100 lease renewals, 10 node updates, 32 pod and 16
/// controller writes and 9 elections and identities a second.
const WRITES_OF_1000_NODES: f64 = 167.0;

pub(super) fn find(capacity: &Capacity) -> Option<Found> {
    let rate = capacity.puts_per_s?;
    let nodes = rate / LEASE_WRITES_PER_NODE;
    let clusters = rate / WRITES_OF_1000_NODES;
    let what =
        DiskFinding::Carries { puts_per_s: rate, at_least: capacity.at_least, nodes, clusters };
    Some(
        Found::new(what, Severity::Info)
            .number("puts_per_s", rate)
            .number("lease_nodes", nodes)
            .number("clusters_of_1000_nodes", clusters),
    )
}
