//! A rule, its figure, its limit and where that is from.

use super::Names;
use crate::exit::Verdict;
use crate::record::Resolution;
use crate::report::subject::Plan;
use crate::result::{DurabilityOutcome, Reason, RuleId, RuleName};
use crate::rule::Op;
use crate::units::{
    format_between, format_bytes, format_count, format_duration, format_share, significant,
};
use crate::verdict::{Limit, Measured, Outcome, Quantity, Source};

/// Stands where there is no figure.
pub(super) const NOTHING: &str = "–";

impl Names<'_> {
    /// What a rule is about, and whose figure it is.
    pub(super) fn label(&self, outcome: &Outcome) -> String {
        let label = self.rule_label(&outcome.rule);
        match outcome.member {
            Some(member) => format!("{label} of {}", self.member(member)),
            None => label,
        }
    }

    fn rule_label(&self, rule: &RuleId) -> String {
        let name = match rule {
            RuleId::Typed(rule) => return rule.label(),
            RuleId::Stalls { at_least_ns, .. } => {
                return format!("stalls ≥ {}", format_duration(*at_least_ns));
            }
            RuleId::Named(name) => name,
        };
        match name {
            RuleName::Durability => "durability",
            RuleName::Space => return self.space(),
            RuleName::IoErrors => "I/O errors",
            RuleName::RateReached => "rate reached",
            RuleName::ClientKeepsUp => "client keeps up",
            RuleName::MembersUp => "members up",
            RuleName::LeaderChanges => "leader changes",
            RuleName::GapAfterKill if self.pauses() => "gap after the stop",
            RuleName::GapAfterKill => "gap after the kill",
            RuleName::Metrics => "etcd's own view",
            RuleName::HeartbeatSendFailures => "heartbeat send failures",
            RuleName::SlowApplies => "slow applies",
            RuleName::Apply => "apply p99",
            RuleName::WalFsync => "wal fsync p99",
            RuleName::BackendCommit => "backend commit p99",
            RuleName::DatabaseSize => "database size",
            RuleName::AcknowledgedWrites => "acknowledged writes",
            RuleName::WatchEvents => "watch events",
            RuleName::AllMachines => "all machines",
            RuleName::MachinesOnTime => "machines late",
            RuleName::Other(name) => name,
        }
        .to_owned()
    }

    /// Whether leaders are lost by plan by being stopped.
    fn pauses(&self) -> bool {
        matches!(&self.plan, Plan::Load(plan) if !plan.faults.pause_leader_ns.is_empty())
    }

    fn space(&self) -> String {
        let Plan::Disk(plan) = &self.plan else {
            return "space".to_owned();
        };
        let quota = format_bytes(plan.quota_bytes);
        match plan.members.max(1) {
            1 => format!("space for a {quota} quota"),
            n => format!("space for {n} quotas of {quota}"),
        }
    }
}

/// What was measured, with its unit.
pub(super) fn measured(outcome: &Outcome) -> String {
    if outcome.resolution == Resolution::TooFew {
        return bound(outcome);
    }
    let rough = if outcome.resolution == Resolution::Rough { "~" } else { "" };
    rough.to_owned() + &as_it_is(outcome)
}

/// What too few samples for a value prove all the same: which side of the limit it is on.
fn bound(outcome: &Outcome) -> String {
    let alone = |reason: &Reason| matches!(reason, Reason::MemberAlone { .. });
    match (outcome.verdict, outcome.limit) {
        (Verdict::Pass | Verdict::Warn, Some(Limit::To(op, quantity))) => {
            format!("{} {}", operator(op), amount(quantity))
        }
        (Verdict::Fail, Some(Limit::To(op, quantity))) if !outcome.reasons.iter().any(alone) => {
            format!("{} {}", operator(op.inverse()), amount(quantity))
        }
        _ => NOTHING.to_owned(),
    }
}

fn as_it_is(outcome: &Outcome) -> String {
    match outcome.measured {
        None => NOTHING.to_owned(),
        Some(Measured::Duration(ns)) => format_duration(ns as u64),
        Some(Measured::Between(above_ns, at_most_ns)) => format_between(above_ns, at_most_ns),
        Some(Measured::AtMost(ns)) => format!("≤ {}", format_duration(ns)),
        Some(Measured::Below(ns)) => format!("< {}", format_duration(ns)),
        Some(Measured::Count(count)) => format_count(count),
        Some(Measured::Rate(per_s)) => format!("{}/s", significant(per_s)),
        Some(Measured::Share(share)) => format_share(share),
        Some(Measured::Core(share)) => format!("{} of a core", format_share(share)),
        Some(Measured::Bytes(bytes)) => format_bytes(bytes),
        Some(Measured::Stalls(0, _)) => "0".to_owned(),
        Some(Measured::Stalls(hits, share)) => {
            format!("{} ({})", format_count(hits), format_share(share))
        }
        Some(Measured::Durability(outcome)) => durability(outcome).to_owned(),
        Some(Measured::Writes(lost, phantom)) => writes(lost, phantom),
        Some(Measured::Missing(count)) => format!("{} missing", format_count(count)),
    }
}

