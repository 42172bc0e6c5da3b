//! What holds etcd back: the disk, the CPU, the network, or not sure. Told when something is slow.
//!
//! By use, not by queueing: whatever is busy nearly all the time is what everything waits for, however long the queue
//! before it has grown.

use crate::plan::Target;
use crate::result::{Finding, MemberSummary, RuleOutcome, Severity, Verdict};
use crate::units;
use crate::verdict::machine::Cpus;

use super::super::delivery::{Delivery, RATE};
use super::super::evidence::Evidence;
use super::super::server;
use super::{Complete, finding};
use crate::verdict::judge::Ground;

/// Waits this long are slow whatever the rules say: etcd warns of applies that take longer.
const SLOW_NS: u64 = 100_000_000;
/// A WAL that spends this part of all time in fsync is what writes wait for.
const BUSY_WAL: f64 = 0.6;
/// CPUs used this much leave threads waiting.
const BUSY_CPU: f64 = 0.9;
/// A round trip between members that takes this part of an operation's mean is most of it.
const RTT_SHARE: f64 = 0.5;

pub(super) fn find(
    evidence: &Evidence,
    delivery: &Delivery,
    rules: &[RuleOutcome],
) -> Option<Finding> {
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
        .or_else(|| Some(not_sure(evidence, &members)))
}

fn slow(evidence: &Evidence, rules: &[RuleOutcome]) -> bool {
    let about_speed = |rule: &&RuleOutcome| {
        rule.verdict == Verdict::Fail
            && (rule.label == RATE || rule.label.contains(" p") || rule.label == "slow applies")
    };
    let p99 = evidence.waits().total.quantile(0.99);
    rules.iter().any(|rule| about_speed(&rule)) || p99.is_some_and(|ns| ns >= SLOW_NS)
}

/// The busiest WAL whose writes all others wait for: the leader's, or that of a majority.
fn disk(evidence: &Evidence, members: &[MemberSummary]) -> Option<Finding> {
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
    let message = format!(
        "The disk holds it back: the WAL of {} was in fsync {} of the time, {} each on average.",
        evidence.member(member.member),
        units::format_share(usage.min(1.0)),
        units::format_duration(fsync.mean_ns),
    );
    Some(
        finding("held_by_disk", Severity::Warning, message)
            .advise("'etcdbench disk' on that machine tells what its disk can do and why.")
            .number("wal_use", usage.min(1.0))
            .number("wal_fsync_mean_ns", fsync.mean_ns as f64),
    )
}

/// Only of a machine whose CPUs were seen: the client's own, when etcd runs there.
fn cpu(evidence: &Evidence) -> Option<Finding> {
    let Target::Local { .. } = evidence.plan.target else {
        return None;
    };
    let busy = Cpus::of(evidence.run, &evidence.phase_names()).busy;
    if busy < BUSY_CPU {
        return None;
    }
    let message = format!(
        "The CPU holds it back: this machine's CPUs were busy {} of the time.",
        units::format_share(busy)
    );
    Some(
        finding("held_by_cpu", Severity::Warning, message)
            .advise("Give etcd more cores, or drive it from another machine.")
            .number("busy", busy),
    )
}

fn network(evidence: &Evidence, members: &[MemberSummary]) -> Option<Finding> {
    let rtt_ns = members.iter().filter_map(|m| Some(m.peer_rtt.as_ref()?.mean_ns)).max()?;
    let mean_ns = evidence.waits().total.mean_ns()?;
    if (rtt_ns as f64) < RTT_SHARE * mean_ns {
        return None;
    }
    let message = format!(
        "The network between the members holds it back: a round trip takes {} on average, an operation {}.",
        units::format_duration(rtt_ns),
        units::format_duration(mean_ns as u64),
    );
    Some(
        finding("held_by_network", Severity::Warning, message)
            .advise("Bring the members nearer to each other, and set --heartbeat-interval to the round trip, --election-timeout to ten of them.")
            .number("peer_rtt_mean_ns", rtt_ns as f64),
    )
}

fn not_sure(evidence: &Evidence, members: &[MemberSummary]) -> Finding {
    let most =
        |get: fn(&MemberSummary) -> Option<f64>| members.iter().filter_map(get).reduce(f64::max);
    let mut seen = Vec::new();
    if let Some(ns) = most(|m| Some(m.wal_fsync.as_ref()?.mean_ns as f64)) {
        seen.push(format!("an fsync takes {} on average", units::format_duration(ns as u64)));
    }
    if let Some(cores) = most(|m| m.cpu_cores) {
        seen.push(format!("the busiest member uses {} cores", units::significant(cores)));
    }
    if let Some(ns) = most(|m| Some(m.peer_rtt.as_ref()?.mean_ns as f64)) {
        seen.push(format!(
            "a round trip between members takes {}",
            units::format_duration(ns as u64)
        ));
    }
    let message = format!("What holds it back is not sure: {}.", seen.join(", "));
    let advice = match evidence.plan.target {
        Target::Local { .. } => "Look at what else this machine does.",
        Target::Endpoints(_) => {
            "Compare the cores used with those the members have: the disk is not what is busy."
        }
    };
    finding("held_by_unknown", Severity::Info, message).advise(advice)
}
