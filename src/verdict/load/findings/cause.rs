//! What holds etcd back: the disk, the CPU, the network, or not sure. Told when something is slow.
//!
//! By use, not by queueing: whatever is busy nearly all the time is what everything waits for, however long the queue
//! before it has grown.

use crate::exit::Verdict;
use crate::plan::Target;
use crate::result::{MemberSummary, Reason, RuleId, RuleName, Severity};
use crate::rule::{Rule, Stat};
use crate::verdict::machine::Cpus;
use crate::verdict::outcome::{Outcome, of_verdict};

use super::super::achieved::AchievedLoad;
use super::super::evidence::Evidence;
use super::super::live;
use super::super::server;
use super::{Found, HeldBy};

/// Waits this long are slow whatever the rules say: etcd warns of applies that take longer.
const SLOW_NS: u64 = 100_000_000;
/// A WAL that spends this part of all time in fsync is what writes wait for.
const BUSY_WAL: f64 = 0.6;
/// CPUs used this much leave threads waiting.
const BUSY_CPU: f64 = 0.9;
/// CPUs used this much leave open whether a sync waited for the disk or for a CPU.
const SHARED_CPU: f64 = 0.7;
/// An operation waits for one round trip at the leader, and for two at a follower, which passes it on.
const ROUND_TRIPS: f64 = 2.0;
/// Round trips that take this part of an operation's mean are most of it …
const RTT_SHARE: f64 = 0.5;
/// … where they are this many times as long as an fsync: else it is the disk as well.
const RTT_OVER_FSYNC: f64 = 3.0;

/// A way from the client from which on it is told, as a path between members is …
const LONG_WAY_NS: u64 = 20_000_000;
/// … where it is this part of an operation's median.
const WAY_SHARE: f64 = 0.5;

pub(super) fn find(
    evidence: &Evidence,
    achieved: &AchievedLoad,
    rules: &[Outcome],
) -> Option<Found> {
    // A client in doubt says nothing about etcd, and an election, refusals or a full database explain themselves.
    let refused = matches!(achieved.blame, Some(Reason::OperationsFailed { .. }));
    let explained = !achieved.invalid_reasons.is_empty()
        || refused
        || server::seen_leader_changes(evidence) > 0
        || server::no_space(evidence);
    if explained || !slow(evidence, rules) {
        return None;
    }
    let members = server::members(evidence);
    if members.is_empty() {
        return None;
    }
    way(evidence)
        .or_else(|| cpu(evidence))
        .or_else(|| disk(evidence, &members))
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
    // A sync is timed by the clock on the wall: where CPUs are short, it waits for them too.
    if evidence.plan.target.shares_this_machine()
        && Cpus::of(evidence.run, &evidence.phase_names()).busy >= SHARED_CPU
    {
        return None;
    }
    let fsync = member.wal_fsync.as_ref()?;
    let short = super::cpu::may_be_short(evidence, member.member, fsync.mean_ns);
    if short == Some(true) {
        return None;
    }
    let usage = usage.min(1.0);
    let had_cpu = short.is_some();
    let what = HeldBy::Disk { member: member.member, usage, fsync_ns: fsync.mean_ns, had_cpu };
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

/// The way from the client to the members: what even an answer from memory takes, of the nearest of them.
fn way(evidence: &Evidence) -> Option<Found> {
    let members = evidence.scraped().into_iter();
    let ns = members.filter_map(|member| live::way_ns(evidence, member)).min()?;
    let median_ns = evidence.waits().total.quantile(0.5)?;
    if ns < LONG_WAY_NS || (ns as f64) < WAY_SHARE * median_ns as f64 {
        return None;
    }
    let what = HeldBy::Way { ns, median_ns };
    Some(Found::new(what, Severity::Warning).number("way_ns", ns as f64))
}

fn network(evidence: &Evidence, members: &[MemberSummary]) -> Option<Found> {
    let rtt_ns = members.iter().filter_map(|m| Some(m.peer_rtt.as_ref()?.mean_ns)).max()?;
    let mean_ns = evidence.waits().total.mean_ns()?;
    let fsync_ns = members.iter().filter_map(|m| Some(m.wal_fsync.as_ref()?.mean_ns)).max();
    let excluded = fsync_ns.is_none_or(|fsync| rtt_ns as f64 >= RTT_OVER_FSYNC * fsync as f64);
    if ROUND_TRIPS * (rtt_ns as f64) < RTT_SHARE * mean_ns || !excluded {
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
