//! The capacity in terms of a Kubernetes cluster.

use crate::result::{Capacity, Finding, Severity};
use crate::units;

use super::{Complete, finding};
use crate::verdict::finding::capitalised;

/// Every kubelet renews its node's lease every 10 s (a quarter of nodeLeaseDurationSeconds 40).
const LEASE_WRITES_PER_NODE: f64 = 0.1;
/// What a 1,000-node cluster steadily writes to its main store: 100 lease renewals, 10 node updates, 32 pod and 16
/// controller writes and 9 elections and identities a second.
const WRITES_OF_1000_NODES: f64 = 167.0;

pub(super) fn find(capacity: &Capacity) -> Option<Finding> {
    let rate = capacity.puts_per_s?;
    let nodes = rate / LEASE_WRITES_PER_NODE;
    let clusters = rate / WRITES_OF_1000_NODES;
    let least = if capacity.at_least { "at least " } else { "" };
    let steady = if clusters >= 1.0 {
        format!("about {} the steady writes of a 1,000-node Kubernetes", times(clusters))
    } else {
        format!(
            "about the steady writes of a {}-node Kubernetes",
            units::format_count(round_down(clusters * 1000.0))
        )
    };
    let message = format!(
        "{least}{} puts/s are {steady}, or the node leases of about {} nodes.",
        units::format_count(rate as u64),
        units::format_count(round_down(nodes)),
    );
    Some(
        finding("carries", Severity::Info, capitalised(&message))
            .number("puts_per_s", rate)
            .number("lease_nodes", nodes)
            .number("clusters_of_1000_nodes", clusters),
    )
}

fn times(ratio: f64) -> String {
    if ratio < 1.5 { "once".to_owned() } else { format!("{} times", ratio.floor()) }
}

/// Two digits, rounded down: nothing here is known better.
fn round_down(value: f64) -> u64 {
    if value < 10.0 {
        return value as u64;
    }
    let unit = 10f64.powf(value.log10().floor() - 1.0);
    ((value / unit).floor() * unit) as u64
}

#[cfg(test)]
mod tests {
    use super::{find, round_down};
    use crate::result::Capacity;

    fn told(rate: f64, at_least: bool) -> String {
        let capacity = Capacity { puts_per_s: Some(rate), at_least, ..Capacity::default() };
        find(&capacity).unwrap().message
    }

    #[test]
    fn in_clusters_and_nodes() {
        assert_eq!(
            told(11_400.0, false),
            "11,400 puts/s are about 68 times the steady writes of a 1,000-node Kubernetes, or the node leases of \
             about 110,000 nodes."
        );
        assert!(told(60.0, true).starts_with(
            "At least 60 puts/s are about the steady writes of a 350-node Kubernetes"
        ));
        assert!(find(&Capacity::default()).is_none());
        assert_eq!((round_down(359.0), round_down(7.9), round_down(0.0)), (350, 7, 0));
    }
}
