//! Stalls: the two rules on them, and the ladder of what each length breaks.
//!
//! etcd runs the raft tick and the WAL's save in one goroutine, so while a save blocks, a leader sends no heartbeat
//! (etcd server/etcdserver/raft.go). What loses leaders is the rare long wait, which no p99 shows.

use crate::exit::Verdict;
use crate::plan::DiskPlan;
use crate::result::{LadderStep, Reason, RuleId};

use super::super::judge::{RuleInput as _, UNSEEN_SHARE};
use super::super::outcome::{Limit, Measured, Outcome, Quantity, Source};
use super::super::pooled::{CONFIDENCE, Share};
use super::super::stalls::share;
use super::evidence::Evidence;
use crate::rule::Op;

/// etcd#7044, a maintainer: fewer than 0.01 % of fsyncs and commits should take over 200 ms, twice the heartbeat
/// interval.
const SHARE_ALLOWED: f64 = 0.0001;

/// The stalls at least this long among all waits.
pub(super) fn share_of_stalls(evidence: &Evidence, at_least_ns: u64) -> Share {
    share(&evidence.waits, &evidence.stall_spans(at_least_ns), at_least_ns)
}

/// The two rules on stalls.
pub(super) fn judge_stalls(evidence: &Evidence) -> [Outcome; 2] {
    [judge_late_heartbeats(evidence), judge_elections(evidence)]
}

/// At most 0.01 % over twice the heartbeat interval.
///
/// None seen passes, telling what the samples allow: nobody would wait for the 30,000 syncs of a 10 ms disk that
/// could show 0.01 %. Once stalls were seen, what was seen decides. A share within the limit passes. A share that is
/// above it beyond chance fails. A share above it by no more than chance (one stall among the 6,000 syncs of a 5 ms
/// disk) is inconclusive: it neither holds, so it is no pass and no warning, nor is it shown to break, so it is no
/// fail; the note says how long a run without another one would settle it.
fn judge_late_heartbeats(evidence: &Evidence) -> Outcome {
    let limit_ns = 2 * evidence.plan.heartbeat_ns;
    let share = share_of_stalls(evidence, limit_ns);
    let (verdict, reason) = if share.samples == 0 {
        (Verdict::Inconclusive, Some(Reason::NoSamples))
    } else if share.hits == 0 {
        none_seen(&share, evidence.confidence())
    } else if share.seen() <= SHARE_ALLOWED {
        (Verdict::Pass, None)
    } else if share.above(evidence.confidence()) > SHARE_ALLOWED {
        (Verdict::Fail, None)
    } else {
        (Verdict::Inconclusive, Some(settled_after(evidence, &share)))
    };
    let unseen = (verdict == Verdict::Pass).then(|| share.below(CONFIDENCE));
    Outcome {
        margin: (share.hits > 0).then(|| SHARE_ALLOWED / share.seen()),
        ..outcome(limit_ns, SHARE_ALLOWED, &share, Source::Issue7044(unseen), verdict, reason)
    }
}

fn outcome(
    at_least_ns: u64,
    allowed: f64,
    share: &Share,
    source: Source,
    verdict: Verdict,
    reason: Option<Reason>,
) -> Outcome {
    Outcome {
        rule: RuleId::Stalls { at_least_ns, allowed },
        measured: Some(Measured::Stalls(share.hits, share.seen())),
        limit: Some(match allowed > 0.0 {
            true => Limit::To(Op::AtMost, Quantity::Share(allowed)),
            false => Limit::None,
        }),
        samples: Some(share.samples),
        source,
        verdict,
        reasons: reason.into_iter().collect(),
        ..Outcome::default()
    }
}

fn settled_after(evidence: &Evidence, share: &Share) -> Reason {
    let length_s: f64 = evidence.stall_phases().iter().map(|p| p.length_ns as f64 / 1e9).sum();
    let times = share.seen() / SHARE_ALLOWED;
    Reason::MayBeChance { seconds: (times - 1.0) * length_s }
}

/// None over the election timeout.
fn judge_elections(evidence: &Evidence) -> Outcome {
    let limit_ns = evidence.plan.election_ns;
    let share = share_of_stalls(evidence, limit_ns);
    let (verdict, reason) = match (share.samples, share.hits) {
        (0, _) => (Verdict::Inconclusive, Some(Reason::NoSamples)),
        (_, 0) => match none_seen(&share, evidence.confidence()) {
            (Verdict::Pass, _) => none_in_capacity(evidence, limit_ns),
            undecided => undecided,
        },
        _ => (Verdict::Fail, None),
    };
    let unseen = (verdict == Verdict::Pass).then(|| share.below(CONFIDENCE));
    outcome(limit_ns, 0.0, &share, Source::ElectionTimeout(unseen), verdict, reason)
}

/// A stall in the search for the capacity may be the overload's own, so it fails nothing; but it is no clean pass.
fn none_in_capacity(evidence: &Evidence, limit_ns: u64) -> (Verdict, Option<Reason>) {
    match evidence.stalls_in_capacity(limit_ns) {
        (0, _) => (Verdict::Pass, None),
        (count, longest_ns) => {
            (Verdict::Warn, Some(Reason::InCapacity { count: count as u64, longest_ns }))
        }
    }
}

/// Having seen none says something only when at most [`UNSEEN_SHARE`] can have gone unseen.
fn none_seen(share: &Share, confidence: f64) -> (Verdict, Option<Reason>) {
    if share.below(confidence) < UNSEEN_SHARE {
        (Verdict::Pass, None)
    } else {
        let reason = Reason::TooFewSamples { share: share.below(CONFIDENCE) };
        (Verdict::Inconclusive, Some(reason))
    }
}

/// The ladder: how often each length was seen, what it breaks, and how common it may be unseen.
pub(super) fn ladder(evidence: &Evidence) -> Vec<LadderStep> {
    steps(evidence.plan)
        .into_iter()
        .map(|(at_least_ns, effect, source)| {
            let share = share_of_stalls(evidence, at_least_ns);
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

/// (length, what it breaks, where that is from), ascending. The first follow the heartbeat interval and election
/// timeout of the plan, the others are constants of etcd and Kubernetes. Where two fall on one length, the first
/// listed is told.
fn steps(plan: &DiskPlan) -> Vec<(u64, &'static str, &'static str)> {
    const S: u64 = 1_000_000_000;
    let mut steps = vec![
        (
            plan.heartbeat_ns,
            "the leader's next heartbeat is late",
            "etcd raft.go: tick and WAL save share a goroutine",
        ),
        (
            2 * plan.heartbeat_ns,
            "etcd warns: leader failed to send out heartbeat on time",
            "etcd raft.go, pkg/contention: over 2 × heartbeat interval",
        ),
        (
            plan.election_ns,
            "followers may elect another leader",
            "etcd --election-timeout, randomised to 1–2 ×",
        ),
        (S, "etcd warns: slow fdatasync", "etcd wal.go: warnSyncDuration"),
        (
            2 * S,
            "kube-apiserver reports not ready",
            "kube-apiserver --etcd-readycheck-timeout, 2 s",
        ),
        (
            5 * S + 2 * plan.election_ns,
            "client requests time out",
            "etcd config.ReqTimeout: 5 s + 2 × election timeout",
        ),
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
    steps.sort_by_key(|step| step.0);
    steps.dedup_by_key(|step| step.0);
    steps
}
