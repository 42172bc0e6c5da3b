//! Loads that several machines made: which part a result is of, and what was merged into one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which part of a load a result is of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShardPart {
    /// Its number, from 1.
    pub index: u32,
    /// How many parts there are.
    pub of: u32,
    /// The same in all parts of one load.
    pub plan_hash: String,
    /// When all were told to begin, RFC 3339, where that was known from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// How this machine's clock goes beside that of the meeting point, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockOffset>,
}

/// How far a machine's clock is off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClockOffset {
    /// So much has to be added to its time.
    pub offset_ns: i64,
    /// And so much more or less.
    pub error_ns: u64,
}

/// What a merged result was made of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Merged {
    /// How many parts the load has.
    pub of: u32,
    /// The same in all of them.
    pub plan_hash: String,
    /// When all began, RFC 3339.
    pub start: String,
    /// Seconds of the measured load.
    pub seconds: u64,
    /// Those of them in which a machine was late by itself: they are not judged.
    pub late_seconds: u64,
    /// Operations per second that the machines which are there were to send, as a share of what all were to.
    pub offered: f64,
    /// It was said that parts may be missing.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub allow_missing: bool,
    /// Parts that are not there, or did not come to their end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<u32>,
    /// How far the machines' clocks are apart, with the doubt about it; absent where nobody compared them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clocks_apart_ns: Option<u64>,
    /// What each machine measured.
    pub shards: Vec<ShardFigures>,
}

/// What one of several machines measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShardFigures {
    /// The number of its part, from 1.
    pub index: u32,
    /// Its run.
    pub run_id: String,
    /// Its host name.
    pub host: String,
    /// Whether it came to its end.
    pub complete: bool,
    /// Operations answered in the measured load.
    pub answered: u64,
    /// Operations that failed.
    pub failed: u64,
    /// Half of its operations waited less; 0 where there were none, as of all its durations.
    pub p50_ns: u64,
    /// 99 of 100 waited less.
    pub p99_ns: u64,
    /// 99th percentile of all machines but this one.
    pub others_p99_ns: u64,
    /// 99 of 100 were sent less late than this; absent in a closed loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_p99_ns: Option<u64>,
    /// Part of a core that each of its threads used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_use: Option<f64>,
    /// Part of its CPUs' time that was used by anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy: Option<f64>,
    /// Part of it that the hypervisor took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stolen: Option<f64>,
    /// Seconds in which it was late by itself.
    pub late_seconds: u64,
    /// How its clock goes beside that of the meeting point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockOffset>,
}
