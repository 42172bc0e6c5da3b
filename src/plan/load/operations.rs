//! What a load does, and the series it is told by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An operation and its share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Weighted {
    /// What is done.
    pub operation: Operation,
    /// How often, in relation to the others.
    pub weight: f64,
}

/// What an operation does. Its name is the first part of its series' names.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Writes one key.
    Put,
    /// Reads.
    Range,
    /// Removes one key.
    Delete,
    /// Writes a key that is not there.
    Create,
    /// A transaction that writes.
    Txn,
    /// A transaction that reads.
    TxnRange,
    /// A software transaction: reads, then a transaction that writes if nothing has changed, again if it has.
    Stm,
    /// Prolongs a lease.
    LeaseKeepalive,
    /// Grants a lease and revokes it.
    LeaseGrant,
    /// Lists the whole key space in pages, then watches it until the watch stands.
    ListWatch,
    /// A turn of an apiserver's compactor.
    Compact,
    /// Asks a member how it is.
    Status,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Operation; 12] = [
        Operation::Put,
        Operation::Range,
        Operation::Delete,
        Operation::Create,
        Operation::Txn,
        Operation::TxnRange,
        Operation::Stm,
        Operation::LeaseKeepalive,
        Operation::LeaseGrant,
        Operation::ListWatch,
        Operation::Compact,
        Operation::Status,
    ];

    /// Its name on the command line and in series' names.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Put => "put",
            Operation::Range => "range",
            Operation::Delete => "delete",
            Operation::Create => "create",
            Operation::Txn => "txn",
            Operation::TxnRange => "txn-range",
            Operation::Stm => "stm",
            Operation::LeaseKeepalive => "lease-keepalive",
            Operation::LeaseGrant => "lease-grant",
            Operation::ListWatch => "list-watch",
            Operation::Compact => "compact",
            Operation::Status => "status",
        }
    }

    /// Whether it changes keys.
    pub fn writes(self) -> bool {
        matches!(
            self,
            Operation::Put
                | Operation::Delete
                | Operation::Create
                | Operation::Txn
                | Operation::Stm
        )
    }
}

/// The series a load can record; what a rule of `etcdbench load` may name.
///
/// `service` is sent → answered, `response` due → answered, `lag` due → sent. `watch.event` is due → the event has
/// come, `watch.freshness` a revision was read → the watch has shown it. A closed loop has only `service`.
pub const LOAD_SERIES: &[&str] = &[
    "put.service",
    "put.response",
    "put.lag",
    "range.service",
    "range.response",
    "range.lag",
    "delete.service",
    "delete.response",
    "delete.lag",
    "create.service",
    "create.response",
    "create.lag",
    "txn.service",
    "txn.response",
    "txn.lag",
    "txn-range.service",
    "txn-range.response",
    "txn-range.lag",
    "stm.service",
    "stm.response",
    "stm.lag",
    "lease-keepalive.service",
    "lease-keepalive.response",
    "lease-keepalive.lag",
    "lease-grant.service",
    "lease-grant.response",
    "lease-grant.lag",
    "list-watch.service",
    "list-watch.response",
    "list-watch.lag",
    "compact.service",
    "compact.response",
    "compact.lag",
    "status.service",
    "status.response",
    "status.lag",
    "watch.event",
    "watch.freshness",
];
