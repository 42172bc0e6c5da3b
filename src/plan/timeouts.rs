//! What depends on an etcd, and after how long it gives up: the timeouts of Kubernetes' components.

use schemars::JsonSchema;
use serde::Serialize;

const S: u64 = 1_000_000_000;

/// What depends on etcd and gives up after a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dependent {
    /// The apiserver's `readyz`: it is taken out of its load balancer.
    Readyz,
    /// One renewal of a leader's lease.
    Renewal,
    /// The leader election of the controller manager and the scheduler: the process exits.
    RenewDeadline,
    /// Their lease: another one takes over.
    Lease,
    /// The nodes' heartbeats: they turn `NotReady`.
    Nodes,
}

/// After how long each gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Timeouts {
    /// The apiserver's check of etcd (`--etcd-readycheck-timeout`).
    pub readyz_ns: u64,
    /// `--leader-elect-renew-deadline`.
    pub renew_deadline_ns: u64,
    /// `--leader-elect-lease-duration`.
    pub lease_ns: u64,
    /// `--node-monitor-grace-period`.
    pub node_grace_ns: u64,
}

impl Timeouts {
    /// Kubernetes' defaults since 1.32, which raised the grace period from 40 s to 50 s (kubernetes#121541).
    pub const DEFAULT: Timeouts = Timeouts {
        readyz_ns: 2 * S,
        renew_deadline_ns: 10 * S,
        lease_ns: 15 * S,
        node_grace_ns: 50 * S,
    };

    /// Each with its limit, the shortest first. A renewal has half of the renew deadline (client-go's resource lock).
    pub fn limits(&self) -> Vec<(Dependent, u64)> {
        let mut all = vec![
            (Dependent::Readyz, self.readyz_ns),
            (Dependent::Renewal, self.renew_deadline_ns / 2),
            (Dependent::RenewDeadline, self.renew_deadline_ns),
            (Dependent::Lease, self.lease_ns),
            (Dependent::Nodes, self.node_grace_ns),
        ];
        all.sort_by_key(|(dependent, ns)| (*ns, *dependent));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_come_in_their_order_whatever_they_are() {
        let order: Vec<Dependent> =
            Timeouts::DEFAULT.limits().into_iter().map(|(d, _)| d).collect();
        assert!(order.is_sorted());
        let own = Timeouts { readyz_ns: 60 * S, renew_deadline_ns: 107 * S, ..Timeouts::DEFAULT };
        let limits = own.limits();
        assert_eq!(limits[0], (Dependent::Lease, 15 * S));
        assert_eq!(limits[1], (Dependent::Nodes, 50 * S));
        assert_eq!(limits[2], (Dependent::Renewal, 107 * S / 2));
    }
}
