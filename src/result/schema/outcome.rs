//! Rules and what became of them, as values. In a result their names are the texts they always were.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::{as_text, named};
use crate::rule::{Rule, Stat};
use crate::units;

named! {
    /// A rule that nobody types: it is judged without being asked for.
    pub enum RuleName {
        /// Synced data is on stable storage.
        Durability = "durability",
        /// There is room for what etcd will keep.
        Space = "space",
        /// No write and no sync failed because of the disk.
        IoErrors = "I/O errors",
        /// The rate that was wanted was reached.
        RateReached = "rate reached",
        /// The client was not the limit.
        ClientKeepsUp = "client keeps up",
        /// Every member that was named answers.
        MembersUp = "members up",
        /// The leader stays.
        LeaderChanges = "leader changes",
        /// How long nobody could write after the leader was killed.
        GapAfterKill = "gap after the kill",
        /// The members' metrics could be read.
        Metrics = "metrics",
        /// No heartbeat was late.
        HeartbeatSendFailures = "heartbeat send failures",
        /// No apply took as long as etcd warns of.
        SlowApplies = "slow applies",
        /// The 99th percentile of applies.
        Apply = "apply p99",
        /// The 99th percentile of the members' WAL fsyncs.
        WalFsync = "wal fsync p99",
        /// The 99th percentile of the members' backend commits.
        BackendCommit = "backend commit p99",
        /// The database is below its quota.
        DatabaseSize = "database size",
        /// No acknowledged write is lost.
        AcknowledgedWrites = "acknowledged writes lost",
        /// No event of a watch is missing.
        WatchEvents = "watch events missing",
        /// All machines of a load were there to its end.
        AllMachines = "all machines",
        /// No machine of a load was late by itself for long.
        MachinesOnTime = "machines on time",
    }
}

/// Which rule.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleId {
    /// One that may be typed: `wal.fsync.p99 < 10ms`.
    Typed(Rule),
    /// On the share of waits that take at least so long: `stalls >= 200ms <= 0.01%`, `stalls >= 1s none`.
    Stalls {
        /// How long.
        at_least_ns: u64,
        /// The share that may; 0 for none at all.
        allowed: f64,
    },
    /// One with a name of its own.
    Named(RuleName),
}

impl RuleId {
    /// Whether it is this one.
    pub fn is(&self, name: &RuleName) -> bool {
        matches!(self, RuleId::Named(own) if own == name)
    }

    /// Whether it is on the share of all operations that failed.
    pub fn is_errors(&self) -> bool {
        matches!(self, RuleId::Typed(Rule { series: None, stat: Stat::Errors, .. }))
    }
}

impl Default for RuleId {
    fn default() -> Self {
        RuleId::Named(RuleName::default())
    }
}

impl From<RuleName> for RuleId {
    fn from(name: RuleName) -> Self {
        RuleId::Named(name)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuleId::Typed(rule) => rule.fmt(f),
            RuleId::Stalls { at_least_ns, allowed } => {
                let length = units::exact_duration(*at_least_ns);
                match *allowed > 0.0 {
                    true => write!(f, "stalls >= {length} <= {}", units::exact_share(*allowed)),
                    false => write!(f, "stalls >= {length} none"),
                }
            }
            RuleId::Named(name) => name.fmt(f),
        }
    }
}

impl From<&str> for RuleId {
    fn from(text: &str) -> Self {
        match RuleName::from(text) {
            // What would be written otherwise than it was read stays as it is.
            RuleName::Other(text) => stalls(&text)
                .or_else(|| Some(RuleId::Typed(text.parse().ok()?)))
                .filter(|rule| rule.to_string() == text)
                .unwrap_or(RuleId::Named(RuleName::Other(text))),
            name => name.into(),
        }
    }
}

impl From<String> for RuleId {
    fn from(text: String) -> Self {
        RuleId::from(text.as_str())
    }
}

fn stalls(text: &str) -> Option<RuleId> {
    let (length, rest) = text.strip_prefix("stalls >= ")?.split_once(' ')?;
    let allowed = match rest.strip_prefix("<= ") {
        Some(share) => units::parse_share(share).ok()?,
        None => (rest == "none").then_some(0.0)?,
    };
    Some(RuleId::Stalls { at_least_ns: units::parse_duration(length).ok()?, allowed })
}