fn durability(outcome: DurabilityOutcome) -> &'static str {
    match outcome {
        DurabilityOutcome::NotDisproved => "not disproved",
        DurabilityOutcome::Disproved => "disproved",
        DurabilityOutcome::NotEstablished => "not established",
    }
}

fn writes(lost: u64, phantom: u64) -> String {
    match (lost, phantom) {
        (0, 0) => "all there".to_owned(),
        (lost, 0) => format!("{} lost", format_count(lost)),
        (0, phantom) => format!("{} wrong", format_count(phantom)),
        (lost, phantom) => format!("{} lost, {} wrong", format_count(lost), format_count(phantom)),
    }
}

/// The limit, with its unit and how a figure must stand to it; empty where there is none.
pub(super) fn limit(outcome: &Outcome) -> String {
    match outcome.limit {
        None => String::new(),
        Some(Limit::To(op, quantity)) => format!("{} {}", operator(op), amount(quantity)),
        Some(Limit::None) if outcome.rule.is(&RuleName::AcknowledgedWrites) => {
            "none lost".to_owned()
        }
        Some(Limit::None) if outcome.rule.is(&RuleName::WatchEvents) => "none missing".to_owned(),
        Some(Limit::None) => "none".to_owned(),
        Some(Limit::ByPlan(count)) => format!("≤ {count}, by plan"),
    }
}

fn operator(op: Op) -> &'static str {
    match op {
        Op::Below => "<",
        Op::AtMost => "≤",
        Op::Above => ">",
        Op::AtLeast => "≥",
    }
}

fn amount(quantity: Quantity) -> String {
    match quantity {
        Quantity::Duration(ns) => format_duration(ns),
        Quantity::Bytes(bytes) => format_bytes(bytes),
        Quantity::Count(count) => format_count(count),
        Quantity::Rate(per_s) => format!("{}/s", significant(per_s)),
        Quantity::Share(share) => format_share(share),
    }
}

/// Where the limit comes from.
pub(super) fn source(source: &Source) -> String {
    let unseen = |base: &str, share: &Option<f64>| match share {
        Some(share) => format!("{base} (< {} at 95 %)", format_share(*share)),
        None => base.to_owned(),
    };
    match source {
        Source::Unknown => "",
        Source::Asked => "--rule",
        Source::Published(publisher) => publisher,
        Source::EtcdFaq => "etcd FAQ",
        Source::EtcdCheck => "etcdctl check perf",
        Source::KubernetesSlo => "Kubernetes SLO for API calls",
        Source::HeartbeatInterval => "heartbeat interval",
        Source::Issue7044(share) => return unseen("etcd#7044", share),
        Source::ElectionTimeout(share) => return unseen("election timeout", share),
        Source::WhatEtcdKeeps => "quota + WAL + snapshots + defragmentation",
        Source::Examined { .. } => return examined(source),
        Source::WantedRate(None) => "--rate, within 1 %",
        Source::WantedRate(Some(per_s)) => {
            return format!("--rate {}, within 1 %", significant(*per_s));
        }
        Source::CpuPerThread(None) => "CPU per thread",
        Source::CpuPerThread(Some(lag_ns)) => {
            return format!("CPU per thread; lag p99 {}", format_duration(*lag_ns));
        }
        Source::RaftTerm { members: false } => "raft term in the answers",
        Source::RaftTerm { members: true } => "raft term in the answers, members' own count",
        Source::RaftElection => {
            "raft: an election begins 1 to 2 election timeouts after the last heartbeat"
        }
        Source::Metrics => "members' /metrics",
        Source::MembersNamed => "--endpoints",
        Source::RaftHeartbeat => "etcd raft.go: a heartbeat later than 2 intervals",
        Source::ApplyCount => "etcd --warning-apply-duration 100ms; slow reads count too",
        Source::ApplyWarning => "etcd --warning-apply-duration",
        Source::Quota => "quota",
        Source::Verify => "--verify",
        Source::WatchGuarantee => "etcd's guarantee for watches",
        Source::Shards => "--shard",
        Source::LateSeconds => "seconds in which one was late and the others were not",
    }
    .to_owned()
}

fn examined(source: &Source) -> String {
    let Source::Examined { flushes_per_sync, bytes_per_sync, evidence } = source else {
        return String::new();
    };
    let mut parts = Vec::new();
    parts.extend(flushes_per_sync.map(|flushes| format!("{flushes:.2} flushes per sync")));
    let bytes = bytes_per_sync.map(format_bytes);
    parts.extend(bytes.map(|bytes| format!("{bytes} reached the device per sync")));
    if parts.is_empty() {
        parts.extend(evidence.clone());
    }
    parts.join(", ")
}
