//! etcd's own view of the load: rules on what its members count themselves.
//!
//! Their histograms have fixed bounds, and the limits of etcd's FAQ lie between two of them. Where a 99th percentile
//! does too, that is what is said.

use super::member_rules::{BEYOND_P99, bracket, none, none_of, one_of, summarised, worst};
use crate::exit::Verdict;
use crate::result::{MemberSummary, Reason, RuleName};
use crate::rule::Op;
use crate::verdict::outcome::{Limit, Measured, Outcome, Quantity, Source};

use super::evidence::Evidence;
use super::{applies, planned};

/// etcd FAQ, "What does the etcd warning … mean?".
const FSYNC_LIMIT_NS: u64 = 10_000_000;
const COMMIT_LIMIT_NS: u64 = 25_000_000;
/// From this part of the quota on the official alert fires (etcdDatabaseQuotaLowSpace).
const QUOTA_LOW: f64 = 0.95;

/// What each member's metrics say; only of those that could be read.
pub(super) fn members(evidence: &Evidence) -> Vec<MemberSummary> {
    evidence
        .scraped()
        .into_iter()
        .map(|member| {
            let most = |name| evidence.most_shown(member, name).map(|bytes| bytes as u64);
            let last = |name| evidence.shown(member, name).last();
            let histogram = |name| evidence.buckets(member, name).map(|b| summarised(&b));
            MemberSummary {
                member,
                leader: last("is_leader").is_some_and(|leads| leads > 0.0),
                wal_fsync: histogram("wal_fsync"),
                backend_commit: histogram("backend_commit"),
                apply: histogram("apply"),
                peer_rtt: histogram("peer_rtt"),
                cpu_cores: cores(evidence, member),
                resident_bytes: most("resident_bytes"),
                db_bytes: most("db_bytes"),
                db_in_use_bytes: last("db_in_use_bytes").map(|bytes| bytes as u64),
                quota_bytes: most("quota_bytes").or_else(|| {
                    let facts = evidence.members().get(member as usize);
                    facts.and_then(|facts| facts.quota_bytes)
                }),
            }
        })
        .collect()
}

/// CPU time per second over the spans in which it was read.
fn cores(evidence: &Evidence, member: u32) -> Option<f64> {
    Some(evidence.grown(member, "cpu_s")? / evidence.counted_s(member)?)
}

/// Every rule on the members' own counters; what leader changes the client saw, counts without them too.
pub(super) fn rules(evidence: &Evidence) -> Vec<Outcome> {
    let mut rules: Vec<Outcome> = members_up(evidence).into_iter().collect();
    rules.push(leader_changes(evidence));
    rules.extend(planned::rules(evidence));
    if evidence.scraped().is_empty() {
        rules.extend(unseen(evidence));
        return rules;
    }
    let late = RuleName::HeartbeatSendFailures;
    rules.extend(none_of(evidence, "heartbeat_send_failures", late, Source::RaftHeartbeat));
    rules.extend(applies::rules(evidence));
    let fsync = ("wal_fsync", RuleName::WalFsync, FSYNC_LIMIT_NS);
    let commit = ("backend_commit", RuleName::BackendCommit, COMMIT_LIMIT_NS);
    rules.extend([fsync, commit].into_iter().filter_map(|disk| faq(evidence, disk)));
    rules.extend(quota(evidence));
    rules
}

/// Told only where one is missing: the next fault may then cost the quorum.
fn members_up(evidence: &Evidence) -> Option<Outcome> {
    let (all, down) = (evidence.members().len(), evidence.never_answered().count());
    (down > 0 && all > 1).then(|| Outcome {
        rule: RuleName::MembersUp.into(),
        measured: Some(Measured::Count((all - down) as u64)),
        limit: Some(Limit::To(Op::AtLeast, Quantity::Count(all as u64))),
        source: Source::MembersNamed,
        verdict: Verdict::Warn,
        ..Outcome::default()
    })
}

/// What could not be read cannot be judged. No longer run would read it, so this is a warning, not a promise.
fn unseen(evidence: &Evidence) -> Option<Outcome> {
    evidence.plan.scrape.then(|| Outcome {
        rule: RuleName::Metrics.into(),
        source: Source::Metrics,
        verdict: Verdict::Warn,
        reasons: vec![Reason::MetricsUnreachable],
        ..Outcome::default()
    })
}

/// By what the members count, by the term in their answers, by the watcher: the most of what each has seen.
pub(super) fn seen_leader_changes(evidence: &Evidence) -> u64 {
    named_leader_changes(evidence).max(new_terms(evidence))
}

