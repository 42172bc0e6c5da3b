//! What a load must not do: write among the keys of others, or fill the database up to its quota.

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::units::{format_bytes, format_count, format_share};

use super::Cluster;
use super::metrics::Reading;

/// What etcd takes when `--quota-backend-bytes` is not given (`server/storage/quota.go`, `DefaultQuotaBytes`).
pub const DEFAULT_QUOTA_BYTES: u64 = 2 << 30;
/// A load that is expected to fill more of the quota is refused before it starts.
pub const REFUSE_ABOVE: f64 = 0.8;
/// A load that has filled more of the quota is stopped. At the whole quota etcd raises an alarm that refuses the
/// writes of everybody, until somebody compacts, defragments and disarms it.
pub const STOP_ABOVE: f64 = 0.9;

/// Where control planes keep their keys, and whose.
const OTHERS: [(&str, &str); 2] = [
    ("/registry/", "Kubernetes"),
    ("/kubernetes.io/", "OpenShift"),
];

/// `--quota-backend-bytes` of a member.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Quota {
    /// So many bytes.
    Bytes(u64),
    /// Below 0: none.
    Disabled,
    /// Neither its status (3.6) nor its `/metrics` told.
    #[default]
    Unknown,
}

impl Quota {
    pub(super) fn told(status: Option<u64>, reading: Option<&Reading>) -> Self {
        match (status, reading) {
            (Some(bytes), _) => Quota::Bytes(bytes),
            (None, Some(reading)) => reading.quota,
            (None, None) => Quota::Unknown,
        }
    }

    pub(super) fn smallest(all: impl Iterator<Item = Quota> + Clone) -> Self {
        let bytes = all.clone().filter_map(Quota::bytes).min();
        match bytes {
            Some(bytes) => Quota::Bytes(bytes),
            None if all.clone().any(|quota| quota == Quota::Unknown) => Quota::Unknown,
            None => Quota::Disabled,
        }
    }

    /// Its bytes, where it is known that there is one.
    pub fn bytes(self) -> Option<u64> {
        match self {
            Quota::Bytes(bytes) => Some(bytes),
            Quota::Disabled | Quota::Unknown => None,
        }
    }

    /// What the database must stay below: etcd's default when the quota is unknown.
    pub fn limit(self) -> Option<u64> {
        match self {
            Quota::Bytes(bytes) => Some(bytes),
            Quota::Disabled => None,
            Quota::Unknown => Some(DEFAULT_QUOTA_BYTES),
        }
    }
}

/// How much a load is expected to write, against what there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growth {
    /// What the database is expected to grow by.
    pub expected_bytes: u64,
    /// The largest database of the members before the load.
    pub db_bytes: u64,
    /// The smallest quota of the members.
    pub quota: Quota,
}

/// What a put adds to the database file beside its key and value; measured, see [`bytes_of_puts`].
const PUT_OVERHEAD: u64 = 150;

/// What so many puts add to a database: every revision stays until it is compacted.
pub fn bytes_of_puts(puts: u64, key_bytes: u64, value_bytes: u64) -> u64 {
    puts.saturating_mul(key_bytes + value_bytes + PUT_OVERHEAD)
}

impl Growth {
    /// The detail of the event `growth`.
    pub fn detail(&self) -> Value {
        json!({
            "expected_bytes": self.expected_bytes,
            "db_bytes": self.db_bytes,
            "quota_bytes": self.quota.limit(),
            "quota_known": self.quota != Quota::Unknown,
        })
    }

    /// Refuses a load that would come near the quota.
    ///
    /// # Errors
    /// With the numbers and what to do.
    pub fn check(&self) -> Result<()> {
        let Some(limit) = self.quota.limit() else {
            return Ok(());
        };
        let filled = self.db_bytes.saturating_add(self.expected_bytes);
        if filled as f64 <= REFUSE_ABOVE * limit as f64 {
            return Ok(());
        }
        let known = match self.quota {
            Quota::Unknown => "etcd's default quota (its own could not be found out)",
            _ => "the quota",
        };
        Err(Error::Refused(format!(
            "this load is expected to fill the database to {} ({} now, {} more), and {known} is {}: more than {} of \
             it is refused, because a full database refuses the writes of everybody. Write less (--total, --duration, \
             --rate, smaller --val-size), compact and defragment first, or pass --allow-quota to go on: the load is \
             stopped at {} of the quota all the same",
            format_bytes(filled),
            format_bytes(self.db_bytes),
            format_bytes(self.expected_bytes),
            format_bytes(limit),
            format_share(REFUSE_ABOVE),
            format_share(STOP_ABOVE),
        )))
    }
}

/// Whether a load must end, for the database has come too near to its quota.
pub fn should_stop(db_bytes: u64, quota: Quota) -> bool {
    let limit = quota.limit();
    limit.is_some_and(|limit| db_bytes as f64 > STOP_ABOVE * limit as f64)
}

/// Refuses a store that holds a control plane's keys, and a prefix below which others keep theirs. Gives what could
/// not be looked at.
///
/// # Errors
/// When it does, or no member answers.
pub fn refuse_foreign(cluster: &mut Cluster, prefix: &str) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    for (others, whose) in OTHERS {
        match cluster.holds(others.as_bytes())? {
            Some(false) => {}
            Some(true) => {
                return Err(Error::Refused(format!(
                    "this etcd holds the keys of a {whose} (below {others}): a load on it slows the control plane \
                     down and may fill its database. Use a throwaway etcd (--local), or pass --allow-foreign if you \
                     mean it"
                )));
            }
            None => notes.push(format!(
                "whether this etcd holds the keys of a {whose} is not known: the user may not read below {others}"
            )),
        }
    }
    let count = cluster.range_count(prefix.as_bytes())?;
    if count > 0 {
        return Err(Error::Refused(format!(
            "--prefix {prefix}: {} keys below it are not of this run, and would be overwritten or deleted; choose a \
             fresh prefix (the default is one), or pass --allow-foreign if they may be lost",
            format_count(count)
        )));
    }
    Ok(notes)
}
