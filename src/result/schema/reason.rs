//! Why a rule came out as it did, where its numbers do not say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rule::Stat;

/// Why a rule came out as it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// The rule cannot be read.
    Unreadable {
        /// What is wrong with it.
        problem: String,
    },
    /// Nothing was measured.
    NoSamples,
    /// All members together hide one that breaks the rule.
    MemberAlone {
        /// Which.
        member: u32,
        /// The statistic.
        #[serde(with = "stat_text")]
        #[schemars(with = "String")]
        stat: Stat,
        /// Its value.
        value_ns: u64,
    },
    /// A longer run would decide.
    NeedsMore {
        /// By about so much.
        seconds: f64,
    },
    /// No run of reasonable length would decide.
    TooClose {
        /// Share of samples over the limit.
        seen: f64,
        /// Share that may be.
        allowed: f64,
    },
    /// A mean as near to its limit as its doubt.
    MeanTooClose,
    /// So many can be longer and have gone unseen.
    LongerUnseen {
        /// At most this share.
        share: f64,
    },
    /// So many can fail and have gone unseen.
    FailuresUnseen {
        /// At most this share.
        share: f64,
    },
    /// How much a figure varies is not known.
    TooShort,
    /// The run did not go to its end.
    RunNotToTheEnd,
    /// The load did not come to its end.
    LoadNotToTheEnd,
    /// A rate that is short by no more than chance.
    ShortByChance,
    /// Stalls that may be chance.
    MayBeChance {
        /// The rule holds if about so much more time brings no other.
        seconds: f64,
    },
    /// Stalls while the capacity was looked for, which overloads on purpose.
    InCapacity {
        /// How many.
        count: u64,
        /// The longest.
        longest_ns: u64,
    },
    /// Too few samples to rule stalls out.
    TooFewSamples {
        /// Up to this share may be.
        share: f64,
    },
    /// Synced data is not on stable storage.
    NotOnStableStorage,
    /// Whether it is cannot be told from here.
    CannotBeTold,
    /// Whether it is was not examined.
    NotExamined,
    /// Nobody knows how much space is free.
    FreeSpaceUnknown,
    /// Few inodes are free.
    FewInodes {
        /// So many.
        free: u64,
    },
    /// What a live etcd occupies already is counted twice.
    BesideLive,
    /// No room for the copy that a defragmentation makes.
    NoRoomForDefrag,
    /// The client or the plan was the limit.
    Doubt {
        /// How.
        doubt: InvalidReason,
    },
    /// The client may be the cause of what the rule is about.
    ClientMayBeCause,
    /// Operations failed.
    OperationsFailed {
        /// So many.
        count: u64,
    },
    /// Operations waited for an answer.
    OperationsWaited {
        /// Up to so many at a time.
        count: u64,
    },
    /// Connections were lost.
    ConnectionsLost,
    /// An answer took long.
    LongAnswer {
        /// Up to this.
        longest_ns: u64,
    },
    /// Without those that failed while a leader that was killed was away.
    WithoutPrice {
        /// So many.
        count: u64,
    },
    /// Without those that came of a leader that was lost by plan.
    WithoutPlanned {
        /// So many.
        count: u64,
    },
    /// A failed operation has no service time.
    WithoutFailed {
        /// So many.
        count: u64,
    },
    /// Failed operations are among the responses, until they failed.
    FailedCounted {
        /// So many.
        count: u64,
        /// This share of all.
        share: f64,
        /// Whether they alone break the rule: each counts as longer than any limit.
        decides: bool,
    },
    /// Failed operations were never answered, so that the mean of all is at least what is told.
    MeanWithoutEnd {
        /// So many.
        count: u64,
    },
    /// Of the waits over the limit, so many were for a CPU and not for the disk, and without them it comes out otherwise.
    WaitedForCpu {
        /// Waits that were; of a mean, milliseconds.
        waited: u64,
        /// All over the limit; of a mean, all.
        hits: u64,
    },
    /// A write or a sync failed.
    DiskFailed {
        /// What broke.
        what: String,
    },
    /// Reads of many keys took as long as what etcd counts.
    SlowReads {
        /// So many.
        count: u64,
    },
    /// This etcd keeps no histogram of applies.
    NoApplyHistogram,
    /// The limit lies between two bounds of etcd's histogram.
    BetweenBounds {
        /// Whether a disk qualification would tell.
        disk_tells: bool,
    },
    /// A vote that was split explains twice as much.
    SplitVote,
    /// One member has all of them.
    AllOfMember {
        /// Which.
        member: u32,
    },
    /// The members' metrics could not be read.
    MetricsUnreachable,
    /// The database was brought to its quota by plan.
    QuotaReached {
        /// What became of it.
        full: QuotaReached,
    },
    /// Acknowledged writes were not read back.
    NotReadBack,
    /// Acknowledged writes could not be read back.
    CouldNotReadBack {
        /// Why.
        error: String,
    },
    /// Only some could be read back.
    PartlyReadBack {
        /// Keys read back.
        checked: u64,
        /// Keys with an acknowledged write.
        acked: u64,
    },
    /// Machines of the load are missing, or did not come to its end.
    MachinesMissing {
        /// Which.
        missing: Vec<u32>,
        /// The part of the planned load that the others were to send.
        offered: f64,
    },
    /// A machine was late by itself.
    MachineLate {
        /// Which.
        shard: u32,
        /// Its host name.
        host: String,
        /// In so many seconds.
        seconds: u64,
    },
    /// One that this version does not know.
    #[serde(other)]
    Other,
}