as_text!(
    RuleId,
    "The rule as it may be typed: `wal.fsync.p99 < 10ms`; for others a name: `durability`."
);

/// What ends a capacity.
#[derive(Debug, Clone, PartialEq)]
pub enum Limiter {
    /// The disk falls behind the rate.
    Rate,
    /// A wait reaches the election timeout.
    Stalls,
    /// A statistic of a series: `wal.fsync.p99`.
    Subject {
        /// The series.
        series: String,
        /// Its statistic.
        stat: Stat,
    },
    /// A rule of a load, as it is called among its outcomes.
    Rule(RuleId),
}

impl Limiter {
    /// Whether a rule is what it is about.
    pub fn is(&self, rule: &RuleId) -> bool {
        match (self, rule) {
            (Limiter::Rule(own), rule) => own == rule,
            (Limiter::Subject { series, stat }, RuleId::Typed(rule)) => {
                rule.series.as_deref() == Some(series) && rule.stat == *stat
            }
            _ => false,
        }
    }
}

impl fmt::Display for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limiter::Rate => f.write_str("rate"),
            Limiter::Stalls => f.write_str("stalls"),
            Limiter::Subject { series, stat } => write!(f, "{series}.{stat}"),
            Limiter::Rule(rule) => rule.fmt(f),
        }
    }
}

impl From<&str> for Limiter {
    fn from(text: &str) -> Self {
        match text {
            "rate" => Limiter::Rate,
            "stalls" => Limiter::Stalls,
            _ => match Rule::subject(text) {
                Some((series, stat)) => Limiter::Subject { series, stat },
                None => Limiter::Rule(text.into()),
            },
        }
    }
}

as_text!(
    Limiter,
    "What ends a capacity: `rate`, `stalls`, a statistic `wal.fsync.p99`, or a rule."
);

/// The unit of a rule's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValueUnit {
    /// Nanoseconds.
    Ns,
    /// Bytes.
    Bytes,
    /// A share of one.
    Share,
    /// Per second.
    PerS,
    /// A number.
    Count,
    /// One that this version does not know.
    #[serde(other)]
    Other,
}

named! {
    /// The answer of a run in a word or two.
    pub enum Answer {
        /// A disk that is good enough.
        Qualified = "QUALIFIED",
        /// A disk that is not.
        NotQualified = "NOT QUALIFIED",
        /// A load that was carried.
        Passed = "PASSED",
        /// A load that was not.
        Failed = "FAILED",
        /// Nobody can tell.
        Inconclusive = "INCONCLUSIVE",
        /// A foreign run of syncs that speaks not against a disk.
        NotDisqualified = "NOT DISQUALIFIED",
        /// A foreign load without a failed operation.
        NothingFailed = "NOTHING FAILED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for text in [
            "wal.fsync.p99 < 10ms",
            "errors <= 0%",
            "control.put.response.p99.9 < 50ms",
            "stalls >= 200ms <= 0.01%",
            "stalls >= 1s none",
            "durability",
            "rate reached",
            "what a newer version judges",
        ] {
            let rule = RuleId::from(text);
            assert_eq!(rule.to_string(), text);
            let known = !matches!(rule, RuleId::Named(RuleName::Other(_)));
            assert_eq!(known, !text.starts_with("what"), "{text}");
        }
        for text in ["rate", "stalls", "wal.fsync.p99", "rate reached", "put.response.p99 < 50ms"] {
            assert_eq!(Limiter::from(text).to_string(), text);
        }
    }

    #[test]
    fn a_subject_is_that_of_its_rule() {
        let limiter = Limiter::from("wal.fsync.p99");
        assert!(limiter.is(&RuleId::from("wal.fsync.p99 < 10ms")));
        assert!(!limiter.is(&RuleId::from("wal.fsync.p99.9 < 10ms")));
        assert!(!limiter.is(&RuleId::from("wal.fsync.fresh.p99 < 10ms")));
    }
}
