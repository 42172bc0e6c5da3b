//! Faults by plan, of a throwaway etcd only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::command::flag;
use crate::plan::resolve::MS_NS;
use crate::units::exact_duration;

/// Faults by plan, of a throwaway etcd only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Faults {
    /// When the leader is killed, since the beginning of the measured load; ascending.
    pub kill_leader_ns: Vec<u64>,
    /// How long it stays away before it is started again; 0 when none is killed.
    pub restart_after_ns: u64,
    /// When the leader is stopped for a while, since the beginning of the measured load; ascending.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pause_leader_ns: Vec<u64>,
    /// For how long; 0 when none is stopped.
    #[serde(skip_serializing_if = "is_zero")]
    pub pause_for_ns: u64,
    /// When its database has reached the quota, it is brought back once: compacted, defragmented, the alarm disarmed.
    pub recover_quota: bool,
}

/// How a leader is lost by plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// It is killed, and started again.
    Kill,
    /// It is stopped, and goes on.
    Pause,
}

/// The leaders that are lost by plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Losses<'a> {
    /// How.
    pub how: Loss,
    /// When, since the beginning of the measured load; ascending.
    pub at_ns: &'a [u64],
    /// For how long each is away.
    pub away_ns: u64,
}

impl Loss {
    /// The flag that asks for it.
    pub(super) fn flag(self) -> &'static str {
        match self {
            Loss::Kill => "--kill-leader",
            Loss::Pause => "--pause-leader",
        }
    }

    /// The flag that tells for how long.
    pub(super) fn length_flag(self) -> &'static str {
        match self {
            Loss::Kill => "--restart-after",
            Loss::Pause => "--pause-for",
        }
    }

    /// For how long when nothing is said.
    pub(super) fn default_ns(self) -> u64 {
        match self {
            Loss::Kill => RESTART_AFTER_NS,
            Loss::Pause => PAUSE_FOR_NS,
        }
    }
}

fn is_zero(ns: &u64) -> bool {
    *ns == 0
}

impl Faults {
    /// The leaders that are lost by plan, if any are.
    pub fn losses(&self) -> Option<Losses<'_>> {
        let kills =
            Losses { how: Loss::Kill, at_ns: &self.kill_leader_ns, away_ns: self.restart_after_ns };
        let pauses =
            Losses { how: Loss::Pause, at_ns: &self.pause_leader_ns, away_ns: self.pause_for_ns };
        [kills, pauses].into_iter().find(|losses| !losses.at_ns.is_empty())
    }

    /// Whether nothing is done to it.
    pub fn is_none(&self) -> bool {
        *self == Faults::default()
    }

    /// The words of the command line that ask for them.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(Losses { how, at_ns, away_ns }) = self.losses() {
            words.extend(flag(how.flag(), times(at_ns)));
            if away_ns != how.default_ns() {
                words.extend(flag(how.length_flag(), exact_duration(away_ns)));
            }
        }
        if self.recover_quota {
            words.push("--recover-quota".to_owned());
        }
        words
    }
}

pub(super) fn times(all_ns: &[u64]) -> String {
    let times: Vec<String> = all_ns.iter().map(|ns| exact_duration(*ns)).collect();
    times.join(",")
}

/// How long a killed leader stays away when nothing is said: longer than the election of another one takes.
pub(super) const RESTART_AFTER_NS: u64 = 5_000 * MS_NS;

/// For how long a leader stands still when nothing is said: long enough for the others to elect another one.
pub(super) const PAUSE_FOR_NS: u64 = 2_000 * MS_NS;
