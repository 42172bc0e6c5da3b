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
    /// When its database has reached the quota, it is brought back once: compacted, defragmented, the alarm disarmed.
    pub recover_quota: bool,
}

impl Faults {
    /// Whether nothing is done to it.
    pub fn is_none(&self) -> bool {
        *self == Faults::default()
    }

    /// The words of the command line that ask for them.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if !self.kill_leader_ns.is_empty() {
            words.extend(flag("--kill-leader", times(&self.kill_leader_ns)));
            if self.restart_after_ns != RESTART_AFTER_NS {
                let after = exact_duration(self.restart_after_ns);
                words.extend(flag("--restart-after", after));
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
