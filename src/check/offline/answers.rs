//! Answers of `etcdctl … -w json`, and of the same calls by etcd's gateway.

use serde_json::Value;

use crate::cluster::Alarm;

/// The status of one member.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Status {
    /// Where it was asked; empty where that is not told.
    pub endpoint: String,
    /// Its id.
    pub id: u64,
    /// Its version.
    pub version: String,
    /// The database, and what of it is in use.
    pub database: Option<(u64, Option<u64>)>,
    /// Its quota; since 3.6.
    pub quota_bytes: Option<u64>,
    /// Whom it takes for the leader; 0 where it knows none.
    pub leader: u64,
    /// The raft term.
    pub term: u64,
    /// Entries that are committed and not applied.
    pub backlog: Option<u64>,
    /// Whether it only learns.
    pub learner: bool,
    /// Alarms that it told.
    pub alarms: Vec<Alarm>,
}

/// A member as the cluster lists it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Listed {
    /// Its id.
    pub id: u64,
    /// Its name; empty before it was started.
    pub name: String,
    /// Its addresses for clients and peers.
    pub urls: Vec<String>,
    /// Whether it only learns.
    pub learner: bool,
}

/// Whether a member answered `etcdctl endpoint health`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Health {
    /// Where it was asked.
    pub endpoint: String,
    /// Whether it answered.
    pub healthy: bool,
    /// What it said otherwise.
    pub error: String,
}

/// What a document says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// `endpoint status`.
    Statuses(Vec<Status>),
    /// `member list`.
    Members(Vec<Listed>),
    /// `endpoint health`.
    Health(Vec<Health>),
    /// `alarm list`.
    Alarms(Vec<Alarm>),
}

/// Reads a document; nothing where it is none of these.
pub(super) fn read(document: &Value) -> Option<Answer> {
    if let Some(all) = document.as_array() {
        return of_endpoints(all);
    }
    let head = document.get("header")?;
    if let Some(members) = document.get("members").and_then(Value::as_array) {
        return Some(Answer::Members(members.iter().filter_map(listed).collect()));
    }
    if document.get("version").is_some() && document.get("dbSize").is_some() {
        return Some(Answer::Statuses(vec![status("", document)]));
    }
    let alarms = document.get("alarms").and_then(Value::as_array);
    // An answer without alarms has the header alone, as many others have.
    let alarms = alarms.filter(|alarms| alarms.iter().all(|one| one.get("alarm").is_some()));
    head.get("cluster_id")?;
    Some(Answer::Alarms(alarms?.iter().filter_map(alarm).collect()))
}

fn of_endpoints(all: &[Value]) -> Option<Answer> {
    let first = all.first()?;
    if first.get("Endpoint").is_some() {
        let of = |one: &Value| Some(status(text(one, "Endpoint"), one.get("Status")?));
        return Some(Answer::Statuses(all.iter().filter_map(of).collect()));
    }
    first.get("endpoint")?;
    first.get("health")?;
    let of = |one: &Value| Health {
        endpoint: text(one, "endpoint").to_owned(),
        healthy: one.get("health").and_then(Value::as_bool).unwrap_or_default(),
        error: text(one, "error").to_owned(),
    };
    Some(Answer::Health(all.iter().map(of).collect()))
}

fn status(endpoint: &str, of: &Value) -> Status {
    let header = of.get("header").unwrap_or(&Value::Null);
    let bytes = |key| number(of, key).filter(|bytes| *bytes > 0);
    let (index, applied) = (number(of, "raftIndex"), number(of, "raftAppliedIndex"));
    let errors = of.get("errors").and_then(Value::as_array).into_iter().flatten();
    Status {
        endpoint: endpoint.to_owned(),
        id: number(header, "member_id").unwrap_or_default(),
        version: text(of, "version").to_owned(),
        database: bytes("dbSize").map(|all| (all, bytes("dbSizeInUse"))),
        quota_bytes: bytes("dbSizeQuota"),
        leader: number(of, "leader").unwrap_or_default(),
        term: number(of, "raftTerm").unwrap_or_default(),
        backlog: index.zip(applied).map(|(index, applied)| index.saturating_sub(applied)),
        learner: of.get("isLearner").and_then(Value::as_bool).unwrap_or_default(),
        alarms: errors.filter_map(Value::as_str).filter_map(Alarm::parse).collect(),
    }
}

fn listed(member: &Value) -> Option<Listed> {
    let urls = ["clientURLs", "peerURLs"].into_iter().flat_map(|key| {
        let all = member.get(key).and_then(Value::as_array).into_iter().flatten();
        all.filter_map(Value::as_str).map(str::to_owned)
    });
    Some(Listed {
        id: number(member, "ID")?,
        name: text(member, "name").to_owned(),
        urls: urls.collect(),
        learner: member.get("isLearner").and_then(Value::as_bool).unwrap_or_default(),
    })
}

fn alarm(of: &Value) -> Option<Alarm> {
    let kind = match of.get("alarm")? {
        Value::String(name) => name.clone(),
        // The numbers of `AlarmType` (rpc.proto).
        Value::Number(number) if number.as_u64() == Some(1) => "NOSPACE".to_owned(),
        Value::Number(number) if number.as_u64() == Some(2) => "CORRUPT".to_owned(),
        _ => return None,
    };
    Some(Alarm { member: number(of, "memberID").unwrap_or_default(), kind })
}

fn text<'a>(of: &'a Value, key: &str) -> &'a str {
    of.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// etcdctl prints numbers, the gateway the same as text.
fn number(of: &Value, key: &str) -> Option<u64> {
    let value = of.get(key)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
