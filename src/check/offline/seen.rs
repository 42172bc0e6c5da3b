//! Members put together from what several files tell of them: by their ids, else by their names, else by their addresses.

use std::collections::BTreeSet;

use super::answers::{Health, Listed, Status};
use super::reading::{self, Text};
use crate::cluster::Alarm;
use crate::diagnosis::{Live, Member, MemberId, Presence};

/// What tells which member something is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Who {
    /// Its id.
    pub id: Option<MemberId>,
    /// What it is called, by itself or by its file.
    pub name: String,
    /// Its address: a host, with or without a port.
    pub address: String,
}

/// One member.
#[derive(Debug, Default)]
pub(super) struct Seen {
    id: Option<MemberId>,
    /// Names by which files call it.
    names: BTreeSet<String>,
    addresses: BTreeSet<String>,
    /// What it is called in the list of the members.
    listed: Option<String>,
    learner: bool,
    /// Its metrics.
    pub texts: Vec<Text>,
    status: Option<Status>,
    presence: Option<Presence>,
    alarms: BTreeSet<String>,
    log: Option<Member>,
}

/// All members.
#[derive(Debug, Default)]
pub(super) struct All {
    seen: Vec<Seen>,
}

impl All {
    /// The member that something is about; a new one where none fits.
    pub fn find(&mut self, who: &Who) -> &mut Seen {
        let at = self.index(who).unwrap_or_else(|| {
            self.seen.push(Seen::default());
            self.seen.len() - 1
        });
        let seen = &mut self.seen[at];
        seen.id = seen.id.or(who.id);
        seen.names.extend(Some(who.name.clone()).filter(|name| !name.is_empty()));
        seen.addresses.extend(Some(host(&who.address).to_owned()).filter(|host| !host.is_empty()));
        seen
    }

    fn index(&self, who: &Who) -> Option<usize> {
        if let Some(id) = who.id
            && let Some(at) = self.seen.iter().position(|seen| seen.id == Some(id))
        {
            return Some(at);
        }
        // Another id is another member, whatever it is called.
        let open = |seen: &Seen| seen.id.is_none() || who.id.is_none();
        let named = |seen: &Seen| !who.name.is_empty() && seen.names.contains(&who.name);
        if let Some(at) = self.seen.iter().position(|seen| open(seen) && named(seen)) {
            return Some(at);
        }
        // Of several members on one host an address tells nothing.
        let host = host(&who.address);
        let there = |seen: &Seen| !host.is_empty() && seen.addresses.contains(host);
        let mut there = (0..self.seen.len()).filter(|at| there(&self.seen[*at]));
        let only = there.next().filter(|_| there.next().is_none())?;
        open(&self.seen[only]).then_some(only)
    }

    /// A member as the cluster lists it.
    pub fn listed(&mut self, one: &Listed) {
        let id = Some(MemberId(one.id)).filter(|id| id.0 != 0);
        let seen = self.find(&Who { id, name: one.name.clone(), address: String::new() });
        seen.addresses.extend(one.urls.iter().map(|url| host(url).to_owned()));
        seen.listed = Some(one.name.clone()).filter(|name| !name.is_empty());
        seen.learner |= one.learner;
    }

    /// The status of a member.
    pub fn status(&mut self, status: Status) {
        let id = Some(MemberId(status.id)).filter(|id| id.0 != 0);
        let address = status.endpoint.clone();
        let alarms: Vec<Alarm> = status.alarms.clone();
        let seen = self.find(&Who { id, name: String::new(), address });
        seen.status = Some(status);
        alarms.iter().for_each(|alarm| self.alarm(alarm));
    }

    /// An alarm that is raised by a member.
    pub fn alarm(&mut self, alarm: &Alarm) {
        let id = Some(MemberId(alarm.member)).filter(|id| id.0 != 0);
        if id.is_some() {
            let kind = alarm.kind.to_ascii_uppercase();
            self.find(&Who { id, ..Who::default() }).alarms.insert(kind);
        }
    }

    /// Whether a member answered.
    pub fn health(&mut self, health: &Health) {
        let address = health.endpoint.clone();
        let seen = self.find(&Who { address, ..Who::default() });
        let error = health.error.to_ascii_lowercase();
        seen.presence = Some(match health.healthy {
            true => Presence::Answers,
            // An alarm makes it unhealthy, and it was the member that told it.
            false if error.contains("alarm") => Presence::Answers,
            false if error.contains("connection refused") => Presence::Refused,
            false => Presence::Unreachable,
        });
    }

    /// What the log of a member tells.
    pub fn log(&mut self, member: Member) {
        let who = Who { id: member.id, name: member.name.clone(), ..Who::default() };
        self.find(&who).log = Some(member);
    }

    /// Everything that is known, member by member.
    pub fn members(self) -> Vec<Member> {
        let mut members: Vec<Member> = self.seen.into_iter().map(Seen::member).collect();
        members.sort_by(|a, b| a.name.cmp(&b.name));
        members
    }
}

impl Seen {
    fn member(self) -> Member {
        let own = self.log.as_ref().map(|log| log.name.clone());
        let called = self.names.iter().next().cloned();
        let address = self.addresses.iter().next().cloned();
        let id = self.id.map(|id| id.to_string());
        let name = self.listed.clone().or(own).or(called).or(address).or(id).unwrap_or_default();
        let mut one = self.log.unwrap_or_default();
        one.name = name;
        one.id = self.id.or(one.id);
        let mut live = Live { learner: self.learner, ..Live::default() };
        let known = !self.texts.is_empty() || self.status.is_some();
        live.presence = match self.presence {
            _ if known => Presence::Answers,
            Some(presence) => presence,
            None => Presence::NotAsked,
        };
        live.has_leader = true;
        live.corrupt = self.alarms.contains("CORRUPT");
        one.no_space |= self.alarms.contains("NOSPACE");
        if let Some(status) = &self.status {
            of_status(status, &mut one, &mut live);
        }
        reading::put_into(self.texts, &mut one, &mut live);
        if known || self.presence.is_some() || self.listed.is_some() {
            one.live = Some(Box::new(live));
        }
        one
    }
}

fn of_status(status: &Status, one: &mut Member, live: &mut Live) {
    live.endpoint.clone_from(&status.endpoint);
    live.leader = status.leader != 0 && status.leader == status.id;
    live.has_leader = status.leader != 0;
    live.term = status.term;
    live.learner |= status.learner;
    live.apply_backlog = status.backlog;
    one.version = Some(status.version.clone()).filter(|v| !v.is_empty()).or(one.version.take());
    one.database_bytes = status.database.or(one.database_bytes);
    one.quota_bytes = status.quota_bytes.or(one.quota_bytes);
}

/// `https://10.0.0.1:2379` and `10.0.0.1:2381` are of one host.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split('/').next().unwrap_or_default();
    match rest.strip_prefix('[') {
        Some(inside) => inside.split(']').next().unwrap_or_default(),
        None if rest.matches(':').count() > 1 => rest,
        None => rest.split(':').next().unwrap_or_default(),
    }
}