/// What kept a load from being what was asked for, so that it says nothing about etcd.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvalidReason {
    /// What was seen.
    pub cause: InvalidCause,
    /// The class that it is about, where it is not all of the load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
}

/// What was seen of a client, or of a plan, that was the limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum InvalidCause {
    /// The client's threads were busy all the time.
    FullThreads {
        /// Part of a core that each used.
        share: f64,
        /// Whether there are cores for more of them.
        more_cores: bool,
    },
    /// The client sent late although etcd answered.
    SentLate {
        /// 99th percentile of the lag.
        lag_p99_ns: u64,
    },
    /// As many operations were unanswered as may be.
    InFlight {
        /// So many.
        bound: u32,
    },
    /// The CPUs of the client's machine were busy.
    BusyMachine {
        /// This part of the time.
        share: f64,
    },
    /// The rate was not reached, and nobody shows why.
    #[serde(other)]
    Unexplained,
}

/// Whose doing it was that the load was not what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitedBy {
    /// The client had not enough CPU, or was late by itself.
    Client,
    /// The plan allowed too few unanswered operations.
    Bound,
    /// Nobody that can be seen.
    Unknown,
}

impl InvalidReason {
    /// Whose doing it was.
    pub fn limited_by(&self) -> LimitedBy {
        match self.cause {
            InvalidCause::FullThreads { .. }
            | InvalidCause::SentLate { .. }
            | InvalidCause::BusyMachine { .. } => LimitedBy::Client,
            InvalidCause::InFlight { .. } => LimitedBy::Bound,
            InvalidCause::Unexplained => LimitedBy::Unknown,
        }
    }

    /// Whether service times cannot be believed either: then nothing that the client timed can.
    pub fn in_service(&self) -> bool {
        matches!(self.cause, InvalidCause::FullThreads { .. } | InvalidCause::BusyMachine { .. })
    }
}

impl From<InvalidCause> for InvalidReason {
    fn from(cause: InvalidCause) -> Self {
        InvalidReason { cause, class: None }
    }
}

/// A database that was brought to its quota.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuotaReached {
    /// The quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_bytes: Option<u64>,
    /// When, since the beginning of the load.
    pub after_ns: u64,
    /// For how long writes were refused; absent when the database was not brought back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_ns: Option<u64>,
}

mod stat_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::rule::Stat;

    pub fn serialize<S: Serializer>(stat: &Stat, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(stat)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Stat, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(|_| D::Error::custom(format!("no statistic '{text}'")))
    }
}
