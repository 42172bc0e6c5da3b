//! What became of a rule, in numbers: what it is called and how that is said is no business of a judge.

use crate::exit::Verdict;
use crate::result::{DurabilityOutcome, Reason, RuleId, RuleName, ValueUnit};

use crate::record::Resolution;
use crate::rule::{Op, Rule, Stat};

/// A rule and what became of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Which rule.
    pub rule: RuleId,
    /// Whose figure it is, where it is that of one of several members.
    pub member: Option<u32>,
    /// What was measured; `None` where nothing was.
    pub measured: Option<Measured>,
    /// How well the samples resolve it, where it is a quantile of them.
    pub resolution: Resolution,
    /// The limit; `None` where there is none.
    pub limit: Option<Limit>,
    /// How many times better than the limit.
    pub margin: Option<f64>,
    /// Samples behind the judgement.
    pub samples: Option<u64>,
    /// Where the limit comes from.
    pub source: Source,
    /// The outcome.
    pub verdict: Verdict,
    /// Why, where it is not plain from the numbers.
    pub reasons: Vec<Reason>,
}

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measured {
    /// A time, in nanoseconds.
    Duration(f64),
    /// A time of which only bounds are known: above the first, at most the second.
    Between(u64, Option<u64>),
    /// A time that is not longer than this, in nanoseconds; no more is known of it.
    AtMost(u64),
    /// A time that is shorter than this, in nanoseconds.
    Below(u64),
    /// A number.
    Count(u64),
    /// So many a second.
    Rate(f64),
    /// A share of one.
    Share(f64),
    /// A part of a core.
    Core(f64),
    /// A size.
    Bytes(u64),
    /// Stalls: how many, and which share of all waits they are.
    Stalls(u64, f64),
    /// Whether a sync can be believed.
    Durability(DurabilityOutcome),
    /// Keys whose acknowledged write is not there, and keys that hold what was never written.
    Writes(u64, u64),
    /// Things that did not come.
    Missing(u64),
}

impl Measured {
    /// The number, in the unit of the limit.
    pub fn value(&self) -> Option<f64> {
        match *self {
            Measured::Duration(value)
            | Measured::Rate(value)
            | Measured::Share(value)
            | Measured::Core(value)
            | Measured::Stalls(_, value) => Some(value),
            Measured::Below(n) | Measured::Count(n) | Measured::Bytes(n) | Measured::Missing(n) => {
                Some(n as f64)
            }
            Measured::Writes(lost, phantom) => Some((lost + phantom) as f64),
            Measured::Between(..) | Measured::AtMost(_) | Measured::Durability(_) => None,
        }
    }

    fn unit(&self) -> Option<ValueUnit> {
        Some(match self {
            Measured::Duration(_)
            | Measured::Between(..)
            | Measured::AtMost(_)
            | Measured::Below(_) => ValueUnit::Ns,
            Measured::Count(_) | Measured::Missing(_) | Measured::Writes(..) => ValueUnit::Count,
            Measured::Rate(_) => ValueUnit::PerS,
            Measured::Share(_) | Measured::Core(_) | Measured::Stalls(..) => ValueUnit::Share,
            Measured::Bytes(_) => ValueUnit::Bytes,
            Measured::Durability(_) => return None,
        })
    }
}

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// How a quantity must stand to it.
    To(Op, Quantity),
    /// There must be none.
    None,
    /// So many are allowed, because they are by plan.
    ByPlan(u64),
}

impl Limit {
    /// Below this many nanoseconds.
    pub fn below_ns(ns: u64) -> Limit {
        Limit::To(Op::Below, Quantity::Duration(ns))
    }

    /// That of a rule.
    pub fn of(rule: &Rule) -> Limit {
        let quantity = match rule.stat {
            Stat::Percentile(_) | Stat::Max | Stat::Mean => Quantity::Duration(rule.limit as u64),
            Stat::Errors => Quantity::Share(rule.limit),
            Stat::Count => Quantity::Count(rule.limit as u64),
            Stat::Rate => Quantity::Rate(rule.limit),
        };
        Limit::To(rule.op, quantity)
    }

    /// The number.
    pub fn value(&self) -> f64 {
        match *self {
            Limit::To(_, Quantity::Duration(n) | Quantity::Count(n) | Quantity::Bytes(n)) => {
                n as f64
            }
            Limit::To(_, Quantity::Rate(value) | Quantity::Share(value)) => value,
            Limit::None => 0.0,
            Limit::ByPlan(count) => count as f64,
        }
    }

