//! What a load must not do: write among the keys of others, or fill the database up to its quota.

use super::quota::Quota;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::units::{format_bytes, format_count, format_share};

use super::Cluster;

/// A load that is expected to fill more of the quota is refused before it starts.
pub const REFUSE_ABOVE: f64 = 0.8;
/// A load that has filled more of the quota is stopped. At the whole quota etcd raises an alarm that refuses the
/// writes of everybody, until somebody compacts, defragments and disarms it.
pub const STOP_ABOVE: f64 = 0.9;

/// Where control planes keep their keys, and whose.
const OTHERS: [(&str, &str); 2] = [("/registry/", "Kubernetes"), ("/kubernetes.io/", "OpenShift")];

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

/// Refuses to write into a database of which this user may not know how large it is.
///
/// # Errors
/// With the way out.
pub fn refuse_unknown_size(cluster: &Cluster) -> Result<()> {
    if cluster.knows_its_size() {
        return Ok(());
    }
    Err(Error::Refused(
        "how large the database is cannot be known: etcd tells it to users with the role root alone, and /metrics cannot \
         be read. A load might fill it up to its quota, after which nobody can write: name a user with the role root \
         with --user, let this machine read /metrics, or pass --allow-quota to go on"
            .to_owned(),
    ))
}

/// Whether a load must end, for the database has come too near to its quota.
pub fn should_stop(db_bytes: u64, quota: Quota) -> bool {
    let limit = quota.limit();
    limit.is_some_and(|limit| db_bytes as f64 > STOP_ABOVE * limit as f64)
}

/// Refuses a cluster that is broken already.
///
/// # Errors
/// When an alarm is raised, or no member answers.
pub fn refuse_alarms(cluster: &mut Cluster) -> Result<()> {
    let alarms = cluster.alarms()?;
    let Some((member, alarm)) = alarms.first() else {
        return Ok(());
    };
    let words = match alarm.kind.as_str() {
        "NOSPACE" => {
            "its database has reached the quota, and nobody can write: compact, defragment, and clear it with: \
             etcdctl alarm disarm"
        }
        "CORRUPT" => {
            "its data differs from that of the other members: replace it before anything else"
        }
        _ => "see etcdctl alarm list",
    };
    Err(Error::Refused(format!("member {member} has raised the alarm {}: {words}", alarm.kind)))
}

/// Refuses a store that holds a control plane's keys, and a prefix below which others keep theirs. Gives what could
/// not be looked at.
///
/// # Errors
/// When it does, or no member answers.
pub fn refuse_foreign(cluster: &mut Cluster, prefix: &str) -> Result<Vec<String>> {
    let count = cluster.range_count(prefix.as_bytes())?;
    refuse_others(cluster, prefix, count)
}

/// The same, where so many keys below the prefix are none of this run.
///
/// # Errors
/// As [`refuse_foreign`].
pub fn refuse_others(cluster: &mut Cluster, prefix: &str, count: u64) -> Result<Vec<String>> {
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
    if count > 0 {
        return Err(Error::Refused(format!(
            "--prefix {prefix}: {} keys below it are not of this run, and would be overwritten or deleted; choose a \
             fresh prefix (the default is one), or pass --allow-foreign if they may be lost",
            format_count(count)
        )));
    }
    Ok(notes)
}

/// Refuses to delete what can only be the keys of others, whatever else is allowed: everything, or what control planes
/// keep.
///
/// # Errors
/// When the prefix is empty, or is one of theirs, or begins or lies within one.
pub fn refuse_deletion(prefix: &[u8]) -> Result<()> {
    let overlaps = |others: &str| {
        prefix.starts_with(others.as_bytes()) || others.as_bytes().starts_with(prefix)
    };
    let theirs = OTHERS.iter().find(|(others, _)| overlaps(others));
    match theirs {
        None => Ok(()),
        Some((others, whose)) => Err(Error::Refused(format!(
            "keys below '{}' are not deleted: those of a {whose} ({others}) may be among them",
            prefix.escape_ascii()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::quota::DEFAULT_QUOTA_BYTES;

    fn growth(expected_bytes: u64, db_bytes: u64, quota: Quota) -> Growth {
        Growth { expected_bytes, db_bytes, quota }
    }

    #[test]
    fn a_load_that_would_come_near_the_quota_is_refused_with_the_numbers() {
        let quota = Quota::Bytes(1000 << 20);
        assert!(growth(500 << 20, 300 << 20, quota).check().is_ok());
        let error = growth(501 << 20, 300 << 20, quota).check().unwrap_err().to_string();
        for words in ["801 MiB", "300 MiB now", "501 MiB more", "1,000 MiB", "--allow-quota"] {
            assert!(error.contains(words), "{words}: {error}");
        }
    }

    #[test]
    fn an_unknown_quota_is_taken_for_the_default_and_that_is_said() {
        let error = growth(2 << 30, 0, Quota::Unknown).check().unwrap_err().to_string();
        assert!(error.contains("could not be found out") && error.contains("2 GiB"), "{error}");
        assert!(growth(1 << 30, 0, Quota::Unknown).check().is_ok());
        let detail = growth(1, 2, Quota::Unknown).detail();
        assert_eq!(detail["quota_known"], false);
        assert_eq!(detail["quota_bytes"], DEFAULT_QUOTA_BYTES);
    }

    #[test]
    fn without_a_quota_there_is_nothing_to_come_near() {
        assert!(growth(u64::MAX, u64::MAX, Quota::Disabled).check().is_ok());
        assert!(!should_stop(u64::MAX, Quota::Disabled));
    }

    #[test]
    fn a_load_ends_before_the_quota_does() {
        let quota = Quota::Bytes(1000);
        assert!(!should_stop(900, quota));
        assert!(should_stop(901, quota));
    }

    #[test]
    fn the_keys_of_a_control_plane_are_never_deleted() {
        for prefix in ["", "/", "/reg", "/registry/", "/registry/pods/", "/kubernetes.io/x"] {
            assert!(refuse_deletion(prefix.as_bytes()).is_err(), "{prefix}");
        }
        for prefix in ["/etcdbench/1/", "/registrx/", "bench"] {
            assert!(refuse_deletion(prefix.as_bytes()).is_ok(), "{prefix}");
        }
    }

    #[test]
    fn the_smallest_quota_counts() {
        let smallest = |all: &[Quota]| Quota::smallest(all.iter().copied());
        let (bytes, less) = (Quota::Bytes(20), Quota::Bytes(10));
        assert_eq!(smallest(&[bytes, less, Quota::Unknown]), less);
        assert_eq!(smallest(&[Quota::Disabled, Quota::Unknown]), Quota::Unknown);
        assert_eq!(smallest(&[Quota::Disabled]), Quota::Disabled);
    }
}
