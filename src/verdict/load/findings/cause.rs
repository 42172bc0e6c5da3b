//! What holds etcd back: the disk, the CPU, the network, or not sure. Told when something is slow.
//!
//! By use, not by queueing: whatever is busy nearly all the time is what everything waits for, however long the queue
//! before it has grown.

use crate::plan::Target;
use crate::result::{MemberSummary, RuleId, RuleName, Severity, Verdict};
use crate::verdict::machine::Cpus;
use crate::verdict::outcome::{Outcome, of_verdict};
use crate::verdict::rule::{Rule, Stat};

use super::super::delivery::Delivery;
use super::super::evidence::Evidence;
use super::super::server;
use super::{Found, HeldBy};

/// Waits this long are slow whatever the rules say: etcd warns of applies that take longer.
const SLOW_NS: u64 = 100_000_000;
/// A WAL that spends this part of all time in fsync is what writes wait for.
const BUSY_WAL: f64 = 0.6;
/// CPUs used this much leave threads waiting.
const BUSY_CPU: f64 = 0.9;
/// A round trip between members that takes this part of an operation's mean is most of it.
const RTT_SHARE: f64 = 0.5;

pub(super) fn find(evidence: &Evidence, delivery: &Delivery, rules: &[Outcome]) -> Option<Found> {
    // A client in doubt says nothing about etcd, and an election or a full database explains itself.
    let explained = !delivery.doubts.is_empty()
        || server::seen_leader_changes(evidence) > 0
        || server::no_space(evidence);
    if explained || !slow(evidence, rules) {
        return None;
    }
    let members = server::members(evidence);
    if members.is_empty() {
        return None;
    }
    disk(evidence, &members)
        .or_else(|| cpu(evidence))
        .or_else(|| network(evidence, &members))
        .or_else(|| Some(not_sure(&members)))
}

fn slow(evidence: &Evidence, rules: &[Outcome]) -> bool {
    let about_speed = |rule: &Outcome| match &rule.rule {
        RuleId::Typed(Rule { stat, .. }) => matches!(stat, Stat::Percentile(_)),
        RuleId::Named(name) => matches!(
            name,
            RuleName::RateReached
                | RuleName::SlowApplies
                | RuleName::Apply
                | RuleName::WalFsync
                | RuleName::BackendCommit
        ),
        RuleId::Stalls { .. } => false,
    };
    let p99 = evidence.waits().total.quantile(0.99);
    of_verdict(rules, Verdict::Fail).any(about_speed) || p99.is_some_and(|ns| ns >= SLOW_NS)
}

/// The busiest WAL whose writes all others wait for: the leader's, or that of a majority.
fn disk(evidence: &Evidence, members: &[MemberSummary]) -> Option<Found> {
    let mut uses: Vec<(f64, &MemberSummary)> = members
        .iter()
        .filter_map(|member| {
            let fsync = member.wal_fsync.as_ref()?;
            let in_fsync_s = fsync.count as f64 * fsync.mean_ns as f64 / 1e9;
            Some((in_fsync_s / evidence.counted_s(member.member)?, member))
        })
        .collect();
    uses.sort_by(|a, b| b.0.total_cmp(&a.0));
    let majority = uses
        .get(evidence.members().len().max(1).div_ceil(2) - 1)
        .filter(|(usage, _)| *usage >= BUSY_WAL);
    let leading = uses.iter().find(|(usage, member)| member.leader && *usage >= BUSY_WAL);
    let (usage, member) = leading.or(majority)?;
    let fsync = member.wal_fsync.as_ref()?;
    let usage = usage.min(1.0);
    let what = HeldBy::Disk { member: member.member, usage, fsync_ns: fsync.mean_ns };
    Some(
        Found::new(what, Severity::Warning)
            .number("wal_use", usage)
            .number("wal_fsync_mean_ns", fsync.mean_ns as f64),
    )
}

/// Only of a machine whose CPUs were seen: the client's own, when etcd runs there.
fn cpu(evidence: &Evidence) -> Option<Found> {
    let Target::Local { .. } = evidence.plan.target else {
        return None;
    };
    let busy = Cpus::of(evidence.run, &evidence.phase_names()).busy;
    (busy >= BUSY_CPU)
        .then(|| Found::new(HeldBy::Cpu { busy }, Severity::Warning).number("busy", busy))
}

fn network(evidence: &Evidence, members: &[MemberSummary]) -> Option<Found> {
    let rtt_ns = members.iter().filter_map(|m| Some(m.peer_rtt.as_ref()?.mean_ns)).max()?;
    let mean_ns = evidence.waits().total.mean_ns()?;
    if (rtt_ns as f64) < RTT_SHARE * mean_ns {
        return None;
    }
    let what = HeldBy::Network { rtt_ns, mean_ns: mean_ns as u64 };
    Some(Found::new(what, Severity::Warning).number("peer_rtt_mean_ns", rtt_ns as f64))
}

fn not_sure(members: &[MemberSummary]) -> Found {
    let what = HeldBy::Unknown {
        fsync_ns: members.iter().filter_map(|m| Some(m.wal_fsync.as_ref()?.mean_ns)).max(),
        cores: members.iter().filter_map(|m| m.cpu_cores).reduce(f64::max),
        rtt_ns: members.iter().filter_map(|m| Some(m.peer_rtt.as_ref()?.mean_ns)).max(),
    };
    Found::new(what, Severity::Info)
}
