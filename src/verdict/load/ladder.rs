//! The ladder of waits: how often each length was seen, and what it breaks for those who wait for a live etcd.

use crate::result::LadderStep;
use crate::verdict::pooled::CONFIDENCE;
use crate::verdict::stalls::share;

use super::evidence::Evidence;

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;

/// (length, what it breaks, where that is from), ascending; with etcd's default election timeout of 1 s.
const STEPS: [(u64, &str, &str); 8] = [
    (100 * MS, "as long as etcd allows an apply before it warns", "etcd --warning-apply-duration"),
    (500 * MS, "etcd's own check would fail", "etcdctl check perf: slowest request at most 500 ms"),
    (
        S,
        "beyond Kubernetes' objective for an API call",
        "Kubernetes SLO: p99 of single-object calls ≤ 1 s",
    ),
    (2 * S, "kube-apiserver reports not ready", "kube-apiserver --etcd-readycheck-timeout, 2 s"),
    (
        5 * S,
        "controllers fail to renew their lease once",
        "Kubernetes: half of --leader-elect-renew-deadline",
    ),
    (7 * S, "etcd itself gives a request up", "etcd config.ReqTimeout: 5 s + 2 × election timeout"),
    (
        10 * S,
        "controller-manager and scheduler lose their lease and exit",
        "Kubernetes --leader-elect-renew-deadline, 10 s",
    ),
    (
        40 * S,
        "nodes turn NotReady (from Kubernetes 1.32 on after 50 s)",
        "Kubernetes --node-monitor-grace-period",
    ),
];

/// The ladder over all waits of all operations.
pub(super) fn ladder(evidence: &Evidence) -> Vec<LadderStep> {
    let waits = evidence.waits();
    STEPS
        .into_iter()
        .map(|(at_least_ns, effect, source)| {
            let share = share(&waits, &evidence.stall_spans(at_least_ns), at_least_ns);
            LadderStep {
                at_least_ns,
                effect: effect.to_owned(),
                source: source.to_owned(),
                count: share.hits,
                samples: share.samples,
                share_below: share.below(CONFIDENCE),
            }
        })
        .collect()
}
