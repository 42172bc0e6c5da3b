//! What a member says of itself by gRPC.

use super::metrics::Reading;
use crate::etcd::shown_version;
use crate::wire::message::{Header, StatusTold};

/// The answer of `Maintenance/Status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberStatus {
    /// etcd's id of the member.
    pub id: u64,
    /// etcd's id of the cluster it belongs to.
    pub cluster_id: u64,
    /// Version of the server.
    pub version: String,
    /// Pages of the database file, used or free, in bytes: what counts against the quota.
    pub db_bytes: u64,
    /// Of them, what is used.
    pub db_in_use_bytes: u64,
    /// Its quota; only 3.6 and later tell.
    pub quota_bytes: Option<u64>,
    /// Id of the member it takes for the leader; absent when it knows none.
    pub leader: Option<u64>,
    /// The raft term it is in.
    pub term: u64,
    /// Whether it only learns.
    pub learner: bool,
    /// Revision of its store.
    pub revision: i64,
    /// Alarms that are raised anywhere in the cluster.
    pub alarms: Vec<Alarm>,
    /// How all of this is known.
    pub known: Known,
}

/// How a member's status is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Known {
    /// It told it.
    #[default]
    Told,
    /// It tells it to the role root alone (3.5.22 and later): from `/metrics` and the head of another answer. Alarms are
    /// not known.
    Pieced,
    /// From the head of another answer alone: neither its size nor who leads is known.
    Barely,
}

/// An alarm that is raised.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Alarm {
    /// Id of the member that raised it.
    pub member: u64,
    /// Which: `NOSPACE`, `CORRUPT`.
    pub kind: String,
}

impl MemberStatus {
    pub(super) fn of(answer: &StatusTold) -> Self {
        MemberStatus {
            id: answer.header.member_id,
            cluster_id: answer.header.cluster_id,
            version: shown_version(&answer.version),
            db_bytes: positive(answer.db_size).unwrap_or(0),
            db_in_use_bytes: positive(answer.db_size_in_use).unwrap_or(0),
            quota_bytes: positive(answer.db_size_quota),
            leader: Some(answer.leader).filter(|id| *id != 0),
            term: answer.raft_term,
            learner: answer.is_learner,
            revision: answer.header.revision,
            alarms: answer.errors.iter().filter_map(|t| Alarm::parse(t)).collect(),
            known: Known::Told,
        }
    }

    /// What can be known without the role root.
    pub(super) fn pieced(header: &Header, metrics: Option<&Reading>) -> Self {
        let shown = |name: &str| metrics.and_then(|reading| reading.state.get(name).copied());
        let bytes = |name: &str| shown(name).map_or(0, |bytes| bytes as u64);
        let leads = shown("is_leader").is_some_and(|leads| leads > 0.0);
        MemberStatus {
            id: header.member_id,
            cluster_id: header.cluster_id,
            version: metrics.map(|reading| reading.version.clone()).unwrap_or_default(),
            db_bytes: bytes("db_bytes"),
            db_in_use_bytes: bytes("db_in_use_bytes"),
            quota_bytes: metrics.and_then(|reading| reading.quota.bytes()),
            leader: leads.then_some(header.member_id),
            term: header.raft_term,
            learner: shown("is_learner").is_some_and(|learns| learns > 0.0),
            revision: header.revision,
            alarms: Vec::new(),
            known: if metrics.is_some() { Known::Pieced } else { Known::Barely },
        }
    }

    /// Whether it leads.
    pub fn leads(&self) -> bool {
        self.leader == Some(self.id)
    }
}

impl Alarm {
    /// Whether a database has reached its quota.
    pub fn is_no_space(&self) -> bool {
        self.kind.eq_ignore_ascii_case("nospace")
    }

    /// Since 3.4 a status lists the alarms among its errors, as protobuf's text:
    /// `memberID:10276657743932975437 alarm:NOSPACE ` (`v3rpc/maintenance.go`). Asking for them by `Maintenance/Alarm`
    /// would need the role root and a raft proposal.
    pub fn parse(text: &str) -> Option<Self> {
        let after = |label: &str| {
            let rest = text.split_once(label)?.1.trim_start();
            rest.split_ascii_whitespace().next()
        };
        Some(Alarm {
            member: after("memberID:").and_then(|id| id.parse().ok()).unwrap_or(0),
            kind: after("alarm:")?.to_owned(),
        })
    }
}

fn positive(number: i64) -> Option<u64> {
    u64::try_from(number).ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::Alarm;

    #[test]
    fn alarms_are_told_from_other_errors() {
        let raised = Alarm::parse("memberID:10276657743932975437 alarm:NOSPACE ");
        let expected = Alarm { member: 10_276_657_743_932_975_437, kind: "NOSPACE".to_owned() };
        assert_eq!(raised, Some(expected));
        assert_eq!(Alarm::parse("etcdserver: no leader"), None);
    }
}