    /// Whether less is better.
    pub fn is_upper(&self) -> bool {
        matches!(self, Limit::To(Op::Below | Op::AtMost, _))
    }

    fn unit(&self) -> ValueUnit {
        match self {
            Limit::To(_, Quantity::Duration(_)) => ValueUnit::Ns,
            Limit::To(_, Quantity::Bytes(_)) => ValueUnit::Bytes,
            Limit::To(_, Quantity::Share(_)) => ValueUnit::Share,
            Limit::To(_, Quantity::Rate(_)) => ValueUnit::PerS,
            Limit::To(_, Quantity::Count(_)) | Limit::None | Limit::ByPlan(_) => ValueUnit::Count,
        }
    }
}

/// A number with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    /// Nanoseconds.
    Duration(u64),
    /// Bytes.
    Bytes(u64),
    /// A number.
    Count(u64),
    /// Per second.
    Rate(f64),
    /// A share of one.
    Share(f64),
}

/// Where a limit comes from.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Source {
    /// Nobody knows: the rule could not be read.
    #[default]
    Unknown,
    /// The user.
    Asked,
    /// Who published it, as [`Published`](super::Published) names him.
    Published(&'static str),
    /// etcd's FAQ.
    EtcdFaq,
    /// etcd's own check tolerates none.
    EtcdCheck,
    /// Kubernetes' objective for the latency of API calls.
    KubernetesSlo,
    /// The heartbeat interval of etcd.
    HeartbeatInterval,
    /// A maintainer in an issue of etcd's; with the share that may have gone unseen.
    Issue7044(Option<f64>),
    /// The election timeout; with the share that may have gone unseen.
    ElectionTimeout(Option<f64>),
    /// What etcd keeps on a disk.
    WhatEtcdKeeps,
    /// What an examination of syncs has shown.
    Examined {
        /// Flush requests at the device per sync.
        flushes_per_sync: Option<f64>,
        /// Bytes that reached the device per sync.
        bytes_per_sync: Option<u64>,
        /// The first piece of evidence, as it was told.
        evidence: Option<String>,
    },
    /// The rate that was wanted, where it is known.
    WantedRate(Option<f64>),
    /// CPU time, beside the 99th percentile of the lag.
    CpuPerThread(Option<u64>),
    /// The raft term in answers; with what members count where they could be asked.
    RaftTerm {
        /// Whether they could.
        members: bool,
    },
    /// How long raft lets an election take.
    RaftElection,
    /// The members' metrics.
    Metrics,
    /// The members that were named.
    MembersNamed,
    /// etcd counts heartbeats later than two intervals.
    RaftHeartbeat,
    /// etcd counts applies that take long, and reads among them.
    ApplyCount,
    /// etcd warns of applies that take long.
    ApplyWarning,
    /// The quota.
    Quota,
    /// Reading back, as asked for.
    Verify,
    /// What etcd promises of watches.
    WatchGuarantee,
    /// How many machines make the load.
    Shards,
    /// Seconds in which a machine was late and the others were not.
    LateSeconds,
}

impl Outcome {
    /// One that cannot be judged, and so cannot pass.
    pub(super) fn unreadable(text: &str, problem: String) -> Outcome {
        Outcome {
            rule: RuleName::Other(text.to_owned()).into(),
            verdict: Verdict::Inconclusive,
            reasons: vec![Reason::Unreadable { problem }],
            ..Outcome::default()
        }
    }

    /// What was measured, as a number.
    pub fn measured_value(&self) -> Option<f64> {
        self.measured.as_ref().and_then(Measured::value)
    }

    /// The limit, as a number in the same unit.
    pub fn limit_value(&self) -> Option<f64> {
        self.limit.as_ref().map(Limit::value)
    }

    /// The unit of both.
    pub fn unit(&self) -> Option<ValueUnit> {
        let measured = self.measured.as_ref().and_then(Measured::unit);
        measured.or_else(|| self.limit.as_ref().map(Limit::unit))
    }
}

/// The rules of this verdict.
pub(super) fn of_verdict(
    rules: &[Outcome],
    verdict: Verdict,
) -> impl Iterator<Item = &Outcome> + Clone {
    rules.iter().filter(move |rule| rule.verdict == verdict)
}

/// The worst rule. A run that did not go through to its end never passes.
pub(super) fn overall(rules: &[Outcome], complete: bool) -> Verdict {
    let worst = rules.iter().map(|rule| rule.verdict).max().unwrap_or_default();
    if complete { worst } else { worst.max(Verdict::Inconclusive) }
}