/// Of the leader changes those that nobody brought about by plan. A leader that is killed may take more than one vote
/// to replace, each with a term of its own, so that terms are no measure then.
pub(super) fn unplanned_leader_changes(evidence: &Evidence) -> u64 {
    match planned::kills(evidence).len() as u64 {
        0 => seen_leader_changes(evidence),
        killed => named_leader_changes(evidence).saturating_sub(killed),
    }
}

fn named_leader_changes(evidence: &Evidence) -> u64 {
    let members = evidence.scraped();
    let counted = members.iter().filter_map(|&m| evidence.grown(m, "leader_changes"));
    let counted = counted.fold(0.0, f64::max) as u64;
    // Who leads is learned of without a name before it: that is no change.
    let named = evidence.events("leader").filter(|event| {
        ["from", "to"]
            .iter()
            .all(|end| event.detail.get(*end).is_some_and(serde_json::Value::is_string))
    });
    counted.max(named.count() as u64)
}

fn new_terms(evidence: &Evidence) -> u64 {
    let mut terms: Vec<u64> =
        evidence.events("term").filter_map(|e| e.detail.get("to")?.as_u64()).collect();
    terms.sort_unstable();
    terms.dedup();
    terms.len() as u64
}

fn leader_changes(evidence: &Evidence) -> Outcome {
    let source = Source::RaftTerm { members: !evidence.scraped().is_empty() };
    let rule = none(RuleName::LeaderChanges, seen_leader_changes(evidence) as f64, source);
    match planned::kills(evidence).len() {
        0 => rule,
        killed => Outcome {
            limit: Some(Limit::ByPlan(killed as u64)),
            verdict: if unplanned_leader_changes(evidence) == 0 {
                Verdict::Pass
            } else {
                Verdict::Fail
            },
            ..rule
        },
    }
}

/// The p99 of one of the disk's histograms against the FAQ. It warns and never fails: a limit for good service, below
/// which nothing breaks.
fn faq(evidence: &Evidence, (histogram, name, limit_ns): (&str, RuleName, u64)) -> Option<Outcome> {
    let (member, buckets) = worst(evidence, histogram, limit_ns)?;
    let p99 = buckets.quantile(1.0 - BEYOND_P99);
    let (verdict, reason) = if p99.at_most_ns.is_some_and(|at_most_ns| at_most_ns <= limit_ns) {
        (Verdict::Pass, None)
    } else if p99.above_ns >= limit_ns {
        (Verdict::Warn, None)
    } else {
        (Verdict::Warn, Some(Reason::BetweenBounds { disk_tells: true }))
    };
    Some(Outcome {
        rule: name.into(),
        member: one_of(evidence, member),
        measured: Some(bracket(&buckets)),
        limit: Some(Limit::below_ns(limit_ns)),
        samples: Some(buckets.count()),
        source: Source::EtcdFaq,
        verdict,
        reasons: reason.into_iter().collect(),
        ..Outcome::default()
    })
}

/// A database at its quota takes no more writes.
fn quota(evidence: &Evidence) -> Option<Outcome> {
    let fullest = members(evidence)
        .into_iter()
        .filter_map(|member| {
            Some((member.member, member.db_bytes?, member.quota_bytes.filter(|q| *q > 0)?))
        })
        .max_by(|a, b| (a.1 as f64 / a.2 as f64).total_cmp(&(b.1 as f64 / b.2 as f64)));
    let (member, db_bytes, quota_bytes) = fullest?;
    let share = db_bytes as f64 / quota_bytes as f64;
    let verdict = if share >= 1.0 || no_space(evidence) {
        Verdict::Fail
    } else if share >= QUOTA_LOW {
        Verdict::Warn
    } else {
        Verdict::Pass
    };
    let full = planned::recovered(evidence.run).map(|full| full.quota());
    Some(Outcome {
        rule: RuleName::DatabaseSize.into(),
        member: one_of(evidence, member),
        measured: Some(Measured::Bytes(db_bytes)),
        limit: Some(Limit::To(Op::Below, Quantity::Bytes(quota_bytes))),
        margin: (db_bytes > 0).then(|| quota_bytes as f64 / db_bytes as f64),
        source: Source::Quota,
        verdict,
        reasons: full.map(|full| Reason::QuotaReached { full }).into_iter().collect(),
        ..Outcome::default()
    })
}

/// Whether etcd has refused writes for want of space.
pub(super) fn no_space(evidence: &Evidence) -> bool {
    let raised = evidence.events("alarm").any(|event| {
        let alarm = event.detail.get("alarm").and_then(serde_json::Value::as_str);
        alarm.is_some_and(|alarm| alarm.eq_ignore_ascii_case("nospace"))
    });
    let class = crate::etcd::ErrorClass::NoSpace.name();
    raised || evidence.phases.iter().any(|p| p.series.iter().any(|s| s.errors.contains_key(class)))
}
