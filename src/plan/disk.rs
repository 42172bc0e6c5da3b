//! The resolved plan of a disk qualification.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Neighbour;
use crate::rule::Rule;

/// Everything `etcdbench disk` needs to know, resolved and checked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DiskPlan {
    /// The directory to qualify, absolute. The probe works in a fresh sub-directory of it.
    pub directory: PathBuf,
    /// What is done, in order.
    pub phases: Vec<PlannedPhase>,
    /// For how long the planned load goes on beyond its time while rules are open, at most.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub extend_ns: u64,
    /// How writes and syncs are issued.
    pub engine: EngineKind,
    /// Independent etcd-shaped writers on the same disk.
    pub members: u32,
    /// What each member writes and when.
    pub workload: Workload,
    /// Who else is at work meanwhile, on purpose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub neighbours: Vec<Neighbour>,
    /// Database size to build before the load, per member; 0 starts with an empty one.
    pub db_size_bytes: u64,
    /// Backend quota the disk must have room for.
    pub quota_bytes: u64,
    /// etcd's `--heartbeat-interval`; a sample this long is a stall.
    pub heartbeat_ns: u64,
    /// etcd's `--election-timeout`.
    pub election_ns: u64,
    /// The run never makes the device write more than this.
    pub max_bytes: u64,
    /// Whose limits are judged by: `etcd`, `openshift`, `k3s` …
    pub profile: String,
    /// Rules of the user's own, beside the profile's.
    pub rules: Vec<Rule>,
    /// Work in a sub-directory of a live etcd's data directory.
    pub beside_live: bool,
    /// Seed of arrivals and values.
    pub seed: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for a reference
fn is_zero(ns: &u64) -> bool {
    *ns == 0
}

/// A phase and how long it is to last.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PlannedPhase {
    /// `idle`, `durability`, `wal`, `etcd`, `capacity`.
    pub name: String,
    /// Planned length.
    pub duration_ns: u64,
}

/// How the probe issues its writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngineKind {
    /// write(2)/pwrite(2) and fdatasync(2) in dedicated threads, as etcd does. The reference.
    Sync,
    /// Linked write → fdatasync through io_uring, all members from one thread.
    Uring,
}

/// The modelled puts of one member.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Workload {
    /// When puts arrive.
    pub load: Load,
    /// Bytes of a key.
    pub key_size: u32,
    /// Bytes of a value.
    pub val_size: u32,
    /// etcd's `--backend-batch-interval`.
    pub batch_interval_ns: u64,
    /// etcd's `--backend-batch-limit`: operations that force a backend commit.
    pub batch_limit: u64,
}

/// When puts arrive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// Open loop: puts arrive at this rate whatever the disk does.
    Open {
        /// Puts per second per member.
        rate: f64,
        /// Spacing of arrivals.
        arrival: Arrival,
    },
    /// Closed loop: each client sends its next put when the last is acknowledged.
    Closed {
        /// Clients per member.
        clients: u32,
    },
}

/// Spacing of open-loop arrivals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    /// Independent arrivals, exponential gaps.
    Poisson,
    /// Equal gaps.
    Constant,
}
